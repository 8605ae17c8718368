//! How much data stands in front of a new barrier, and how long the consumer needs for it.

use std::ops::Range;

use crate::formulas::exchange::{Edge, upstream_first};
use crate::formulas::utilisation::Load;
use crate::scenario::{
    Arrivals, BufferTimeout, Distribution, Exchange, KeyDraw, Network, Scenario, VertexId,
    VertexKind,
};

/// Of the segments a local channel may use, one has just been begun and the one in the consumer's hand is half read.
const SEGMENTS_NOT_IN_FRONT: f64 = 1.5;

/// Where a channel leads, and who shares its buffers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Channel {
    /// Consumer on another TaskManager than the producer.
    pub remote: bool,
    /// Subpartitions of the producer's result partition (N).
    pub subpartitions: usize,
    /// Subpartitions of it that are full at the same time, at least 1.
    pub full_subpartitions: usize,
    /// Remote channels that share the consumer's floating buffers, at least 1.
    pub remote_channels_of_gate: usize,
}

/// Buffers in front of a barrier that enters a saturated channel.
///
/// Question: how many full buffers does a barrier wait for at one hop under backpressure?
/// Formula: `B = min(m, (2N + f)/h) − 1.5` at the sender, plus `e + f/r` at the receiver of a remote channel.
/// Symbols: m segments per channel (10), N subpartitions, f floating (8), e exclusive (2) buffers per channel, h full
/// subpartitions of the producer, r remote channels of the gate. Without sharing: 8.5 local, 18.5 remote.
/// Assumptions: steady saturation; enough network memory for the largest pool; fixed buffer size.
/// Source: `LocalBufferPool` (limit per subpartition), `NettyShuffleUtils` (pool 2N + 8), credit-based flow control;
/// 8.5 and 18.5 measured on Flink 2.3.0. Fails after an overload with checkpoints back to back, when the pool has not
/// refilled the remote channel (13 to 14 buffers measured).
pub fn saturated_buffers(network: &Network, channel: Channel) -> f64 {
    let pool = (channel.subpartitions * network.exclusive + network.floating) as f64;
    let share = pool / channel.full_subpartitions.max(1) as f64;
    let sender = ((network.max_per_channel as f64).min(share) - SEGMENTS_NOT_IN_FRONT).max(0.0);
    let floating = network.floating as f64 / channel.remote_channels_of_gate.max(1) as f64;
    sender
        + if channel.remote {
            network.exclusive as f64 + floating
        } else {
            0.0
        }
}

/// The data in flight of a whole job.
#[derive(Debug)]
pub struct InFlight<'a> {
    scenario: &'a Scenario,
    load: &'a Load,
    /// By vertex and subtask: whether its input channels are full.
    backed_up: Vec<Vec<bool>>,
}

/// The channels of one input of one subtask.
#[derive(Clone, Copy, Debug)]
pub struct Gate<'a> {
    /// The edge behind the input.
    pub edge: Edge<'a>,
    /// The consuming vertex.
    pub vertex: VertexId,
    /// The consuming subtask.
    pub subtask: usize,
    /// Channels from other TaskManagers.
    remote_channels: usize,
    /// Full subpartitions of each producer; for pointwise edges counted per producer.
    full_subpartitions: Option<usize>,
}

/// What waits in one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Waiting {
    /// Bytes in front of a barrier that enters now.
    pub bytes: f64,
    /// Seconds that the consumer works on them.
    pub work_s: f64,
}

impl<'a> InFlight<'a> {
    /// The channels of this job under this load: full in front of saturated subtasks and of everything they hold back.
    pub fn of(scenario: &'a Scenario, load: &'a Load) -> Self {
        let mut backed_up: Vec<Vec<bool>> = scenario
            .vertices
            .iter()
            .map(|vertex| vec![false; vertex.parallelism])
            .collect();
        for id in upstream_first(scenario)
            .into_iter()
            .rev()
            .filter(|id| !scenario.vertex(*id).is_source())
        {
            for (subtask, full) in backed_up[id.0].iter_mut().enumerate() {
                *full |= load.is_saturated(id, subtask);
            }
            for input in &scenario.vertex(id).inputs {
                let edge = Edge::new(scenario, id, input);
                for producer in 0..edge.producers {
                    let held = edge.consumers_of(producer).any(|consumer| {
                        backed_up[id.0][consumer] && edge.share(producer, consumer) > 0.0
                    });
                    backed_up[input.from.0][producer] |= held;
                }
            }
        }
        InFlight {
            scenario,
            load,
            backed_up,
        }
    }

    /// Whether the input channels of this subtask are full.
    pub fn is_backed_up(&self, vertex: VertexId, subtask: usize) -> bool {
        self.backed_up[vertex.0][subtask]
    }

    /// The channels of one input of a subtask; counted once, since a job may have millions of channels.
    pub fn gate<'b>(&self, edge: Edge<'b>, vertex: VertexId, subtask: usize) -> Gate<'b> {
        let here = self.scenario.taskmanager_of(vertex, subtask);
        let is_remote = |from: &usize| self.scenario.taskmanager_of(edge.from, *from) != here;
        let all = edge.exchange.is_all_to_all() && self.is_backed_up(vertex, subtask);
        Gate {
            edge,
            vertex,
            subtask,
            remote_channels: edge.producers_of(subtask).filter(is_remote).count(),
            full_subpartitions: all.then(|| self.full_among(vertex, 0..edge.consumers)),
        }
    }

    /// Data in front of a barrier that enters the channel from `producer` now.
    ///
    /// Question: how long does one channel hold up a barrier?
    /// Formula: backed up: B·segment bytes at the consumer's actual rate; else λ·record·φ/2 bytes at its service time.
    /// Symbols: B as in [`saturated_buffers`]; λ records/s of the channel; φ s between two hand-overs: the buffer
    /// timeout, or the time to fill a buffer if that is shorter.
    /// Assumptions: steady state; a barrier comes at a random moment between two hand-overs.
    /// Source: own derivation; within 35 ms of recordings at 30 to 95 % load.
    pub fn channel(&self, gate: &Gate<'_>, producer: usize) -> Waiting {
        let (edge, vertex, subtask) = (&gate.edge, gate.vertex, gate.subtask);
        let record = self.scenario.vertex(edge.from).record.as_f64().max(1.0);
        let segment = self.scenario.network.segment.as_f64();
        let per_s = self.records_per_s(edge, producer, subtask);
        if per_s <= 0.0 {
            return Waiting {
                bytes: 0.0,
                work_s: 0.0,
            };
        }
        if self.is_backed_up(vertex, subtask) {
            let buffers = saturated_buffers(&self.scenario.network, self.ends(gate, producer));
            let bytes = buffers * segment;
            return Waiting {
                bytes,
                work_s: bytes / record / self.load.input_per_s(vertex, subtask).max(1e-9),
            };
        }
        let fill_s = segment / (per_s * record);
        let handed_over_every_s = match self.scenario.network.buffer_timeout {
            BufferTimeout::Every(timeout) => timeout.as_secs_f64().min(fill_s),
            BufferTimeout::EveryRecord => 0.0,
            BufferTimeout::WhenFull => fill_s,
        };
        let records = per_s * handed_over_every_s / 2.0;
        Waiting {
            bytes: records * record,
            work_s: records * self.service_s(vertex, subtask),
        }
    }

    /// Seconds of work already queued in front of a subtask that is not backed up, when fresh work of `fresh_s` arrives.
    ///
    /// Question: what does a barrier meet besides the data that came with it?
    /// Formula: `ρ·fresh + ρ/(1−ρ)·(c_a² + c_s²)/2·s` (Kingman's law for the randomness of arrivals and service).
    /// Symbols: ρ utilisation; fresh s; `c_a²`, `c_s²` squared coefficients of variation; s seconds per record.
    /// Assumptions: ρ < 1, independent gaps and service times. Source: Kingman 1961; Kleinrock vol. 2, ch. 2.
    /// Fails above 95 % load, where one random sequence decides; there it is an average over many runs.
    pub fn queued_s(&self, vertex: VertexId, subtask: usize, fresh_s: f64) -> f64 {
        let busy = self.load.busy(vertex, subtask);
        let variability =
            self.arrival_scv(vertex, subtask) + scv(self.scenario.vertex(vertex).service.law);
        let random =
            busy / (1.0 - busy).max(1e-3) * variability / 2.0 * self.service_s(vertex, subtask);
        busy * fresh_s + random
    }

    /// Seconds until the record in the task's hand is done, on average; a mail waits for it.
    pub fn record_in_hand_s(&self, vertex: VertexId, subtask: usize) -> f64 {
        let spread = 1.0 + scv(self.scenario.vertex(vertex).service.law);
        self.load.busy(vertex, subtask) * self.service_s(vertex, subtask) * spread / 2.0
    }

    fn service_s(&self, vertex: VertexId, subtask: usize) -> f64 {
        let work = self.scenario.vertex(vertex);
        work.time_per_record().as_secs_f64() * work.slowness[subtask]
    }

    fn records_per_s(&self, edge: &Edge<'_>, producer: usize, consumer: usize) -> f64 {
        let emitted = self.load.flows[edge.from.0].output_per_s[producer] * self.load.sustained();
        emitted * edge.share(producer, consumer)
    }

    fn ends(&self, gate: &Gate<'_>, producer: usize) -> Channel {
        let here = self.scenario.taskmanager_of(gate.vertex, gate.subtask);
        let consumers = gate.edge.consumers_of(producer);
        Channel {
            remote: self.scenario.taskmanager_of(gate.edge.from, producer) != here,
            subpartitions: consumers.len(),
            full_subpartitions: gate
                .full_subpartitions
                .unwrap_or_else(|| self.full_among(gate.vertex, consumers)),
            remote_channels_of_gate: gate.remote_channels,
        }
    }

    fn full_among(&self, vertex: VertexId, consumers: Range<usize>) -> usize {
        self.backed_up[vertex.0][consumers]
            .iter()
            .filter(|full| **full)
            .count()
    }

    /// Poisson arrivals and independent keys make gaps vary; equal gaps dealt in turn do not.
    fn arrival_scv(&self, vertex: VertexId, subtask: usize) -> f64 {
        let poisson = self.scenario.vertices.iter().any(
            |vertex| matches!(&vertex.work, VertexKind::Source(source) if source.arrivals == Arrivals::Poisson),
        );
        let drawn = self
            .scenario
            .vertex(vertex)
            .inputs
            .iter()
            .filter_map(|input| match &input.exchange {
                Exchange::Hash { shares } if self.scenario.simulation.keys == KeyDraw::Random => {
                    Some(1.0 - shares[subtask])
                }
                Exchange::Hash { .. }
                | Exchange::Rebalance
                | Exchange::Rescale
                | Exchange::Forward
                | Exchange::Broadcast => None,
            });
        if poisson {
            1.0
        } else {
            drawn.fold(0.0, f64::max)
        }
    }
}

/// Squared coefficient of variation of a law: variance over squared mean.
pub fn scv(law: Distribution) -> f64 {
    match law {
        Distribution::Deterministic => 0.0,
        Distribution::Exponential => 1.0,
        Distribution::Lognormal { sigma } => libm::expm1(sigma * sigma),
        Distribution::Uniform { spread } => spread * spread / 3.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::SimDuration;

    fn alone(remote: bool) -> Channel {
        Channel {
            remote,
            subpartitions: 4,
            full_subpartitions: 1,
            remote_channels_of_gate: 1,
        }
    }

    #[test]
    fn a_saturated_channel_holds_8_5_buffers_locally_and_18_5_remotely() {
        let network = Network::default();
        assert_eq!(saturated_buffers(&network, alone(false)), 8.5);
        assert_eq!(saturated_buffers(&network, alone(true)), 18.5);
    }

    #[test]
    fn four_full_subpartitions_share_the_pool_of_sixteen() {
        // 2·4 + 8 = 16 segments, 4 each, of which 1.5 are not in front of the barrier
        let channel = Channel {
            full_subpartitions: 4,
            ..alone(false)
        };
        assert_eq!(saturated_buffers(&Network::default(), channel), 2.5);
    }

    #[test]
    fn below_saturation_a_channel_holds_half_a_flush_interval_of_records() {
        // 600/s from 2 sources to 4 subtasks: 75/s per channel; 100 ms timeout: 3.75 records of 1025 B, 4 ms each
        let scenario = keyed(600.0, SimDuration::from_millis(4));
        let load = Load::offered(&scenario);
        let waiting = in_front_of_first(&scenario, &load);
        assert!((waiting.bytes - 3.75 * 1025.0).abs() < 1e-9);
        assert!((waiting.work_s - 0.015).abs() < 1e-12);
    }

    #[test]
    fn a_flush_after_every_record_leaves_nothing_in_flight() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.network.buffer_timeout = BufferTimeout::EveryRecord;
        let load = Load::offered(&scenario);
        assert_eq!(in_front_of_first(&scenario, &load).bytes, 0.0);
    }

    #[test]
    fn uniform_service_between_nothing_and_twice_the_mean_has_a_third_of_its_square_as_variance() {
        assert!((scv(Distribution::Uniform { spread: 1.0 }) - 1.0 / 3.0).abs() < 1e-15);
    }

    fn in_front_of_first(scenario: &Scenario, load: &Load) -> Waiting {
        let count = VertexId(1);
        let edge = Edge::new(scenario, count, &scenario.vertex(count).inputs[0]);
        let in_flight = InFlight::of(scenario, load);
        in_flight.channel(&in_flight.gate(edge, count, 0), 0)
    }
}
