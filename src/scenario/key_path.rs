//! Where in a scenario file something stands: `vertex.0.inputs.1.skew.share`, `flink.execution.checkpointing.interval`.
//!
//! Below `flink` everything is one step, since Flink's keys contain dots themselves.

use std::fmt;

/// One step into a table or an array.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into a table.
    Key(String),
    /// Into an array.
    Index(usize),
}

/// A way from the top of the file to a value.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyPath(Vec<Step>);

impl KeyPath {
    /// The top of the file.
    pub fn root() -> Self {
        KeyPath::default()
    }

    /// A key of the top level.
    pub fn top(key: &str) -> Self {
        KeyPath::root().key(key)
    }

    /// An option of Flink.
    pub fn flink(key: &str) -> Self {
        KeyPath::top("flink").key(key)
    }

    /// This path and one step into a table.
    #[must_use]
    pub fn key(&self, key: &str) -> Self {
        self.with(Step::Key(key.to_owned()))
    }

    /// This path and one step into an array.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.with(Step::Index(index))
    }

    /// This path and one more step.
    #[must_use]
    pub fn with(&self, step: Step) -> Self {
        let mut steps = self.0.clone();
        steps.push(step);
        KeyPath(steps)
    }

    /// The steps from the top.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path without its last step; `None` at the top.
    pub fn parent(&self) -> Option<KeyPath> {
        let (_, init) = self.0.split_last()?;
        Some(KeyPath(init.to_vec()))
    }

    /// Whether `other` is this path or lies below it.
    pub fn contains(&self, other: &KeyPath) -> bool {
        other.0.starts_with(&self.0)
    }

    /// The longest beginning of this path that ends in a key of a table, not in an array's element.
    #[must_use]
    pub fn up_to_key(&self) -> KeyPath {
        let end = self.0.iter().rposition(|step| matches!(step, Step::Key(_)));
        KeyPath(self.0[..end.map_or(0, |end| end + 1)].to_vec())
    }

    /// Splits `vertex."my join".inputs.0` at its dots; quotes protect dots. `None` if a quote is left open or a part
    /// is empty.
    pub fn split(text: &str) -> Option<Vec<String>> {
        let mut parts = Vec::new();
        let mut rest = text.trim();
        loop {
            let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (part, after) = match quote {
                Some(quote) => rest[1..].split_once(quote)?,
                None => rest.split_at(rest.find('.').unwrap_or(rest.len())),
            };
            if part.is_empty() {
                return None;
            }
            parts.push(part.trim().to_owned());
            if after.is_empty() {
                return Some(parts);
            }
            rest = after.strip_prefix('.')?;
        }
    }
}

impl From<Vec<Step>> for KeyPath {
    fn from(steps: Vec<Step>) -> Self {
        KeyPath(steps)
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            if position > 0 {
                formatter.write_str(".")?;
            }
            match step {
                Step::Key(key) => formatter.write_str(key)?,
                Step::Index(index) => write!(formatter, "{index}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_split_at_dots_outside_of_quotes() {
        assert_eq!(KeyPath::split("job.name").unwrap(), ["job", "name"]);
        assert_eq!(
            KeyPath::split("vertex.\"a.b\".service").unwrap(),
            ["vertex", "a.b", "service"]
        );
        for text in ["", ".", "a.", "a..b", "\"a", "\"a\"b"] {
            assert_eq!(KeyPath::split(text), None, "{text}");
        }
    }

    #[test]
    fn an_element_belongs_to_the_key_of_its_array() {
        let inputs = KeyPath::top("vertex").index(2).key("inputs");
        assert_eq!(inputs.index(1).up_to_key(), inputs);
        assert!(inputs.contains(&inputs.index(1)));
    }
}
