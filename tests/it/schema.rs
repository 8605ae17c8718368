use std::path::Path;

use ckptsim::scenario::load::schema;
use serde_json::{Map, Value};

/// Checks a value against draft-07, as far as our schema uses it; says where it does not fit.
struct Schema {
    root: Value,
}

type Fit = Result<(), String>;

impl Schema {
    fn check(&self, value: &Value, schema: &Value, at: &str) -> Fit {
        let Some(schema) = schema.as_object() else {
            return Ok(());
        };
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let name = reference.strip_prefix("#/definitions/").unwrap();
            return self.check(value, &self.root["definitions"][name], at);
        }
        let fits = |one: &&Value| self.check(value, one, at).is_ok();
        for (rule, content) in schema {
            let choices = || content.as_array().unwrap().iter();
            let holds = match rule.as_str() {
                "type" => is_of_type(value, content),
                "const" => value == content,
                "enum" => choices().any(|choice| choice == value),
                "anyOf" => choices().any(|one| fits(&one)),
                "oneOf" => choices().filter(fits).count() == 1,
                "allOf" => choices().all(|one| fits(&one)),
                "minimum" => value
                    .as_f64()
                    .is_none_or(|it| it >= content.as_f64().unwrap()),
                "maximum" => value
                    .as_f64()
                    .is_none_or(|it| it <= content.as_f64().unwrap()),
                "minItems" => value
                    .as_array()
                    .is_none_or(|it| it.len() as u64 >= content.as_u64().unwrap()),
                "required" => {
                    let has = |key: &Value| value.get(key.as_str().unwrap()).is_some();
                    !value.is_object() || choices().all(has)
                }
                "$schema"
                | "title"
                | "description"
                | "examples"
                | "definitions"
                | "items"
                | "properties"
                | "additionalProperties" => true,
                unknown => panic!("the schema uses {unknown}, which this check does not know"),
            };
            if !holds {
                return Err(format!("{at}: {rule} {content} does not hold for {value}"));
            }
        }
        self.check_inside(value, schema, at)
    }

    fn check_inside(&self, value: &Value, schema: &Map<String, Value>, at: &str) -> Fit {
        let nothing = Value::Null;
        let rule = |name: &str| schema.get(name).unwrap_or(&nothing);
        for (n, element) in value.as_array().into_iter().flatten().enumerate() {
            self.check(element, rule("items"), &format!("{at}[{n}]"))?;
        }
        for (key, element) in value.as_object().into_iter().flatten() {
            let inside = format!("{at}.{key}");
            match rule("properties").get(key) {
                Some(known) => self.check(element, known, &inside)?,
                None if *rule("additionalProperties") == Value::Bool(false) => {
                    return Err(format!("{inside} is no key"));
                }
                None => self.check(element, rule("additionalProperties"), &inside)?,
            }
        }
        Ok(())
    }
}

fn is_of_type(value: &Value, wanted: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        other => panic!("unknown type {other}"),
    };
    match wanted {
        Value::Array(names) => names.iter().any(|name| is(name.as_str().unwrap())),
        name => is(name.as_str().unwrap()),
    }
}

#[test]
fn every_scenario_and_template_fits_the_schema_that_editors_use() {
    let root: Value = serde_json::from_str(&schema()).unwrap();
    let schema = Schema { root };
    let mut checked = 0;
    for directory in ["scenarios", "src/cli/templates"] {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join(directory);
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "toml") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            let table: toml::Table = text.parse().unwrap();
            let value = serde_json::to_value(table).unwrap();
            let fit = schema.check(&value, &schema.root, "");
            assert_eq!(fit, Ok(()), "{}", path.display());
            checked += 1;
        }
    }
    assert!(checked > 15);
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    let root: Value = serde_json::from_str(&schema()).unwrap();
    let schema = Schema { root };
    for wrong in [
        "[job]\nduraton = '1 s'\n",
        "[job]\nduration = 5\n",
        "[job]\nseed = -1\n",
        "[[vertex]]\nname = 'a'\ninputs = [{ from = 'b', exchange = 'hashed' }]\n",
        "[sweep]\n'job.seed' = []\n",
    ] {
        let table: toml::Table = wrong.parse().unwrap();
        let value = serde_json::to_value(table).unwrap();
        assert!(schema.check(&value, &schema.root, "").is_err(), "{wrong}");
    }
}
