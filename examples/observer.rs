//! An observer of one's own: how far behind the first barrier of a checkpoint the last one is.
//! `cargo run --example observer`.

#![allow(clippy::print_stdout, reason = "examples print")]

use std::collections::BTreeMap;
use std::path::Path;

use ckptsim::{Fact, Look, Observer, SimTime, Simulation};

/// First and last barrier that was processed, by checkpoint.
#[derive(Default)]
struct Barriers(BTreeMap<u32, (SimTime, SimTime)>);

impl Observer for Barriers {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        if let Fact::BarrierProcessed { checkpoint, .. } = fact {
            let span = self.0.entry(checkpoint.0).or_insert((now, now));
            span.1 = now;
        }
    }
}

impl Look for Barriers {}

/// Runs it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let loaded = ckptsim::load(Path::new("scenarios/one-barrier.toml"), &[])?;
    let mut barriers = Barriers::default();
    Simulation::new(&loaded.scenario)
        .observe(&mut barriers)
        .run()?;
    for (checkpoint, (first, last)) in &barriers.0 {
        println!(
            "checkpoint {checkpoint}: {} between the first barrier and the last",
            last.since(*first)
        );
    }
    Ok(())
}
