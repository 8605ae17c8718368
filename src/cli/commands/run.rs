//! `run`.

mod summary;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use clap::ValueEnum;
use serde_json::{Map, Value, json};

use crate::cli::clock;
use crate::cli::commands::report::write_pictures;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::Input;
use crate::cli::manifest::{self, Claim, Kind, Made, Plan};
use crate::cli::output::Output;
use crate::cli::progress::Progress;
use crate::experiment::guard::guarded;
use crate::experiment::journal::Journal;
use crate::experiment::metric::MetricId;
use crate::experiment::objectives::Judged;
use crate::experiment::occupancy::Window;
use crate::experiment::recommend::Verdict;
use crate::experiment::replicate::Replication;
use crate::experiment::run::RunError;
use crate::experiment::saved::{self, RUN_SCHEMA};
use crate::experiment::saved_run::Queue;
use crate::experiment::sweep::{Options, replications, run_count, sweep};
use crate::experiment::{PointSummary, RunResult};
use crate::experiment::{flights, grid, objectives, occupancy, run, saved_run};
use crate::measure::{Occupancy, Place, rest};
use crate::render::{plot, report};
use crate::scenario::load::Loaded;
use crate::scenario::{Alignment, Scenario};

/// Simulate one configuration; print objectives, phases, why the slowest checkpoint is slow, and the formulas
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim run scenarios/production-2min.toml
  ckptsim run scenarios/production-2min.toml --set flink.execution.checkpointing.unaligned.enabled=true
  ckptsim run scenarios/one-barrier.toml --trace         # one line per fact of the first checkpoint
  ckptsim run scenarios/production-2min.toml --format json | jq .checkpoints.summary
  ckptsim run scenarios/production-2min.toml --set 'objectives.duration_p99=<= 60 s'

Exit codes: 0 done and all [objectives] met, 3 one of them is missed or has no value, 1 and 2 as always.")]
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
        let seed = loaded.scenario.job.seed;
        let lines = guarded(|| run::trace(&loaded.scenario, seed, 1, TRACE_LINES_MAX))?;
        console.text(&lines.join("\n"))?;
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
    let written = match output {
        Some(mut output) => {
            write(&loaded, &outcome, &mut output)?;
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
            let file = args.input.file.display().to_string();
            console.text(&summary::text(&loaded, &outcome, &file))?;
        }
        Format::Json => console.result(&serde_json::to_string(&json(&loaded, &outcome))?)?,
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

/// Writes the result and the pictures.
fn write(loaded: &Loaded, outcome: &Simulated, output: &mut Output) -> anyhow::Result<()> {
    let mut result = json(loaded, outcome);
    let Looked {
        pictures,
        seen,
        queues,
    } = look(loaded, &outcome.first);
    result["flights"] = json!(flights::observe(&loaded.scenario, loaded.scenario.job.seed));
    if let Some((window, occupancy)) = seen {
        let Window {
            vertex, subtask, ..
        } = window;
        result["watched"] = json!(Place { vertex, subtask });
        result["result"]["occupancy"] = json!(occupancy);
        result["queues"] = json!(queues);
    }
    output.write(saved_run::FILE, &saved::json(&result))?;
    write_pictures(&report::numbered(pictures), output)?;
    Ok(())
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

/// What there is to see of a run.
struct Looked {
    pictures: Vec<plot::Picture>,
    /// The buffers as the scenario has them, and where.
    seen: Option<(Window, Occupancy)>,
    /// The same with aligned and with unaligned barriers.
    queues: Vec<Queue>,
}

/// The slowest checkpoint as a Gantt chart, and the buffers in front of the subtask that waited longest: as the
/// scenario is with aligned barriers, and with unaligned ones.
pub fn pictures(loaded: &Loaded, first: &RunResult) -> Vec<plot::Picture> {
    look(loaded, first).pictures
}

fn look(loaded: &Loaded, first: &RunResult) -> Looked {
    let scenario = &loaded.scenario;
    let origin = plot::Origin {
        scenario: scenario.job.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256: loaded.sha256(),
        seed: scenario.job.seed,
    };
    let mut pictures = plot::run_pictures(first, &origin);
    let mut queues = Vec::new();
    let seen = occupancy::window(scenario, first).map(|window| {
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
        for (mode, occupancy) in [("aligned", &aligned), ("unaligned", &unaligned)] {
            queues.push(Queue {
                mode: mode.to_owned(),
                occupancy: occupancy.clone(),
            });
        }
        let own = match scenario.checkpointing.alignment {
            Alignment::Aligned => aligned,
            Alignment::Unaligned => unaligned,
            other => look(other),
        };
        (window, own)
    });
    Looked {
        pictures,
        seen,
        queues,
    }
}

/// A scenario's replications: the first one whole, all of them summarised.
pub struct Simulated {
    /// Replication 0.
    pub first: RunResult,
    /// Wall time of its event loop, without set-up, in nanoseconds.
    pub event_loop_ns: u64,
    /// Over all replications.
    pub summary: PointSummary,
    /// Events of all runs.
    pub events: u64,
    /// What the scenario wants, judged by all replications.
    pub objectives: Vec<Judged>,
}

/// Makes all replications of a scenario.
pub fn simulate(loaded: &Loaded, loss: bool, console: Console) -> anyhow::Result<Simulated> {
    let job = &loaded.scenario.job;
    let (first, event_loop_ns) = guarded(|| timed(&loaded.scenario))?;
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
    let mut journal = Journal::in_memory();
    let swept = sweep(&points, &options, &mut journal, runner)?;
    progress.finish();
    for trouble in &swept.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    let replications = replications(&points[0].scenario, &options, &journal);
    let replications: Vec<Replication> = replications.into_iter().flatten().collect();
    let summary = swept
        .points
        .into_iter()
        .next()
        .expect("one point gives one summary");
    Ok(Simulated {
        first,
        event_loop_ns,
        events: journal.events(),
        objectives: objectives::judge(
            &objectives::of(loaded)?,
            &replications,
            summary.metric(MetricId::ThroughputLoss),
        ),
        summary,
    })
}

fn timed(scenario: &Scenario) -> Result<(RunResult, u64), RunError> {
    let mut simulation = run::prepare(scenario, scenario.job.seed, 0)?;
    let began = clock::now();
    simulation.run()?;
    let elapsed = began.elapsed();
    Ok((
        simulation.finish(),
        u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX),
    ))
}

/// The content of `run.json`, as far as the run itself gives it.
pub fn json(loaded: &Loaded, outcome: &Simulated) -> Value {
    let Simulated {
        first,
        event_loop_ns,
        summary,
        ..
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
        "scenario_toml": loaded.toml(),
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
        "result": first,
    });
    if !outcome.objectives.is_empty() {
        value["objectives"] = json!(outcome.objectives);
    }
    if let Some(consistency) = &first.consistency {
        value["consistency"] = json!(consistency);
    }
    value
}
