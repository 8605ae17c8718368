//! One file that holds a job as Flink's REST API shows it, and nothing by which anybody could be recognised: what one attaches
//! to a report.
//!
//! ```json
//! { "schema": "ckptsim.job/1", "anonymous": true, "answers": { "job": {}, "plan": {}, "checkpoints/3": {} } }
//! ```
//!
//! `answers` are those of [`Files`], by the same names. In an anonymous file only what is looked at is kept: numbers, truth
//! values, and the words of Flink under [`WORDS`]. Ids of jobs, vertices and TaskManagers are numbered, names of operators are
//! `vertex 1` and so on, hosts, paths, users and messages are not there, and a directory is only its scheme.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::recording::answers::Files;
use crate::recording::answers::number::number;

/// What such a file is.
pub const SCHEMA: &str = "ckptsim.job/1";

/// Fields whose texts are words of Flink.
const WORDS: [&str; 17] = [
    "checkpoint_storage",
    "checkpoint_type",
    "exchange",
    "flink-version",
    "job-type",
    "key",
    "local_exchange",
    "mode",
    "processing_mode",
    "savepointFormat",
    "ship_strategy",
    "state",
    "state_backend",
    "status",
    "type",
    "checkpointing_mode",
    "caching",
];
/// Fields whose texts are ids.
const IDS: [&str; 7] = [
    "id",
    "jid",
    "taskmanager-id",
    "taskmanager_id",
    "resource-id",
    "resource_id",
    "vertex_id",
];
/// Fields that name what a vertex does.
const NAMES: [&str; 3] = ["name", "description", "operator"];
/// Longer words are none of Flink's.
const WORD_MAX: usize = 80;

/// The file of these answers.
pub fn write(files: &Files, anonymous: bool) -> Value {
    let mut ids = Ids::default();
    // The plan comes first: vertices are numbered as it lists them.
    if anonymous {
        ids.kept(files.get("plan"), "");
    }
    let answers = files.iter().map(|(name, answer)| {
        if anonymous {
            (ids.name(name), ids.kept(answer, ""))
        } else {
            (name.to_owned(), answer.clone())
        }
    });
    let answers: Map<String, Value> = answers.collect();
    json!({ "schema": SCHEMA, "anonymous": anonymous, "answers": answers })
}

/// The answers in such a file; `None` if it is none.
pub fn read(file: &Value) -> Option<Files> {
    if file.get("schema")?.as_str()? != SCHEMA {
        return None;
    }
    let mut files = Files::default();
    for (name, answer) in file.get("answers")?.as_object()? {
        files.insert(name, answer.clone());
    }
    Some(files)
}

/// Ids and their numbers.
#[derive(Default)]
struct Ids(BTreeMap<String, usize>);

impl Ids {
    /// The number of an id, from 1.
    fn number(&mut self, id: &str) -> usize {
        let next = self.0.len() + 1;
        *self.0.entry(id.to_owned()).or_insert(next)
    }

    /// What stands for an id: as long as Flink's are.
    fn id(&mut self, id: &str) -> String {
        format!("{:032x}", self.number(id))
    }

    /// The name of an answer, whose parts may be ids of vertices.
    fn name(&mut self, name: &str) -> String {
        let parts = name.split('/').map(|part| self.part(part));
        parts.collect::<Vec<String>>().join("/")
    }

    /// An id where it looks like one.
    fn part(&mut self, part: &str) -> String {
        let is_id = part.len() == 32 && part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id {
            self.id(part)
        } else {
            part.to_owned()
        }
    }

    /// What may be known of a value that stands under this field.
    fn kept(&mut self, value: &Value, field: &str) -> Value {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
            Value::String(text) => self.text(text, field),
            Value::Array(elements) => elements
                .iter()
                .map(|element| self.kept(element, field))
                .collect(),
            Value::Object(fields) => self.object(fields),
        }
    }

    fn object(&mut self, fields: &Map<String, Value>) -> Value {
        let mut kept = Map::new();
        let id = fields.get("id").and_then(Value::as_str);
        let own = id.map(|id| self.number(id));
        // An option and its value: of a directory only how it is reached.
        if let (Some(Value::String(key)), Some(Value::String(text))) =
            (fields.get("key"), fields.get("value"))
        {
            let value = match text.split_once("://") {
                Some((scheme, _)) => format!("{scheme}://"),
                None if text.contains('/') => String::new(),
                None => text.clone(),
            };
            return json!({ "key": key, "value": value });
        }
        for (field, value) in fields {
            let kept_value = match (NAMES.contains(&field.as_str()), own) {
                (true, Some(number)) => json!(format!("vertex {number}")),
                (true, None) => continue,
                (false, _) => self.kept(value, field),
            };
            if !kept_value.is_null() || value.is_null() {
                kept.insert(self.part(field), kept_value);
            }
        }
        Value::Object(kept)
    }

    /// A number as text, an id, a word of Flink; nothing else.
    fn text(&mut self, text: &str, field: &str) -> Value {
        if IDS.contains(&field) {
            return json!(self.id(text));
        }
        let is_word = text.len() <= WORD_MAX
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte));
        let of_flink = WORDS.contains(&field) && is_word;
        if of_flink || number(&json!(text)).is_some() || text == "NaN" {
            return json!(text);
        }
        Value::Null
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6518ab34ac9e2b94ca31d939ded32f17";

    fn files() -> Files {
        let mut files = Files::default();
        let node = json!({
            "id": ID, "description": "hunter2 -> Kafka", "parallelism": 2,
            "inputs": [{ "id": "ff", "ship_strategy": "HASH" }],
        });
        files.insert("plan", json!({ "plan": { "nodes": [node] } }));
        files.insert(
            &format!("vertices/{ID}"),
            json!({ "id": ID, "name": "hunter2", "subtasks": [{
                "host": "hunter2.example.com", "taskmanager-id": "hunter2:6122", "metrics": { "busy": "NaN", "read": 3 },
            }] }),
        );
        files.insert(
            "jobmanager_config",
            json!([{ "key": "state.checkpoints.dir", "value": "s3://hunter2/c" }]),
        );
        files.insert(
            "checkpoints/3",
            json!({ "tasks": { ID: { "status": "COMPLETED" } }, "external_path": "/hunter2" }),
        );
        files
    }

    #[test]
    fn an_anonymous_file_has_the_structure_and_no_name() {
        let file = write(&files(), true);
        let text = file.to_string();
        assert!(!text.contains("hunter2") && !text.contains(ID), "{text}");
        let read = read(&file).unwrap();
        let node = &read.get("plan")["plan"]["nodes"][0];
        let id = node["id"].as_str().unwrap();
        assert_eq!(node["description"], "vertex 1");
        assert_eq!(node["inputs"][0]["ship_strategy"], "HASH");
        assert_eq!(
            read.get(&format!("vertices/{id}"))["subtasks"][0]["metrics"]["read"],
            3
        );
        assert_eq!(read.get("jobmanager_config")[0]["value"], "s3://");
        assert_eq!(
            read.get("checkpoints/3")["tasks"][id]["status"],
            "COMPLETED"
        );
    }

    #[test]
    fn a_file_with_names_gives_back_what_was_written() {
        let files = files();
        let again = read(&write(&files, false)).unwrap();
        assert!(again.iter().eq(files.iter()));
        assert!(read(&json!({ "schema": "ckptsim.run/1" })).is_none());
    }
}
