//! The way in: a file or a text, with overrides, to a [`Scenario`] with everything worth saying about it.

use std::path::{Path, PathBuf};

use crate::scenario::Scenario;
use crate::scenario::axis::Axis;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Place};
use crate::scenario::document::Document;
use crate::scenario::key_path::KeyPath;
use crate::scenario::keys::read;
use crate::scenario::keys::reader::Fault;
use crate::scenario::keys::schema;
use crate::scenario::resolve::problems::Problems;
use crate::scenario::resolve::resolve;
use crate::scenario::{axis, built_in, conf, edit, flink_conf, input_file, print};

/// A scenario and what it was made of.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the file means.
    pub scenario: Scenario,
    /// Axes of `[sweep]`, in the order of the file.
    pub axes: Vec<Axis>,
    /// Warnings and notes; no errors.
    pub notes: Vec<Diagnostic>,
    document: Document,
}

/// Reads a scenario file, or a built-in scenario (`:production`). `overrides` are `(path, value)` pairs of `--set`.
pub fn load(path: &Path, overrides: &[(String, String)]) -> Result<Loaded, Diagnostics> {
    let origin = path.display().to_string();
    if let Some(name) = built_in::name(path) {
        let text = built_in::text(name).map_err(|problem| Diagnostics(vec![problem]))?;
        return parse(text, &origin, Path::new(""), overrides);
    }
    let refuse = |why: String| {
        Diagnostics(vec![Diagnostic::error(format!(
            "cannot read {origin}: {why}"
        ))])
    };
    let text = input_file::text(path).map_err(|error| refuse(error.to_string()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if let Some(problem) = flink_conf::instead_of_a_scenario(&name, &origin, &text) {
        return Err(Diagnostics(vec![problem]));
    }
    let base = path.parent().unwrap_or(Path::new(""));
    parse(&text, &origin, base, overrides)
}

/// Reads a scenario from a text. `origin` is its name in messages, `base` the directory of the files it names.
pub fn parse(
    text: &str,
    origin: &str,
    base: &Path,
    overrides: &[(String, String)],
) -> Result<Loaded, Diagnostics> {
    let mut document = Document::parse(text, origin, base)?;
    change(&mut document, overrides, "--set")?;
    conf::include(&mut document)?;
    finish(document)
}

/// The JSON Schema of scenario files (draft-07).
pub fn schema() -> String {
    schema::text()
}

impl Loaded {
    /// The same scenario with some keys changed, such as a point of a sweep; it has no axes.
    pub fn at(&self, point: &[(String, String)]) -> Result<Loaded, Diagnostics> {
        let mut document = self.document.clone();
        document.table.remove("sweep");
        change(&mut document, point, "sweep point")?;
        finish(document)
    }

    /// The scenario as complete TOML: every default decided, every override applied, no other file needed. Parsing it
    /// gives the same [`Scenario`]. Axes of a sweep are not part of it.
    pub fn toml(&self) -> String {
        print::toml(&self.scenario)
    }

    /// SHA-256 of [`Loaded::toml`], in hexadecimal digits.
    pub fn sha256(&self) -> String {
        print::sha256(&self.scenario)
    }

    /// The file as it was written, with overrides applied and `config.yaml` included, but without defaults.
    pub fn written(&self) -> String {
        self.document.table.to_string()
    }

    /// The recording that `[measured]` names: its path, seen from the working directory.
    pub fn recording(&self) -> Option<PathBuf> {
        let measured = self.scenario.measured.as_ref()?;
        Some(self.document.base.join(&measured.recording))
    }

    /// The name of the file or text.
    pub fn origin(&self) -> &str {
        &self.document.source.name
    }

    /// Where a key was written; of what surrounds it, if it was not written itself.
    pub fn place(&self, path: &KeyPath) -> Option<Place> {
        self.document.key_place(path)
    }

    /// Reads an axis as `--vary path=spec` gives it.
    pub fn axis(&self, text: &str) -> Result<Axis, Diagnostics> {
        let axis = Axis::parse(text).map_err(|problem| Diagnostics(vec![problem]))?;
        axis::check(&axis, &self.document, None).map_err(Diagnostics)?;
        Ok(axis)
    }
}

fn change(
    document: &mut Document,
    changes: &[(String, String)],
    option: &str,
) -> Result<(), Diagnostics> {
    let problems: Vec<Diagnostic> = changes
        .iter()
        .filter_map(|(path, value)| edit::set(document, path, value, option).err())
        .collect();
    if problems.is_empty() {
        Ok(())
    } else {
        Err(Diagnostics(problems))
    }
}

fn finish(mut document: Document) -> Result<Loaded, Diagnostics> {
    let (file, mistakes) = read::read(&document.table);
    let unknown = mistakes
        .iter()
        .filter(|mistake| mistake.fault == Fault::Key);
    document.conceal(unknown.map(|mistake| &mistake.path));
    let mut problems = Problems::new(&document, mistakes);
    problems.extend(document.remarks.clone());
    let scenario = resolve(&file, &mut problems);
    let axes = axis::axes(file.sweep.as_ref(), &mut problems);
    let failed = problems.any_error();
    let notes = problems.into_diagnostics();
    if failed {
        return Err(Diagnostics(notes));
    }
    Ok(Loaded {
        scenario,
        axes,
        notes,
        document,
    })
}

#[cfg(test)]
mod tests;
