//! `export`.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::ArgGroup;

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::cli::reading;
use crate::experiment::run_document::{self, RunDocument};
use crate::experiment::saved;
use crate::render::export;
use crate::scenario::load;

/// Turn a saved run into the formats of other tools, without simulating
#[derive(clap::Args, Debug)]
#[command(
    group = ArgGroup::new("format").required(true),
    after_help = "\
Examples:
  ckptsim run :skewed-join --out reports/join
  ckptsim export reports/join --trace -o join.json       # open in https://ui.perfetto.dev
  ckptsim export reports/join --csv | head
  ckptsim export reports/join --parquet -o join.parquet  # duckdb -c \"from 'join.parquet'\"
  ckptsim export reports/join --openmetrics -o join.prom # promtool tsdb create-blocks-from openmetrics
  ckptsim export reports/join --json | jq '.checkpoints.summary'"
)]
#[expect(clippy::struct_excessive_bools, reason = "a flag for every format")]
pub struct Args {
    /// Directory that `run --out` has written, or its run.json
    result: PathBuf,
    /// One row per checkpoint and subtask
    #[arg(long, group = "format")]
    csv: bool,
    /// The answers of Flink's REST API, by path
    #[arg(long, group = "format")]
    json: bool,
    /// The rows of --csv with types
    #[arg(long, group = "format")]
    parquet: bool,
    /// Chrome trace: processes are vertices, threads are subtasks
    #[arg(long, group = "format")]
    trace: bool,
    /// The metrics of Flink's Prometheus reporter over simulated time
    #[arg(long, group = "format")]
    openmetrics: bool,
    /// Write into this file instead of standard output
    #[arg(short, long = "output", visible_alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, requires = "output")]
    force: bool,
}

/// Reads, converts, writes.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let run = read(&args.result, console)?;
    let content = convert(args, &run)?;
    let Some(output) = &args.output else {
        console.bytes(&content)?;
        return Ok(Exit::Success);
    };
    if output.is_file() && !args.force {
        bail!(
            "{} exists already: add --force to overwrite it",
            output.display()
        );
    }
    saved::write(output, &content)?;
    console.note(&format!("written to {}", output.display()));
    Ok(Exit::Success)
}

fn convert(args: &Args, run: &RunDocument) -> anyhow::Result<Vec<u8>> {
    let loaded = load::parse(&run.scenario_toml, run_document::FILE, Path::new(""), &[])?;
    let scenario = &loaded.scenario;
    Ok(if args.csv {
        export::csv::csv(run).into_bytes()
    } else if args.parquet {
        export::parquet::parquet(run)?
    } else if args.trace {
        export::trace::trace(run).into_bytes()
    } else if args.openmetrics {
        let vertices = scenario.vertices.iter();
        let sources: Vec<bool> = vertices.map(|vertex| vertex.inputs.is_empty()).collect();
        export::openmetrics::openmetrics(run, &sources).into_bytes()
    } else {
        saved::json(&export::rest::rest(run, &scenario.checkpointing))
    })
}

fn read(path: &Path, console: Console) -> anyhow::Result<RunDocument> {
    let name = path.display();
    if !reading::has_run(path)? {
        if path.join("results.json").exists() {
            bail!(
                "{name} holds a sweep, whose rows are in points.csv; an export is made of one run (`ckptsim run --out`)"
            );
        }
        bail!("{name} holds no run; `ckptsim run FILE --out DIR` writes one");
    }
    reading::run(path, console).with_context(|| format!("{name} holds no readable run"))
}
