//! Where one is in a file while it is read, and every mistake of form so far.

use toml::Value;

use crate::scenario::diagnostic::meant;
use crate::scenario::key_path::KeyPath;

/// What kind of mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// There is no such key.
    Key,
    /// The value cannot be read.
    Value,
    /// The value is beyond a limit.
    Limit,
}

/// A mistake of form: an unknown key, a wrong type, an unreadable value, one beyond a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The key that is unknown or whose value is wrong.
    pub path: KeyPath,
    /// What about it.
    pub fault: Fault,
    /// What is wrong; names the path as [`KeyPath`] displays it.
    pub message: String,
    /// What is wrong, in two or three words.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// Where one is in a file, and what was wrong so far.
pub struct Reader<'m> {
    path: KeyPath,
    mistakes: &'m mut Vec<Mistake>,
}

impl<'m> Reader<'m> {
    /// At the top of a file.
    pub fn new(mistakes: &'m mut Vec<Mistake>) -> Self {
        Reader {
            path: KeyPath::root(),
            mistakes,
        }
    }

    /// One step down, into a table.
    pub fn key(&mut self, name: &str) -> Reader<'_> {
        self.at(self.path.key(name))
    }

    /// One step down, into a list.
    pub fn index(&mut self, index: usize) -> Reader<'_> {
        self.at(self.path.index(index))
    }

    fn at(&mut self, path: KeyPath) -> Reader<'_> {
        Reader {
            path,
            mistakes: self.mistakes,
        }
    }

    /// The value cannot be read.
    pub fn wrong(&mut self, message: &str, help: Option<String>) {
        let message = format!("`{}`: {message}", self.path);
        self.push(Fault::Value, message, None, help);
    }

    /// The value has the wrong type.
    pub fn wrong_type(&mut self, value: &Value, expected: &str) {
        let text = value.is_str();
        let help = match expected {
            "a table" => Some("write its keys in braces, as in { key = value }"),
            _ if text && expected.contains("number") => {
                Some("write the number without quotes and without a unit")
            }
            _ => None,
        };
        let found = found(value);
        self.wrong(
            &format!("invalid type: {found}, expected {expected}"),
            help.map(str::to_owned),
        );
    }

    /// The value is none of the words that may stand here.
    pub fn no_choice(&mut self, wrong: &str, words: &[&str]) {
        let message = format!("`{}` cannot be `{wrong}`", self.path);
        let help = meant(wrong, words, "allowed are");
        self.push(Fault::Value, message, Some("no such choice"), help);
    }

    /// The value is beyond a limit.
    pub fn beyond(&mut self, rule: &str, help: Option<String>) {
        let message = format!("`{}` must be {rule}", self.path);
        self.push(Fault::Limit, message, None, help);
    }

    /// There is no such key; `known` are those that there are.
    pub fn unknown_key<'k>(&mut self, wrong: &str, known: impl Iterator<Item = &'k str>) {
        let help = meant(wrong, &known.collect::<Vec<_>>(), "keys here are");
        let message = format!("unknown key `{}`", self.path);
        self.push(Fault::Key, message, Some("no such key"), help);
    }

    fn push(&mut self, fault: Fault, message: String, label: Option<&str>, help: Option<String>) {
        self.mistakes.push(Mistake {
            path: self.path.clone(),
            fault,
            message,
            label: label.map(str::to_owned),
            help,
        });
    }
}

/// What a value is, in the words of errors.
fn found(value: &Value) -> String {
    match value {
        Value::String(text) => format!("string {text:?}"),
        Value::Integer(number) => format!("integer `{number}`"),
        Value::Float(number) => format!("floating point `{number:?}`"),
        Value::Boolean(flag) => format!("boolean `{flag}`"),
        Value::Datetime(_) => "date".to_owned(),
        Value::Array(_) => "sequence".to_owned(),
        Value::Table(_) => "map".to_owned(),
    }
}
