//! A scenario file as a tree, together with the place where each part of it was written.
//!
//! Knows what TOML is and that Flink's keys contain dots; what the keys mean is not known here.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use crate::scenario::conceal;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Place, SourceText};
use crate::scenario::key_path::{KeyPath, Step};
use crate::scenario::tree;

/// Keys with more parts become tables so deep that walking them would exhaust the stack; the parser itself limits
/// only brackets.
pub(crate) const KEY_PARTS_MAX: usize = 100;
/// More syntax errors than this are not worth reading.
const SYNTAX_ERRORS_MAX: usize = 20;

/// A scenario file, possibly changed by overrides.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text that was parsed, without comments and without the values of options that the simulation does not use.
    pub source: Arc<SourceText>,
    /// Directory that relative paths of the file start from.
    pub base: PathBuf,
    /// The tree; `flink` is flattened to one level.
    pub table: Table,
    /// What was found while files were read, besides what is wrong with them.
    pub remarks: Vec<Diagnostic>,
    spans: BTreeMap<KeyPath, Written>,
    elsewhere: Vec<Elsewhere>,
}

/// Where a key and its value stand in the file.
#[derive(Clone, Debug)]
struct Written {
    key: Range<usize>,
    /// All of it, or its first line.
    value: Range<usize>,
}

/// What was written outside of the file: an override, or a line of `config.yaml`.
#[derive(Clone, Debug)]
struct Elsewhere {
    path: KeyPath,
    source: Arc<SourceText>,
    written: Written,
}

impl Document {
    /// Parses TOML; all syntax errors at once.
    pub fn parse(text: &str, origin: &str, base: &Path) -> Result<Document, Diagnostics> {
        // Of a text that is no TOML nobody knows what is a value: little of it is shown.
        let guarded = || {
            Arc::new(SourceText {
                name: origin.to_owned(),
                text: conceal::unparsed(text),
            })
        };
        if let Some(span) = endless_key(text) {
            let problem = Diagnostic::error(format!("a key with more than {KEY_PARTS_MAX} parts"));
            return Err(Diagnostics(vec![
                problem.at(Some(Place::new(guarded(), span))),
            ]));
        }
        let (spanned, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(syntax_errors(&guarded(), &errors));
        }
        let table: Table =
            toml::from_str(text).map_err(|error| syntax_errors(&guarded(), &[error]))?;
        let mut document = Document {
            source: Arc::new(SourceText {
                name: origin.to_owned(),
                text: conceal::parsed(text, spanned.get_ref()),
            }),
            base: base.to_owned(),
            table,
            remarks: Vec::new(),
            spans: BTreeMap::new(),
            elsewhere: Vec::new(),
        };
        document.walk(&KeyPath::root(), spanned.get_ref());
        document.flatten_flink()?;
        Ok(document)
    }

    /// From now on nothing shows what stands at these paths: nobody knows what it is.
    pub fn conceal<'p>(&mut self, paths: impl IntoIterator<Item = &'p KeyPath>) {
        let mut values = Vec::new();
        for path in paths {
            // What is below a path follows it. Names stay: a table is hidden by what it holds.
            let below = self.spans.range(path.clone()..);
            let mut below = below
                .take_while(|(other, _)| path.contains(other))
                .peekable();
            while let Some((other, written)) = below.next() {
                if below.peek().is_none_or(|(next, _)| !other.contains(next)) {
                    values.push(written.value.clone());
                }
            }
            let moved = self.elsewhere.iter_mut();
            for moved in
                moved.filter(|moved| path.contains(&moved.path) || moved.path.contains(path))
            {
                moved.source = hidden(&moved.source, std::slice::from_ref(&moved.written.value));
            }
        }
        self.source = hidden(&self.source, &values);
    }

    /// Where the value of a path was written; of what surrounds it, if it was not written itself.
    pub fn place(&self, path: &KeyPath) -> Option<Place> {
        self.find(path, |written| written.value.clone())
    }

    /// Where the key of a path was written.
    pub fn key_place(&self, path: &KeyPath) -> Option<Place> {
        self.find(path, |written| written.key.clone())
    }

    /// From now on, what is at or below `path` counts as written in another text, at these bytes.
    pub fn written_in(
        &mut self,
        path: KeyPath,
        source: Arc<SourceText>,
        key: Range<usize>,
        value: Range<usize>,
    ) {
        let written = Written { key, value };
        self.elsewhere.push(Elsewhere {
            path,
            source,
            written,
        });
    }

    /// A path for people: vertices by name, where they have one.
    pub fn spell(&self, path: &KeyPath) -> String {
        let steps = path.steps();
        let [Step::Key(top), Step::Index(index), rest @ ..] = steps else {
            return path.to_string();
        };
        let vertex = KeyPath::top(top).index(*index);
        match tree::get(&self.table, &vertex.key("name")).and_then(Value::as_str) {
            Some(name) if top == "vertex" && !name.is_empty() => {
                let below = KeyPath::from(rest.to_vec());
                let dot = if rest.is_empty() { "" } else { "." };
                format!("vertex.{name}{dot}{below}")
            }
            _ => path.to_string(),
        }
    }

    /// The options of Flink, flat, in the order of their keys.
    pub fn flink(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.table
            .get("flink")
            .and_then(Value::as_table)
            .into_iter()
            .flatten()
    }

    /// The keys of a table of the file in the order in which they were written.
    pub fn keys_in_order(&self, path: &KeyPath, table: &BTreeMap<String, Value>) -> Vec<String> {
        let mut keys: Vec<String> = table.keys().cloned().collect();
        keys.sort_by_key(|key| {
            self.spans
                .get(&path.key(key))
                .map(|written| written.key.start)
        });
        keys
    }

    fn find(&self, path: &KeyPath, which: impl Fn(&Written) -> Range<usize>) -> Option<Place> {
        // The newest override wins over older ones and over the file.
        let moved = self
            .elsewhere
            .iter()
            .rev()
            .find(|moved| moved.path.contains(path));
        if let Some(moved) = moved {
            return Some(Place::new(moved.source.clone(), which(&moved.written)));
        }
        let mut at = path.clone();
        loop {
            if let Some(written) = self.spans.get(&at) {
                // Above the path itself only the key is shown: its value may be many lines.
                let span = if at == *path {
                    which(written)
                } else {
                    written.key.clone()
                };
                return Some(Place::new(self.source.clone(), span));
            }
            at = at.parent()?;
        }
    }

    fn walk(&mut self, path: &KeyPath, table: &DeTable<'_>) {
        for (key, value) in table {
            let below = match path.steps() {
                [Step::Key(top), Step::Key(flink)] if top == "flink" => {
                    KeyPath::flink(&format!("{flink}.{}", key.get_ref()))
                }
                _ => path.key(key.get_ref()),
            };
            self.visit(&below, key.span(), value);
        }
    }

    fn visit(&mut self, path: &KeyPath, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        let span = value.span();
        match value.get_ref() {
            DeValue::Table(table) => self.walk(path, table),
            DeValue::Array(array) => {
                for (index, element) in array.iter().enumerate() {
                    let span = element.span();
                    self.visit(
                        &path.index(index),
                        first_line(&self.source.text, span),
                        element,
                    );
                }
            }
            _ => {}
        }
        let value = first_line(&self.source.text, span);
        self.spans.insert(path.clone(), Written { key, value });
    }

    /// `[flink] a.b = 1` and `"a.b" = 1` are the same option; both at once is an error. Of options that are not used
    /// only the name stays.
    fn flatten_flink(&mut self) -> Result<(), Diagnostics> {
        let nested = match self.table.get("flink") {
            None => return Ok(()),
            Some(Value::Table(nested)) => nested,
            Some(_) => {
                let place = self.key_place(&KeyPath::top("flink"));
                let problem = Diagnostic::error("`flink` is a table of Flink's options").at(place);
                return Err(Diagnostics(vec![
                    problem.help("write `[flink]`, and an option a line below it"),
                ]));
            }
        };
        let mut flat = Table::new();
        let mut twice = Vec::new();
        flatten("", nested.clone(), &mut flat, &mut twice);
        for (key, value) in &mut flat {
            let kept = conceal::kept_value(key, value.as_str().unwrap_or_default());
            if value.is_str() || !conceal::is_kept(key) {
                *value = Value::from(kept);
            }
        }
        self.table.insert("flink".to_owned(), Value::Table(flat));
        if twice.is_empty() {
            return Ok(());
        }
        let problems = twice.iter().map(|key| {
            let place = self.key_place(&KeyPath::flink(key));
            Diagnostic::error(format!("`flink.{key}` is given twice")).at(place)
        });
        Err(Diagnostics(problems.collect()))
    }
}

/// The same text without what stands in some places.
fn hidden(source: &Arc<SourceText>, values: &[Range<usize>]) -> Arc<SourceText> {
    Arc::new(SourceText {
        name: source.name.clone(),
        text: conceal::hide(&source.text, values),
    })
}

fn flatten(prefix: &str, nested: Table, flat: &mut Table, twice: &mut Vec<String>) {
    for (key, value) in nested {
        let key = if prefix.is_empty() {
            key
        } else {
            format!("{prefix}.{key}")
        };
        match value {
            Value::Table(below) => flatten(&key, below, flat, twice),
            value => {
                if flat.insert(key.clone(), value).is_some() {
                    twice.push(key);
                }
            }
        }
    }
}

/// Where a dotted key has too many parts, if one has. Strings and comments count too; dots without a word between
/// them do not.
fn endless_key(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    let mut parts = 0;
    let mut after_dot = false;
    for (at, c) in text.char_indices() {
        match c {
            '.' if after_dot => parts = 0,
            '.' => parts += 1,
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | '-' | '"' | '\'' | ' ' | '\t' => {}
            _ => (start, parts) = (at, 0),
        }
        after_dot = c == '.';
        if parts >= KEY_PARTS_MAX {
            return Some(start..at);
        }
    }
    None
}

/// A place of several lines is shown by its first.
fn first_line(text: &str, span: Range<usize>) -> Range<usize> {
    let shown = text.get(span.clone()).unwrap_or_default();
    let length = shown.find('\n').unwrap_or(shown.len());
    span.start..span.start + length
}

/// What to do, in the words of scenarios.
fn syntax_help(message: &str) -> &'static str {
    if message.contains("duplicate key") {
        "keep one of the two"
    } else if message.contains("must be quoted") {
        "texts, durations, sizes and rates stand in quotes: duration = \"10 min\""
    } else {
        "a line is `key = value`, `[table]` or `[[table]]`"
    }
}

fn syntax_errors(source: &Arc<SourceText>, errors: &[toml::de::Error]) -> Diagnostics {
    let problem = |error: &toml::de::Error| {
        let place = error.span().map(|span| Place::new(source.clone(), span));
        Diagnostic::error(format!(
            "not valid TOML: {}",
            error.message().replace('\n', "; ")
        ))
        .at(place)
        .help(syntax_help(error.message()))
    };
    Diagnostics(errors.iter().take(SYNTAX_ERRORS_MAX).map(problem).collect())
}
