//! `flink-conf`: the options of a `config.yaml` beside those of `[flink]`, which win.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml::{Table, Value};

use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Place, SourceText};
use crate::scenario::document::Document;
use crate::scenario::flink_conf::{self, Entry};
use crate::scenario::flink_options::present_key;
use crate::scenario::key_path::KeyPath;

/// Larger files are no configuration of Flink.
const SIZE_MAX: usize = 1 << 20;

/// Reads the file that `flink-conf` names, at the top or in `[flink]`, and puts its options into `[flink]`.
pub fn include(document: &mut Document) -> Result<(), Diagnostics> {
    let (path, value) = match document.table.get("flink-conf") {
        Some(value) => (KeyPath::top("flink-conf"), value.clone()),
        None => match document.flink().find(|(key, _)| *key == "flink-conf") {
            Some((_, value)) => (KeyPath::flink("flink-conf"), value.clone()),
            None => return Ok(()),
        },
    };
    let place = document.place(&path);
    let refuse = |message: String| Diagnostics(vec![Diagnostic::error(message).at(place.clone())]);
    let Value::String(name) = value else {
        return Err(refuse("`flink-conf` is the path of a file".to_owned()));
    };
    let file = document.base.join(&name);
    let text = std::fs::read_to_string(&file).map_err(|error| {
        let problem = Diagnostic::error(format!("cannot read `{name}`: {error}"));
        let help = "the path begins at the directory of the scenario";
        Diagnostics(vec![problem.at(place.clone()).help(help)])
    })?;
    if text.len() > SIZE_MAX {
        return Err(refuse(format!("`{name}` is larger than 1 MiB")));
    }
    let source = Arc::new(SourceText {
        name: file.display().to_string(),
        text,
    });
    let entries = flink_conf::read(&source.text).map_err(|error| {
        let place = line_place(&source, error.line);
        Diagnostics(vec![
            Diagnostic::error(format!("not valid YAML: {}", error.message)).at(Some(place)),
        ])
    })?;
    document.table.remove("flink-conf");
    merge(document, &source, entries);
    Ok(())
}

fn merge(document: &mut Document, source: &Arc<SourceText>, entries: Vec<Entry>) {
    let own: BTreeSet<String> = document.flink().map(|(key, _)| present_key(key)).collect();
    let slot = document
        .table
        .entry("flink")
        .or_insert_with(|| Value::Table(Table::new()));
    let Value::Table(options) = slot else { return };
    options.remove("flink-conf");
    let mut places = Vec::new();
    for entry in entries {
        if !own.contains(&present_key(&entry.key)) {
            options.insert(entry.key.clone(), Value::String(entry.value));
            places.push((KeyPath::flink(&entry.key), line_place(source, entry.line)));
        }
    }
    for (path, place) in places {
        document.written_in(path, place.source, place.span.clone(), place.span);
    }
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
