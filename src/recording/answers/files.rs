//! Saved answers: one JSON file each, named after its place in Flink's REST API.
//!
//! | file | answer of `/jobs/:jobid` + |
//! |---|---|
//! | `job.json` | itself |
//! | `plan.json` | `/plan` |
//! | `checkpoints.json` | `/checkpoints` |
//! | `checkpoints_config.json` | `/checkpoints/config` |
//! | `checkpoints/<id>.json` | `/checkpoints/details/<id>` |
//! | `checkpoints/<id>/<vertexid>.json` | `/checkpoints/details/<id>/subtasks/<vertexid>` |
//! | `vertices/<vertexid>.json` | `/vertices/<vertexid>` |
//! | `vertices-before/<vertexid>.json` | the same, some time earlier (optional) |
//! | `taskmanagers.json` | `/taskmanagers`, without a job |
//! | `jobmanager_config.json` | `/jobmanager/config`, without a job (optional) |
//!
//! Only the plan is indispensable.

use std::collections::BTreeMap;

use serde_json::Value;

/// Answers by name, without `.json`.
#[derive(Clone, Debug, Default)]
pub struct Files(BTreeMap<String, Value>);

impl Files {
    /// Adds an answer.
    pub fn insert(&mut self, name: &str, answer: Value) {
        self.0.insert(name.to_owned(), answer);
    }

    /// An answer; `null` if there is none.
    pub fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// All answers, in the order of their names.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, answer)| (name.as_str(), answer))
    }

    /// Ids of the checkpoints with details, oldest first.
    pub fn checkpoints(&self) -> Vec<u64> {
        let mut ids: Vec<u64> = self
            .0
            .keys()
            .filter_map(|name| name.strip_prefix("checkpoints/")?.parse().ok())
            .collect();
        ids.sort_unstable();
        ids
    }
}
