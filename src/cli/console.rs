//! The two streams: results on stdout, everything else on stderr.

use std::io::{IsTerminal, Write};

use anyhow::Context;
use clap::ValueEnum;
use terminal_size::terminal_size_of;

use crate::render::ascii::plain;
use crate::render::table::WIDTH;
use crate::scenario::diagnostic::Diagnostics;
use crate::units::harmless::{GREEN, PLAIN, RED, harmless, harmless_emphasised};

/// When to use colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Widths of a terminal that texts use: a narrower one breaks lines, and longer ones are hard to read.
const WIDTHS: (usize, usize) = (80, 120);
/// Signs of a verdict, and the sequences that colour them.
const VERDICTS: [(&str, &str); 2] = [("✓", GREEN), ("✗", RED)];

/// Where the program talks.
#[derive(Clone, Copy, Debug)]
pub struct Console {
    colour: Colour,
    ascii: bool,
    quiet: bool,
}

impl Console {
    /// A console; `ascii` = texts have no other letters, even where the terminal shows them; `quiet` keeps progress and
    /// notes away, not errors.
    pub fn new(colour: Colour, ascii: bool, quiet: bool) -> Self {
        let ascii =
            ascii || std::io::stdout().is_terminal() && !has_unicode(|key| std::env::var(key).ok());
        Console {
            colour,
            ascii,
            quiet,
        }
    }

    /// Columns that a result for people may use: those of the terminal, or what `COLUMNS` says.
    #[expect(clippy::unused_self, reason = "who holds no console does not print")]
    pub fn width(self) -> usize {
        let asked = std::env::var("COLUMNS").ok();
        let asked = asked.and_then(|columns| columns.parse().ok());
        let stdout = std::io::stdout();
        let terminal = stdout.is_terminal().then(|| terminal_size_of(stdout));
        let terminal = terminal
            .flatten()
            .map(|(columns, _)| usize::from(columns.0));
        let columns: Option<usize> = asked.or(terminal);
        columns.map_or(WIDTH, |columns| columns.clamp(WIDTHS.0, WIDTHS.1))
    }

    /// Writes a result for people.
    pub fn text(self, text: &str) -> anyhow::Result<()> {
        let text = if self.colours_results() {
            let coloured = |text: String, (sign, colour): &(&str, &str)| {
                text.replace(sign, &format!("{colour}{sign}{PLAIN}"))
            };
            let text = harmless_emphasised(text);
            VERDICTS.iter().fold(text, coloured)
        } else {
            harmless(text)
        };
        self.put(&if self.ascii { plain(&text) } else { text })
    }

    /// Writes a result for programs as it is; what a terminal would obey is replaced there.
    pub fn result(self, text: &str) -> anyhow::Result<()> {
        if std::io::stdout().is_terminal() {
            return self.put(&harmless(text));
        }
        self.put(text)
    }

    /// A reader that has gone away (`| head`) is no error.
    #[expect(clippy::unused_self, reason = "who holds no console does not print")]
    fn put(self, text: &str) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        let written =
            writeln!(stdout, "{}", text.trim_end_matches('\n')).and_then(|()| stdout.flush());
        match written {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("cannot write to standard output"),
        }
    }

    /// Writes a result that need not be text.
    #[expect(clippy::unused_self, reason = "who holds no console does not print")]
    pub fn bytes(self, content: &[u8]) -> anyhow::Result<()> {
        let mut stdout = std::io::stdout().lock();
        match stdout.write_all(content).and_then(|()| stdout.flush()) {
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            other => other.context("cannot write to standard output"),
        }
    }

    /// Says something that is no result.
    pub fn note(self, text: &str) {
        if !self.quiet {
            self.error(text);
        }
    }

    /// Says what went wrong.
    pub fn error(self, text: &str) {
        self.say(&harmless(text));
    }

    fn say(self, text: &str) {
        let text = if self.ascii {
            plain(text)
        } else {
            text.to_owned()
        };
        // There is nobody left to tell if this fails.
        let _ = writeln!(std::io::stderr(), "{text}");
    }

    /// Shows problems of a scenario.
    pub fn diagnostics(self, problems: &Diagnostics) {
        if !problems.0.is_empty() {
            // Its colours are escape sequences; the texts in it are harmless already.
            self.say(&problems.render(self.coloured()));
        }
    }

    /// Whether notes are shown.
    pub fn is_talkative(self) -> bool {
        !self.quiet
    }

    /// Whether progress may be drawn.
    pub fn shows_progress(self) -> bool {
        !self.quiet && std::io::stderr().is_terminal()
    }

    /// Whether notes are told.
    pub fn notes(self) -> bool {
        !self.quiet
    }

    /// Whether a result may have colour.
    pub fn colours_results(self) -> bool {
        self.coloured_on(&std::io::stdout())
    }

    fn coloured(self) -> bool {
        self.coloured_on(&std::io::stderr())
    }

    fn coloured_on(self, stream: &impl IsTerminal) -> bool {
        match self.colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
                    && stream.is_terminal()
            }
        }
    }
}

/// Whether the locale is UTF-8, as POSIX looks for it: the first of these variables that is set. Unset, it is unknown, and
/// terminals of today are.
fn has_unicode(variable: impl Fn(&str) -> Option<String>) -> bool {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].map(variable);
    let locale = set.into_iter().flatten().find(|value| !value.is_empty());
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locale_says_which_letters_the_terminal_has() {
        let with = |pairs: &'static [(&str, &str)]| {
            has_unicode(|key| {
                let pair = pairs.iter().find(|(name, _)| *name == key);
                pair.map(|(_, value)| (*value).to_owned())
            })
        };
        assert!(with(&[]));
        assert!(with(&[("LANG", "C.UTF-8")]));
        assert!(with(&[("LC_ALL", ""), ("LANG", "de_DE.utf8")]));
        assert!(!with(&[("LANG", "C")]));
        assert!(!with(&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")]));
    }
}
