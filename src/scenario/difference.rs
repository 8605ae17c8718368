//! What differs between two scenarios, key by key, as one would have to write it.

use std::collections::BTreeMap;

use crate::scenario::keys::node::Node;
use crate::scenario::{Scenario, print};

/// Keys that say how often a scenario is simulated, not what it is.
const OF_THE_EXPERIMENT: [&str; 2] = ["job.seed", "job.replications"];

/// One key that differs; values as a scenario file writes them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Path of the key, such as `flink.execution.checkpointing.interval`; vertices by name: `vertex.join.service`.
    pub path: String,
    /// The value before; `None` if the key is new.
    pub old: Option<String>,
    /// The value after; `None` if the key is gone.
    pub new: Option<String>,
}

/// Every key that differs between the two effective scenarios, defaults included, in order of paths. Seed and number of
/// replications are left out.
pub fn changes(before: &Scenario, after: &Scenario) -> Vec<Change> {
    let (mut before, mut after) = (keys(before), keys(after));
    for path in OF_THE_EXPERIMENT {
        before.remove(path);
        after.remove(path);
    }
    let mut changes: Vec<Change> = Vec::new();
    for (path, old) in &before {
        let new = after.get(path);
        if new != Some(old) {
            changes.push(Change {
                path: path.clone(),
                old: Some(old.clone()),
                new: new.cloned(),
            });
        }
    }
    let added = after.iter().filter(|(path, _)| !before.contains_key(*path));
    changes.extend(added.map(|(path, new)| Change {
        path: path.clone(),
        old: None,
        new: Some(new.clone()),
    }));
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    changes
}

/// Every key of the effective scenario with its value, by its path.
pub fn keys(scenario: &Scenario) -> BTreeMap<String, String> {
    let mut keys = BTreeMap::new();
    if let Node::Table(tables) = print::node(scenario) {
        for (name, node) in &tables {
            flatten(name, node, &mut keys);
        }
    }
    keys
}

/// Tables by their keys, lists of tables by the `name` of their items or else by number; everything else is a value.
fn flatten(path: &str, node: &Node, keys: &mut BTreeMap<String, String>) {
    match node {
        Node::Table(table) => {
            for (name, node) in table {
                flatten(&format!("{path}.{name}"), node, keys);
            }
        }
        Node::List(items) if items.iter().any(|item| matches!(item, Node::Table(_))) => {
            for (index, item) in items.iter().enumerate() {
                // An input is known by the vertex that it comes from.
                let name = ["name", "from"].iter().find_map(|key| item.get(key));
                let name = match name {
                    Some(Node::Text(name)) => name.clone(),
                    _ => (index + 1).to_string(),
                };
                flatten(&format!("{path}.{name}"), item, keys);
            }
        }
        Node::Text(text) => {
            keys.insert(path.to_owned(), text.clone());
        }
        other => {
            keys.insert(path.to_owned(), other.inline());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load;
    use std::path::Path;

    const BASE: &str = r#"
[[vertex]]
name = "source"
source = { rate = "1000/s", record = "100 B" }
[[vertex]]
name = "count"
inputs = [{ from = "source", exchange = "hash" }]
service = "100 us"
[flink]
execution.checkpointing.interval = "2 min"
"#;

    fn scenario(overrides: &[(&str, &str)]) -> Scenario {
        let overrides: Vec<(String, String)> = overrides
            .iter()
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect();
        load::parse(BASE, "base.toml", Path::new(""), &overrides)
            .unwrap()
            .scenario
    }

    #[test]
    fn a_scenario_does_not_differ_from_itself_under_another_seed() {
        let other = scenario(&[("job.seed", "7"), ("job.replications", "9")]);
        assert_eq!(changes(&scenario(&[]), &other), []);
    }

    #[test]
    fn a_changed_key_is_told_with_both_values() {
        let other = scenario(&[("flink.execution.checkpointing.interval", "30s")]);
        let changes = changes(&scenario(&[]), &other);
        assert_eq!(changes.len(), 1, "{changes:?}");
        assert_eq!(changes[0].path, "flink.execution.checkpointing.interval");
        assert_eq!(changes[0].old.as_deref(), Some("2 min"));
        assert_eq!(changes[0].new.as_deref(), Some("30 s"));
    }

    #[test]
    fn keys_that_come_and_go_have_one_value() {
        let mut other = scenario(&[]);
        other.checkpointing.interval = None;
        let gone = changes(&scenario(&[]), &other);
        assert_eq!(gone[0].new, None, "{gone:?}");
        let come = changes(&other, &scenario(&[]));
        assert_eq!(come[0].old, None, "{come:?}");
    }

    #[test]
    fn vertices_are_named() {
        let mut other = scenario(&[]);
        other.vertices[1].parallelism = 2;
        other.vertices[1].slowness = vec![1.0; 2];
        let changes = changes(&scenario(&[]), &other);
        assert!(
            changes
                .iter()
                .any(|change| change.path == "vertex.count.parallelism"),
            "{changes:?}"
        );
    }
}
