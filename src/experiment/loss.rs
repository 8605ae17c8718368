//! Throughput loss, measured honestly: the same scenario and seed with and without checkpoints, sources unlimited.
//!
//! Only a saturated job shows what checkpoints cost: below saturation it catches up and loses nothing.

use crate::experiment::replicate::Replication;
use crate::measure::Estimate;
use crate::scenario::{Rate, Scenario, Work};

/// The scenario with every source as fast as backpressure allows.
pub fn saturated(scenario: &Scenario) -> Scenario {
    let mut saturated = scenario.clone();
    for vertex in &mut saturated.vertices {
        if let Work::Source(source) = &mut vertex.work {
            source.rate = Rate::Unlimited;
        }
    }
    saturated
}

/// The scenario without any checkpoint.
pub fn without_checkpoints(scenario: &Scenario) -> Scenario {
    let mut without = scenario.clone();
    without.checkpointing.interval = None;
    without.checkpointing.every_records = None;
    without.triggers.clear();
    without
}

/// Share of the throughput that is lost, paired by replication; `None` without replications or without throughput.
pub fn loss(with: &[Replication], without: &[Replication]) -> Option<Estimate> {
    let shares: Vec<f64> = with
        .iter()
        .zip(without)
        .filter(|(_, without)| without.throughput > 0.0)
        .map(|(with, without)| 1.0 - with.throughput / without.throughput)
        .collect();
    Estimate::of(&shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loss_is_paired_by_replication() {
        let at = |throughput| Replication {
            throughput,
            ..Replication::default()
        };
        let loss = loss(&[at(90.0), at(190.0)], &[at(100.0), at(200.0)]).unwrap();
        assert!((loss.value - 0.075).abs() < 1e-12);
        assert_eq!(loss.n, 2);
    }
}
