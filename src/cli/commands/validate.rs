//! `validate`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::json;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::experiment::published::{self, Row};
use crate::experiment::validate::summary::summarise;
use crate::experiment::validate::{self, Compared};
use crate::recording::{Recording, file};
use crate::render::table::{self, Table};
use crate::scenario::load;

/// Compare the simulation with recordings of real Flink clusters
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim validate tests/recordings
  ckptsim validate tests/recordings --published --format markdown
  ckptsim validate run1.json run2.json --format json")]
pub struct Args {
    /// Recordings, directories of them, or scenarios with a `[measured]` table
    #[arg(required_unless_present = "published")]
    paths: Vec<PathBuf>,
    /// Compare with figures that others have published, too
    #[arg(long)]
    published: bool,
    /// Runs per recording, each with its own random keys
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replications: u32,
    /// Root of all random numbers
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Tables for people.
    #[default]
    Text,
    /// Everything.
    Json,
    /// The summary, for documents.
    Markdown,
}

/// Simulates every recording's job, prints the errors.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut files = Vec::new();
    for path in &args.paths {
        collect(path, &mut files)?;
    }
    let published = if args.published {
        published::compare()?
    } else {
        Vec::new()
    };
    if files.is_empty() && !args.published {
        bail!("no recordings (*.json) there");
    }
    let mut compared = Vec::new();
    let mut skipped = 0;
    for path in &files {
        match compare(path, args) {
            Ok(recording) => compared.push(recording),
            Err(error) => {
                skipped += 1;
                console.error(&format!("{}: {error:#}", path.display()));
            }
        }
    }
    print(&compared, &published, args.format, console)?;
    Ok(if skipped == 0 {
        Exit::Success
    } else {
        Exit::Failure
    })
}

/// A recording, or a scenario that names one under `[measured]`.
fn compare(path: &Path, args: &Args) -> anyhow::Result<Compared> {
    let (recording, scenario) = if path
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        let loaded = load::load(path, &[])?;
        let Some(recording) = loaded.recording() else {
            bail!(
                "the scenario names no recording: add `[measured]` with `recording = \"FILE.json\"`"
            );
        };
        (read(&recording)?, loaded.scenario)
    } else {
        let recording = read(path)?;
        let baseline = match &recording.params.baseline {
            Some(id) if !recording.is_known() => {
                let file = path.with_file_name(format!("{id}.json"));
                Some(read(&file).context("its baseline")?)
            }
            _ => None,
        };
        let scenario = validate::scenario(&recording, baseline.as_ref())?;
        (recording, scenario)
    };
    let (seed, replications) = (args.seed, args.replications);
    Ok(validate::compare(
        &recording,
        &scenario,
        seed,
        replications,
    )?)
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(file::read(&text)?)
}

fn print(
    compared: &[Compared],
    published: &[Row],
    format: Format,
    console: Console,
) -> anyhow::Result<()> {
    let summary = summarise(compared);
    let mut tables = Vec::new();
    if !compared.is_empty() {
        if format == Format::Text {
            tables.push(table::comparisons(compared));
        }
        tables.push(table::accuracy(&summary));
    }
    if !published.is_empty() {
        tables.push(table::published(published));
    }
    let joined =
        |text: fn(&Table) -> String| tables.iter().map(text).collect::<Vec<_>>().join("\n");
    match format {
        Format::Text => console.result(&joined(Table::text)),
        Format::Markdown => console.result(&joined(Table::markdown)),
        Format::Json => {
            let all = json!({"recordings": compared, "summary": summary, "published": published});
            console.result(&serde_json::to_string_pretty(&all)?)
        }
    }
}

/// All `*.json` below a directory, in order of their paths; a file as it is.
fn collect(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries =
        std::fs::read_dir(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut entries: Vec<PathBuf> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()
        .with_context(|| format!("cannot read {}", path.display()))?;
    entries.sort();
    for entry in entries {
        if entry.is_dir()
            || entry
                .extension()
                .is_some_and(|extension| extension == "json")
        {
            collect(&entry, files)?;
        }
    }
    Ok(())
}
