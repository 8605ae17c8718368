//! `run`.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::cli::clock;
use crate::cli::commands::report::write_pictures;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::Input;
use crate::cli::progress::Progress;
use crate::experiment::grid;
use crate::experiment::journal::Journal;
use crate::experiment::saved::{self, RUN_SCHEMA};
use crate::experiment::sweep::{Options, run_count, sweep};
use crate::experiment::{JobEnd, PointSummary, RunResult, occupancy, run};
use crate::measure::rest;
use crate::render::number::counted;
use crate::render::{plot, table};
use crate::scenario::load::Loaded;
use crate::scenario::{Alignment, Scenario};

/// Simulate one configuration; print phases, throughput, and the formulas beside the measurements
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim run scenarios/production-2min.toml
  ckptsim run scenarios/production-2min.toml --set flink.execution.checkpointing.unaligned.enabled=true
  ckptsim run scenarios/one-barrier.toml --trace         # one line per fact of the first checkpoint
  ckptsim run scenarios/production-2min.toml --format json | jq .checkpoints.summary")]
pub struct Args {
    #[command(flatten)]
    pub input: Input,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Also write the result (run.json) and pictures into this directory
    #[arg(short, long)]
    pub out: Option<PathBuf>,
    /// Do not measure throughput loss (saves two thirds of the runs)
    #[arg(long)]
    pub no_loss: bool,
    /// Print the life of the first checkpoint instead, one line per fact
    #[arg(long)]
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
        let lines = run::trace(
            &loaded.scenario,
            loaded.scenario.job.seed,
            1,
            TRACE_LINES_MAX,
        )?;
        console.result(&lines.join("\n"))?;
        return Ok(Exit::Success);
    }
    let outcome = simulate(&loaded, !args.no_loss, console)?;
    match args.format {
        Format::Text => console.result(&text(&loaded, &outcome))?,
        Format::Json => console.result(&serde_json::to_string(&json(&loaded, &outcome))?)?,
    }
    if let Some(directory) = &args.out {
        saved::write(
            &directory.join("run.json"),
            &saved::json(&json(&loaded, &outcome)),
        )?;
        let names = write_pictures(&pictures(&loaded, &outcome.first), directory)?;
        console.note(&format!(
            "written to {}: run.json {}",
            directory.display(),
            names.join(" ")
        ));
    }
    Ok(Exit::Success)
}

/// The slowest checkpoint as a Gantt chart, and the buffers in front of the subtask that waited longest: as the
/// scenario is with aligned barriers, and with unaligned ones.
pub fn pictures(loaded: &Loaded, first: &RunResult) -> Vec<plot::Picture> {
    let scenario = &loaded.scenario;
    let origin = plot::Origin {
        scenario: scenario.job.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: loaded.sha256(),
        seed: scenario.job.seed,
    };
    let mut pictures = plot::run_pictures(first, &origin);
    if let Some(window) = occupancy::window(scenario, first) {
        let look = |alignment| {
            occupancy::observe(
                &occupancy::with_alignment(scenario, alignment),
                scenario.job.seed,
                window,
            )
        };
        let (aligned, unaligned) = (look(Alignment::Aligned), look(Alignment::Unaligned));
        pictures.extend(plot::occupancy::picture(
            &[("aligned", &aligned), ("unaligned", &unaligned)],
            &origin,
        ));
    }
    pictures
}

/// A scenario's replications: the first one whole, all of them summarised.
pub struct Simulated {
    /// Replication 0.
    pub first: RunResult,
    /// Wall time of its event loop, without set-up, in nanoseconds.
    pub event_loop_ns: u64,
    /// Over all replications.
    pub summary: PointSummary,
}

/// Makes all replications of a scenario.
pub fn simulate(loaded: &Loaded, loss: bool, console: Console) -> anyhow::Result<Simulated> {
    let job = &loaded.scenario.job;
    let (first, event_loop_ns) = timed(&loaded.scenario)?;
    let stop = AtomicBool::new(false);
    let mut options = Options {
        jobs: 0,
        loss,
        seed: job.seed,
        replications: job.replications,
        stop: &stop,
        progress: &|_| {},
    };
    let points = grid::points(loaded, &[])?;
    let progress = Progress::new(console, run_count(&points, &options));
    let tell = |finished| progress.set(finished);
    options.progress = &tell;
    // The first replication has just been made.
    let runner = |scenario: &Scenario, seed: u64, replication: u32| {
        if replication == 0 && *scenario == loaded.scenario {
            return Ok(first.clone());
        }
        run::run(scenario, seed, replication)
    };
    let swept = sweep(&points, &options, &mut Journal::in_memory(), runner)?;
    progress.finish();
    for trouble in &swept.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    let summary = swept
        .points
        .into_iter()
        .next()
        .expect("one point gives one summary");
    Ok(Simulated {
        first,
        event_loop_ns,
        summary,
    })
}

fn timed(scenario: &Scenario) -> anyhow::Result<(RunResult, u64)> {
    let mut simulation = run::prepare(scenario, scenario.job.seed, 0)?;
    let began = clock::now();
    simulation.run()?;
    let elapsed = began.elapsed();
    Ok((
        simulation.finish(),
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
    ))
}

fn text(loaded: &Loaded, outcome: &Simulated) -> String {
    let Simulated { first, summary, .. } = outcome;
    let job = &loaded.scenario.job;
    let checkpoints = |estimate: &Option<crate::measure::Estimate>| {
        estimate.map_or(0.0, |estimate| estimate.value)
    };
    let end = match &first.job_end {
        JobEnd::Running => String::new(),
        JobEnd::Failed { at, reason } => {
            format!("\nThe job failed after {:.1} s: {reason}", at.as_secs_f64())
        }
    };
    let consistency = first.consistency.as_ref();
    let consistency = consistency.map_or_else(String::new, |found| {
        format!("\n\n{}", table::consistency(found).text())
    });
    format!(
        "{}: {}, {} simulated, {}, scenario {}{end}\n\
         {:.1} checkpoints completed and {:.1} failed per run after warm-up\n\n{}\n\n{}\n\n{}{}{consistency}",
        job.name,
        counted(loaded.scenario.subtasks(), "subtask"),
        job.duration,
        counted(job.replications as usize, "replication"),
        &loaded.sha256()[..8],
        checkpoints(&summary.completed),
        checkpoints(&summary.failed),
        table::phases(first).text(),
        table::vertices(first).text(),
        table::formulas(&summary.comparisons).text(),
        costs(loaded, summary),
    )
}

fn costs(loaded: &Loaded, summary: &PointSummary) -> String {
    if summary.costs.is_empty() {
        return String::new();
    }
    let prices = &loaded.scenario.storage.prices.note;
    format!("\n\n{}", table::costs(&summary.costs, prices).text())
}

fn json(loaded: &Loaded, outcome: &Simulated) -> Value {
    let Simulated {
        first,
        event_loop_ns,
        summary,
    } = outcome;
    let names: Vec<&str> = first
        .vertices
        .iter()
        .map(|vertex| vertex.name.as_str())
        .collect();
    let details: Map<String, Value> = first
        .checkpoints
        .iter()
        .map(|record| (record.id.to_string(), rest::details(record, &names)))
        .collect();
    let by_vertex =
        |read: &dyn Fn(&crate::experiment::VertexResult) -> Value| -> Map<String, Value> {
            first
                .vertices
                .iter()
                .map(|vertex| (vertex.name.clone(), read(vertex)))
                .collect()
        };
    let mut value = json!({
        "schema": RUN_SCHEMA,
        "version": env!("CARGO_PKG_VERSION"),
        "scenario": loaded.scenario.job.name,
        "scenario_sha256": loaded.sha256(),
        "seed": first.seed,
        "digest": first.digest,
        "events": first.events,
        "buffers_processed": first.buffers_processed,
        "event_loop_ns": event_loop_ns,
        "simulated_ms": first.end.as_millis(),
        "warmup_ms": first.warmup.as_millis(),
        "job_end": first.job_end,
        "checkpoints": rest::checkpoints(
            &first.checkpoints,
            first.failed_in_preflight,
            loaded.scenario.checkpointing.retained,
        ),
        "details": details,
        "throughput": by_vertex(&|vertex| json!(vertex.records_per_s)),
        "busy": by_vertex(&|vertex| json!(vertex.busy)),
        "backpressured": by_vertex(&|vertex| json!(vertex.backpressured)),
        "idle": by_vertex(&|vertex| json!(vertex.idle)),
        "formulas": summary.comparisons,
        "summary": summary,
    });
    if let Some(consistency) = &first.consistency {
        value["consistency"] = json!(consistency);
    }
    value
}
