//! The same job with fewer, larger records: k records become one, of k times the bytes and k times the work.
//!
//! Bytes per second, utilisation, buffers, barriers and state stay what they are; what is lost is everything finer than k
//! records: a barrier waits for the rest of k records instead of one. A run takes a fraction of the events. It ranks
//! configurations; what is recommended is simulated record by record.

use crate::scenario::{Distribution, Fires, Rate, Scenario, Service, Updates, VertexKind};
use crate::units::{Bytes, SimDuration};

/// A record takes at most this part of a buffer, so that buffers fill as they did.
const RECORDS_PER_BUFFER: u64 = 4;
/// Nothing is held up for longer by a single record.
const LONGEST: SimDuration = SimDuration::from_millis(5);
/// Fewer are not worth it.
const LEAST: u64 = 4;

/// How many records may become one; `None` if it is not worth it.
pub fn factor(scenario: &Scenario) -> Option<u64> {
    let buffer = scenario.network.segment.get() / RECORDS_PER_BUFFER;
    let vertices = scenario.vertices.iter();
    let limits = vertices.flat_map(|vertex| {
        let slowest = vertex.slowness.iter().copied().fold(1.0, f64::max);
        let time = vertex.time_per_record().scale(slowest).as_nanos().max(1);
        [
            buffer / vertex.record.get().max(1),
            LONGEST.as_nanos() / time,
        ]
    });
    limits.min().filter(|factor| *factor >= LEAST)
}

/// The scenario with `k` records in one.
pub fn coarsened(scenario: &Scenario, k: u64) -> Scenario {
    let mut coarse = scenario.clone();
    let times = k as f64;
    for vertex in &mut coarse.vertices {
        vertex.record = Bytes::new(vertex.record.get().saturating_mul(k));
        vertex.service = Service {
            mean: vertex.service.mean * k,
            law: of_sum(vertex.service.law, times),
        };
        if let Some(state) = &mut vertex.state {
            state.access = state.access * k;
            state.inserts *= times;
            match &mut state.updates {
                Updates::PerSecond(_) => {}
                Updates::PerRecord(entries) | Updates::Adds(entries) => *entries *= times,
            }
        }
        if let Some(timers) = &mut vertex.timers {
            timers.output /= times;
            timers.buffered = timers.buffered * k;
            // Every record stands for so many, and so many are read when it fires.
            if let Fires::Records { .. } = timers.number {
                timers.time = timers.time * k;
            }
        }
        if let Some(sink) = &mut vertex.sink {
            sink.scale_records(k);
        }
        if let VertexKind::Source(source) = &mut vertex.work {
            source.records = source.records.map(|records| records.div_ceil(k));
            source.batch =
                u32::try_from(u64::from(source.batch).div_ceil(k)).expect("no more than before");
            match &mut source.rate {
                Rate::Unlimited => {}
                Rate::Constant(per_s) => *per_s /= times,
                Rate::Steps { steps, .. } => {
                    for (_, per_s) in steps {
                        *per_s /= times;
                    }
                }
            }
        }
    }
    if let Some(records) = &mut coarse.simulation.trigger_every_records {
        *records = (*records / k).max(1);
    }
    coarse
}

/// The distribution of the sum of k times with this one: the variance of the mean falls with k.
fn of_sum(law: Distribution, k: f64) -> Distribution {
    let variance = match law {
        Distribution::Deterministic => return law,
        Distribution::Exponential => 1.0,
        Distribution::Lognormal { sigma } => libm::expm1(sigma * sigma),
        Distribution::Uniform { spread } => spread * spread / 3.0,
    };
    let sigma = libm::log1p(variance / k).sqrt();
    Distribution::Lognormal { sigma }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::flow::flows;

    #[test]
    fn bytes_and_utilisation_stay() {
        let scenario = Scenario::default();
        let k = factor(&scenario).unwrap();
        // 32 KiB / 4 / 100 B.
        assert_eq!(k, 81);
        let coarse = coarsened(&scenario, k);
        let utilisation = |scenario: &Scenario| flows(scenario)[0].utilisation[0];
        assert!((utilisation(&scenario) - utilisation(&coarse)).abs() < 1e-9);
        assert_eq!(coarse.vertices[0].record, Bytes::new(8_100));
    }

    #[test]
    fn long_records_are_left_as_they_are() {
        let mut scenario = Scenario::default();
        scenario.vertices[0].service.mean = SimDuration::from_millis(2);
        assert_eq!(factor(&scenario), None);
    }

    #[test]
    fn a_sum_varies_less() {
        let Distribution::Lognormal { sigma } = of_sum(Distribution::Exponential, 100.0) else {
            panic!("a sum of exponential times is nearly lognormal");
        };
        assert!((libm::expm1(sigma * sigma) - 0.01).abs() < 1e-12);
    }
}
