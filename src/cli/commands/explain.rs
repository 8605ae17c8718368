//! `explain`.

use std::path::{Path, PathBuf};

use anyhow::bail;
use clap::ValueEnum;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::input::{self, Input};
use crate::cli::reading;
use crate::experiment::explain::{Explain, Explanation, slowest};
use crate::experiment::guard::guarded;
use crate::experiment::{RunResult, run, run_document, saved};
use crate::render::explain::{markdown, text};
use crate::scenario::load::{self, Loaded};

/// Why did a checkpoint take so long? Its critical path, the bottleneck, and what other options would have given
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  ckptsim explain :skewed-join                    # its slowest checkpoint
  ckptsim run :skewed-join --out reports/join && ckptsim explain reports/join --checkpoint 7
  ckptsim explain :one-barrier --no-what-if       # the critical path alone
  ckptsim explain reports/join --format markdown                # for the incident channel

The parts of the tree add up to the duration. `in Flink` names the REST field, metric or option that shows a part.
Other options are simulated with the same seed: the same records, keys and service times (replication 0).")]
pub struct Args {
    /// Directory that `run --out` has written (or its run.json), or a scenario file, which is run first
    #[arg(value_name = "RESULT|SCENARIO")]
    result: PathBuf,
    /// Explain the checkpoint with this id
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    checkpoint: Option<u64>,
    /// Explain the slowest checkpoint after warm-up that completed [default: the first that expired, else this]
    #[arg(long, conflicts_with = "checkpoint")]
    slowest: bool,
    /// Do not try other options
    #[arg(long)]
    no_what_if: bool,
    /// What to print
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// Of a scenario file: change a key (repeatable)
    #[arg(long = "set", value_name = "PATH=VALUE", value_parser = input::assignment)]
    set: Vec<(String, String)>,
    /// Of a scenario file: root seed, instead of job.seed
    #[arg(long, value_parser = crate::cli::input::seed)]
    seed: Option<u64>,
}

/// What is printed on stdout.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A tree for people.
    #[default]
    Text,
    /// One object with everything.
    Json,
    /// For a ticket.
    Markdown,
}

/// Reads or runs, explains, prints.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let (loaded, result) = if reading::is_result(&args.result) {
        read(args, console)?
    } else {
        simulate(args, console)?
    };
    let slowest = || slowest(&result).map(|record| record.id);
    let checkpoint = args
        .checkpoint
        .or_else(|| slowest().filter(|_| args.slowest));
    let explanation = Explain::new(&loaded, &result)
        .checkpoint(checkpoint)
        .what_if(!args.no_what_if)
        .explain()?;
    print(args, &explanation, console)?;
    Ok(Exit::Success)
}

fn print(args: &Args, explanation: &Explanation, console: Console) -> anyhow::Result<()> {
    match args.format {
        Format::Text => {
            let colour = console.colours_results();
            console.text(&text(explanation, console.width(), colour))
        }
        Format::Markdown => console.result(&markdown(explanation)),
        Format::Json => console.result(&String::from_utf8_lossy(&saved::json(explanation))),
    }
}

fn read(args: &Args, console: Console) -> anyhow::Result<(Loaded, RunResult)> {
    let name = args.result.display();
    if !args.set.is_empty() || args.seed.is_some() {
        bail!(
            "{name} is a result, which --set and --seed cannot change; name the scenario file instead"
        );
    }
    if !reading::has_run(&args.result)? {
        bail!("{name} holds no run to explain; `ckptsim run FILE --out DIR` writes one");
    }
    let saved = reading::run(&args.result, console)?;
    let loaded = load::parse(&saved.scenario_toml, run_document::FILE, Path::new(""), &[])?;
    Ok((loaded, saved.result))
}

/// Every checkpoint is simulated, even if the scenario wants steady time left out.
fn simulate(args: &Args, console: Console) -> anyhow::Result<(Loaded, RunResult)> {
    let mut input = Input {
        file: args.result.clone(),
        set: args.set.clone(),
        seed: args.seed,
        replications: None,
    };
    let mut loaded = input.load(console)?;
    if loaded.scenario.simulation.skip_steady_time {
        let key = "simulation.skip-steady-time";
        console.note(&format!(
            "note: all checkpoints are simulated, as if {key} were false"
        ));
        input.set.push((key.to_owned(), "false".to_owned()));
        loaded = load::load(&input.file, &input.overrides())?;
    }
    let result = guarded(|| run::run(&loaded.scenario, loaded.scenario.job.seed, 0))?;
    Ok((loaded, result))
}
