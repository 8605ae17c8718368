//! How much throughput checkpoints cost, measured: the same job at saturation, with and without them.
//!
//! Below saturation checkpoints cost latency, not throughput; so every source is let loose. Both runs of a pair have
//! the same seed and replication, hence the same random numbers, and the difference is what checkpoints do.

use crate::experiment::replicate::Replication;
use crate::measure::Estimate;
use crate::scenario::flow::{Flow, flows};
use crate::scenario::{Arrivals, Checkpointing, Rate, Scenario, Work};

/// A source that needs no time per record cannot be unlimited: it offers this many times what the job can carry.
const OVERLOAD: f64 = 10.0;

/// Paired losses, one per replication.
#[derive(Clone, Debug, PartialEq)]
pub struct Loss {
    shares: Vec<f64>,
}

impl Loss {
    /// From runs of [`saturated`] scenarios with and without checkpoints, in order of replication.
    pub fn of(with: &[Replication], without: &[Replication]) -> Loss {
        let pairs = with
            .iter()
            .zip(without)
            .filter(|(_, without)| without.throughput > 0.0)
            .map(|(with, without)| 1.0 - with.throughput / without.throughput);
        Loss {
            shares: pairs.collect(),
        }
    }

    /// Share of the saturated throughput that checkpoints cost.
    pub fn share(&self) -> Option<Estimate> {
        Estimate::of(&self.shares)
    }

    /// The same as records per second of the throughput measured in `replications`.
    pub fn records_per_s(&self, replications: &[Replication]) -> Option<Estimate> {
        let lost = self
            .shares
            .iter()
            .zip(replications)
            .map(|(share, replication)| share * replication.throughput);
        Estimate::of(&lost.collect::<Vec<f64>>())
    }
}

/// The scenario with every source faster than the job can carry; `None` if nothing limits the job or it takes no
/// checkpoints, so that there is nothing to measure.
pub fn saturated(scenario: &Scenario) -> Option<Scenario> {
    let checkpointing = &scenario.checkpointing;
    if checkpointing.interval.is_none() && checkpointing.every_records.is_none() {
        return None;
    }
    let flows = flows(scenario);
    let utilisation = flows.iter().map(Flow::utilisation_max).fold(0.0, f64::max);
    let mut saturated = scenario.clone();
    for (vertex, flow) in saturated.vertices.iter_mut().zip(&flows) {
        let free = vertex.time_per_record().is_zero();
        let Work::Source(source) = &mut vertex.work else {
            continue;
        };
        source.rate = if free && source.rate != Rate::Unlimited {
            // Without any work in the job there is no saturation.
            let capacity = flow.input_total() / utilisation;
            Rate::Constant(capacity.is_finite().then_some(capacity * OVERLOAD)?)
        } else {
            Rate::Unlimited
        };
        source.arrivals = Arrivals::Regular;
        source.log = false;
    }
    Some(saturated)
}

/// The scenario without checkpoints and savepoints.
pub fn without_checkpoints(scenario: &Scenario) -> Scenario {
    let mut without = scenario.clone();
    // Whatever else is configured for checkpoints must not matter, so that points of a sweep share these runs.
    without.checkpointing = Checkpointing {
        backend: scenario.checkpointing.backend,
        ..Checkpointing::default()
    };
    without.triggers.clear();
    without
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::units::SimDuration;

    fn replication(throughput: f64) -> Replication {
        Replication {
            throughput,
            ..Replication::default()
        }
    }

    #[test]
    fn loss_is_one_minus_the_ratio_of_each_pair() {
        let with = [replication(90.0), replication(160.0)];
        let without = [replication(100.0), replication(200.0)];
        let loss = Loss::of(&with, &without);
        // 10 % and 20 %.
        let share = loss.share().unwrap();
        assert!((share.value - 0.15).abs() < 1e-12);
        let records = loss.records_per_s(&[replication(50.0), replication(50.0)]);
        assert!((records.unwrap().value - 7.5).abs() < 1e-12);
    }

    #[test]
    fn sources_are_let_loose_and_only_checkpoints_differ() {
        let scenario = sample::scenario(10);
        let loose = saturated(&scenario).unwrap();
        let Work::Source(source) = &loose.vertices[0].work else {
            panic!("the first vertex is a source");
        };
        assert_eq!(source.rate, Rate::Unlimited);
        assert_eq!(loose.checkpointing, scenario.checkpointing);
        assert_eq!(without_checkpoints(&loose).checkpointing.interval, None);
        assert_eq!(
            without_checkpoints(&loose),
            without_checkpoints(&saturated(&sample::scenario(20)).unwrap())
        );
    }

    #[test]
    fn a_source_without_a_service_time_offers_ten_times_the_capacity() {
        let mut scenario = sample::scenario(10);
        scenario.vertices[0].service.mean = SimDuration::ZERO;
        let loose = saturated(&scenario).unwrap();
        let Work::Source(source) = &loose.vertices[0].work else {
            panic!("the first vertex is a source");
        };
        // 1000/s use half of two subtasks at 1 ms per record.
        assert_eq!(source.rate, Rate::Constant(20_000.0));
    }

    #[test]
    fn without_checkpoints_or_work_there_is_no_loss() {
        let mut scenario = sample::scenario(10);
        scenario.checkpointing.interval = None;
        assert_eq!(saturated(&scenario), None);
        let mut idle = sample::scenario(10);
        for vertex in &mut idle.vertices {
            vertex.service.mean = SimDuration::ZERO;
        }
        assert_eq!(saturated(&idle), None);
    }
}
