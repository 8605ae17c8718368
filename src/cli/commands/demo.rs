//! `demo`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::bail;

use crate::cli::commands::run;
use crate::cli::console::Console;
use crate::cli::drawn::Drawn;
use crate::cli::exit::Exit;
use crate::cli::input::word;
use crate::cli::output::Output;
use crate::cli::present::write_pictures;
use crate::render::{plot, table};
use crate::scenario::built_in::SKEWED_JOIN as SCENARIO;
use crate::scenario::load;

/// Simulate a built-in job, print its checkpoint, draw it; no file needed
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ckptsim demo && open ckptsim-demo/")]
pub struct Args {
    /// Directory of the scenario and the pictures
    #[arg(short, long, default_value = "ckptsim-demo")]
    out: PathBuf,
    /// Replace the scenario there even if it has been changed
    #[arg(long)]
    force: bool,
}

const SCENARIO_FILE: &str = "skewed-join.toml";

/// A shorter run than the file's: enough for the buffers to fill.
const SHORT: [(&str, &str); 4] = [
    ("job.duration", "120 s"),
    ("job.warmup", "60 s"),
    ("job.replications", "1"),
    ("flink.execution.checkpointing.interval", "10 s"),
];

/// Runs the built-in scenario as it is and with unaligned barriers.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    let file = args.out.join(SCENARIO_FILE);
    let own = std::fs::read(&file).is_ok_and(|text| text != SCENARIO.as_bytes());
    if own && !args.force {
        bail!(
            "{} has been changed: add --force to replace it, or name another directory with --out",
            file.display()
        );
    }
    let mut output = Output::open(&args.out)?;
    let mut pictures = Vec::new();
    let mut inputs = BTreeMap::new();
    for (name, unaligned) in [("aligned", "false"), ("unaligned", "true")] {
        let alignment = ("flink.execution.checkpointing.unaligned.enabled", unaligned);
        let changes: Vec<(String, String)> = SHORT
            .iter()
            .chain([&alignment])
            .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
            .collect();
        let loaded = load::parse(SCENARIO, "skewed-join.toml", Path::new(""), &changes)?;
        let outcome = run::simulate(&loaded, false, console)?;
        inputs.insert(format!("skewed-join, {name}"), loaded.sha256());
        console.text(&format!(
            "A skewed join, {name} checkpoints\n\n{}\n",
            table::phases(&outcome.first).text(console.width())
        ))?;
        let origin = plot::Origin {
            scenario: format!("skewed-join, {name}"),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            sha256: loaded.sha256(),
            seed: loaded.scenario.job.seed,
        };
        pictures.extend(plot::run_pictures(&outcome.first, &origin).into_iter().map(
            |mut picture| {
                picture.name = format!("{name}-{}", picture.name);
                picture
            },
        ));
    }
    output.write(SCENARIO_FILE, SCENARIO.as_bytes())?;
    let names = write_pictures(&pictures, &mut output)?;
    let drawn = Drawn {
        command: "demo",
        inputs,
        seed: None,
        replications: Some(1),
        output,
    };
    drawn.finish()?;
    console.text(&format!(
        "written to {}: skewed-join.toml {}\nnext: ckptsim check {}",
        args.out.display(),
        names.join(" "),
        word(&file)
    ))?;
    Ok(Exit::Success)
}
