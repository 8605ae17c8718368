//! A scenario built in code, with aligned and with unaligned barriers: `cargo run --example built`.

#![allow(clippy::print_stdout, reason = "examples print")]

use ckptsim::{Diagnostics, ScenarioBuilder, Simulation};

/// A join whose second subtask is twice as slow as the others.
fn job(unaligned: bool) -> Result<ckptsim::Scenario, Diagnostics> {
    ScenarioBuilder::new()
        .set("job.duration", "1 min")
        .set("flink.execution.checkpointing.interval", "5 s")
        .set("flink.execution.checkpointing.unaligned.enabled", unaligned)
        .source("orders", "9000/s")
        .source("clicks", "9000/s")
        .operator("join", &["orders", "clicks"])
        .with("parallelism", 4)
        .with("service", "180 us")
        .with("slow.subtask", 1)
        .with("slow.factor", 2.0)
        .with("state.size", "400 MiB")
        .build()
}

/// Runs it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    for unaligned in [false, true] {
        let result = Simulation::new(&job(unaligned)?).run()?;
        let completed = result
            .checkpoints
            .iter()
            .filter(|one| one.end_to_end().is_some());
        println!("unaligned {unaligned}: {} completed", completed.count());
    }
    Ok(())
}
