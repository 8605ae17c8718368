//! `check`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::cli::commands::run::Format;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::findings;
use crate::cli::input::warnings;
use crate::experiment::{grid, objectives};
use crate::render::number::counted;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::scenario::load::{self, Loaded};

/// Show every problem of scenario files at once: errors, then physical warnings
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim check scenarios/*.toml
  ckptsim check --resolved :production   # with every default written out
  ckptsim check scenarios/*.toml --format json | jq '.[].problems[].code'

Exit code 2 if a file is invalid; warnings do not change it.")]
pub struct Args {
    /// Scenario files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the complete scenario: every default decided
    #[arg(long, conflicts_with = "format")]
    resolved: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// Checks every file, whatever the others are like.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    let mut report: Vec<Value> = Vec::new();
    for file in &args.files {
        let loaded = load::load(file, &[]).and_then(|loaded| {
            objectives::of(&loaded)?;
            grid::check(&loaded)?;
            Ok(loaded)
        });
        if loaded.is_err() {
            exit = Exit::Usage;
        }
        match args.format {
            Format::Json => report.push(machine_readable(file, &loaded)),
            Format::Text => text(args, file, &loaded, console)?,
        }
    }
    if args.format == Format::Json {
        console.result(&serde_json::to_string(&report)?)?;
    }
    Ok(exit)
}

fn text(
    args: &Args,
    file: &Path,
    loaded: &Result<Loaded, Diagnostics>,
    console: Console,
) -> anyhow::Result<()> {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(problems) => {
            console.diagnostics(problems);
            return Ok(());
        }
    };
    let warnings = Diagnostics(warnings(loaded));
    console.diagnostics(&warnings);
    if args.resolved {
        return console.result(&loaded.toml());
    }
    let scenario = &loaded.scenario;
    let count = |severity| {
        let same = |problem: &&Diagnostic| problem.severity == severity;
        warnings.0.iter().filter(same).count()
    };
    let vertices = match scenario.vertices.len() {
        1 => "1 vertex".to_owned(),
        n => format!("{n} vertices"),
    };
    let notes = match count(Severity::Note) {
        0 => String::new(),
        n => format!(", {}", counted(n, "note")),
    };
    console.text(&format!(
        "{}: valid, {vertices}, {}, {}{notes}",
        file.display(),
        counted(scenario.subtasks(), "subtask"),
        counted(count(Severity::Warning), "warning"),
    ))
}

fn machine_readable(file: &Path, loaded: &Result<Loaded, Diagnostics>) -> Value {
    let (valid, problems) = match loaded {
        Ok(loaded) => (true, warnings(loaded)),
        Err(Diagnostics(problems)) => (false, problems.clone()),
    };
    json!({
        "file": file,
        "valid": valid,
        "problems": problems.iter().map(findings::json).collect::<Vec<Value>>(),
    })
}
