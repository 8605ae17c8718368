//! The JSON Schema of scenario files, as far as values are made of it.

use ckptsim::scenario::flink_options;
use ckptsim::scenario::load;
use serde_json::{Map, Value};

/// What a key takes.
#[derive(Clone, Debug)]
pub enum Shape<'s> {
    /// One of these words.
    Choice(Vec<&'s str>),
    Duration,
    Size,
    ByteRate,
    Rate,
    Percentage,
    Dirty,
    Integer,
    Number,
    Boolean,
    Text,
    /// Elements of one kind.
    List(&'s Value),
    /// Keys.
    Table(&'s Map<String, Value>),
    /// Keys that are not known beforehand.
    Open,
    /// One of several.
    Either(&'s Vec<Value>),
}

/// The schema, and the options of Flink in it.
pub struct Schema {
    root: Value,
}

impl Schema {
    pub fn load() -> Schema {
        Schema {
            root: serde_json::from_str(&load::schema()).unwrap(),
        }
    }

    /// What stands at the top of a file.
    pub fn top(&self) -> &Map<String, Value> {
        self.root["properties"].as_object().unwrap()
    }

    /// What a schema asks for. A kind that is not known here is a test that has to be told of it.
    pub fn shape<'s>(&'s self, schema: &'s Value) -> Shape<'s> {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.strip_prefix("#/definitions/").unwrap();
            return self.shape(&self.root["definitions"][name]);
        }
        if let Some(only) = schema["allOf"].as_array() {
            return self.shape(&only[0]);
        }
        if let Some(choices) = schema["oneOf"].as_array() {
            let word = |choice: &'s Value| choice["const"].as_str().unwrap();
            return Shape::Choice(choices.iter().map(word).collect());
        }
        if let Some(choices) = schema["anyOf"].as_array() {
            return Shape::Either(choices);
        }
        match schema["type"].as_str() {
            Some("string") => of_examples(&schema["examples"]),
            Some("integer") => Shape::Integer,
            Some("number") => Shape::Number,
            Some("boolean") => Shape::Boolean,
            Some("array") => Shape::List(&schema["items"]),
            Some("object") => match schema["properties"].as_object() {
                Some(properties) => Shape::Table(properties),
                None => Shape::Open,
            },
            _ => panic!("what is {schema}?"),
        }
    }

    /// The paths of all keys that take a value; of `[flink]`, the options.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        for (key, schema) in self.top() {
            if key == "flink" {
                keys.extend(flink_options::all().map(|option| format!("flink.{}", option.key)));
            } else {
                self.collect(key, schema, &mut keys);
            }
        }
        keys
    }

    fn collect(&self, path: &str, schema: &Value, keys: &mut Vec<String>) {
        match self.shape(schema) {
            Shape::Table(properties) => {
                for (key, schema) in properties {
                    self.collect(&format!("{path}.{key}"), schema, keys);
                }
            }
            Shape::List(items) => match self.shape(items) {
                Shape::Table(_) => self.collect(path, items, keys),
                _ => keys.push(path.to_owned()),
            },
            Shape::Either(choices) => {
                for choice in choices {
                    self.collect(path, choice, keys);
                }
            }
            _ => keys.push(path.to_owned()),
        }
    }
}

/// Quantities are strings; the examples tell which.
fn of_examples(examples: &Value) -> Shape<'_> {
    let Some(first) = examples[0].as_str() else {
        return Shape::Text;
    };
    match first {
        "10 min" => Shape::Duration,
        "220 B" => Shape::Size,
        "80 MB/s" => Shape::ByteRate,
        "50000/s" => Shape::Rate,
        "30 %" => Shape::Percentage,
        "3 %/min" => Shape::Dirty,
        other => panic!("what quantity is {other}?"),
    }
}
