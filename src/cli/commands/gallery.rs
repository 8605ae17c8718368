//! `gallery`.

use std::path::{Path, PathBuf};

use crate::cli::commands::report::{files, write_pictures};
use crate::cli::commands::{run, sweep};
use crate::cli::console::Console;
use crate::cli::drawn::Drawn;
use crate::cli::exit::Exit;
use crate::experiment::grid;
use crate::experiment::journal::Journal;
use crate::render::plot::{self, Picture};
use crate::scenario::load::{self, Loaded};

/// Draw one picture of every kind from built-in scenarios (takes about a minute)
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ckptsim gallery --out reports/gallery")]
pub struct Args {
    /// Directory of the pictures
    #[arg(short, long, default_value = "reports/gallery")]
    out: PathBuf,
}

const PRODUCTION: &str = include_str!("../../../scenarios/production-2min.toml");
const JOIN: &str = include_str!("../../../scenarios/skewed-join.toml");

/// The axis of the feedback loop: checkpoints get slower as the busiest subtask gets busier.
const RATES: &str = "vertex.orders.source.rate=8000/s, 12000/s, 16000/s, 18000/s, 20000/s, 21000/s, 22000/s, 23000/s, 24000/s";
/// The axes of the heat map.
const INTERVALS: &str = "flink.execution.checkpointing.interval=5 s, 10 s, 20 s, 40 s";
const SHARES: &str = "vertex.join.inputs.0.skew.share=20 %, 28 %, 32 %, 34 %, 36 %";

/// Simulates and draws.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut pictures = Vec::new();
    let production = read(PRODUCTION, "production-2min.toml", &[])?;
    pictures.extend(swept(&production, &[], true, console)?);
    let join = read(JOIN, "skewed-join.toml", &[("job.replications", "1")])?;
    let outcome = run::simulate(&join, false, console)?;
    pictures.extend(
        run::pictures(&join, &outcome.first)
            .into_iter()
            .map(|picture| match picture.name.as_str() {
                "occupancy" => picture,
                _ => Picture {
                    name: "checkpoint".to_owned(),
                    ..picture
                },
            }),
    );
    // Little state: what is left of the duration is the way of the barriers.
    let mut changes = vec![
        ("job.duration", "6 min"),
        ("job.warmup", "3 min"),
        ("job.replications", "2"),
        ("vertex.join.state.size", "80 MB"),
    ];
    let map = read(JOIN, "skewed-join.toml", &changes)?;
    let planes = swept(&map, &[INTERVALS, SHARES], false, console)?;
    pictures.extend(
        planes
            .into_iter()
            .filter(|picture| picture.name.starts_with("heatmap")),
    );
    // The curve has a band: that of two replications would be six times wider than that of four.
    changes.retain(|(path, _)| *path != "job.replications");
    changes.push(("job.replications", "4"));
    changes.push(("flink.execution.checkpointing.interval", "20 s"));
    let feedback = read(JOIN, "skewed-join.toml", &changes)?;
    pictures.extend(swept(&feedback, &[RATES], false, console)?);
    let names = write_pictures(&pictures, &args.out)?;
    let inputs = [
        ("production-2min", &production),
        ("skewed-join", &join),
        ("skewed-join, little state", &map),
        ("skewed-join, little state, interval 20 s", &feedback),
    ];
    let drawn = Drawn {
        command: "gallery",
        inputs: inputs
            .map(|(name, loaded)| (name.to_owned(), loaded.sha256()))
            .into(),
        seed: None,
        replications: None,
        files: &files(&pictures),
    };
    drawn.write(&args.out)?;
    console.result(&format!(
        "written to {}: {}",
        args.out.display(),
        names.join(" ")
    ))?;
    Ok(Exit::Success)
}

fn read(text: &str, name: &str, changes: &[(&str, &str)]) -> anyhow::Result<Loaded> {
    let changes: Vec<(String, String)> = changes
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect();
    Ok(load::parse(text, name, Path::new(""), &changes)?)
}

/// The pictures of a sweep over these axes; without any, over those of the scenario.
fn swept(
    loaded: &Loaded,
    vary: &[&str],
    loss: bool,
    console: Console,
) -> anyhow::Result<Vec<Picture>> {
    let axes = match vary {
        [] => loaded.axes.clone(),
        _ => vary
            .iter()
            .map(|text| loaded.axis(text))
            .collect::<Result<_, _>>()?,
    };
    let points = grid::points(loaded, &axes)?;
    let result = sweep::simulate(
        loaded,
        &axes,
        &points,
        &mut Journal::in_memory(),
        (0, loss),
        console,
    )?;
    Ok(plot::sweep_pictures(&result, None))
}
