//! `gallery`.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

use crate::cli::commands::{run, sweep};
use crate::cli::console::Console;
use crate::cli::drawn::Drawn;
use crate::cli::exit::Exit;
use crate::cli::output::Output;
use crate::cli::present::write_pictures;
use crate::experiment::grid;
use crate::experiment::journal::Journal;
use crate::experiment::recommend::answering::recommend;
use crate::experiment::recommend::ask::Ask;
use crate::experiment::recommend::headroom_input::Sought;
use crate::experiment::recommend::judge::Question;
use crate::experiment::recommend::objective;
use crate::render::plot::{self, Example, Picture};
use crate::scenario::built_in::{PRODUCTION, SKEWED_JOIN};
use crate::scenario::load::{self, Loaded};
use crate::units::SimDuration;

/// Draw one picture of every kind from built-in scenarios (takes several minutes)
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ckptsim gallery --out reports/gallery")]
pub struct Args {
    /// Directory of the pictures
    #[arg(short, long, default_value = "reports/gallery")]
    out: PathBuf,
}

/// The axis of the feedback loop: checkpoints get slower as the busiest subtask gets busier.
const RATES: &str = "vertex.orders.source.rate=8000/s, 12000/s, 16000/s, 18000/s, 20000/s, 21000/s, 22000/s, 23000/s, 24000/s";
/// The axes of the heat map.
const INTERVALS: &str = "flink.execution.checkpointing.interval=5 s, 10 s, 20 s, 40 s";
const SHARES: &str = "vertex.join.inputs.0.skew.share=20 %, 28 %, 32 %, 34 %, 36 %";

/// Little state: what is left of the duration is the way of the barriers.
const LITTLE_STATE: &[(&str, &str)] = &[
    ("job.duration", "6 min"),
    ("job.warmup", "3 min"),
    ("vertex.join.state.size", "80 MB"),
];
const PLANE: [(&str, &str); 1] = [("job.replications", "2")];
/// The curve has a band: that of two replications would be six times wider than that of four.
const LOAD: [(&str, &str); 2] = [
    ("job.replications", "4"),
    ("flink.execution.checkpointing.interval", "20 s"),
];

/// A TaskManager is lost in the middle.
const FAILING: [(&str, &str); 5] = [
    ("job.duration", "24 min"),
    ("job.replications", "1"),
    ("failures.at", "[\"9 min\"]"),
    ("failures.what", "taskmanager"),
    ("flink.execution.checkpointing.num-retained", "3"),
];
/// What is asked of the recommendation.
const OBJECTIVES: [&str; 2] = ["recovery_p95<=3min", "duration_p99<=60s"];

/// Simulates and draws.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let mut output = Output::open(&args.out)?;
    let production = read(PRODUCTION, "production-2min.toml", &[])?;
    let failing = read(PRODUCTION, "production-2min.toml", &FAILING)?;
    let join = read(
        SKEWED_JOIN,
        "skewed-join.toml",
        &[("job.replications", "1")],
    )?;
    let plane = read(
        SKEWED_JOIN,
        "skewed-join.toml",
        &[LITTLE_STATE, &PLANE].concat(),
    )?;
    let load = read(
        SKEWED_JOIN,
        "skewed-join.toml",
        &[LITTLE_STATE, &LOAD].concat(),
    )?;
    let examples = [
        (Example::Intervals, swept(&production, &[], true, console)?),
        (Example::Recommendation, recommended(&production)?),
        (Example::Failure, one_run(&failing, console)?),
        (Example::Join, one_run(&join, console)?),
        (
            Example::Plane,
            swept(&plane, &[INTERVALS, SHARES], false, console)?,
        ),
        (Example::Load, swept(&load, &[RATES], false, console)?),
    ];
    let pictures: Vec<Picture> = examples
        .into_iter()
        .flat_map(|(example, pictures)| best(example, pictures))
        .collect();
    let names = write_pictures(&pictures, &mut output)?;
    let inputs = [
        ("production-2min", &production),
        ("production-2min, a TaskManager is lost", &failing),
        ("skewed-join", &join),
        ("skewed-join, little state", &plane),
        ("skewed-join, little state, interval 20 s", &load),
    ];
    let drawn = Drawn {
        command: "gallery",
        inputs: inputs
            .map(|(name, loaded)| (name.to_owned(), loaded.sha256()))
            .into(),
        seed: None,
        replications: None,
        output,
    };
    drawn.finish()?;
    let (out, names) = (args.out.display(), names.join(" "));
    console.text(&format!("written to {out}: {names}"))?;
    Ok(Exit::Success)
}

/// The pictures that this example shows best, by the name of their kind.
fn best(example: Example, pictures: Vec<Picture>) -> impl Iterator<Item = Picture> {
    let own = pictures.into_iter();
    own.filter(move |picture| picture.kind.example == Some(example))
        .map(|picture| Picture {
            name: picture.kind.name.to_owned(),
            ..picture
        })
}

/// Pictures of one run.
fn one_run(loaded: &Loaded, console: Console) -> anyhow::Result<Vec<Picture>> {
    let outcome = run::simulate(loaded, false, console)?;
    Ok(run::pictures(loaded, &outcome))
}

/// Pictures of a recommendation, without its sensitivity, which takes many more runs.
fn recommended(loaded: &Loaded) -> anyhow::Result<Vec<Picture>> {
    let objectives = OBJECTIVES.map(str::to_owned);
    let question = Question {
        objectives: objective::parse_all(&objectives)?,
        minimised: objective::minimised(objective::MINIMISED)?,
    };
    let (journal, never) = (Mutex::new(Journal::in_memory()), AtomicBool::new(false));
    let ask = Ask {
        from: Some(SimDuration::from_secs(10)),
        to: Some(SimDuration::from_secs(600)),
        mtbf: Some(SimDuration::from_secs(6 * 3600)),
        find: Sought::named("rate"),
        ..Ask::new(question, &journal, &never)
    };
    let found = recommend(loaded, &ask, |wanted| wanted.simulation().run())?;
    Ok(plot::recommendation_pictures(&found))
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
