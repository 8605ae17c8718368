//! YAML: its documents with their lines, and `config.yaml`, nested or flat keys, to flat keys.

use std::collections::BTreeMap;

use yaml_rust2::Event;
use yaml_rust2::parser::Parser;
use yaml_rust2::scanner::{Marker, ScanError};

use crate::scenario::flink_conf::{Entry, Found, Unreadable};

/// Deeper nesting is no configuration of Flink.
const DEPTH_MAX: usize = 64;
/// More events than this are no configuration: an alias of aliases of aliases makes billions.
const EVENTS_MAX: usize = 1_000_000;

/// A part of a document.
#[derive(Clone, Debug)]
pub(super) enum Node {
    /// A word or a text; nothing where it is empty or null.
    Text {
        /// What it says.
        text: Option<String>,
        /// Its line, from 1; of a block its first one.
        line: usize,
    },
    /// Keys and what belongs to them.
    Mapping(Vec<(String, Node)>, usize),
    /// Elements.
    List(Vec<Node>, usize),
}

impl Node {
    /// What belongs to a key of a mapping.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Mapping(pairs, _) => {
                let found = pairs.iter().rfind(|(other, _)| other == key);
                found.map(|(_, node)| node)
            }
            _ => None,
        }
    }

    /// What stands at the end of a way of keys.
    pub(super) fn at(&self, way: &[&str]) -> Option<&Node> {
        way.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What a text says.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Node::Text { text, .. } => text.as_deref(),
            _ => None,
        }
    }

    /// Where it stands.
    pub(super) fn line(&self) -> usize {
        match self {
            Node::Text { line, .. } | Node::Mapping(_, line) | Node::List(_, line) => *line,
        }
    }
}

/// Reads all options of the first document.
pub(super) fn read(text: &str) -> Result<Found, Unreadable> {
    let documents = documents(text)?;
    let mut found = Found::default();
    let mut documents = documents.iter();
    match documents.next() {
        None | Some(Node::Text { text: None, .. }) => {}
        Some(node @ (Node::Text { .. } | Node::List(..))) => {
            return Err(Unreadable {
                message: "`key: value` is expected".to_owned(),
                line: node.line(),
            });
        }
        Some(first) => flatten(first, "", &mut found.entries),
    }
    if let Some(second) = documents.next() {
        let remark =
            "a second document begins: Flink refuses such a file, here only the first one is read";
        found.remarks.push((second.line(), remark.to_owned()));
    }
    Ok(found)
}

/// The entries below a node, nested keys joined by dots, as Flink does (`YamlParserUtils`).
pub(super) fn flatten(node: &Node, prefix: &str, entries: &mut Vec<Entry>) {
    match node {
        Node::Text { text: None, .. } => {}
        Node::Text {
            text: Some(text),
            line,
            ..
        } => entries.push(entry(prefix, text.clone(), *line)),
        Node::Mapping(pairs, _) => {
            for (key, node) in pairs {
                let key = match prefix {
                    "" => key.clone(),
                    prefix => format!("{prefix}.{key}"),
                };
                flatten(node, &key, entries);
            }
        }
        Node::List(elements, line) => {
            let texts: Vec<&str> = elements.iter().filter_map(Node::text).collect();
            entries.push(entry(prefix, texts.join(";"), *line));
        }
    }
}

fn entry(key: &str, value: String, line: usize) -> Entry {
    Entry {
        key: key.to_owned(),
        value,
        line,
    }
}

/// All documents of a text.
pub(super) fn documents(text: &str) -> Result<Vec<Node>, Unreadable> {
    let mut events = Events::new(text);
    let mut documents = Vec::new();
    loop {
        let (event, marker) = events.next()?;
        match event {
            Event::StreamEnd => return Ok(documents),
            Event::StreamStart | Event::DocumentStart | Event::DocumentEnd | Event::Nothing => {}
            event => documents.push(node(event, marker, &mut events, 0)?),
        }
    }
}

fn node(
    event: Event,
    marker: Marker,
    events: &mut Events<'_>,
    depth: usize,
) -> Result<Node, Unreadable> {
    if depth > DEPTH_MAX {
        return Err(wrong("nested too deeply", marker));
    }
    let line = marker.line();
    match event {
        Event::Scalar(text, ..) => {
            let is_empty = text.is_empty() || text == "~" || text == "null";
            Ok(Node::Text {
                text: (!is_empty).then_some(text),
                line,
            })
        }
        Event::SequenceStart(..) => {
            let mut elements = Vec::new();
            loop {
                match events.next()? {
                    (Event::SequenceEnd, _) => return Ok(Node::List(elements, line)),
                    (event, marker) => elements.push(node(event, marker, events, depth + 1)?),
                }
            }
        }
        Event::MappingStart(..) => {
            let mut pairs = Vec::new();
            loop {
                let key = match events.next()? {
                    (Event::MappingEnd, _) => return Ok(Node::Mapping(pairs, line)),
                    (Event::Scalar(key, ..), _) => key,
                    (_, marker) => return Err(wrong("a key must be a word", marker)),
                };
                let (event, marker) = events.next()?;
                pairs.push((key, node(event, marker, events, depth + 1)?));
            }
        }
        _ => Err(wrong("`key: value` is expected", marker)),
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
