//! `schema`.

use crate::cli::console::Console;
use crate::cli::exit::Exit;
use crate::scenario::load;

/// Print the JSON Schema of scenario files (draft-07), for completion in editors
#[derive(clap::Args, Debug)]
#[command(
    after_help = "Example:\n  ckptsim schema > ckptsim.schema.json   # then begin a scenario with #:schema ./ckptsim.schema.json"
)]
pub struct Args {}

/// Prints the schema.
pub fn execute(_: &Args, console: Console) -> anyhow::Result<Exit> {
    console.result(&load::schema())?;
    Ok(Exit::Success)
}
