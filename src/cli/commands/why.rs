//! `why`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use serde_json::{Value, json};

use crate::cli::answers::{Asked, Source};
use crate::cli::commands::explain::Format;
use crate::cli::console::Console;
use crate::cli::drawn::Drawn;
use crate::cli::exit::Exit;
use crate::cli::manifest::sha256;
use crate::cli::output::Output;
use crate::cli::present::{tell, write_pictures};
use crate::cli::reach::Reach;
use crate::experiment::explain::Explain;
use crate::experiment::guard::guarded;
use crate::experiment::run::Simulation;
use crate::experiment::saved;
use crate::experiment::why::{Why, why};
use crate::measure::CheckpointRecord;
use crate::recording::log::Log;
use crate::recording::real::Real;
use crate::recording::{Answers, estimate, file};
use crate::render::explain::what_if_table;
use crate::render::plot;
use crate::render::table::Table;
use crate::render::why as words;
use crate::scenario::load;

/// Explain a real checkpoint: where its time went, who was late, what differs from another one, and what would have helped
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim why http://localhost:8081                     # the slowest checkpoint beside the median one; only reads
  ckptsim why https://flink.example.com/prod --token-file token --checkpoint 1041 --against 990
  ckptsim why answers/ --out reports/incident           # with a picture of both
  ckptsim why archive-of-a-finished-job --format markdown

Flink keeps the last ten checkpoints (web.checkpoints.history): save the answers of a bad night in time with
`ckptsim import URL --save DIR`. What would have helped is simulated from an estimate of the job.")]
pub struct Args {
    /// Address of a JobManager or History Server, directory of saved answers, archive of a job, recording (JSON), log of a
    /// JobManager, or the spans that Flink reports (OpenTelemetry, as JSON)
    from: String,
    /// This checkpoint, instead of the slowest
    #[arg(long, value_name = "N")]
    checkpoint: Option<u64>,
    /// Beside this one, instead of the one with the median duration
    #[arg(long, value_name = "M")]
    against: Option<u64>,
    /// Which job, by its id, the beginning of its id, or its name; default: the only one that runs
    #[arg(long)]
    job: Option<String>,
    /// Do not simulate what would have helped
    #[arg(long)]
    no_what_if: bool,
    /// Draw both checkpoints in this directory
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    reach: Reach,
}

/// Reads, explains, prints, draws.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let (real, answers) = match read(args, console)? {
        Found::Job(real, answers) => (real, answers),
        Found::Log(log) => return tell_log(args, &log, console),
    };
    let found = why(&real, args.checkpoint, args.against).with_context(|| args.from.clone())?;
    let helps = if args.no_what_if {
        None
    } else {
        what_would_help(&answers, console)
    };
    print(args, &found, helps.as_ref(), console)?;
    if let Some(directory) = &args.out {
        draw(&real, &found, directory, console)?;
    }
    Ok(Exit::Success)
}

fn print(args: &Args, found: &Why, helps: Option<&Table>, console: Console) -> anyhow::Result<()> {
    let width = console.width();
    match args.format {
        Format::Text => {
            let helps = helps.map_or_else(String::new, |table| format!("\n{}", table.text(width)));
            console.text(&format!("{}{helps}", words::text(found, width)))
        }
        Format::Markdown => {
            let helps = helps.map_or_else(String::new, |table| format!("\n{}", table.markdown()));
            console.result(&format!("{}{helps}", words::markdown(found)))
        }
        Format::Json => {
            let all: Value = json!({ "schema": "ckptsim.why/1", "why": found });
            console.result(&serde_json::to_string_pretty(&all)?)
        }
    }
}

/// What there is to explain.
enum Found {
    Job(Real, Answers),
    Log(Log),
}

/// What a log tells: no way of barriers, but what became of the checkpoints.
fn tell_log(args: &Args, log: &Log, console: Console) -> anyhow::Result<Exit> {
    if args.out.is_some() || args.checkpoint.is_some() || args.against.is_some() {
        bail!(
            "a {} tells durations and sizes only: --out, --checkpoint and --against are for the answers of a JobManager",
            log.file()
        );
    }
    match args.format {
        Format::Text => console.text(&words::log(log, console.width()))?,
        Format::Markdown => console.result(&words::log_table(log).markdown())?,
        Format::Json => bail!("a {} is told as text or markdown", log.file()),
    }
    Ok(Exit::Success)
}

/// The job and its answers, wherever they are.
fn read(args: &Args, console: Console) -> anyhow::Result<Found> {
    let asked = Asked {
        from: &args.from,
        job: args.job.as_deref(),
        observe: 0,
        reach: &args.reach,
    };
    match asked.read(console)? {
        Source::Answers(files) => {
            let answers = Answers::of_files(&files).with_context(|| args.from.clone())?;
            Ok(Found::Job(Real::of_files(&files, &answers), answers))
        }
        Source::Recording(content) => {
            let recording = file::read(&content).with_context(|| args.from.clone())?;
            let answers = Answers::of_recording(&recording)?;
            Ok(Found::Job(Real::of_recording(&recording)?, answers))
        }
        Source::Exported(_) => bail!(
            "{} is a simulated run: `ckptsim explain` tells why its checkpoints took so long",
            args.from
        ),
        Source::Log(log) => Ok(Found::Log(log)),
    }
}

/// What other options give in a simulation of the estimated job; nothing, and why, where it cannot be simulated.
fn what_would_help(answers: &Answers, console: Console) -> Option<Table> {
    let told = |why: &str| console.note(&format!("note: what would help is not known: {why}"));
    let draft = estimate::scenario(answers, &answers.job)
        .map_err(|error| told(&error.to_string()))
        .ok()?;
    let loaded = load::parse(&draft.text, "the estimated job", Path::new(""), &[]);
    let loaded = loaded
        .map_err(|problems| told(&problems.to_string()))
        .ok()?;
    let run = guarded(|| Simulation::new(&loaded.scenario).run());
    let run = run.map_err(|error| told(&error.to_string())).ok()?;
    let explained = Explain::new(&loaded, &run).what_if(true).explain();
    let explanation = explained.map_err(|error| told(&error.to_string())).ok()?;
    let mut table = what_if_table(&explanation);
    let simulated = run
        .checkpoints
        .iter()
        .filter_map(CheckpointRecord::end_to_end)
        .max();
    "What other options would give, in a simulation of the estimated job"
        .clone_into(&mut table.title);
    if let Some(slowest) = simulated {
        table.notes.push(format!(
            "as it is, the slowest checkpoint of the simulation takes {slowest}"
        ));
    }
    Some(table)
}

fn draw(real: &Real, found: &Why, directory: &Path, console: Console) -> anyhow::Result<()> {
    let mut output = Output::open(directory)?;
    let names = write_pictures(&plot::real_pictures(real, found), &mut output)?;
    let drawn = Drawn {
        command: "why",
        inputs: [(real.job.clone(), sha256(&saved::json(found)))].into(),
        seed: None,
        replications: None,
        output,
    };
    drawn.finish()?;
    tell(&names, directory, console);
    Ok(())
}
