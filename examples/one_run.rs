//! One run of a scenario file: `cargo run --example one_run`.

#![allow(clippy::print_stdout, reason = "examples print")]

use std::path::Path;

use ckptsim::Simulation;

/// Runs it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let loaded = ckptsim::load(Path::new("scenarios/one-barrier.toml"), &[])?;
    let result = Simulation::new(&loaded.scenario).run()?;
    for checkpoint in &result.checkpoints {
        match checkpoint.end_to_end() {
            Some(duration) => println!("triggered at {}: {duration}", checkpoint.trigger),
            None => println!(
                "triggered at {}: {:?}",
                checkpoint.trigger, checkpoint.outcome
            ),
        }
    }
    println!("{} events, digest {:.8}", result.events, result.digest);
    Ok(())
}
