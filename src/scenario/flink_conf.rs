//! Flink's own `config.yaml`: nested or flat keys, to flat keys with their lines.

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::{Marker, ScanError};

/// One option of a `config.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Flat key: `execution.checkpointing.interval`.
    pub key: String,
    /// Value as text; the elements of a list are separated by `;`, as Flink does.
    pub value: String,
    /// Line of the value, from 1.
    pub line: usize,
}

/// Why a file is no YAML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// What is wrong.
    pub message: String,
    /// Line, from 1.
    pub line: usize,
}

/// Deeper nesting is no configuration of Flink.
const DEPTH_MAX: usize = 64;

/// What surrounds a value.
enum Around {
    /// A mapping; the key of the value that comes next, if it has been read.
    Mapping(Option<String>),
    /// A list; its elements so far.
    List(Vec<String>),
}

/// Reads all options of a `config.yaml`.
pub fn read(text: &str) -> Result<Vec<Entry>, YamlError> {
    let mut parser = Parser::new_from_str(text);
    let mut around: Vec<Around> = Vec::new();
    let mut entries = Vec::new();
    loop {
        let (event, marker) = parser.next_token().map_err(|error| scan_error(&error))?;
        match event {
            Event::StreamEnd => return Ok(entries),
            Event::MappingStart(..) => open(&mut around, Around::Mapping(None), marker)?,
            Event::SequenceStart(..) => open(&mut around, Around::List(Vec::new()), marker)?,
            Event::Scalar(text, ..) => scalar(&mut around, &mut entries, text, marker)?,
            Event::MappingEnd => {
                around.pop();
                value_done(&mut around);
            }
            Event::SequenceEnd => {
                if let Some(Around::List(elements)) = around.pop() {
                    if let Some(key) = flat_key(&around) {
                        entries.push(entry(key, elements.join(";"), marker));
                    }
                    value_done(&mut around);
                }
            }
            Event::Alias(_) => return Err(wrong("aliases are not supported", marker)),
            Event::Nothing | Event::StreamStart | Event::DocumentStart | Event::DocumentEnd => {}
        }
    }
}

fn open(around: &mut Vec<Around>, container: Around, marker: Marker) -> Result<(), YamlError> {
    if around.len() >= DEPTH_MAX {
        return Err(wrong("nested too deeply", marker));
    }
    if let Some(Around::Mapping(None)) = around.last() {
        return Err(wrong("a key must be a word", marker));
    }
    around.push(container);
    Ok(())
}

fn scalar(
    around: &mut [Around],
    entries: &mut Vec<Entry>,
    text: String,
    marker: Marker,
) -> Result<(), YamlError> {
    match around.last_mut() {
        None if text.is_empty() || text == "~" => Ok(()),
        None => Err(wrong("`key: value` is expected", marker)),
        Some(Around::List(elements)) => {
            elements.push(text);
            Ok(())
        }
        Some(Around::Mapping(key @ None)) => {
            *key = Some(text);
            Ok(())
        }
        Some(Around::Mapping(Some(_))) => {
            let empty = text.is_empty() || text == "~" || text == "null";
            if let Some(key) = flat_key(around).filter(|_| !empty) {
                entries.push(entry(key, text, marker));
            }
            value_done(around);
            Ok(())
        }
    }
}

/// The key of the value that is being read; `None` inside of a list.
fn flat_key(around: &[Around]) -> Option<String> {
    let keys: Option<Vec<&str>> = around
        .iter()
        .map(|around| match around {
            Around::Mapping(Some(key)) => Some(key.as_str()),
            Around::Mapping(None) | Around::List(_) => None,
        })
        .collect();
    keys.filter(|keys| !keys.is_empty())
        .map(|keys| keys.join("."))
}

fn value_done(around: &mut [Around]) {
    if let Some(Around::Mapping(key)) = around.last_mut() {
        *key = None;
    }
}

fn entry(key: String, value: String, marker: Marker) -> Entry {
    Entry {
        key,
        value,
        line: marker.line(),
    }
}

fn wrong(message: &str, marker: Marker) -> YamlError {
    YamlError {
        message: message.to_owned(),
        line: marker.line(),
    }
}

fn scan_error(error: &ScanError) -> YamlError {
    wrong(error.info(), *error.marker())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn pairs(text: &str) -> Vec<(String, String)> {
        let entries = read(text).unwrap();
        entries
            .into_iter()
            .map(|entry| (entry.key, entry.value))
            .collect()
    }

    #[test]
    fn nested_and_flat_keys_are_the_same() {
        let nested = "execution:\n  checkpointing:\n    interval: 2 min\n    mode: EXACTLY_ONCE\n";
        let flat =
            "execution.checkpointing.interval: 2 min\nexecution.checkpointing.mode: EXACTLY_ONCE\n";
        assert_eq!(pairs(nested), pairs(flat));
        assert_eq!(read(nested).unwrap()[1].line, 4);
    }

    #[test]
    fn lists_become_texts_and_nothing_becomes_nothing() {
        assert_eq!(
            pairs("a: [x, y]\nb:\nc: {d: 1}\n"),
            [("a".into(), "x;y".into()), ("c.d".into(), "1".into())]
        );
        assert!(pairs("").is_empty());
    }

    #[test]
    fn what_is_no_configuration_is_refused() {
        for text in [
            "just words",
            "a: [",
            "? [x]\n: 1",
            "a: *b",
            &"[".repeat(1000),
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
