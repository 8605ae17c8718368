//! `compare`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ValueEnum;
use serde_json::{Value, json};

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::{Input, assignment};
use crate::cli::jobs::Jobs;
use crate::cli::progress::Progress;
use crate::cli::reading::{self, is_result};
use crate::cli::signals::Gently;
use crate::experiment::compare::{self, Compared};
use crate::experiment::run_document::RunDocument;
use crate::experiment::sweep::{Options, SweepError, run_count};
use crate::render::markdown;
use crate::render::number::counted;
use crate::render::table;
use crate::scenario::difference::{Change, changes};
use crate::scenario::load::{self, Loaded};

/// Compare two configurations: what differs, and what the difference is worth, paired by seed
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim compare before.toml after.toml
  ckptsim compare :production --with flink.execution.checkpointing.interval=30s
  ckptsim compare a.toml b.toml --format markdown            # for a pull request
  ckptsim compare a.toml b.toml --detailed-exitcode          # 4 if any metric differs, 0 if there is no evidence
  ckptsim compare reports/before reports/after               # two results of `run --out`, without simulating

Both are simulated with the same random numbers and the same failures; seed and replications are those of A.")]
pub struct Args {
    #[command(flatten)]
    a: Input,
    /// Scenario file or result directory of B; without it, A changed by --with
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
struct Sides {
    a: Side,
    b: Side,
    seed: u64,
    pairs: u32,
    changes: Vec<Change>,
    compared: Compared,
}

/// What is compared.
struct Side {
    file: String,
    loaded: Loaded,
}

/// Simulates both, or reads what was simulated; prints the differences.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let files = [Some(&args.a.file), args.b.as_ref()];
    let results = files.map(|path| path.is_some_and(|path| is_result(path)));
    let sides = match results {
        [true, true] => read(args, console)?,
        [false, false] => {
            let Some(sides) = simulated(args, console)? else {
                console.error("interrupted");
                return Ok(Exit::Interrupted);
            };
            sides
        }
        [true, false] | [false, true] => {
            bail!("a result is compared with another result, a scenario with a scenario")
        }
    };
    for trouble in &sides.compared.troubles {
        console.note(&format!("warning: {trouble}"));
    }
    match args.format {
        Format::Text => console.text(&text(&sides, console.width()))?,
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

/// Two results as they were saved.
fn read(args: &Args, console: Console) -> anyhow::Result<Sides> {
    if !args.a.set.is_empty() || !args.with.is_empty() {
        bail!("results cannot be changed by --set and --with; name the scenario files instead");
    }
    if args.a.seed.is_some() || args.a.replications.is_some() || args.no_loss {
        bail!("results have their seeds, replications and losses; name the scenario files instead");
    }
    let side = |path: &Path| -> anyhow::Result<(Side, RunDocument)> {
        let file = path.display().to_string();
        if !reading::has_run(path)? {
            bail!("{file} holds no run; `ckptsim run FILE --out DIR` writes one");
        }
        let document = reading::run(path, console)?;
        if document.replications.is_empty() {
            bail!("{file} was written by a version that kept no replications; run it again");
        }
        let loaded = load::parse(&document.scenario_toml, &file, Path::new(""), &[])?;
        Ok((Side { file, loaded }, document))
    };
    let of_b = args
        .b
        .as_ref()
        .context("a result is compared with another one")?;
    let ((a, of_a), (b, of_b)) = (side(&args.a.file)?, side(of_b)?);
    let pairs = of_a.replications.len().min(of_b.replications.len());
    Ok(Sides {
        changes: changes(&a.loaded.scenario, &b.loaded.scenario),
        seed: of_a.result.seed,
        pairs: pairs as u32,
        compared: compare::compare_saved(&of_a, &of_b),
        a,
        b,
    })
}

/// Two scenarios; `None` if somebody stopped it.
fn simulated(args: &Args, console: Console) -> anyhow::Result<Option<Sides>> {
    let a = args.a.load(console)?;
    let b = load_b(args, &a, console)?;
    let compared = match simulate(args, &a, &b, console) {
        Err(SweepError::Interrupted { .. }) => return Ok(None),
        other => other?,
    };
    let side = |loaded: Loaded| Side {
        file: loaded.origin().to_owned(),
        loaded,
    };
    Ok(Some(Sides {
        changes: changes(&a.scenario, &b.scenario),
        seed: a.scenario.job.seed,
        pairs: a.scenario.job.replications,
        compared,
        a: side(a),
        b: side(b),
    }))
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
    let runs = run_count(&compare::points(&a.scenario, &b.scenario), &options);
    let progress = Progress::new(console, runs, None);
    let tell = |finished| progress.set(finished);
    options.progress = &tell;
    let compared = compare::compare(&a.scenario, &b.scenario, &options, |wanted| {
        wanted.simulation().watched(progress.watch()).run()
    });
    progress.finish();
    compared
}

impl Side {
    fn name(&self) -> String {
        let (job, sha256) = (&self.loaded.scenario.job.name, self.loaded.sha256());
        format!("{} ({job}, scenario {})", self.file, &sha256[..8])
    }

    fn json(&self) -> Value {
        json!({
            "file": self.file,
            "scenario": self.loaded.scenario.job.name,
            "scenario_sha256": self.loaded.sha256(),
        })
    }
}

fn text(sides: &Sides, width: usize) -> String {
    format!(
        "A: {}\nB: {}\nseed {}, {}\n\n{}\n{}",
        sides.a.name(),
        sides.b.name(),
        sides.seed,
        counted(sides.pairs as usize, "pair"),
        table::changes(&sides.changes),
        table::differences(&sides.compared, sides.pairs).text(width),
    )
}

fn for_a_ticket(sides: &Sides) -> String {
    format!(
        "A: {}, B: {}, seed {}, {}\n\n{}\n{}",
        markdown::name(&sides.a.name()),
        markdown::name(&sides.b.name()),
        sides.seed,
        counted(sides.pairs as usize, "pair"),
        markdown::fenced("diff", &table::changes(&sides.changes)),
        table::differences(&sides.compared, sides.pairs).markdown(),
    )
}

fn json(sides: &Sides) -> Value {
    let change =
        |change: &Change| json!({"path": change.path, "old": change.old, "new": change.new});
    let mut all = json!({
        "schema": "ckptsim.compare/1",
        "version": env!("CARGO_PKG_VERSION"),
        "a": sides.a.json(),
        "b": sides.b.json(),
        "seed": sides.seed,
        "replications": sides.pairs,
        "changes": sides.changes.iter().map(change).collect::<Vec<Value>>(),
        "differs": sides.compared.differs(),
        "metrics": sides.compared.differences,
    });
    if !sides.compared.failures.is_empty() {
        all["failures"] = json!(sides.compared.failures);
    }
    all
}
