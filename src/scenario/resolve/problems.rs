//! Collects what is wrong with a file, each with its place.

use std::collections::BTreeSet;

use crate::scenario::diagnostic::{Diagnostic, Place, Severity};
use crate::scenario::document::Document;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::reader::{Fault, Mistake};
use crate::scenario::tree;

/// All problems so far.
pub struct Problems<'d> {
    document: &'d Document,
    found: Vec<Diagnostic>,
    /// Keys whose value could not be read: nobody complains that they are missing.
    unreadable: BTreeSet<KeyPath>,
}

/// A problem that was just reported and can still get more words.
pub struct Reported<'p>(&'p mut Diagnostic);

impl<'d> Problems<'d> {
    /// No problems yet, except that some keys could not be read.
    pub fn new(document: &'d Document, mistakes: Vec<Mistake>) -> Self {
        let mut problems = Problems {
            document,
            found: Vec::new(),
            unreadable: mistakes
                .iter()
                .filter(|mistake| mistake.fault != Fault::Limit)
                .map(|mistake| mistake.path.up_to_key())
                .collect(),
        };
        for mistake in mistakes {
            let place = if mistake.fault == Fault::Key {
                document.key_place(&mistake.path)
            } else {
                document.place(&mistake.path)
            };
            let spelt = document.spell(&mistake.path);
            let message = mistake
                .message
                .replacen(&mistake.path.to_string(), &spelt, 1);
            let mut problem = Diagnostic::error(message).at(place);
            problem.label = mistake.label;
            problem.help.extend(mistake.help);
            problems.found.push(problem);
        }
        problems
    }

    /// The value at a path is wrong.
    pub fn error(&mut self, path: &KeyPath, message: impl Into<String>) -> Reported<'_> {
        let place = self.document.place(path);
        self.push(Diagnostic::error(message), place)
    }

    /// The key at a path is wrong, or what it stands for.
    pub fn key_error(&mut self, path: &KeyPath, message: impl Into<String>) -> Reported<'_> {
        let place = self.document.key_place(path);
        self.push(Diagnostic::error(message), place)
    }

    /// The value at a path is probably not meant.
    pub fn warning(&mut self, path: &KeyPath, message: impl Into<String>) -> Reported<'_> {
        let place = self.document.key_place(path);
        self.push(Diagnostic::warning(message), place)
    }

    /// Something that one may want to know about a path.
    pub fn note(&mut self, path: &KeyPath, message: impl Into<String>) -> Reported<'_> {
        let place = self.document.key_place(path);
        self.push(Diagnostic::note(message), place)
    }

    /// A key is missing; says nothing if it stands there and could not be read.
    pub fn missing(&mut self, path: &KeyPath, message: impl Into<String>, help: &str) {
        if !self.unreadable_within(path) {
            self.key_error(path, message).help(help);
        }
    }

    /// Problems that somebody else has found and placed.
    pub fn extend(&mut self, found: Vec<Diagnostic>) {
        self.found.extend(found);
    }

    /// Whether something at, above or below a path could not be read.
    pub fn unreadable_within(&self, path: &KeyPath) -> bool {
        self.unreadable
            .iter()
            .any(|key| path.contains(key) || key.contains(path))
    }

    /// Whether the scenario is unusable.
    pub fn any_error(&self) -> bool {
        self.found
            .iter()
            .any(|problem| problem.severity == Severity::Error)
    }

    /// Whether the file has something at a path that could be read.
    pub fn given(&self, path: &KeyPath) -> bool {
        tree::get(&self.document.table, path).is_some() && !self.unreadable.contains(path)
    }

    /// Those of some keys of a table that were given.
    pub fn which<'k>(&self, table: &KeyPath, keys: &[&'k str]) -> Vec<&'k str> {
        let keys = keys.iter().copied();
        keys.filter(|key| self.given(&table.key(key))).collect()
    }

    /// Of several keys that say the same thing, at most one is given; `what` it is that they say.
    pub fn said_once(&mut self, table: &KeyPath, keys: &[&str], what: &str) {
        let given = self.which(table, keys);
        if let [_, second, ..] = given.as_slice() {
            let message = format!("{what} twice: `{}`", given.join("` and `"));
            self.key_error(&table.key(second), message)
                .help("give one of them");
        }
    }

    /// Keys that say something about another key, which is not there.
    pub fn without_effect(&mut self, table: &KeyPath, keys: &[&str], why: &str) {
        for key in self.which(table, keys) {
            self.key_error(&table.key(key), format!("`{key}` has no effect {why}"));
        }
    }

    /// The file and its places.
    pub fn document(&self) -> &'d Document {
        self.document
    }

    /// All problems: errors first, then in the order of the file.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut found = self.found;
        found.sort_by_key(|problem| {
            let start = problem
                .place
                .as_ref()
                .map(|place| (place.source.name.clone(), place.span.start));
            (problem.severity, start)
        });
        found
    }

    fn push(&mut self, mut problem: Diagnostic, place: Option<Place>) -> Reported<'_> {
        problem.place = place;
        self.found.push(problem);
        Reported(self.found.last_mut().expect("it was just pushed"))
    }
}

impl Reported<'_> {
    /// Adds words under the caret.
    pub fn label(&mut self, label: impl Into<String>) -> &mut Self {
        self.0.label = Some(label.into());
        self
    }

    /// Adds a hint.
    pub fn help(&mut self, help: impl Into<String>) -> &mut Self {
        self.0.help.push(help.into());
        self
    }
}
