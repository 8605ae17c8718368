//! `config.yaml`: nested or flat keys, to flat keys with their lines.

use std::collections::BTreeMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::{Marker, ScanError};

use crate::scenario::flink_conf::{Entry, Found, Unreadable};

/// Deeper nesting is no configuration of Flink.
const DEPTH_MAX: usize = 64;
/// More events than this are no configuration: an alias of aliases of aliases makes billions.
const EVENTS_MAX: usize = 1_000_000;

/// What surrounds a value.
enum Around {
    /// A mapping; the key of the value that comes next, if it has been read.
    Mapping(Option<String>),
    /// A list; its elements so far.
    List(Vec<String>),
}

/// Reads all options of the first document.
pub(super) fn read(text: &str) -> Result<Found, Unreadable> {
    let mut events = Events::new(text);
    let mut around: Vec<Around> = Vec::new();
    let mut found = Found::default();
    let mut documents = 0;
    loop {
        let (event, marker) = events.next()?;
        match event {
            Event::StreamEnd => return Ok(found),
            Event::DocumentStart => {
                documents += 1;
                if documents > 1 {
                    let remark = "a second document begins: Flink refuses such a file, here only the first one is read";
                    found.remarks.push((marker.line(), remark.to_owned()));
                    return Ok(found);
                }
            }
            Event::MappingStart(..) => open(&mut around, Around::Mapping(None), marker)?,
            Event::SequenceStart(..) => open(&mut around, Around::List(Vec::new()), marker)?,
            Event::Scalar(text, ..) => scalar(&mut around, &mut found.entries, text, marker)?,
            Event::MappingEnd => {
                around.pop();
                value_done(&mut around);
            }
            Event::SequenceEnd => {
                if let Some(Around::List(elements)) = around.pop() {
                    if let Some(key) = flat_key(&around) {
                        found.entries.push(entry(key, elements.join(";"), marker));
                    }
                    value_done(&mut around);
                }
            }
            Event::Alias(_) | Event::Nothing | Event::StreamStart | Event::DocumentEnd => {}
        }
    }
}

/// An event, and where it stands.
type Placed = (Event, Marker);

/// The events of a text, an alias replaced by what it stands for.
struct Events<'t> {
    parser: Parser<std::str::Chars<'t>>,
    /// What anchors stand for.
    anchors: BTreeMap<usize, Vec<Placed>>,
    /// Anchors whose content is being read, and how deep in it we are.
    recorded: Vec<(usize, usize, Vec<Placed>)>,
    /// What comes before the parser goes on, the next one last.
    again: Vec<Placed>,
    count: usize,
}

impl<'t> Events<'t> {
    fn new(text: &'t str) -> Self {
        Events {
            parser: Parser::new_from_str(text),
            anchors: BTreeMap::new(),
            recorded: Vec::new(),
            again: Vec::new(),
            count: 0,
        }
    }

    fn next(&mut self) -> Result<Placed, Unreadable> {
        loop {
            let (event, marker) = if let Some(again) = self.again.pop() {
                again
            } else {
                let next = self.parser.next_token();
                let next = next.map_err(|error| scan_error(&error))?;
                self.record(&next);
                next
            };
            self.count += 1;
            if self.count > EVENTS_MAX {
                return Err(wrong("it is too long, or its aliases are", marker));
            }
            let Event::Alias(anchor) = event else {
                return Ok((event, marker));
            };
            let Some(content) = self.anchors.get(&anchor) else {
                return Err(wrong("an alias within what it stands for", marker));
            };
            if self.again.len() + content.len() > EVENTS_MAX {
                return Err(wrong("it is too long, or its aliases are", marker));
            }
            self.again.extend(content.iter().rev().cloned());
        }
    }

    fn record(&mut self, next: &Placed) {
        let (begins, ends) = match &next.0 {
            Event::MappingStart(anchor, _) | Event::SequenceStart(anchor, _) => {
                (Some((*anchor, true)), false)
            }
            Event::Scalar(_, _, anchor, _) => (Some((*anchor, false)), false),
            Event::MappingEnd | Event::SequenceEnd => (None, true),
            _ => (None, false),
        };
        for (_, depth, content) in &mut self.recorded {
            content.push(next.clone());
            if matches!(begins, Some((_, true))) {
                *depth += 1;
            }
            if ends {
                *depth -= 1;
            }
        }
        match begins {
            Some((anchor, false)) if anchor > 0 => {
                self.anchors.insert(anchor, vec![next.clone()]);
            }
            Some((anchor, true)) if anchor > 0 => {
                self.recorded.push((anchor, 1, vec![next.clone()]));
            }
            _ => {}
        }
        while let Some((anchor, _, content)) = self.recorded.pop_if(|(_, depth, _)| *depth == 0) {
            self.anchors.insert(anchor, content);
        }
    }
}

fn open(around: &mut Vec<Around>, container: Around, marker: Marker) -> Result<(), Unreadable> {
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
) -> Result<(), Unreadable> {
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

fn wrong(message: &str, marker: Marker) -> Unreadable {
    Unreadable {
        message: message.to_owned(),
        line: marker.line(),
    }
}

fn scan_error(error: &ScanError) -> Unreadable {
    wrong(error.info(), *error.marker())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn pairs(text: &str) -> Vec<(String, String)> {
        let found = read(text).unwrap();
        found
            .entries
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
        assert_eq!(read(nested).unwrap().entries[1].line, 4);
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
    fn an_alias_stands_for_its_anchor_and_a_bomb_of_them_is_refused() {
        let text = "x: &a\n  interval: 60s\nexecution:\n  checkpointing: *a\n";
        assert_eq!(
            pairs(text)[1],
            ("execution.checkpointing.interval".into(), "60s".into())
        );
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for n in 1..12 {
            let alias = format!("*a{}", n - 1);
            let aliases = vec![alias; 10].join(", ");
            bomb = format!("{bomb}a{n}: &a{n} [{aliases}]\n");
        }
        assert!(read(&bomb).unwrap_err().message.contains("too long"));
        assert!(read("a: &a [*a]").is_err());
    }

    #[test]
    fn only_the_first_document_is_read_and_that_is_said() {
        let found = read("---\na: 1\n---\na: 2\n").unwrap();
        assert_eq!(found.entries.len(), 1);
        assert_eq!(found.remarks.len(), 1);
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
