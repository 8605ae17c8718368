//! The JSON Schema of a scenario file (draft-07, which every editor understands).

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use crate::scenario::file::File;
use crate::scenario::flink_options::{self, FlinkOption, Kind, Role};

/// The schema as it is committed beside the code, with a final newline.
pub fn text() -> String {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<File>().to_value();
    without_null(&mut schema);
    // Every table is optional; one with a schema of its own counts as required otherwise.
    if let Some(root) = schema.as_object_mut() {
        root.remove("required");
    }
    let pretty = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    pretty + "\n"
}

/// TOML has no null: an optional key is simply absent.
fn without_null(schema: &mut Value) {
    match schema {
        Value::Array(elements) => elements.iter_mut().for_each(without_null),
        Value::Object(object) => {
            if let Some(Value::Array(types)) = object.get_mut("type") {
                types.retain(|name| name != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    object.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(choices)) = object.get_mut("anyOf") {
                choices.retain(|choice| *choice != json!({ "type": "null" }));
                // Draft-07 ignores what stands beside a `$ref`, so that the description needs `allOf`.
                if choices.len() == 1
                    && let Some(choice) = object.remove("anyOf")
                {
                    object.insert("allOf".to_owned(), choice);
                }
            }
            object.values_mut().for_each(without_null);
        }
        _ => {}
    }
}

/// `[flink]`: dotted keys are nested tables in TOML.
pub(super) fn flink(_: &mut SchemaGenerator) -> Schema {
    let mut root = Map::new();
    for option in flink_options::all() {
        let leaf = leaf(&option);
        let parts: Vec<&str> = option.key.split('.').collect();
        nest(&mut root, &parts, leaf);
    }
    let object = json!({ "type": "object", "properties": root, "additionalProperties": true });
    Schema::try_from(object).expect("an object is a schema")
}

/// `[sweep]`: path of a key = values.
pub(super) fn sweep(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "additionalProperties": {
            "anyOf": [
                { "type": "array", "minItems": 1 },
                { "type": "string", "examples": ["10 s..10 min:log:12"] },
                {
                    "type": "object",
                    "properties": {
                        "from": { "description": "First value." },
                        "to": { "description": "Last value." },
                        "steps": { "type": "integer", "minimum": 2, "description": "Number of values." },
                        "scale": { "enum": ["lin", "log"], "description": "Spacing. Default: \"lin\"." }
                    },
                    "required": ["from", "to", "steps"],
                    "additionalProperties": false
                }
            ]
        }
    })
}

fn nest(properties: &mut Map<String, Value>, parts: &[&str], leaf: Value) {
    let Some((first, rest)) = parts.split_first() else {
        return;
    };
    if rest.is_empty() {
        properties.insert((*first).to_owned(), leaf);
        return;
    }
    let table = properties.entry((*first).to_owned()).or_insert_with(
        || json!({ "type": "object", "properties": {}, "additionalProperties": true }),
    );
    if let Some(Value::Object(below)) = table.get_mut("properties") {
        nest(below, rest, leaf);
    }
}

fn leaf(option: &FlinkOption) -> Value {
    let role = match option.role {
        Role::Simulated => "",
        Role::Ignored => " Accepted, without effect on the simulation.",
        Role::Cost => " Changes costs in Flink, not simulated.",
        Role::Before2 => " Acts in Flink 1.x only.",
    };
    let default = if option.default.is_empty() {
        "none"
    } else {
        option.default
    };
    let description = format!("Flink: {}. Default: {default}.{role}", option.effect);
    let mut schema = match &option.kind {
        Kind::Duration | Kind::Size => json!({ "type": ["string", "integer"] }),
        Kind::Integer => json!({ "type": ["integer", "string"] }),
        Kind::Number => json!({ "type": ["number", "string"] }),
        Kind::Boolean => json!({ "type": ["boolean", "string"] }),
        Kind::Text => json!({ "type": ["string", "number", "boolean"] }),
        Kind::Choice(words) => json!({ "type": "string", "examples": words }),
    };
    schema["description"] = Value::String(description);
    schema
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMITTED: &str = include_str!("../schema.json");

    #[test]
    fn the_committed_schema_is_the_generated_one() {
        if std::env::var_os("CKPTSIM_UPDATE").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/scenario/schema.json");
            std::fs::write(file, text()).unwrap();
            return;
        }
        assert!(
            COMMITTED == text(),
            "run `CKPTSIM_UPDATE=1 cargo test schema`"
        );
    }
}
