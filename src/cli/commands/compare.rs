//! `compare`.

use std::path::PathBuf;

use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::{Input, assignment};
use crate::cli::jobs::Jobs;
use crate::cli::progress::Progress;
use crate::cli::signals::Gently;
use crate::experiment::paired::{self, Compared};
use crate::experiment::run;
use crate::experiment::sweep::{Options, SweepError, run_count};
use crate::render::markdown;
use crate::render::number::counted;
use crate::render::table;
use crate::scenario::difference::{Change, changes};
use crate::scenario::load::Loaded;

/// Compare two configurations: what differs, and what the difference is worth, paired by seed
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim compare before.toml after.toml
  ckptsim compare scenarios/production-2min.toml --with flink.execution.checkpointing.interval=30s
  ckptsim compare a.toml b.toml --format markdown            # for a pull request
  ckptsim compare a.toml b.toml --detailed-exitcode          # 4 if any metric differs, 0 if there is no evidence

Both are simulated with the same random numbers and the same failures; seed and replications are those of A.")]
pub struct Args {
    #[command(flatten)]
    a: Input,
    /// Scenario file of B; without it, A changed by --with
    #[arg(required_unless_present = "with")]
    b: Option<PathBuf>,
    /// Change a key of B only (repeatable); --set changes both
    #[arg(long, value_name = "PATH=VALUE", value_parser = assignment)]
    with: Vec<(String, String)>,
    /// Exit with 4 if any metric differs
    #[arg(long)]
    detailed_exitcode: bool,
    #[command(flatten)]
    jobs: Jobs,
    /// Do not measure throughput loss (saves two thirds of the runs)
    #[arg(long)]
    no_loss: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    #[default]
    Text,
    /// For pull requests.
    Markdown,
    /// Everything.
    Json,
}

/// A comparison with its two sides.
struct Sides<'a> {
    a: &'a Loaded,
    b: &'a Loaded,
    changes: Vec<Change>,
    compared: Compared,
}

/// Simulates both, prints the differences.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let a = args.a.load(console)?;
    let b = load_b(args, &a, console)?;
    let compared = match simulate(args, &a, &b, console) {
        Err(SweepError::Interrupted { .. }) => {
            console.error("interrupted");
            return Ok(Exit::Interrupted);
        }
        other => other?,
    };
    for trouble in &compared.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    let sides = Sides {
        changes: changes(&a.scenario, &b.scenario),
        a: &a,
        b: &b,
        compared,
    };
    match args.format {
        Format::Text => console.text(&text(&sides))?,
        Format::Markdown => console.result(&for_a_ticket(&sides))?,
        Format::Json => console.result(&serde_json::to_string_pretty(&json(&sides))?)?,
    }
    if !sides.compared.failures.is_empty() {
        for failure in &sides.compared.failures {
            console.error(&format!("error: {failure}"));
        }
        return Ok(Exit::Failure);
    }
    Ok(if args.detailed_exitcode && sides.compared.differs() {
        Exit::Difference
    } else {
        Exit::Success
    })
}

/// B has its own file, or that of A; then what both share is changed, then what is its own.
fn load_b(args: &Args, a: &Loaded, console: Console) -> anyhow::Result<Loaded> {
    let job = &a.scenario.job;
    let mut set = args.a.set.clone();
    set.extend(args.with.iter().cloned());
    let b = Input {
        file: args.b.clone().unwrap_or_else(|| args.a.file.clone()),
        set,
        seed: Some(job.seed),
        replications: Some(job.replications),
    };
    Ok(b.load(console)?)
}

fn simulate(args: &Args, a: &Loaded, b: &Loaded, console: Console) -> Result<Compared, SweepError> {
    let gently = Gently::begin();
    let job = &a.scenario.job;
    let mut options = Options {
        jobs: args.jobs.jobs,
        loss: !args.no_loss,
        seed: job.seed,
        replications: job.replications,
        stop: gently.stop(),
        progress: &|_| {},
    };
    let runs = run_count(&paired::points(&a.scenario, &b.scenario), &options);
    let progress = Progress::new(console, runs);
    let tell = |finished| progress.set(finished);
    options.progress = &tell;
    let compared = paired::compare(&a.scenario, &b.scenario, &options, run::run);
    progress.finish();
    compared
}

fn name(loaded: &Loaded) -> String {
    let (job, sha256) = (&loaded.scenario.job.name, loaded.sha256());
    format!("{} ({job}, scenario {})", loaded.origin(), &sha256[..8])
}

fn text(sides: &Sides<'_>) -> String {
    let job = &sides.a.scenario.job;
    format!(
        "A: {}\nB: {}\nseed {}, {}\n\n{}\n{}",
        name(sides.a),
        name(sides.b),
        job.seed,
        counted(job.replications as usize, "pair"),
        table::changes(&sides.changes),
        table::differences(&sides.compared, job.replications).text(),
    )
}

fn for_a_ticket(sides: &Sides<'_>) -> String {
    let job = &sides.a.scenario.job;
    format!(
        "A: {}, B: {}, seed {}, {}\n\n{}\n{}",
        markdown::name(&name(sides.a)),
        markdown::name(&name(sides.b)),
        job.seed,
        counted(job.replications as usize, "pair"),
        markdown::fenced("diff", &table::changes(&sides.changes)),
        table::differences(&sides.compared, job.replications).markdown(),
    )
}

fn json(sides: &Sides<'_>) -> Value {
    let side = |loaded: &Loaded| {
        json!({
            "file": loaded.origin(),
            "scenario": loaded.scenario.job.name,
            "scenario_sha256": loaded.sha256(),
        })
    };
    let change =
        |change: &Change| json!({"path": change.path, "old": change.old, "new": change.new});
    let job = &sides.a.scenario.job;
    let mut all = json!({
        "schema": "ckptsim.compare/1",
        "version": env!("CARGO_PKG_VERSION"),
        "a": side(sides.a),
        "b": side(sides.b),
        "seed": job.seed,
        "replications": job.replications,
        "changes": sides.changes.iter().map(change).collect::<Vec<Value>>(),
        "differs": sides.compared.differs(),
        "metrics": sides.compared.differences,
    });
    if !sides.compared.failures.is_empty() {
        all["failures"] = json!(sides.compared.failures);
    }
    all
}
