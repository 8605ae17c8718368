//! What every command that simulates takes: a scenario file and changes to it.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::cli::console::Console;
use crate::experiment::objectives;
use crate::formulas::timeout;
use crate::render::number::counted;
use crate::scenario::built_in;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::scenario::flink_options;
use crate::scenario::key_path::KeyPath;
use crate::scenario::lint;
use crate::scenario::load::{self, Loaded};

/// More notes on files than this are counted, not shown, by commands that simulate.
const NOTES_MAX: usize = 2;

/// A scenario and changes to it.
#[derive(Args, Debug)]
pub struct Input {
    /// Scenario file (TOML), or a built-in one such as `:production`
    pub file: PathBuf,
    /// Change a key, such as `--set flink.execution.checkpointing.interval="30 s"` (repeatable)
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = assignment)]
    pub set: Vec<(String, String)>,
    /// Root seed, instead of job.seed
    #[arg(long, value_parser = seed)]
    pub seed: Option<u64>,
    /// Runs per point, instead of job.replications
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub replications: Option<u32>,
}

impl Input {
    /// Reads the scenario and shows its problems, warnings included; `Err` if it is invalid.
    pub fn load(&self, console: Console) -> Result<Loaded, Diagnostics> {
        let loaded = load::load(&self.file, &self.overrides())?;
        objectives::of(&loaded)?;
        if console.is_talkative() {
            let (shown, left_out) = brief(warnings(&loaded));
            console.diagnostics(&Diagnostics(shown));
            if !left_out.is_empty() {
                let file = word(&self.file);
                let notes = counted(left_out.len(), "note");
                let is_costly = |note: &&Diagnostic| note.message.contains(flink_options::COSTS);
                let costly = match left_out.iter().filter(is_costly).count() {
                    0 => String::new(),
                    n => format!(
                        ", {n} of them on what changes the cost in Flink and is not simulated"
                    ),
                };
                console.note(&format!(
                    "{notes} on options{costly}: `ckptsim check {file}` shows them"
                ));
            }
        }
        Ok(loaded)
    }

    /// Name of the file without directory and extension, or of the built-in scenario.
    pub fn stem(&self) -> String {
        if let Some(name) = built_in::name(&self.file) {
            return name.to_owned();
        }
        self.file
            .file_stem()
            .unwrap_or(Path::new("scenario").as_os_str())
            .to_string_lossy()
            .into_owned()
    }

    /// All changes: those of `--set`, then the seed and the replications.
    pub fn overrides(&self) -> Vec<(String, String)> {
        let mut all = self.set.clone();
        all.extend(
            self.seed
                .map(|seed| ("job.seed".to_owned(), seed.to_string())),
        );
        all.extend(
            self.replications
                .map(|n| ("job.replications".to_owned(), n.to_string())),
        );
        all
    }
}

/// A path as a word of a shell: proposed commands can be pasted.
pub fn word(path: &Path) -> String {
    let path = path.to_string_lossy();
    // Only a zero byte, which no path has, cannot be quoted.
    shlex::try_quote(&path).map_or_else(|_| path.to_string(), Into::into)
}

/// Everything worth saying about a valid scenario: notes of the reader, then physical warnings.
pub fn warnings(loaded: &Loaded) -> Vec<Diagnostic> {
    let found = lint::check(&loaded.scenario)
        .into_iter()
        .map(|finding| finding.diagnostic(loaded));
    let timeouts = timeout::lint(&loaded.scenario).into_iter().map(|warning| {
        let path = KeyPath::flink(warning.option);
        Diagnostic::warning(warning.message)
            .at(loaded.place(&path))
            .help(warning.hint)
    });
    loaded
        .notes
        .iter()
        .cloned()
        .chain(found)
        .chain(timeouts)
        .chain(objectives::unmeasurable(loaded))
        .collect()
}

/// Without the notes on files if they are many, and those that were left out: a real config.yaml has dozens of options
/// that do not matter here. Warnings, and notes on the command line, are always shown.
fn brief(all: Vec<Diagnostic>) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let of_a_file = |problem: &Diagnostic| {
        let place = problem.place.as_ref();
        problem.severity == Severity::Note
            && place.is_none_or(|place| !place.source.name.starts_with("--"))
    };
    let (notes, others): (Vec<Diagnostic>, Vec<Diagnostic>) = all.into_iter().partition(of_a_file);
    if notes.len() > NOTES_MAX {
        return (others, notes);
    }
    (notes.into_iter().chain(others).collect(), Vec::new())
}

/// Reads a seed of the command line: it becomes part of a scenario, whose numbers are TOML's.
pub fn seed(text: &str) -> Result<u64, String> {
    let seed = text.parse::<i64>().ok();
    let seed = seed.and_then(|seed| u64::try_from(seed).ok());
    seed.ok_or_else(|| format!("a seed is a whole number from 0 to {}", i64::MAX))
}

/// Reads `PATH=VALUE` of the command line.
pub fn assignment(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((path, value)) if !path.trim().is_empty() => {
            Ok((path.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write PATH=VALUE, such as job.duration=\"5 min\"".to_owned()),
    }
}
