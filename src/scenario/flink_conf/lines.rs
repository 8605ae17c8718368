//! `flink-conf.yaml`, as `GlobalConfiguration.loadYAMLResource` of Flink 1.x reads it: line by line, no YAML at all.

use crate::scenario::flink_conf::{Entry, Found, shown_name};
use crate::scenario::flink_names;

/// Reads all lines. What Flink warns about and skips is remarked.
pub(super) fn read(text: &str) -> Found {
    let mut found = Found::default();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        // `#` begins a comment anywhere, also in the middle of a value.
        let code = line.split('#').next().unwrap_or_default().trim();
        if code.is_empty() || code == "---" {
            continue;
        }
        let pair = code
            .split_once(": ")
            .map(|(key, value)| (key.trim(), value.trim()));
        match pair {
            Some((key, value)) if is_a_name(unquoted(key)) && !value.is_empty() => {
                found.entries.push(Entry {
                    key: unquoted(key).to_owned(),
                    value: unquoted(value).to_owned(),
                    line: number,
                });
            }
            _ => found.remarks.push((number, skipped(code))),
        }
    }
    found
}

/// A word without a dot that Flink does not know may be a line of a value that was meant to have several.
fn is_a_name(key: &str) -> bool {
    key.contains('.') || flink_names::find(key).is_some()
}

/// The file is often written for YAML; quotes then are no part of a key or a value.
pub(super) fn unquoted(text: &str) -> &str {
    let quoted = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    quoted('"').or_else(|| quoted('\'')).unwrap_or(text)
}

fn skipped(code: &str) -> String {
    let help = "Flink 1.x skips lines without `key: value`";
    match code.split_once(':') {
        Some((key, _)) if is_a_name(key.trim()) => {
            format!("`{}` is left out: {help}", shown_name(key.trim()))
        }
        _ => format!("this line is left out: {help}"),
    }
}
