//! `run`.

mod summary;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;

use crate::cli::clock;
use crate::cli::commands::run::summary::Summary;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::{Input, word};
use crate::cli::manifest::{self, Claim, Kind, Made, Plan};
use crate::cli::output::Output;
use crate::cli::present::write_pictures;
use crate::cli::progress::Progress;
use crate::experiment::explain::Explanation;
use crate::experiment::guard::guarded;
use crate::experiment::objectives::Judged;
use crate::experiment::recommend::Verdict;
use crate::experiment::run::Simulation;
use crate::experiment::run_document::{self, RunDocument};
use crate::experiment::saved;
use crate::experiment::simulate::{self, Simulated};
use crate::experiment::sweep::Options;
use crate::measure::Trace;
use crate::render::{plot, report};
use crate::scenario::load::Loaded;

/// Simulate one configuration; print objectives, phases, why the slowest checkpoint is slow, and the formulas
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim run :production
  ckptsim run :production --set flink.execution.checkpointing.unaligned.enabled=true
  ckptsim run :one-barrier --trace         # one line per fact of the first checkpoint
  ckptsim run :production --format json | jq .checkpoints.summary
  ckptsim run :production --set 'objectives.duration_p99=<= 60 s'

Exit codes: 0 done and all [objectives] met, 3 one of them is missed or has no value, 1 and 2 as always.")]
#[expect(clippy::struct_excessive_bools, reason = "options of a command line")]
pub struct Args {
    #[command(flatten)]
    pub input: Input,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Also write the result (run.json) and pictures into this directory
    #[arg(short, long)]
    pub out: Option<PathBuf>,
    /// Replace other results in that directory
    #[arg(long, requires = "out")]
    pub force: bool,
    /// Do not measure throughput loss (saves two thirds of the runs)
    #[arg(long)]
    pub no_loss: bool,
    /// Print all formulas, not only the three of the documents; JSON always has them
    #[arg(long)]
    pub formulas: bool,
    /// Print the life of the first checkpoint instead, one line per fact
    #[arg(long, conflicts_with_all = ["out", "format"])]
    pub trace: bool,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people.
    #[default]
    Text,
    /// One object with everything.
    Json,
}

/// The longest trace that is printed.
const TRACE_LINES_MAX: usize = 2_000;

/// Runs, prints, and writes if asked to.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let loaded = args.input.load(console)?;
    if args.trace {
        let mut trace = Trace::new(1, TRACE_LINES_MAX);
        guarded(|| Simulation::new(&loaded.scenario).observe(&mut trace).run())?;
        console.text(&trace.lines.join("\n"))?;
        return Ok(Exit::Success);
    }
    let began = clock::now();
    let overrides = args.input.overrides();
    let plan = Plan {
        kind: Kind::Run,
        loaded: &loaded,
        file: &args.input.file,
        overrides: &overrides,
        replications: loaded.scenario.job.replications,
        axes: &[],
        loss: !args.no_loss,
    };
    let output = match &args.out {
        Some(directory) => {
            let output = Output::open(directory)?;
            let claim = if args.force {
                Claim::Replace
            } else {
                Claim::New
            };
            plan.claim(directory, claim)?;
            Some(output)
        }
        None => None,
    };
    let outcome = simulate(&loaded, !args.no_loss, console)?;
    let missed = outcome.objectives.iter().any(|one| !one.verdict.is_met());
    // What was found is kept before it is told: whoever reads may have gone away.
    let mut explanation = None;
    let written = match output {
        Some(mut output) => {
            explanation = write(&loaded, &outcome, &mut output)?;
            let note = told(&output);
            let made = Made {
                wall_time_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
                events: Some(outcome.events),
                digest: &outcome.first.digest,
                journal: None,
            };
            plan.finish(output, &made)?;
            Some(note)
        }
        None => None,
    };
    match args.format {
        Format::Text => {
            let explanation = explanation.or_else(|| summary::explanation(&loaded, &outcome, None));
            let summary = Summary {
                loaded: &loaded,
                outcome: &outcome,
                file: &word(&args.input.file),
                explanation: explanation.as_ref(),
                all_formulas: args.formulas,
                width: console.width(),
            };
            console.text(&summary.text())?;
        }
        Format::Json => {
            let document = RunDocument::of(&loaded, &outcome);
            console.result(&document.json(&loaded.scenario).to_string())?;
        }
    }
    if let Some(note) = written {
        console.note(&note);
    }
    if let Some(why) = &outcome.summary.failure {
        console.error(&format!("error: {why}"));
        return Ok(Exit::Failure);
    }
    tell_unjudged(&outcome.objectives, console);
    Ok(if missed { Exit::Missed } else { Exit::Success })
}

/// An objective without a value is not met, and not missed either.
fn tell_unjudged(objectives: &[Judged], console: Console) {
    let unjudged = objectives
        .iter()
        .filter(|one| one.verdict == Verdict::Unknown);
    let names: Vec<&str> = unjudged.map(|one| one.objective.text.as_str()).collect();
    if !names.is_empty() {
        console.note(&format!(
            "not judged, since the runs have no value for it: {}. Objectives on failures need a failure in the run: add a \
             [[failure]], or ask `ckptsim recommend`",
            names.join(", ")
        ));
    }
}

/// Looks closer, explains, and writes the result and the pictures.
fn write(
    loaded: &Loaded,
    outcome: &Simulated,
    output: &mut Output,
) -> anyhow::Result<Option<Explanation>> {
    let mut document = RunDocument::of(loaded, outcome);
    let close_up = document.look(&loaded.scenario, &outcome.flights);
    document.explanation = summary::explanation(loaded, outcome, close_up.as_ref());
    let content = saved::json(&document.json(&loaded.scenario));
    output.write(run_document::FILE, &content)?;
    let pictures = report::numbered(report::run_pictures(&document));
    write_pictures(&pictures, output)?;
    Ok(document.explanation)
}

/// Of each picture only the PNG is named.
fn told(output: &Output) -> String {
    let is_shown = |file: &&String| {
        Path::new(file)
            .extension()
            .is_none_or(|extension| extension != "svg" && extension != "csv")
    };
    let names: Vec<&str> = output
        .written()
        .keys()
        .filter(is_shown)
        .map(String::as_str)
        .chain([manifest::SCENARIO, manifest::FILE])
        .collect();
    let directory = output.directory().display();
    format!("written to {directory}: {}", names.join(" "))
}

/// The slowest checkpoint as a Gantt chart, and the buffers in front of the subtask that waited longest: as the
/// scenario is with aligned barriers, and with unaligned ones.
pub fn pictures(loaded: &Loaded, outcome: &Simulated) -> Vec<plot::Picture> {
    let mut document = RunDocument::of(loaded, outcome);
    document.look(&loaded.scenario, &[]);
    report::run_pictures(&document)
}

/// Makes all replications of a scenario, and tells what was odd about them.
pub fn simulate(loaded: &Loaded, loss: bool, console: Console) -> anyhow::Result<Simulated> {
    let job = &loaded.scenario.job;
    let stop = AtomicBool::new(false);
    let mut options = Options {
        jobs: 0,
        loss,
        seed: job.seed,
        replications: job.replications,
        stop: &stop,
        progress: &|_| {},
    };
    let progress = Progress::new(console, simulate::runs(loaded, &options)?, None);
    let tell = |finished| progress.set(finished);
    options.progress = &tell;
    let began = clock::now();
    let now_ns = || u64::try_from(began.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let simulated = simulate::simulate(loaded, &options, progress.watch(), &now_ns)?;
    progress.finish();
    for trouble in &simulated.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    Ok(simulated)
}
