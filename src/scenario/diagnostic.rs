//! A problem of a scenario, with the place where it was written, drawn as rustc does.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use crate::units::harmless::{harmless, harmless_in_place};

/// More problems than this are not worth reading.
const SHOWN_MAX: usize = 100;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The scenario cannot be used.
    Error,
    /// The scenario can be used, but probably does not say what was meant, or will do badly.
    Warning,
    /// Something that was done silently and that one may want to know.
    Note,
}

/// A text that problems can point into: a file, or an option of the command line.
#[derive(Debug, PartialEq, Eq)]
pub struct SourceText {
    /// What it is called: a path, or `--set`.
    pub name: String,
    /// All of it.
    pub text: String,
}

/// Some bytes of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The text.
    pub source: Arc<SourceText>,
    /// Which bytes; within the text and on character borders.
    pub span: Range<usize>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// Identifier of the rule, such as `CK001`, where there is one.
    pub code: Option<&'static str>,
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where it was written, if it was written at all.
    pub place: Option<Place>,
    /// What is wrong with exactly those bytes.
    pub label: Option<String>,
    /// What to do.
    pub help: Vec<String>,
}

/// All problems that were found; at least one is an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Place {
    /// Some bytes of a text; what does not fit into the text is cut off.
    pub fn new(source: Arc<SourceText>, span: Range<usize>) -> Self {
        let end = border(&source.text, span.end);
        let start = border(&source.text, span.start.min(end));
        Place {
            source,
            span: start..end,
        }
    }

    /// Line and column of the first byte, from 1; the column counts characters.
    pub fn line_column(&self) -> (usize, usize) {
        let before = &self.source.text[..self.span.start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

impl Place {
    /// The lines that hold the bytes, the number of the first one, and where the bytes are in them.
    fn lines(&self) -> (usize, &str, Range<usize>) {
        let text = &self.source.text;
        let start = text[..self.span.start]
            .rfind('\n')
            .map_or(0, |newline| newline + 1);
        let end = text[self.span.end..]
            .find('\n')
            .map_or(text.len(), |newline| self.span.end + newline);
        let span = self.span.start - start..self.span.end - start;
        (self.line_column().0, &text[start..end], span)
    }
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Error,
            code: None,
            message: message.into(),
            place: None,
            label: None,
            help: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Warning,
            ..Diagnostic::error(message)
        }
    }

    /// A note without a place.
    pub fn note(message: impl Into<String>) -> Self {
        Diagnostic {
            severity: Severity::Note,
            ..Diagnostic::error(message)
        }
    }

    /// The same problem at a place.
    #[must_use]
    pub fn at(mut self, place: Option<Place>) -> Self {
        self.place = place;
        self
    }

    /// The same problem with words under the caret.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The same problem with one more hint.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The problem with the lines that it is about and a caret, coloured for a terminal or plain.
    pub fn render(&self, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let mut title = level.primary_title(printable(&self.message));
        if let Some(code) = self.code {
            title = title.id(code);
        }
        let mut group = Group::with_title(title);
        if let Some(place) = &self.place {
            let (first, lines, span) = place.lines();
            let annotation = AnnotationKind::Primary.span(span);
            let annotation = annotation.label(self.label.as_deref().map(printable));
            let snippet = Snippet::source(harmless_in_place(lines))
                .line_start(first)
                .path(printable(&place.source.name))
                .annotation(annotation);
            group = group.element(snippet);
        }
        let help = self
            .help
            .iter()
            .map(|help| Level::HELP.message(printable(help)));
        let report = [group.elements(help)];
        let renderer = if colour {
            Renderer::styled()
        } else {
            Renderer::plain()
        };
        renderer.decor_style(DecorStyle::Ascii).render(&report)
    }
}

impl Diagnostics {
    /// All problems one after the other, coloured for a terminal or plain.
    pub fn render(&self, colour: bool) -> String {
        let shown = self
            .0
            .iter()
            .take(SHOWN_MAX)
            .map(|problem| problem.render(colour));
        let mut rendered: Vec<String> = shown.collect();
        if self.0.len() > SHOWN_MAX {
            rendered.push(format!("... and {} more", self.0.len() - SHOWN_MAX));
        }
        rendered.join("\n\n")
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.0
            .iter()
            .filter(|problem| problem.severity == Severity::Error)
            .count()
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.render(false))
    }
}

impl std::error::Error for Diagnostics {}

/// Words that differ in more letters are not alike.
const DISTANCE_MAX: usize = 3;

/// The known word that is most like a misspelt one, if any is like it at all.
pub fn similar<'w>(word: &str, known: impl IntoIterator<Item = &'w str>) -> Option<&'w str> {
    // Comparing takes the product of both lengths.
    if word.len() > 200 {
        return None;
    }
    let lower = word.to_lowercase();
    known
        .into_iter()
        // The distance is at least the difference of the lengths.
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= DISTANCE_MAX)
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= (1 + candidate.len().min(word.len()) / 5).min(DISTANCE_MAX)
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// What to say about a misspelt word: the known one that is most like it, or all of them.
pub fn meant<S: AsRef<str>>(wrong: &str, known: &[S], introduction: &str) -> Option<String> {
    match similar(wrong, known.iter().map(AsRef::as_ref)) {
        Some(right) => Some(did_you_mean(right)),
        None if known.is_empty() => None,
        None => Some(format!("{introduction} {}", enumerate(known))),
    }
}

/// That another word was probably meant.
pub fn did_you_mean(right: &str) -> String {
    format!("did you mean `{right}`?")
}

/// The words of a list, as a sentence would enumerate them.
pub fn enumerate<S: AsRef<str>>(words: &[S]) -> String {
    let quoted: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.as_ref()))
        .collect();
    match quoted.split_last() {
        Some((last, init)) if !init.is_empty() => format!("{} or {last}", init.join(", ")),
        _ => quoted.concat(),
    }
}

/// Hostile input must not reach the terminal as control codes, nor fill it.
fn printable(text: &str) -> String {
    const LONGEST: usize = 400;
    let clean = harmless(text).replace(['\n', '\t'], "\u{FFFD}");
    let mut shortened: String = clean.chars().take(LONGEST).collect();
    if text.chars().nth(LONGEST).is_some() {
        shortened.push('…');
    }
    shortened
}

/// The nearest character border at or before `index`.
fn border(text: &str, index: usize) -> usize {
    let index = index.min(text.len());
    (0..=index)
        .rev()
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_knows_its_line_and_column() {
        let source = Arc::new(SourceText {
            name: "x".to_owned(),
            text: "äb\ncd\n".to_owned(),
        });
        assert_eq!(Place::new(source.clone(), 5..6).line_column(), (2, 2));
        assert_eq!(Place::new(source.clone(), 1..2).line_column(), (1, 1));
        assert_eq!(Place::new(source, 90..99).line_column(), (3, 1));
    }

    #[test]
    fn only_similar_words_are_suggested() {
        assert_eq!(
            similar("paralelism", ["parallelism", "placement"]),
            Some("parallelism")
        );
        assert_eq!(similar("foo", ["parallelism", "placement"]), None);
    }

    #[test]
    fn control_codes_do_not_reach_the_terminal() {
        assert!(
            !Diagnostic::error("a\u{1b}[31mb")
                .render(false)
                .contains('\u{1b}')
        );
        let source = Arc::new(SourceText {
            name: "\u{1b}[31m\u{202e}.toml".to_owned(),
            text: "a = '\u{1b}[31m\u{202e}\u{200b}'".to_owned(),
        });
        let problem = Diagnostic::error("a").at(Some(Place::new(source, 4..18)));
        let text = problem.label("\u{202e}").help("\u{1b}").render(false);
        assert!(
            !text.chars().any(crate::units::harmless::is_harmful),
            "{text}"
        );
    }
}
