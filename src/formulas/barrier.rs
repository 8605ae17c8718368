//! When the first and the last barrier of a checkpoint have reached every subtask.

use crate::formulas::exchange::{Edge, upstream_first};
use crate::formulas::in_flight::InFlight;
use crate::formulas::utilisation::Load;
use crate::scenario::calibration::trigger_typical;
use crate::scenario::{Scenario, Vertex, VertexId};

/// How barriers pass the data in front of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passing {
    /// They wait for it.
    InOrder,
    /// They overtake it where the exchange allows.
    Overtaking,
}

/// The way of a checkpoint's barriers through a job.
#[derive(Clone, Debug, PartialEq)]
pub struct Travel {
    /// By vertex and subtask: seconds from the trigger to the first barrier (Flink's start delay).
    pub first_s: Vec<Vec<f64>>,
    /// By vertex and subtask: seconds from the trigger to the last barrier (start delay plus alignment).
    pub last_s: Vec<Vec<f64>>,
    /// In-flight bytes that were overtaken, in the whole job.
    pub overtaken_bytes: f64,
}

/// One channel's part in a subtask's alignment.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Arrival {
    /// Seconds from the trigger until the barrier is in the channel, at the consumer's side of the network.
    sent_s: f64,
    /// Seconds of work in front of it.
    work_s: f64,
}

impl Travel {
    /// How barriers travel under this load.
    ///
    /// Question: how long is the start delay, how long the alignment, of every subtask?
    /// Formula: a subtask serves what stands in front of its barriers, in the order of their arrival:
    /// `last = max over channels c of (sent_c + Σ work_i over channels with sent_i ≥ sent_c)`; a vertex sends its own
    /// barriers on when the last (overtaking: the first) has come.
    /// Symbols: sent s, work s (see [`InFlight::channel`]).
    /// Assumptions: steady state; the drain rate does not change while the barrier is under way; snapshots of upstream
    /// vertices do not delay it, since a barrier is sent before its task's sync phase.
    /// Source: `SingleCheckpointBarrierHandler`; the makespan of jobs with release times on one machine.
    /// Fails while buffers still fill, and for the split between start delay and alignment below one buffer's work.
    pub fn of(scenario: &Scenario, load: &Load, passing: Passing) -> Travel {
        let in_flight = InFlight::of(scenario, load);
        let nothing: Vec<Vec<f64>> = scenario
            .vertices
            .iter()
            .map(|vertex| vec![0.0; vertex.parallelism])
            .collect();
        let mut travel = Travel {
            first_s: nothing.clone(),
            last_s: nothing,
            overtaken_bytes: 0.0,
        };
        let mut sent_on_s = travel.last_s.clone();
        for id in upstream_first(scenario) {
            let vertex = scenario.vertex(id);
            let overtakes = passing == Passing::Overtaking && may_overtake(vertex);
            for subtask in 0..vertex.parallelism {
                let (first, last) = if vertex.is_source() {
                    (
                        trigger_typical().as_secs_f64(),
                        trigger_typical().as_secs_f64(),
                    )
                } else {
                    let (arrivals, bytes) = arrivals(scenario, &in_flight, &sent_on_s, id, subtask);
                    if overtakes {
                        travel.overtaken_bytes += bytes;
                        overtaken(&arrivals, in_flight.record_in_hand_s(id, subtask))
                    } else {
                        in_order(&arrivals, &in_flight, id, subtask)
                    }
                };
                travel.first_s[id.0][subtask] = first;
                travel.last_s[id.0][subtask] = last;
                sent_on_s[id.0][subtask] = if overtakes { first } else { last };
            }
        }
        travel
    }

    /// Seconds from the trigger until the last barrier of the whole job has come.
    pub fn slowest_s(&self) -> f64 {
        self.last_s.iter().flatten().copied().fold(0.0, f64::max)
    }

    /// The travel of barriers that start in order and overtake from `after_s` on (aligned checkpoint timeout).
    pub fn switching(in_order: &Travel, overtaking: &Travel, after_s: f64) -> Travel {
        if in_order.slowest_s() <= after_s {
            return in_order.clone();
        }
        let earlier = |aligned: &[Vec<f64>], pulled: &[Vec<f64>]| {
            let by_vertex = aligned.iter().zip(pulled);
            by_vertex
                .map(|(aligned, pulled)| {
                    aligned
                        .iter()
                        .zip(pulled)
                        .map(|(a, p)| a.min(after_s + p))
                        .collect()
                })
                .collect()
        };
        Travel {
            first_s: earlier(&in_order.first_s, &overtaking.first_s),
            last_s: earlier(&in_order.last_s, &overtaking.last_s),
            overtaken_bytes: overtaking.overtaken_bytes,
        }
    }
}

/// Flink marks all inputs of a vertex as forced-aligned as soon as one of them cannot be overtaken.
pub fn may_overtake(vertex: &Vertex) -> bool {
    vertex
        .inputs
        .iter()
        .all(|input| input.exchange.supports_unaligned())
}

fn arrivals(
    scenario: &Scenario,
    in_flight: &InFlight<'_>,
    sent_on_s: &[Vec<f64>],
    id: VertexId,
    subtask: usize,
) -> (Vec<Arrival>, f64) {
    let here = scenario.taskmanager_of(id, subtask);
    let mut found = Vec::new();
    let mut bytes = 0.0;
    for input in &scenario.vertex(id).inputs {
        let gate = in_flight.gate(Edge::new(scenario, id, input), id, subtask);
        for producer in gate.edge.producers_of(subtask) {
            let waiting = in_flight.channel(&gate, producer);
            let is_remote = scenario.taskmanager_of(input.from, producer) != here;
            let latency_s = if is_remote {
                scenario.cluster.latency.as_secs_f64()
            } else {
                0.0
            };
            let sent_s = sent_on_s[input.from.0][producer] + latency_s;
            found.push(Arrival {
                sent_s,
                work_s: waiting.work_s,
            });
            bytes += waiting.bytes;
        }
    }
    debloat(
        scenario,
        in_flight.is_backed_up(id, subtask),
        &mut found,
        &mut bytes,
    );
    (found, bytes)
}

/// Buffer debloating shrinks buffers until the data of a gate lasts for the target, not below the smallest segment.
fn debloat(scenario: &Scenario, backed_up: bool, arrivals: &mut [Arrival], bytes: &mut f64) {
    let total_s: f64 = arrivals.iter().map(|arrival| arrival.work_s).sum();
    let Some(debloating) = scenario
        .network
        .debloating
        .filter(|_| backed_up && total_s > 0.0)
    else {
        return;
    };
    let smallest = debloating.min_segment.as_f64() / scenario.network.segment.as_f64().max(1.0);
    let factor = (debloating.target.as_secs_f64() / total_s)
        .max(smallest)
        .min(1.0);
    for arrival in arrivals {
        arrival.work_s *= factor;
    }
    *bytes *= factor;
}

fn overtaken(arrivals: &[Arrival], record_in_hand_s: f64) -> (f64, f64) {
    let (earliest, latest) = extent(arrivals);
    (earliest + record_in_hand_s, latest + record_in_hand_s)
}

fn in_order(
    arrivals: &[Arrival],
    in_flight: &InFlight<'_>,
    id: VertexId,
    subtask: usize,
) -> (f64, f64) {
    let (earliest, _) = extent(arrivals);
    let channels = arrivals.len() as f64;
    let total_s: f64 = arrivals.iter().map(|arrival| arrival.work_s).sum();
    let shortest_s = arrivals
        .iter()
        .map(|arrival| arrival.work_s)
        .fold(f64::INFINITY, f64::min);
    let (queued_s, until_first_s) = if in_flight.is_backed_up(id, subtask) {
        // Round robin per buffer: the shortest channel is empty when all have given as much.
        (0.0, channels * shortest_s)
    } else {
        // The flushers are out of step: the shortest of n uniform contents is 2/(n+1) of the mean.
        (
            in_flight.queued_s(id, subtask, total_s),
            total_s * 2.0 / (channels + 1.0),
        )
    };
    let last = queued_s + makespan_s(arrivals);
    let first = (earliest + queued_s + until_first_s).min(last);
    (first, last)
}

fn extent(arrivals: &[Arrival]) -> (f64, f64) {
    let sent = arrivals.iter().map(|arrival| arrival.sent_s);
    (
        sent.clone().fold(f64::INFINITY, f64::min),
        sent.fold(0.0, f64::max),
    )
}

/// When one server has done all work that arrives in pieces.
fn makespan_s(arrivals: &[Arrival]) -> f64 {
    let mut by_release: Vec<Arrival> = arrivals.to_vec();
    by_release.sort_by(|a, b| a.sent_s.total_cmp(&b.sent_s));
    by_release.iter().fold(0.0, |done, arrival| {
        f64::max(done, arrival.sent_s) + arrival.work_s
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::{Bytes, SimDuration};

    #[test]
    fn below_saturation_a_barrier_waits_for_rho_plus_rho_squared_half_flushes() {
        // ρ = 0.6, 100 ms flush: (0.6 + 0.36)·50 ms = 48 ms after the 4 ms of the trigger; keys dealt in turn
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.simulation.keys = crate::scenario::KeyDraw::Even;
        let travel = Travel::of(&scenario, &Load::offered(&scenario), Passing::InOrder);
        assert!(
            (travel.slowest_s() - 0.052).abs() < 1e-9,
            "{}",
            travel.slowest_s()
        );
        // two channels: the first barrier comes after ρ·30 ms + 2/3·30 ms = 38 ms
        assert!((travel.first_s[1][0] - 0.042).abs() < 1e-9);
    }

    #[test]
    fn under_backpressure_a_barrier_waits_for_all_buffers_in_front() {
        // 2 sources, only subtask 0 is slow (10 ms per record, ρ = 1.5): one local channel of 8.5 and one remote of
        // 18.5 buffers of 32 records (1024 B): 27·32·10 ms = 8.64 s; the first barrier after 2·8.5 buffers, 5.44 s
        let mut scenario = keyed(600.0, SimDuration::from_millis(1));
        scenario.vertices[1].slowness[0] = 10.0;
        scenario.vertices[0].record = Bytes::new(1024);
        let travel = Travel::of(&scenario, &Load::offered(&scenario), Passing::InOrder);
        assert!(
            (travel.last_s[1][0] - 8.644).abs() < 1e-9,
            "{}",
            travel.last_s[1][0]
        );
        assert!((travel.first_s[1][0] - 5.444).abs() < 1e-9);
    }

    #[test]
    fn an_overtaking_barrier_waits_for_half_a_record_whatever_the_load() {
        // 4 ms trigger + half of 10 ms; 8.5 and 18.5 buffers of 32 KiB are persisted at the slow subtask
        let mut scenario = keyed(600.0, SimDuration::from_millis(1));
        scenario.vertices[1].slowness[0] = 10.0;
        let travel = Travel::of(&scenario, &Load::offered(&scenario), Passing::Overtaking);
        assert!((travel.last_s[1][0] - 0.009).abs() < 1e-9);
        assert!(travel.overtaken_bytes > 27.0 * 32_768.0);
        assert!(travel.overtaken_bytes < 28.0 * 32_768.0);
    }

    #[test]
    fn a_late_channel_is_served_after_what_came_before() {
        // released at 0 with 1 s of work, at 5 s with 2 s: done at 7 s, not 3 s
        let arrivals = [
            Arrival {
                sent_s: 5.0,
                work_s: 2.0,
            },
            Arrival {
                sent_s: 0.0,
                work_s: 1.0,
            },
        ];
        assert_eq!(makespan_s(&arrivals), 7.0);
    }

    #[test]
    fn debloating_brings_the_wait_down_to_its_target() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(1));
        scenario.vertices[1].slowness[0] = 10.0;
        scenario.network.debloating = Some(crate::scenario::Debloating::default());
        let travel = Travel::of(&scenario, &Load::offered(&scenario), Passing::InOrder);
        assert!((travel.last_s[1][0] - 1.004).abs() < 1e-9);
    }

    #[test]
    fn the_timeout_switches_only_barriers_that_are_still_under_way() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(1));
        scenario.vertices[1].slowness[0] = 10.0;
        let load = Load::offered(&scenario);
        let aligned = Travel::of(&scenario, &load, Passing::InOrder);
        let overtaking = Travel::of(&scenario, &load, Passing::Overtaking);
        assert_eq!(Travel::switching(&aligned, &overtaking, 60.0), aligned);
        assert!((Travel::switching(&aligned, &overtaking, 2.0).last_s[1][0] - 2.009).abs() < 1e-9);
    }
}
