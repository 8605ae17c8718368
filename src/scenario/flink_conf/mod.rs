//! Flink's own configuration, `config.yaml` or `flink-conf.yaml` of Flink 1.x, and whatever else people keep its options in
//! ([`blocks`], [`statements`]), to flat keys with their lines.
//!
//! Values of options that the simulation does not use end here: they may be secrets. What messages can show of a file
//! is made anew from what is kept; the text itself is dropped.

mod blocks;
mod kind;
mod lines;
mod statements;
mod yaml;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::scenario::conceal;
use crate::scenario::diagnostic::{Diagnostic, Place, SourceText};
use crate::scenario::flink_conf::kind::Form;
use crate::scenario::flink_options::{self, Lookup};

pub use crate::scenario::flink_conf::kind::{instead_of_a_scenario, is_log};

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Flat key: `execution.checkpointing.interval`.
    pub key: String,
    /// Value as text; the elements of a list are separated by `;`, as Flink does. Of an option that is not used only
    /// that it is there.
    pub value: String,
    /// Line of the value, from 1.
    pub line: usize,
}

/// What a reader found, before anything is decided.
#[derive(Debug, Default)]
struct Found {
    entries: Vec<Entry>,
    /// Lines and what is to say about them. Nothing of a value.
    remarks: Vec<(usize, String)>,
    facts: Facts,
}

/// What a file says beside options.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The release of Flink that it is for, such as `1.20`, and where that stands.
    pub version: Option<(String, &'static str)>,
    /// `spec.taskManager.replicas`.
    pub taskmanagers: Option<u32>,
    /// Whether it is `flink-conf.yaml`, which only Flink 1.x reads.
    pub is_old: bool,
}

/// Why a file cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unreadable {
    /// What is wrong; nothing of the text.
    message: String,
    /// Line, from 1.
    line: usize,
}

/// A configuration that was read.
#[derive(Debug)]
pub struct Conf {
    /// The options; each key once.
    pub entries: Vec<Entry>,
    /// What Flink ignores, or is not known here.
    pub remarks: Vec<Diagnostic>,
    /// What the file says beside them.
    pub facts: Facts,
    source: Arc<SourceText>,
}

impl Conf {
    /// What the file is called.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// A line of the file, as far as it may be shown.
    pub fn place(&self, line: usize) -> Place {
        line_place(&self.source, line)
    }
}

/// Reads a configuration, or what holds one. `name` decides by whose rules: `flink-conf.yaml` is read line by line, as
/// Flink 1.x does.
pub fn read(name: &str, text: &str) -> Result<Conf, Diagnostic> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let is_old = file.ends_with("flink-conf.yaml");
    let form = kind::form(text);
    let yaml = |read: &dyn Fn(&str) -> Result<Found, Unreadable>| {
        read(text).map_err(|error| unreadable(name, text, &error))
    };
    let found = match &form {
        Form::Configuration if is_old => Some(lines::read(text)),
        Form::Configuration => Some(yaml(&yaml::read)?),
        Form::Sql => statements::sql(text),
        Form::Command => statements::command(text),
        Form::Answer => statements::answer(text),
        Form::Blocks(_) => match (yaml::documents(text), blocks::variables(text)) {
            (Ok(documents), _) => blocks::read(&documents),
            (Err(_), found @ Some(_)) => found,
            (Err(error), None) => return Err(unreadable(name, text, &error)),
        },
        Form::Other(..) => None,
    };
    let Some(mut found) = found else {
        let what = form.name().unwrap_or("no configuration");
        let problem = Diagnostic::error(format!("{name} is {what}"));
        return Err(problem.help(match form {
            Form::Other(_, help) => help,
            _ => format!(
                "there are no options of Flink in it; looked for: {}, SET statements, -Dkey=value, and the answer of \
                 /jobmanager/config",
                blocks::LOOKED_FOR
            ),
        }));
    };
    if !found.entries.is_empty() && !found.entries.iter().any(|entry| is_flinks(&entry.key)) {
        let message = format!(
            "{name}: none of its {} keys is an option of Flink",
            found.entries.len()
        );
        return Err(Diagnostic::error(message).help(
            "a configuration has keys such as `execution.checkpointing.interval` at its top, nested or flat",
        ));
    }
    found.facts.is_old |= is_old && form == Form::Configuration;
    Ok(settle(name, text, found))
}

fn is_flinks(key: &str) -> bool {
    !matches!(flink_options::lookup(key), Lookup::Unknown(_))
}

fn unreadable(name: &str, text: &str, error: &Unreadable) -> Diagnostic {
    let source = Arc::new(SourceText {
        name: name.to_owned(),
        text: "\n".repeat(text.lines().count()),
    });
    Diagnostic::error(format!("not valid YAML: {}", error.message))
        .at(Some(line_place(&source, error.line)))
}

/// Decides what holds: the last of several equal keys, the default of a placeholder.
fn settle(name: &str, text: &str, found: Found) -> Conf {
    let mut said = found.remarks;
    let mut entries: Vec<Entry> = Vec::new();
    let mut by_key: BTreeMap<String, usize> = BTreeMap::new();
    for mut entry in found.entries {
        entry.key = shown_name(&entry.key);
        entry.value = conceal::kept_value(&entry.key, &entry.value);
        if flink_options::is_used(&entry.key) {
            match given(&entry) {
                Given::Value(value) => entry.value = value,
                Given::Unknown => {
                    let message = format!(
                        "the value of `{}` is a placeholder that is not known here: the option is left out",
                        entry.key
                    );
                    said.push((entry.line, message));
                    continue;
                }
            }
        }
        if let Some(index) = by_key.get(&entry.key) {
            // The services of a Compose file repeat each other.
            if entries[*index].value != entry.value {
                let message = format!("`{}` is given twice; the last one holds", entry.key);
                said.push((entry.line, message));
            }
            entries[*index] = entry;
        } else {
            by_key.insert(entry.key.clone(), entries.len());
            entries.push(entry);
        }
    }
    let source = Arc::new(SourceText {
        name: name.to_owned(),
        text: what_may_be_shown(text, &entries),
    });
    let remarks = said
        .into_iter()
        .map(|(line, message)| Diagnostic::warning(message).at(Some(line_place(&source, line))));
    Conf {
        remarks: remarks.collect(),
        entries,
        facts: found.facts,
        source,
    }
}

enum Given {
    Value(String),
    Unknown,
}

/// The value of an option that is used: `${NAME:-default}` of shells and entry points is the default.
fn given(entry: &Entry) -> Given {
    let value = entry.value.trim();
    let inner = value
        .strip_prefix("${")
        .and_then(|rest| rest.strip_suffix('}'))
        .filter(|inner| !inner.contains(['{', '}']));
    if let Some(inner) = inner {
        let default = inner.split_once(":-").or_else(|| inner.split_once('-'));
        return match default {
            Some((_, default)) if !default.is_empty() => Given::Value(default.to_owned()),
            _ => Given::Unknown,
        };
    }
    let is_placeholder = value.starts_with('$') || value.contains("${") || value.contains("$(");
    // Where checkpoints are does not matter, only that they are somewhere.
    let is_place = flink_options::present_key(&entry.key) == "execution.checkpointing.dir";
    if is_placeholder && !is_place {
        return Given::Unknown;
    }
    Given::Value(entry.value.clone())
}

/// The key as far as it is a word: the rest may be anything.
fn shown_name(key: &str) -> String {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '$' | '<');
    let end = key.find(|c| !part(c)).unwrap_or(key.len());
    if end == key.len() {
        return key.to_owned();
    }
    format!("{}…", &key[..end])
}

/// The lines of a file with nothing but what is kept: the user's own line where it holds one option that is used.
fn what_may_be_shown(text: &str, entries: &[Entry]) -> String {
    let mut on_line: BTreeMap<usize, Vec<&Entry>> = BTreeMap::new();
    for entry in entries {
        on_line.entry(entry.line).or_default().push(entry);
    }
    let lines = text.lines().enumerate().map(|(index, line)| {
        match on_line.get(&(index + 1)).map(Vec::as_slice) {
            None => String::new(),
            Some([entry]) if is_own(line, entry) => without_comment(line),
            Some(entries) => {
                let written: Vec<String> = entries
                    .iter()
                    .map(|entry| format!("{}: {}", entry.key, entry.value.replace('\n', " ")))
                    .collect();
                written.join(", ")
            }
        }
    });
    lines.collect::<Vec<String>>().join("\n")
}

/// Whether a line is nothing but this option, which is used, and its value.
fn is_own(line: &str, entry: &Entry) -> bool {
    let name = entry.key.rsplit('.').next().unwrap_or_default();
    let code = without_comment(line);
    let bare = code.trim().replace(['"', '\''], "");
    let written = bare
        .split_once(':')
        .map(|(key, value)| (key.trim(), value.trim()));
    flink_options::is_used(&entry.key)
        && written.is_some_and(|(key, value)| {
            (key == entry.key || key == name) && value == entry.value.trim()
        })
}

fn without_comment(line: &str) -> String {
    let comment = line.find(" #").or_else(|| line.find("\t#"));
    line[..comment.unwrap_or(line.len())].trim_end().to_owned()
}

/// All of a line, without the blanks around it.
fn line_place(source: &Arc<SourceText>, line: usize) -> Place {
    let start: usize = source
        .text
        .split_inclusive('\n')
        .take(line.saturating_sub(1))
        .map(str::len)
        .sum();
    let rest = source.text.get(start..).unwrap_or_default();
    let shown = rest.lines().next().unwrap_or_default();
    let indent = shown.len() - shown.trim_start().len();
    Place::new(
        source.clone(),
        start + indent..start + shown.trim_end().len(),
    )
}

#[cfg(test)]
mod tests;
