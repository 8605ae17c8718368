//! Checkpoint intervals side by side, on all cores: `cargo run --release --example sweep`.

#![allow(clippy::print_stdout, reason = "examples print")]

use std::path::Path;

use ckptsim::{MetricId, Sweep};

/// Runs it.
pub fn main() -> Result<(), Box<dyn std::error::Error>> {
    let changes = [("job.duration", "2 min"), ("job.warmup", "30 s")];
    let changes = changes.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let loaded = ckptsim::load(Path::new("scenarios/skewed-join.toml"), &changes)?;
    let swept = Sweep::new(&loaded)
        .vary("flink.execution.checkpointing.interval=5 s, 10 s, 20 s")?
        .replications(3)
        .run()?;
    for point in &swept.points {
        let interval = &point.coordinates[0].label;
        let p95 = point
            .metric(MetricId::DurationP95)
            .ok_or("no checkpoint has completed")?;
        println!(
            "{interval}: p95 {:.3} s [{:.3}, {:.3}]",
            p95.value, p95.low, p95.high
        );
    }
    Ok(())
}
