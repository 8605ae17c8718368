//! From a TOML table to [`File`], with every mistake of form at once.
//!
//! serde stops at the first mistake. So the offending key is noted and taken out, and reading starts again.

use serde_path_to_error::Segment;

use crate::scenario::diagnostic::{enumerate, similar};
use crate::scenario::file::File;
use crate::scenario::file::quantity::HINT;
use crate::scenario::flink_options::{self, FlinkOption};
use crate::scenario::key_path::{KeyPath, Step};
use crate::scenario::tree;

/// More mistakes than this are not worth reading.
const MISTAKES_MAX: usize = 100;

/// A mistake of form: an unknown key, a wrong type, an unreadable value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The key that is unknown or whose value is wrong.
    pub path: KeyPath,
    /// Whether the key itself is wrong, not its value.
    pub key_is_wrong: bool,
    /// What is wrong.
    pub message: String,
    /// What is wrong, in two or three words.
    pub label: Option<String>,
    /// What to do.
    pub help: Option<String>,
}

/// Reads what can be read of a table; mistakes come in the order in which they were met.
pub fn read(table: &toml::Table) -> (File, Vec<Mistake>) {
    let mut table = table.clone();
    let mut mistakes: Vec<Mistake> = Vec::new();
    loop {
        let value = toml::Value::Table(table.clone());
        let error = match serde_path_to_error::deserialize::<_, File>(value) {
            Ok(file) => return (file, mistakes),
            Err(error) => error,
        };
        let path = path_of(error.path());
        let mistake = explain(path, error.inner().message());
        let removed = tree::remove(&mut table, &mistake.path.up_to_key());
        mistakes.push(mistake);
        if !removed || mistakes.len() >= MISTAKES_MAX {
            return (File::default(), mistakes);
        }
    }
}

fn path_of(path: &serde_path_to_error::Path) -> KeyPath {
    let steps = path.iter().filter_map(|segment| match segment {
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Enum { .. } | Segment::Unknown => None,
    });
    KeyPath::from(steps.collect::<Vec<_>>())
}

/// serde's words in ours.
fn explain(path: KeyPath, raw: &str) -> Mistake {
    let (message, help) = match raw.split_once(HINT) {
        Some((message, help)) => (message, Some(help.to_owned())),
        None => (raw, None),
    };
    let message = message.trim();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let (wrong, known) = quoted(rest);
        return Mistake {
            message: format!("unknown key `{path}`"),
            key_is_wrong: true,
            label: Some("no such key".to_owned()),
            help: Some(unknown_key(&path, &wrong, &known)),
            path,
        };
    }
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        let (wrong, known) = quoted(rest);
        return Mistake {
            message: format!("`{path}` cannot be `{wrong}`"),
            key_is_wrong: false,
            label: Some("no such choice".to_owned()),
            help: Some(suggestion(&wrong, &known, "allowed are")),
            path,
        };
    }
    let (message, expected) = wrong_type(message);
    Mistake {
        message: format!("`{path}`: {message}"),
        key_is_wrong: false,
        label: None,
        help: help.or(expected),
        path,
    }
}

/// Options of Flink stand in a table of their own.
fn unknown_key(path: &KeyPath, wrong: &str, known: &[String]) -> String {
    let begins = |option: FlinkOption| option.key.split('.').next() == Some(wrong);
    if *path == KeyPath::top(wrong) && flink_options::all().any(begins) {
        return format!("Flink's options stand under `[flink]`: move `{wrong}.…` there");
    }
    if let Some(option) = meant_option(path, wrong) {
        return format!("did you mean `flink.{option}`?");
    }
    suggestion(wrong, known, "keys here are")
}

/// The option that people mean by its last words: `interval`, `timeout`. Those of checkpoints come first.
fn meant_option(path: &KeyPath, wrong: &str) -> Option<&'static str> {
    if *path != KeyPath::top(wrong) {
        return None;
    }
    let end = format!(".{wrong}");
    let mut ending = flink_options::all()
        .filter(|option| option.role.is_used() && option.key.ends_with(&end))
        .map(|option| option.key);
    ending.next()
}

/// A value of the wrong type, without serde's names of our types, and how to write it.
fn wrong_type(message: &str) -> (String, Option<String>) {
    let Some((found, expected)) = message
        .strip_prefix("invalid type: ")
        .and_then(|rest| rest.rsplit_once(", expected "))
    else {
        return (message.to_owned(), None);
    };
    let table = expected.starts_with("struct ");
    let expected = if table { "a table" } else { expected };
    let help = if table {
        Some("write its keys in braces, as in { key = value }")
    } else if found.starts_with("string") && expected.contains("number") {
        Some("write the number without quotes and without a unit")
    } else {
        None
    };
    let message = format!("invalid type: {found}, expected {expected}");
    (message, help.map(str::to_owned))
}

/// The words between backticks: the wrong one, and those that would have been right.
fn quoted(text: &str) -> (String, Vec<String>) {
    // The wrong word may itself contain backticks; what serde expects comes after the last ", expected".
    let (wrong, expected) = text.rsplit_once(", expected ").unwrap_or((text, ""));
    let known = expected.split('`').skip(1).step_by(2).map(str::to_owned);
    (wrong.trim_matches('`').to_owned(), known.collect())
}

fn suggestion(wrong: &str, known: &[String], introduction: &str) -> String {
    match similar(wrong, known.iter().map(String::as_str)) {
        Some(right) => format!("did you mean `{right}`?"),
        None if known.is_empty() => "nothing can stand here".to_owned(),
        None => format!("{introduction} {}", enumerate(known)),
    }
}
