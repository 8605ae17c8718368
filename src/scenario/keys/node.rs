//! A scenario as it is written: keys in their order, with values that are TOML already.

use std::fmt::Write;

/// What stands behind a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A string, without its quotes.
    Text(String),
    /// Anything else that is a value: a number, `true`.
    Bare(String),
    /// Several.
    List(Vec<Node>),
    /// Keys.
    Table(Vec<(String, Node)>),
}

impl Node {
    /// A number as TOML writes it: one with a fraction, even if that is 0.
    pub fn number(number: f64) -> Node {
        Node::Bare(format!("{number:?}"))
    }

    /// The value of a key of a table.
    pub fn get(&self, key: &str) -> Option<&Node> {
        let Node::Table(keys) = self else { return None };
        keys.iter()
            .find_map(|(name, value)| (name == key).then_some(value))
    }

    /// A list of tables, which a file writes as `[[table]]`.
    fn is_tables(&self) -> bool {
        matches!(self, Node::List(items) if matches!(items.first(), Some(Node::Table(_))))
    }

    /// The value within one line.
    pub fn inline(&self) -> String {
        match self {
            Node::Text(text) => quoted(text),
            Node::Bare(text) => text.clone(),
            Node::List(items) => {
                let items: Vec<String> = items.iter().map(Node::inline).collect();
                format!("[{}]", items.join(", "))
            }
            Node::Table(keys) => {
                let keys = keys.iter();
                let keys: Vec<String> = keys
                    .map(|(key, value)| format!("{} = {}", key_of(key), value.inline()))
                    .collect();
                format!("{{ {} }}", keys.join(", "))
            }
        }
    }

    /// A whole file: a table for each key, and a line for each key of it.
    pub fn file(&self) -> String {
        let mut text = String::new();
        let Node::Table(tables) = self else {
            return self.inline();
        };
        for (name, table) in tables {
            match table {
                Node::List(items) if table.is_tables() => {
                    for item in items {
                        section(&mut text, &format!("[[{name}]]"), item, key_of);
                    }
                }
                // Dots of Flink's keys make tables, which is what Flink means by them.
                Node::Table(_) if name == "flink" => {
                    section(&mut text, "[flink]", table, str::to_owned);
                }
                _ => section(&mut text, &format!("[{name}]"), table, key_of),
            }
        }
        text
    }
}

fn section(text: &mut String, header: &str, table: &Node, spelt: impl Fn(&str) -> String) {
    let Node::Table(keys) = table else { return };
    if !text.is_empty() {
        text.push('\n');
    }
    writeln!(text, "{header}").expect("a string takes everything");
    for (key, value) in keys {
        writeln!(text, "{} = {}", spelt(key), value.inline()).expect("a string takes everything");
    }
}

/// A string of TOML.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key of TOML, quoted if it must be.
pub fn key_of(name: &str) -> String {
    let line = toml::Table::from_iter([(name.to_owned(), toml::Value::from(true))]).to_string();
    let key = line.trim_end().strip_suffix(" = true");
    key.expect("a table of one key is one line").to_owned()
}
