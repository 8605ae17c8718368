//! The report of one directory, written aside until it is kept.

use std::path::Path;

use anyhow::bail;

use crate::cli::commands::report::results::Results;
use crate::cli::console::Console;
use crate::cli::manifest::{
    self, JOURNAL, Kind, Manifest, ONE_PAGE, PAGE, RECOMMENDATION, SUMMARY, SWEEP,
};
use crate::cli::output::Output;
use crate::cli::present::tell;
use crate::cli::reading::Reading;
use crate::experiment::run_document;
use crate::render::report::{self, Provenance, Report};
use crate::scenario::input_file;

/// A report that is whole, and not yet in its place.
pub struct Made {
    pub results: Results,
    pub report: Report,
    /// Digest of the results.
    pub digest: String,
    output: Output,
    /// Files to look at.
    shown: Vec<String>,
}

impl Made {
    /// Reads the results of a directory, checks them, and writes their report aside; with its single sheet if `page`.
    pub fn of(directory: &Path, page: bool, console: Console) -> anyhow::Result<Made> {
        if !directory.is_dir() {
            return Err(nothing(directory));
        }
        let mut output = Output::existing(directory)?;
        let kind = kind(directory)?;
        let reading = Reading::settled(directory, console)?;
        let kind = reading.manifest.as_ref().map_or(kind, |own| own.kind);
        let results = Results::read(kind, &reading, directory)?;
        let digest = results.digest();
        let report = results.report(&Provenance {
            digest: digest.clone(),
            more: reading.manifest.as_ref().map_or_else(Vec::new, facts),
        });
        let mut shown = results.draw(&mut output)?;
        let mut texts = vec![
            (PAGE, report::html(&report)),
            (SUMMARY, report::markdown(&report)),
        ];
        if page {
            texts.push((ONE_PAGE, report::one_page(&report)));
        }
        for (name, text) in texts {
            output.write(name, text.as_bytes())?;
            shown.push(name.to_owned());
        }
        seal(reading, &mut output, console)?;
        Ok(Made {
            results,
            report,
            digest,
            output,
            shown,
        })
    }

    /// Puts everything into the directory, and says so.
    pub fn keep(self, console: Console) -> anyhow::Result<(Results, Report)> {
        let directory = self.output.directory().to_owned();
        self.output.commit([], None)?;
        tell(&self.shown, &directory, console);
        Ok((self.results, self.report))
    }
}

/// What a directory without a manifest holds.
fn kind(directory: &Path) -> anyhow::Result<Kind> {
    let has = |name: &str| directory.join(name).exists();
    if has(RECOMMENDATION) {
        Ok(Kind::Recommendation)
    } else if has(run_document::FILE) && !has(SWEEP) {
        Ok(Kind::Run)
    } else if has(SWEEP) || has(manifest::FILE) {
        Ok(Kind::Sweep)
    } else {
        Err(nothing(directory))
    }
}

/// Lists the new files in the manifest, if there is one. Whatever else has changed there is told.
fn seal(reading: Reading, output: &mut Output, console: Console) -> anyhow::Result<()> {
    for (name, what) in reading.changed() {
        let file = output.directory().join(name);
        let file = file.display();
        if !output.written().contains_key(name) {
            bail!("{file} is {what}; make the results again");
        }
        console.note(&format!("note: {file} was {what}; it is made again"));
    }
    if let Some(manifest) = reading.manifest {
        let manifest = manifest.with(output.written());
        output.write(manifest::FILE, &manifest.sealed())?;
    }
    Ok(())
}

/// What the manifest says of the origin; no path and no clock.
fn facts(manifest: &Manifest) -> Vec<(String, String)> {
    let generator = &manifest.random_generator;
    let file = Path::new(&manifest.scenario_file).file_name();
    let overrides: Vec<String> = manifest
        .overrides
        .iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    let facts = [
        (
            "Scenario file",
            file.map(|name| name.to_string_lossy().into_owned()),
        ),
        (
            "Changed on the command line",
            (!overrides.is_empty()).then(|| overrides.join(", ")),
        ),
        ("Events", manifest.events.map(|events| events.to_string())),
        (
            "Random numbers",
            Some(format!("{} {}", generator.name, generator.version)),
        ),
    ];
    let known = facts
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.collect()
}

/// Why there is nothing to report on.
fn nothing(directory: &Path) -> anyhow::Error {
    let what = if directory.join(JOURNAL).exists() {
        "holds a sweep that was interrupted; finish it with `ckptsim sweep --resume`"
    } else {
        "holds no sweep, recommendation, or run"
    };
    let result = directory.join(SWEEP);
    let what = format!("{} {what}", directory.display());
    match input_file::result(&result) {
        Ok(_) => anyhow::anyhow!("{what}"),
        Err(error) => anyhow::Error::new(error)
            .context(format!("cannot read {}", result.display()))
            .context(what),
    }
}
