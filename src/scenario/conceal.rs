//! What of a scenario file may be shown: not the values of options that the simulation does not use, since they may be
//! secrets, and no comments. Everything keeps its place, so that carets still point right.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::scenario::flink_options::{self, NOT_KEPT};
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::File;
use crate::scenario::keys::table::Shape;

/// The key that names a configuration of Flink; it may stand in `[flink]`.
const FLINK_CONF: &str = "flink-conf";

/// A table of a text that is no TOML, whose header is not known.
const UNKNOWN: &str = "?";

/// Whether the value of a key of `[flink]` is kept.
pub fn is_kept(key: &str) -> bool {
    key == FLINK_CONF || flink_options::is_used(key)
}

/// Whether the value of a path of `--set`, `--vary` or `[sweep]` is kept.
pub fn is_path_kept(path: &str) -> bool {
    match KeyPath::split(path).as_deref() {
        Some([top, key @ ..]) if top == "flink" && !key.is_empty() => is_kept(&key.join(".")),
        _ => true,
    }
}

/// What is kept of the value of an option: nothing if it is not used; of an address not the name and password in it.
pub fn kept_value(key: &str, value: &str) -> String {
    if !is_kept(key) {
        return NOT_KEPT.to_owned();
    }
    match credentials(value) {
        Some(place) => format!("{}{}", &value[..place.start], &value[place.end..]),
        None => value.to_owned(),
    }
}

/// `name:password@` of an address.
fn credentials(value: &str) -> Option<Range<usize>> {
    let start = value.find("://")? + 3;
    let authority = value[start..]
        .find('/')
        .map_or(value.len(), |end| start + end);
    let end = value[start..authority].rfind('@')? + start + 1;
    Some(start..end)
}

/// The text with signs instead of letters in some places; as long as it was.
pub fn hide(text: &str, places: &[Range<usize>]) -> String {
    replace(text, places, '*')
}

/// A text that was parsed.
pub fn parsed(text: &str, table: &DeTable<'_>) -> String {
    let mut seen = Seen::default();
    seen.table(&[], table);
    seen.written.sort_by_key(|range| range.start);
    let shown = hide(text, &seen.secret);
    replace(&shown, &comments(text, &seen.written), ' ')
}

/// A text that is no TOML. A line is shown if it is a header, or gives a value to a key of scenarios; everything else
/// may be part of anything.
pub fn unparsed(text: &str) -> String {
    let known = known_words();
    let mut table = String::new();
    let lines = text.split_inclusive('\n').map(|line| {
        let code = line.trim();
        if let Some(header) = header(code, &known) {
            header.clone_into(&mut table);
            return line.to_owned();
        }
        // `[` begins what is no header: whose keys come now is not known.
        if code.starts_with('[') {
            UNKNOWN.clone_into(&mut table);
        }
        match line.split_once('=') {
            Some((key, _)) if is_known(&table, key.trim(), &known) => without_comment(line),
            Some((key, value)) if is_name(key.trim()) => {
                format!("{key}={}", all_hidden(value))
            }
            _ => all_hidden(line),
        }
    });
    lines.collect()
}

fn all_hidden(text: &str) -> String {
    hide(text, std::slice::from_ref(&(0..text.len())))
}

/// The table that `[a.b]` or `[[a.b]]` begins, if all of its words are known.
fn header<'l>(code: &'l str, known: &BTreeSet<String>) -> Option<&'l str> {
    let name = code.strip_prefix('[')?.strip_suffix(']')?;
    let name = name.trim_matches(['[', ']']);
    let flink = name == "flink" || name.starts_with("flink.");
    let is_known = flink && is_name(name) || name.split('.').all(|word| known.contains(word));
    is_known.then_some(name)
}

/// Whether a key of a table is one of scenarios, or an option that is used.
fn is_known(table: &str, key: &str, known: &BTreeSet<String>) -> bool {
    if table == UNKNOWN {
        return false;
    }
    let bare = key.replace(['"', '\''], "");
    let full = if table.is_empty() {
        bare.clone()
    } else {
        format!("{table}.{bare}")
    };
    match full.strip_prefix("flink.") {
        Some(option) => is_kept(option),
        None => bare.split('.').all(|word| known.contains(word.trim())),
    }
}

fn is_name(text: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '"' | '\'');
    !text.is_empty() && text.chars().all(part)
}

/// All keys that stand in scenario files, and the words of Flink's options.
fn known_words() -> BTreeSet<String> {
    fn collect(shape: &Shape, words: &mut BTreeSet<String>) {
        for key in &shape.keys {
            words.insert(key.name.to_owned());
            if let Some(below) = key.content.shape() {
                collect(below, words);
            }
        }
    }
    let options = flink_options::all();
    let parts = options.flat_map(|option| option.key.split('.'));
    let mut words: BTreeSet<String> = parts.map(str::to_owned).collect();
    // A range of `[sweep]`.
    words.extend(["from", "to", "steps", "scale"].map(str::to_owned));
    collect(&Shape::of::<File>(), &mut words);
    words
}

/// The line up to a `#` that is not within quotes.
fn without_comment(line: &str) -> String {
    let mut quote = None;
    let comment = line.char_indices().find(|(_, c)| {
        match (quote, *c) {
            (None, '"' | '\'') => quote = Some(*c),
            (Some(open), c) if c == open => quote = None,
            (None, '#') => return true,
            _ => {}
        }
        false
    });
    match comment {
        Some((at, _)) => format!(
            "{}{}",
            &line[..at],
            replace(
                &line[at..],
                std::slice::from_ref(&(0..line.len() - at)),
                ' '
            )
        ),
        None => line.to_owned(),
    }
}

/// Where what stands in a parsed text.
#[derive(Default)]
struct Seen {
    /// Keys and values: a `#` in them begins no comment.
    written: Vec<Range<usize>>,
    secret: Vec<Range<usize>>,
}

impl Seen {
    fn table(&mut self, path: &[String], table: &DeTable<'_>) {
        for (key, value) in table {
            self.written.push(key.span());
            let mut below = path.to_vec();
            below.push(key.get_ref().to_string());
            self.value(&below, value);
        }
    }

    fn value(&mut self, path: &[String], value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => return self.table(path, table),
            DeValue::Array(array) => array.iter().for_each(|element| self.value(path, element)),
            DeValue::String(text) => {
                self.written.push(value.span());
                if path[0] == "flink" && credentials(text).is_some() {
                    self.secret.push(value.span());
                }
            }
            _ => self.written.push(value.span()),
        }
        let kept = match path {
            [top, key @ ..] if top == "flink" && !key.is_empty() => is_kept(&key.join(".")),
            [top] if top == "flink" => false,
            [top, axis] if top == "sweep" => is_path_kept(axis),
            _ => true,
        };
        if !kept {
            self.secret.push(value.span());
        }
    }
}

/// Where comments stand, if these are the keys and values in the order of the text.
fn comments(text: &str, written: &[Range<usize>]) -> Vec<Range<usize>> {
    let mut comments: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices('#') {
        let before = written.partition_point(|range| range.start <= at);
        let inside = before > 0 && written[before - 1].contains(&at);
        let in_comment = comments.last().is_some_and(|comment| comment.contains(&at));
        if !inside && !in_comment {
            let end = text[at..].find('\n').map_or(text.len(), |end| at + end);
            comments.push(at..end);
        }
    }
    comments
}

/// Other letters stay where they are: a letter of several bytes becomes as many signs.
fn replace(text: &str, places: &[Range<usize>], sign: char) -> String {
    let mut places: Vec<&Range<usize>> = places.iter().collect();
    places.sort_by_key(|range| range.start);
    let mut replaced = String::with_capacity(text.len());
    let mut end = 0;
    let mut next = places.into_iter().peekable();
    for (at, c) in text.char_indices() {
        while let Some(place) = next.next_if(|place| place.start <= at) {
            end = end.max(place.end);
        }
        if at < end && !matches!(c, '\n' | '\r') {
            replaced.extend(std::iter::repeat_n(sign, c.len_utf8()));
        } else {
            replaced.push(c);
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn shown(text: &str) -> String {
        let table = DeTable::parse(text).unwrap();
        parsed(text, table.get_ref())
    }

    #[test]
    fn values_of_unused_options_and_comments_are_not_shown_and_others_stay_in_their_place() {
        let text = "[flink]\ns3.secret-key = \"hünter2\" # hunter2\nstate.backend = 'a#b' # x\n";
        let shown = shown(text);
        assert_eq!(shown.len(), text.len());
        assert!(!shown.contains("nter2"), "{shown}");
        assert!(shown.contains("s3.secret-key = *") && shown.contains("state.backend = 'a#b'  "));
    }

    #[test]
    fn a_secret_is_hidden_in_every_form_of_a_table() {
        for text in [
            "flink = { s3.secret-key = \"hunter2\", state.backend = \"rocksdb\" }",
            "flink.s3.secret-key = '''\nhunter2\nhunter2'''",
            "[flink.s3]\nsecret-key = [\"hunter2\",\n \"hunter2\"]",
            "[[flink.s3.x]]\nsecret-key = \"hunter2\"",
            "[flink]\n\"s3.secret-key\" = { a = { b = \"hunter2\" } }",
            "flink = \"hunter2\"",
            "[sweep]\n\"flink.s3.secret-key\" = [\"hunter2\"]",
        ] {
            assert!(!shown(text).contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn of_a_text_that_is_no_toml_only_known_keys_show_their_value() {
        let text = "[job]\nduration = 10 min # hunter2\npassword = \"hunter2\n[flink]\ns3.secret-key = \"hunter2\nhunter2\nexecution.checkpointing.interval = 10 s\n[hunter2]\nduration = hunter2\n[\"hunter2\"\nduration = hunter2";
        let shown = unparsed(text);
        assert_eq!(shown.len(), text.len());
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("duration = 10 min"));
        assert!(shown.contains("password =*") && shown.contains("interval = 10 s"));
    }
}
