//! `demo`.

use std::path::{Path, PathBuf};

use crate::cli::commands::report::write_pictures;
use crate::cli::commands::run;
use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::experiment::saved;
use crate::render::{plot, table};
use crate::scenario::load;

/// Simulate a built-in job, print its checkpoint, draw it; no file needed
#[derive(clap::Args, Debug)]
#[command(after_help = "Example:\n  ckptsim demo && open ckptsim-demo/")]
pub struct Args {
    /// Directory of the scenario and the pictures
    #[arg(short, long, default_value = "ckptsim-demo")]
    out: PathBuf,
}

const SCENARIO: &str = include_str!("../../../scenarios/skewed-join.toml");

/// Runs the built-in scenario as it is and with unaligned barriers.
pub fn execute(args: &Args, console: Console) -> anyhow::Result<Exit> {
    // Only the first replication is shown.
    let once = ("job.replications".to_owned(), "1".to_owned());
    let unaligned = (
        "flink.execution.checkpointing.unaligned.enabled".to_owned(),
        "true".to_owned(),
    );
    let mut pictures = Vec::new();
    for (name, changes) in [
        ("aligned", vec![once.clone()]),
        ("unaligned", vec![once.clone(), unaligned]),
    ] {
        let loaded = load::parse(SCENARIO, "skewed-join.toml", Path::new(""), &changes)?;
        let outcome = run::simulate(&loaded, false, console)?;
        console.result(&format!(
            "A skewed join, {name} checkpoints\n\n{}\n",
            table::phases(&outcome.first).text()
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
    saved::write(&args.out.join("skewed-join.toml"), SCENARIO.as_bytes())?;
    let names = write_pictures(&pictures, &args.out)?;
    console.result(&format!(
        "written to {}: skewed-join.toml {}\nnext: ckptsim check {}",
        args.out.display(),
        names.join(" "),
        args.out.join("skewed-join.toml").display()
    ))?;
    Ok(Exit::Success)
}
