//! The JSON Schema of a scenario file (draft-07, which every editor understands).

use serde_json::{Map, Value, json};

use crate::scenario::flink_options::{self, FlinkOption, Kind, Role};
use crate::scenario::keys::File;
use crate::scenario::keys::kind::Described;
use crate::scenario::keys::table::{Content, Shape};

/// The schema, with a final newline.
pub fn text() -> String {
    let mut schema = table(&Shape::of::<File>());
    schema["$schema"] = Value::from("http://json-schema.org/draft-07/schema#");
    schema["title"] = Value::from("ckptsim scenario");
    let pretty = serde_json::to_string_pretty(&schema).expect("a schema is plain JSON");
    pretty + "\n"
}

fn table(shape: &Shape) -> Value {
    let keys = shape.keys.iter().map(|key| {
        let mut schema = content(&key.content);
        schema["description"] = Value::from(key.description());
        (key.name.to_owned(), schema)
    });
    json!({
        "type": "object",
        "description": shape.doc,
        "properties": keys.collect::<Map<String, Value>>(),
        "additionalProperties": false,
    })
}

fn content(of: &Content) -> Value {
    match of {
        Content::Value(schema) => schema.clone(),
        Content::Table(shape) => table(shape),
        Content::Short(short, _, shape) => json!({ "anyOf": [short, table(shape)] }),
        Content::OneOrMany(shape) => {
            let one = table(shape);
            json!({ "anyOf": [one, { "type": "array", "items": one }] })
        }
        Content::List(items) => json!({ "type": "array", "items": content(items) }),
        Content::Named(values) => {
            json!({ "type": "object", "additionalProperties": content(values) })
        }
    }
}

/// `[flink]`.
pub struct Options;

impl Described for Options {
    /// Dotted keys are nested tables in TOML.
    fn schema() -> Value {
        let mut root = Map::new();
        for option in flink_options::all() {
            let parts: Vec<&str> = option.key.split('.').collect();
            nest(&mut root, &parts, leaf(&option));
        }
        json!({ "type": "object", "properties": root, "additionalProperties": true })
    }
}

/// A value of `[sweep]`.
pub struct Axis;

impl Described for Axis {
    fn schema() -> Value {
        json!({
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
        })
    }
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
