//! `check`.

use std::path::PathBuf;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::warnings;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load;

/// Show every problem of scenario files at once: errors, then physical warnings
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim check scenarios/*.toml
  ckptsim check --resolved scenarios/production-2min.toml   # with every default written out

Exit code 2 if a file is invalid; warnings do not change it.")]
pub struct Args {
    /// Scenario files
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Print the complete scenario: every default decided
    #[arg(long)]
    resolved: bool,
}

/// Checks every file, whatever the others are like.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut exit = Exit::Success;
    for file in &args.files {
        match load::load(file, &[]) {
            Err(problems) => {
                console.diagnostics(&problems);
                exit = Exit::Usage;
            }
            Ok(loaded) => {
                let warnings = Diagnostics(warnings(&loaded));
                console.diagnostics(&warnings);
                if args.resolved {
                    console.result(&loaded.toml())?;
                } else {
                    let scenario = &loaded.scenario;
                    console.result(&format!(
                        "{}: valid, {} vertices, {} subtasks, {} warnings",
                        file.display(),
                        scenario.vertices.len(),
                        scenario.subtasks(),
                        warnings.0.len()
                    ))?;
                }
            }
        }
    }
    Ok(exit)
}
