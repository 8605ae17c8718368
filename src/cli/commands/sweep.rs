//! `sweep`.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use clap::ValueEnum;

use crate::cli::clock;
use crate::cli::commands::report;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::Input;
use crate::cli::manifest::{self, Claim, Kind, Made, Plan};
use crate::cli::progress::Progress;
use crate::experiment::grid::{self, Point};
use crate::experiment::journal::Journal;
use crate::experiment::saved::{self, SWEEP_SCHEMA};
use crate::experiment::sweep::{Options, SweepError, identity, run_count, sweep};
use crate::experiment::{SweepResult, run};
use crate::render::number::counted;
use crate::scenario::axis::Axis;
use crate::scenario::load::Loaded;

/// Simulate a scenario over its [sweep] on all cores; print tables, draw pictures
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim sweep scenarios/production-2min.toml
  ckptsim sweep scenarios/skewed-join.toml --vary 'flink.execution.checkpointing.interval=10 s..10 min:log:8'
  ckptsim sweep scenarios/production-2min.toml --resume      # after a kill: finished runs are not repeated")]
pub struct Args {
    #[command(flatten)]
    input: Input,
    /// Sweep a key, instead of [sweep]: `path=a, b, c` or `path=from..to:log:n` (repeatable)
    #[arg(long, value_name = "PATH=SPEC")]
    vary: Vec<String>,
    /// Parallel runs; 0 = one per core
    #[arg(short, long, default_value_t = 0)]
    jobs: usize,
    /// Continue a sweep that was interrupted, or one that has got more values meanwhile
    #[arg(long)]
    resume: bool,
    /// Replace other results in the directory; begin an interrupted sweep anew
    #[arg(long, conflicts_with = "resume")]
    force: bool,
    /// Do not measure throughput loss (saves two thirds of the runs)
    #[arg(long)]
    no_loss: bool,
    /// Directory of the results [default: reports/<scenario>]
    #[arg(short, long)]
    out: Option<PathBuf>,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Tables for people.
    #[default]
    Text,
    /// The saved result.
    Json,
    /// One row per point, plain numbers.
    Csv,
    /// Tables for documents.
    Markdown,
}

/// Set by Ctrl-C.
pub static STOP: AtomicBool = AtomicBool::new(false);

/// Sweeps, saves, prints, draws.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let began = clock::now();
    let loaded = args.input.load(console)?;
    let axes = axes(args, &loaded)?;
    let points = grid::points(&loaded, &axes)?;
    let directory = args
        .out
        .clone()
        .unwrap_or_else(|| Path::new("reports").join(args.input.stem()));
    let overrides = args.input.overrides();
    let plan = Plan {
        kind: Kind::Sweep,
        loaded: &loaded,
        file: &args.input.file,
        overrides: &overrides,
        replications: loaded.scenario.job.replications,
        axes: &axes,
        loss: !args.no_loss,
    };
    let claim = match (args.resume, args.force) {
        (true, _) => Claim::Continue,
        (false, true) => Claim::Replace,
        (false, false) => Claim::New,
    };
    plan.claim(&directory, claim)?;
    listen_to_ctrl_c();
    let mut journal = journal(args, &loaded, &directory, console)?;
    let options = (args.jobs, !args.no_loss);
    let result = match simulate(&loaded, &axes, &points, &mut journal, options, console) {
        Ok(result) => result,
        Err(error) => match error.downcast_ref::<SweepError>() {
            Some(SweepError::Interrupted { .. }) => {
                console.error(&error.to_string());
                return Ok(Exit::Interrupted);
            }
            _ => return Err(error),
        },
    };
    let content = saved::json(&result);
    saved::write(&directory.join("results.json"), &content)?;
    report::print(&result, args.format, console)?;
    let files = report::draw(&result, &directory, console)?;
    let made = Made {
        wall_time_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
        events: Some(journal.events()),
        digest: &manifest::sha256(&content),
        files: &files,
    };
    plan.finish(&directory, &made)?;
    Ok(Exit::Success)
}

fn axes(args: &Args, loaded: &Loaded) -> anyhow::Result<Vec<Axis>> {
    if args.vary.is_empty() {
        return Ok(loaded.axes.clone());
    }
    Ok(args
        .vary
        .iter()
        .map(|text| loaded.axis(text))
        .collect::<Result<_, _>>()?)
}

/// The journal in the directory. It belongs to the scenario: with --resume, axes may have grown. What an interrupted
/// sweep has finished is never thrown away unasked.
fn journal(
    args: &Args,
    loaded: &Loaded,
    directory: &Path,
    console: Console,
) -> anyhow::Result<Journal> {
    let path = directory.join(manifest::JOURNAL);
    let interrupted = path.exists() && !directory.join(manifest::FILE).exists();
    let resume = args.resume || (interrupted && !args.force);
    let journal = Journal::open(&path, &identity(&loaded.scenario), resume)?;
    if resume && !args.resume && !journal.is_empty() {
        console.note(&format!(
            "continuing an interrupted sweep: {} finished already (--force begins anew)",
            counted(journal.len(), "run")
        ));
    }
    Ok(journal)
}

/// Makes the runs of a sweep that the journal does not have; `(jobs, loss)` as in [`Options`].
pub fn simulate(
    loaded: &Loaded,
    axes: &[Axis],
    points: &[Point],
    journal: &mut Journal,
    (jobs, loss): (usize, bool),
    console: Console,
) -> anyhow::Result<SweepResult> {
    let job = &loaded.scenario.job;
    let replications = job.replications;
    let mut options = Options {
        jobs,
        loss,
        seed: job.seed,
        replications,
        stop: &STOP,
        progress: &|_| {},
    };
    let runs = run_count(points, &options);
    let paths: Vec<&str> = axes.iter().map(|axis| axis.path.as_str()).collect();
    let over = if paths.is_empty() {
        "no axis (none in [sweep], no --vary)".to_owned()
    } else {
        paths.join(" and ")
    };
    console.note(&format!(
        "{} over {over}, {}: {}",
        counted(points.len(), "point"),
        counted(replications as usize, "replication"),
        counted(runs, "run"),
    ));
    let progress = Progress::new(console, runs);
    let tell = |finished| progress.set(finished);
    options.progress = &tell;
    let swept = sweep(points, &options, journal, run::run);
    progress.finish();
    let swept = swept?;
    for trouble in &swept.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    Ok(SweepResult {
        schema: SWEEP_SCHEMA.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        scenario: job.name.clone(),
        scenario_sha256: loaded.sha256(),
        scenario_toml: loaded.toml(),
        seed: job.seed,
        replications,
        axes: axes.iter().map(|axis| axis.path.clone()).collect(),
        points: swept.points,
    })
}

/// The first Ctrl-C finishes the runs under way; a second one ends at once.
pub fn listen_to_ctrl_c() {
    let handler = || {
        if STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted as u8));
        }
    };
    // Without a handler Ctrl-C ends the program at once, and the journal still keeps what was finished.
    let _ = ctrlc::set_handler(handler);
}
