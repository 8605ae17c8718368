//! One run of a scenario file: `cargo run --example one_run`.

use std::path::Path;

use ckptsim::Simulation;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let loaded = ckptsim::load(Path::new("scenarios/one-barrier.toml"), &[])?;
    let result = Simulation::new(&loaded.scenario).run()?;
    for checkpoint in &result.checkpoints {
        println!("{checkpoint:?}");
    }
    println!("{} events, digest {:.8}", result.events, result.digest);
    Ok(())
}
