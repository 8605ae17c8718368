//! `scenarios/reference.toml`: every key with its meaning and its default, made of the list of keys.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value as Json;

use crate::scenario::flink_options::{self, FlinkOption, Kind, Role};
use crate::scenario::keys::File;
use crate::scenario::keys::node::Node;
use crate::scenario::keys::table::{Content, Entry, Shape};
use crate::scenario::vertex::Operator;
use crate::scenario::{Exchange, Input, Reading, Scenario, Vertex, VertexId, VertexKind, print};

/// A longer line puts the comment above the key.
const WIDTH: usize = 120;

const HEAD: &str = "\
#:schema ../docs/schema.json
# Every key of a scenario, with its default. Keys without a default are commented out.
# Quantities are strings with a unit: \"10 min\", \"1.5 s\", \"35 us\"; \"220 B\", \"64 MiB\" (1024²), \"64 MB\" (1000²);
# \"80 MB/s\", \"10 Gbit/s\"; \"50000/s\", \"1.2M/s\"; \"30 %\", \"3 %/min\". Inside [flink] Flink's own unit rules hold.
";

/// All of the file.
pub fn text() -> String {
    let shape = Shape::of::<File>();
    let effective = print::node(&example());
    let mut writer = Writer::default();
    // What belongs to no table stands above the first one.
    let (single, tables): (Vec<&Entry>, Vec<&Entry>) = shape
        .keys
        .iter()
        .partition(|key| matches!(key.content, Content::Value(_)) && key.name != "flink");
    for key in single {
        writer.text.push('\n');
        writer.comment(&key.doc);
        writer.line(false, &format!("{} = {}", key.name, key.example));
    }
    for key in tables {
        match &key.content {
            Content::Value(_) => writer.options(key),
            Content::Named(_) => writer.named(key),
            _ => writer.tables(&[key.name], key, effective.get(key.name), true),
        }
    }
    format!("{HEAD}{}", writer.text)
}

/// A source, and an operator that reads it.
fn example() -> Scenario {
    let mut scenario = Scenario::default();
    let operator = Vertex {
        name: "operator".to_owned(),
        work: VertexKind::Operator(Operator {
            selectivity: 1.0,
            reading: Reading::Union,
        }),
        inputs: vec![Input {
            dealt: None,
            from: VertexId(0),
            exchange: Exchange::Hash { shares: vec![1.0] },
        }],
        ..scenario.vertices[0].clone()
    };
    scenario.vertices.push(operator);
    scenario
}

#[derive(Default)]
struct Writer {
    text: String,
    /// What has been explained already.
    seen: BTreeSet<String>,
}

impl Writer {
    /// A key that holds tables: those that are there, or what one would look like.
    fn tables(&mut self, path: &[&str], key: &Entry, there: Option<&Node>, active: bool) {
        let Some(shape) = key.content.shape() else {
            return;
        };
        let header = match key.content {
            Content::List(_) => format!("[[{}]]", path.join(".")),
            _ => format!("[{}]", path.join(".")),
        };
        let none = [Node::Table(Vec::new())];
        let (tables, active) = match there {
            Some(Node::List(items)) if !items.is_empty() => (items.as_slice(), active),
            Some(table @ Node::Table(_)) => (std::slice::from_ref(table), active),
            _ => (none.as_slice(), false),
        };
        for table in tables {
            let explained = !self.seen.insert(path.join("."));
            if explained && !active {
                return;
            }
            if active || path.len() == 1 {
                self.text.push('\n');
            }
            if !explained {
                self.comment(&key.description());
            }
            self.line(active, &header);
            self.table(path, shape, table, active);
        }
    }

    fn table(&mut self, path: &[&str], shape: &Shape, table: &Node, active: bool) {
        // A table below ends the lines of this one.
        let short = |key: &&Entry| matches!(table.get(key.name), Some(Node::Text(_)));
        let (below, values): (Vec<&Entry>, Vec<&Entry>) = shape
            .keys
            .iter()
            .partition(|key| key.content.shape().is_some());
        for key in values.iter().chain(below.iter().filter(|key| short(key))) {
            self.key(path, key, table.get(key.name), active);
        }
        for key in below {
            let path = [path, &[key.name]].concat();
            self.tables(&path, key, table.get(key.name), active);
        }
    }

    /// A key with its value, or with what could be its value.
    fn key(&mut self, path: &[&str], key: &Entry, there: Option<&Node>, active: bool) {
        let explained = !self.seen.insert(format!("{}.{}", path.join("."), key.name));
        if explained && there.is_none() {
            return;
        }
        let default = key.default.as_ref().or(there);
        let value = match there.or(default) {
            Some(value) => value.inline(),
            None if key.example.is_empty() => plain(&key.content),
            None => key.example.to_owned(),
        };
        let doc = if explained { "" } else { &key.doc };
        self.explained(
            active && there.is_some(),
            &format!("{} = {value}", key.name),
            doc,
        );
    }

    /// A table whose keys are not known beforehand.
    fn named(&mut self, key: &Entry) {
        self.text.push('\n');
        self.comment(&key.doc);
        self.line(false, &format!("[{}]", key.name));
        for line in key.example.lines() {
            self.line(false, line);
        }
    }

    fn options(&mut self, key: &Entry) {
        self.text.push('\n');
        self.comment(&key.doc);
        self.comment("These are simulated; others are accepted and listed as ignored.");
        self.line(true, "[flink]");
        for option in flink_options::all().filter(|option| option.role.is_used()) {
            let active = option.role == Role::Simulated && !option.default.is_empty();
            let assignment = format!("{} = {}", option.key, option_value(&option));
            self.explained(active, &assignment, option.effect);
        }
    }

    /// A line with its comment behind it, or above it if there is no room.
    fn explained(&mut self, active: bool, line: &str, doc: &str) {
        let whole = format!("{line} # {doc}");
        if doc.is_empty() {
            self.line(active, line);
        } else if whole.len() <= WIDTH && !doc.contains(". ") {
            self.line(active, whole.trim_end_matches('.'));
        } else {
            self.comment(doc);
            self.line(active, line);
        }
    }

    fn line(&mut self, active: bool, line: &str) {
        let sign = if active { "" } else { "# " };
        writeln!(self.text, "{sign}{line}").expect("a string takes everything");
    }

    /// Lines of at most [`WIDTH`] characters.
    fn comment(&mut self, doc: &str) {
        let mut line = String::from("#");
        for word in doc.split_whitespace() {
            if line.len() + 1 + word.len() > WIDTH {
                self.line(true, &line);
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.line(true, &line);
    }
}

/// What could stand there, as TOML.
fn plain(content: &Content) -> String {
    match content {
        Content::Value(schema) => [&schema["examples"][0], &schema["oneOf"][0]["const"]]
            .into_iter()
            .find(|example| example.is_string())
            .map_or_else(|| of_type(schema), ToString::to_string),
        Content::List(items) => format!("[{}]", plain(items)),
        _ => String::new(),
    }
}

fn of_type(schema: &Json) -> String {
    match schema["type"].as_str() {
        Some("integer") => "0",
        Some("number") => "1.0",
        Some("boolean") => "true",
        _ => "\"\"",
    }
    .to_owned()
}

/// The default of an option as TOML, or what it could be.
fn option_value(option: &FlinkOption) -> String {
    let quoted = |text: &str| format!("\"{text}\"");
    match (&option.kind, option.default) {
        (Kind::Integer | Kind::Number, "") => "1".to_owned(),
        (Kind::Boolean, "") => "true".to_owned(),
        (Kind::Text, "") => quoted("..."),
        (Kind::Integer | Kind::Number | Kind::Boolean, default) => default.to_owned(),
        (Kind::Choice(words), "") => quoted(words[0]),
        (Kind::Duration, "") => quoted("2 min"),
        (Kind::Size, "") => quoted("1 mb"),
        (_, default) => quoted(default),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::keys::{read, schema};

    /// The file is what the keys say; `CKPTSIM_UPDATE=1` makes it so.
    #[track_caller]
    fn is_the_generated_one(file: &str, text: &str) {
        let path = format!("{}/{file}", env!("CARGO_MANIFEST_DIR"));
        if std::env::var_os("CKPTSIM_UPDATE").is_some() {
            std::fs::write(path, text).unwrap();
            return;
        }
        let committed = std::fs::read_to_string(path).unwrap();
        let help = "run `CKPTSIM_UPDATE=1 cargo test what_the_keys_say`";
        assert!(committed == text, "{file}: {help}");
    }

    #[test]
    fn every_example_of_the_reference_can_be_read() {
        let text = text();
        let lines = text.lines().filter_map(|line| {
            let example = line.strip_prefix("# ").filter(|line| {
                let value = |c: char| c.is_ascii_digit() || "\"[{tf-".contains(c);
                let assignment = line.split_once(" = ");
                line.starts_with('[')
                    || assignment
                        .is_some_and(|(key, rest)| !key.contains(' ') && rest.starts_with(value))
            });
            // A table may be there in its short form or in full, not both.
            let line = example.unwrap_or(line);
            (!line.starts_with("service = ")).then_some(line)
        });
        let all = lines.collect::<Vec<&str>>().join("\n");
        let table: toml::Table = all.parse().unwrap_or_else(|error| panic!("{error}\n{all}"));
        let (file, mistakes) = read::read(&table);
        assert_eq!(mistakes, []);
        assert!(file.restore.is_some() && file.trigger.is_some());
    }

    #[test]
    fn the_reference_is_what_the_keys_say() {
        is_the_generated_one("scenarios/reference.toml", &text());
    }

    #[test]
    fn the_schema_for_editors_is_what_the_keys_say() {
        is_the_generated_one("docs/schema.json", &schema::text());
    }
}
