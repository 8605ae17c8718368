//! `validate`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::json;

use crate::cli::answers;
use crate::cli::console::Console;
use crate::cli::drawn::Drawn;
use crate::cli::exit::Exit;
use crate::cli::manifest::sha256_of;
use crate::cli::output::Output;
use crate::cli::present::write_pictures;
use crate::experiment::published::{self, khaos, predicted};
use crate::experiment::run::Wanted;
use crate::experiment::validate::summary::summarise;
use crate::experiment::validate::{self, Compared};
use crate::experiment::{saved, theory};
use crate::recording::{Answers, Recording, file, measured};
use crate::render::plot;
use crate::render::table::{self, Table};
use crate::scenario::input_file;
use crate::scenario::load::{self, Loaded};

/// Compare the simulation with recordings of real Flink clusters
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim validate tests/recordings
  ckptsim validate tests/recordings --published --format markdown
  ckptsim validate tests/recordings --out reports/gallery
  ckptsim validate --theory --replications 20
  ckptsim validate run1.json run2.json --format json")]
pub struct Args {
    /// Recordings, directories of them, or scenarios with a `[measured]` table
    #[arg(required_unless_present_any = ["published", "theory"])]
    paths: Vec<PathBuf>,
    /// Compare with figures that others have published, too
    #[arg(long)]
    published: bool,
    /// Compare with closed forms where their assumptions hold: queues, order statistics, catch-up, Daly, availability
    #[arg(long)]
    theory: bool,
    /// Runs per recording or closed form, each with its own random numbers
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    replications: u32,
    /// Root of all random numbers
    #[arg(long, default_value_t = 42)]
    seed: u64,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Draw predicted against measured, and the errors by family, in this directory, and write validation.json there
    #[arg(short, long)]
    out: Option<PathBuf>,
}

/// The errors by family and metric, which reports and the README quote.
const VALIDATION: &str = "validation.json";

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
    let (published, khaos, predicted) = if args.published {
        let predicted = predicted::predict()?;
        (published::compare()?, khaos::compare()?, predicted)
    } else {
        (Vec::new(), Vec::new(), Vec::new())
    };
    let theory = if args.theory {
        theory::compare(args.seed, args.replications)?
    } else {
        Vec::new()
    };
    if files.is_empty() && !args.published && !args.theory {
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
    let laws = Laws {
        published: &published,
        khaos: &khaos,
        predicted: &predicted,
        theory: &theory,
        replications: args.replications,
    };
    print(&compared, &laws, args.format, console)?;
    if let Some(directory) = &args.out {
        draw(&compared, &files, args, directory, console)?;
    }
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
        if recording.is_dir() {
            return of_answers(&recording, &loaded, args);
        }
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

/// A scenario beside the saved answers that it was made of.
fn of_answers(directory: &Path, loaded: &Loaded, args: &Args) -> anyhow::Result<Compared> {
    let files = answers::of_directory(directory, None)?;
    let answers = Answers::of_files(&files)?;
    let measured = measured::of_answers(&files, &answers);
    let mut scenario = loaded.scenario.clone();
    scenario.job.seed = args.seed;
    let simulate = |wanted: Wanted<'_>| wanted.simulation().run();
    Ok(Compared {
        id: answers.job,
        family: "answers".to_owned(),
        imported_from: None,
        machine_cpu: None,
        f1_ms: None,
        f1_error: None,
        metrics: validate::against(&measured, &scenario, args.replications, simulate)?,
    })
}

fn read(path: &Path) -> anyhow::Result<Recording> {
    let text = input_file::text(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(file::read(&text)?)
}

/// What is compared besides recordings.
struct Laws<'a> {
    published: &'a [published::Row],
    khaos: &'a [khaos::Interval],
    predicted: &'a [predicted::Prediction],
    theory: &'a [theory::Row],
    replications: u32,
}

fn print(
    compared: &[Compared],
    laws: &Laws<'_>,
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
        tables.extend(table::what_if(compared));
    }
    if !laws.published.is_empty() {
        tables.push(table::published(laws.published));
        tables.push(table::khaos(laws.khaos));
        tables.push(table::predicted(laws.predicted));
    }
    if !laws.theory.is_empty() {
        tables.push(table::theory(laws.theory, laws.replications));
    }
    let joined = |text: &dyn Fn(&Table) -> String| {
        let texts: Vec<String> = tables.iter().map(text).collect();
        texts.join("\n")
    };
    match format {
        Format::Text => console.text(&joined(&|table| table.text(console.width()))),
        Format::Markdown => console.result(&joined(&Table::markdown)),
        Format::Json => {
            let all = json!({
                "recordings": compared,
                "summary": summary,
                "published": laws.published,
                "khaos": laws.khaos,
                "predicted": laws.predicted,
                "theory": laws.theory,
            });
            console.result(&serde_json::to_string_pretty(&all)?)
        }
    }
}

fn draw(
    compared: &[Compared],
    recordings: &[PathBuf],
    args: &Args,
    directory: &Path,
    console: Console,
) -> anyhow::Result<()> {
    let pictures = plot::recording_pictures(compared, args.replications, args.seed);
    if pictures.is_empty() {
        console.note("nothing to draw: no recording has a duration that was predicted, too");
        return Ok(());
    }
    let mut output = Output::open(directory)?;
    let names = write_pictures(&pictures, &mut output)?;
    output.write(VALIDATION, &saved::json(&summarise(compared)))?;
    let input = |path: &PathBuf| Some((path.display().to_string(), sha256_of(path)?));
    let drawn = Drawn {
        command: "validate",
        inputs: recordings.iter().filter_map(input).collect(),
        seed: Some(args.seed),
        replications: Some(args.replications),
        output,
    };
    drawn.finish()?;
    let directory = directory.display();
    console.note(&format!("written to {directory}: {}", names.join(", ")));
    Ok(())
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
