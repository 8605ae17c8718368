//! Names of vertices that a scenario can have, for nodes that may be called anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::recording::answers::graph::{plain_name, unique};
use crate::recording::answers::number::visible;
use crate::recording::file::Node;

/// Longer names fill no table.
const CHARS_MAX: usize = 100;

/// The names of all nodes of a recording.
#[derive(Clone, Debug)]
pub struct Names {
    by_position: Vec<String>,
    by_id: BTreeMap<String, String>,
    comments: String,
}

impl Names {
    /// Keeps what can be a name, and repairs the rest.
    pub fn of(nodes: &[Node]) -> Names {
        let mut names = Names {
            by_position: Vec::new(),
            by_id: BTreeMap::new(),
            comments: String::new(),
        };
        for Node { id, .. } in nodes {
            let name = if is_name(id) {
                id.clone()
            } else {
                plain_name(id)
            };
            let name = unique(&name, &names.by_position);
            if name != *id {
                let shown: String = visible(id).chars().take(40).collect();
                let _ = writeln!(
                    names.comments,
                    "# `{name}` is called `{shown}` in the recording, which cannot be its name here."
                );
            }
            names.by_position.push(name.clone());
            names.by_id.entry(id.clone()).or_insert(name);
        }
        names
    }

    /// The name of the node at a position.
    pub fn at(&self, position: usize) -> &str {
        &self.by_position[position]
    }

    /// The name of the first node that is called so; what nobody is called stays as it is.
    pub fn of_id<'n>(&'n self, id: &'n str) -> &'n str {
        self.by_id.get(id).map_or(id, String::as_str)
    }

    /// Lines about those that were repaired.
    pub fn comments(&self) -> &str {
        &self.comments
    }
}

fn is_name(id: &str) -> bool {
    !id.trim().is_empty() && id.chars().count() <= CHARS_MAX && visible(id) == *id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_kept_repaired_and_made_unique() {
        let ids = ["src", "src", "", "a\u{1b}[31mb", "my.op (1)"];
        let nodes = ids.map(|id| {
            let node = serde_json::json!({ "id": id, "type": "op", "parallelism": 1 });
            serde_json::from_value::<Node>(node).unwrap()
        });
        let names = Names::of(&nodes);
        let all: Vec<&str> = (0..5).map(|position| names.at(position)).collect();
        assert_eq!(all, ["src", "src-2", "vertex", "a--31mb", "my.op (1)"]);
        assert_eq!(names.of_id("src"), "src");
        assert_eq!(names.of_id("unknown"), "unknown");
        assert_eq!(names.comments().lines().count(), 3);
        assert!(!names.comments().contains('\u{1b}'));
    }
}
