//! A scenario written in code: the keys and values of the file, with the same defaults and the same checks.

use std::path::Path;

use toml::{Table, Value};

use crate::scenario::Scenario;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::{self, Loaded};

/// Builds a [`Scenario`] key by key; values are written as in a scenario file (`"30 s"`, `"12 GiB"`, `4`).
///
/// ```
/// use ckptsim::ScenarioBuilder;
///
/// let scenario = ScenarioBuilder::new()
///     .set("job.duration", "2 min")
///     .set("flink.execution.checkpointing.interval", "10 s")
///     .source("orders", "4000/s")
///     .with("parallelism", 2)
///     .operator("count", &["orders"])
///     .with("parallelism", 4)
///     .with("service", "200 us")
///     .with("state.size", "1 GiB")
///     .build()?;
/// assert_eq!(scenario.vertices.len(), 2);
/// # Ok::<(), ckptsim::Diagnostics>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ScenarioBuilder {
    table: Table,
}

impl ScenarioBuilder {
    /// Every key has its default, and there is no vertex yet.
    pub fn new() -> Self {
        ScenarioBuilder::default()
    }

    /// Gives a key of the file its value: `job.duration`, `storage.profile`, `flink.` and Flink's own key. Those of a
    /// vertex are given by [`with`](ScenarioBuilder::with).
    #[must_use]
    pub fn set(mut self, path: &str, value: impl Into<Value>) -> Self {
        insert(&mut self.table, path, value.into());
        self
    }

    /// Adds a source that emits at this rate, such as `"20000/s"` or `"unlimited"`.
    #[must_use]
    pub fn source(self, name: &str, rate: &str) -> Self {
        self.vertex(name).with("source.rate", rate)
    }

    /// Adds an operator that reads these vertices by key. Another exchange is given as in the file:
    /// `.with("inputs", [...])`.
    #[must_use]
    pub fn operator(self, name: &str, inputs: &[&str]) -> Self {
        self.vertex(name).with("inputs", inputs.to_vec())
    }

    /// Gives a key of the vertex added last its value: `parallelism`, `service`, `state.size`.
    ///
    /// # Panics
    ///
    /// Before any vertex was added.
    #[must_use]
    pub fn with(mut self, path: &str, value: impl Into<Value>) -> Self {
        let last = self.vertices().last_mut().and_then(Value::as_table_mut);
        let last = last.expect("`with` follows `source` or `operator`");
        insert(last, path, value.into());
        self
    }

    /// The checked scenario, or everything that is wrong with it; places are those in [`toml`](ScenarioBuilder::toml).
    pub fn build(&self) -> Result<Scenario, Diagnostics> {
        self.load().map(|loaded| loaded.scenario)
    }

    /// The same with what it was made of, from which variants are made.
    pub fn load(&self) -> Result<Loaded, Diagnostics> {
        load::parse(&self.toml(), "built scenario", Path::new(""), &[])
    }

    /// The file that says the same.
    pub fn toml(&self) -> String {
        self.table.to_string()
    }

    fn vertex(mut self, name: &str) -> Self {
        let mut vertex = Table::new();
        vertex.insert("name".to_owned(), name.into());
        self.vertices().push(vertex.into());
        self
    }

    fn vertices(&mut self) -> &mut Vec<Value> {
        let vertices = self
            .table
            .entry("vertex")
            .or_insert_with(|| Value::Array(Vec::new()));
        if !vertices.is_array() {
            *vertices = Value::Array(Vec::new());
        }
        vertices.as_array_mut().expect("it is made an array above")
    }
}

/// Flink's keys have dots of their own.
fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        Some((first, rest)) if table.get(first).is_none_or(Value::is_table) => {
            let inner = table
                .entry(first)
                .or_insert_with(|| Value::Table(Table::new()));
            let inner = inner.as_table_mut().expect("anything else is not entered");
            if first == "flink" {
                inner.insert(rest.to_owned(), value);
            } else {
                insert(inner, rest, value);
            }
        }
        _ => {
            table.insert(path.to_owned(), value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_built_is_what_the_file_means() {
        let built = ScenarioBuilder::new()
            .set("job.duration", "2 min")
            .set("flink.execution.checkpointing.interval", "10 s")
            .set("storage.profile", "s3")
            .source("orders", "4000/s")
            .with("parallelism", 2)
            .operator("count", &["orders"])
            .with("state.size", "1 GiB")
            .with("state.entry", "1 KiB")
            .build()
            .unwrap();
        let text = "[job]\nduration = \"2 min\"\n[storage]\nprofile = \"s3\"\n\
            [flink]\nexecution.checkpointing.interval = \"10 s\"\n\
            [[vertex]]\nname = \"orders\"\nparallelism = 2\nsource = { rate = \"4000/s\" }\n\
            [[vertex]]\nname = \"count\"\ninputs = [\"orders\"]\nstate = { size = \"1 GiB\", entry = \"1 KiB\" }\n";
        let read = load::parse(text, "file", Path::new(""), &[]).unwrap();
        assert_eq!(built, read.scenario);
    }

    #[test]
    fn what_is_wrong_is_said_as_for_a_file() {
        let problems = ScenarioBuilder::new()
            .source("orders", "fast")
            .with("paralelism", 2)
            .build()
            .unwrap_err();
        let said = problems.to_string();
        assert!(said.contains("did you mean `parallelism`"), "{said}");
        assert!(said.contains("fast"), "{said}");
    }
}
