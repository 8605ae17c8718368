//! The refined laws together: how long a checkpoint takes depends on what became dirty since the last one, and when
//! the next one starts depends on how long this one took. One fixed point holds both.

use crate::formulas::barrier::{Passing, Travel};
use crate::formulas::completion::after_last_ack_s;
use crate::formulas::period::{Stages, period_s};
use crate::formulas::snapshot::{Cycle, Snapshot, snapshots};
use crate::formulas::utilisation::Load;
use crate::scenario::calibration::ASYNC_END_TO_ACK;
use crate::scenario::{Alignment, Mode, Scenario, VertexId};
use crate::units::SimDuration;

/// More rounds than the fixed point ever needed.
const ROUNDS: usize = 40;

/// The subtask that acknowledges last, and what it spent its time on. Seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slowest {
    /// The vertex that it belongs to.
    pub vertex: VertexId,
    /// Its index within the vertex.
    pub subtask: usize,
    /// Trigger to first barrier.
    pub start_delay_s: f64,
    /// First to last barrier.
    pub alignment_s: f64,
    /// Duration of the sync phase.
    pub sync_s: f64,
    /// Duration of the async part.
    pub async_s: f64,
    /// Trigger to ack.
    pub end_to_end_s: f64,
}

/// What the refined laws say about a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Refined {
    /// Who is how busy.
    pub load: Load,
    /// When barriers arrive.
    pub travel: Travel,
    /// Usual snapshots, by vertex and subtask.
    pub snapshots: Vec<Vec<Snapshot>>,
    /// The last ack of a usual checkpoint.
    pub slowest: Slowest,
    /// The last ack of a checkpoint after a compaction; equals `slowest` for other backends.
    pub slowest_compacted: Slowest,
    /// Last ack to pointer committed, in seconds.
    pub completion_s: f64,
    /// Trigger to trigger, in seconds; `None` without periodic checkpoints.
    pub period_s: Option<f64>,
    /// In-flight bytes persisted by one checkpoint.
    pub persisted_bytes: f64,
}

impl Refined {
    /// Solves the laws for this scenario.
    pub fn of(scenario: &Scenario) -> Refined {
        let load = Load::offered(scenario);
        let travel = travel(scenario, &load);
        let completion_s = after_last_ack_s(scenario);
        let at = |period: Option<f64>, cycle: Cycle| {
            let snapshots = snapshots(scenario, &load, period.unwrap_or(f64::INFINITY), cycle);
            let slowest = slowest(scenario, &travel, &snapshots);
            (snapshots, slowest)
        };
        let next = |slowest: &Slowest| {
            let stages = Stages {
                end_to_end_s: slowest.end_to_end_s,
                completion_s,
                longest_stage_s: (slowest.start_delay_s + slowest.alignment_s).max(slowest.async_s),
            };
            period_s(scenario, load.throughput_per_s(scenario), stages)
        };
        let mut period = scenario
            .checkpointing
            .interval
            .map(SimDuration::as_secs_f64);
        // Whoever compacts is the slowest; where each subtask does so at other checkpoints than its neighbours, one of many
        // always does.
        let typical = |period: Option<f64>| {
            let (usual, slowest) = at(period, Cycle::Usual);
            let none = usual.iter().flatten().map(|one| 1.0 - one.staggered);
            if none.product::<f64>() < 0.5 {
                (usual, at(period, Cycle::Compacted).1)
            } else {
                (usual, slowest)
            }
        };
        for _ in 0..ROUNDS {
            period = next(&typical(period).1);
        }
        let (usual, slowest) = typical(period);
        let (_, slowest_compacted) = at(period, Cycle::Compacted);
        let persisted_bytes = travel.overtaken_bytes;
        let snapshots = usual;
        Refined {
            load,
            travel,
            snapshots,
            slowest,
            slowest_compacted,
            completion_s,
            period_s: period,
            persisted_bytes,
        }
    }

    /// Trigger to finalized of a usual checkpoint, in seconds.
    pub fn durable_s(&self) -> f64 {
        self.slowest.end_to_end_s + self.completion_s
    }

    /// Bytes newly persisted by a usual checkpoint, in-flight data and what some subtasks have compacted included.
    pub fn checkpointed_bytes(&self) -> f64 {
        self.snapshots
            .iter()
            .flatten()
            .map(|snapshot| snapshot.expected_bytes)
            .sum::<f64>()
            + self.persisted_bytes
    }
}

fn travel(scenario: &Scenario, load: &Load) -> Travel {
    let in_order = Travel::of(scenario, load, Passing::InOrder);
    match (
        scenario.checkpointing.mode,
        scenario.checkpointing.alignment,
    ) {
        (Mode::AtLeastOnce, _) | (_, Alignment::Aligned | Alignment::Caching { .. }) => in_order,
        (Mode::ExactlyOnce, Alignment::Unaligned) => {
            Travel::of(scenario, load, Passing::Overtaking)
        }
        (Mode::ExactlyOnce, Alignment::AlignedThenUnaligned { after }) => {
            let overtaking = Travel::of(scenario, load, Passing::Overtaking);
            Travel::switching(&in_order, &overtaking, after.as_secs_f64())
        }
    }
}

fn slowest(scenario: &Scenario, travel: &Travel, snapshots: &[Vec<Snapshot>]) -> Slowest {
    let channel_state_s = channel_state_s(scenario, travel.overtaken_bytes);
    let mut slowest: Option<Slowest> = None;
    for (vertex, snapshots) in snapshots.iter().enumerate() {
        for (subtask, snapshot) in snapshots.iter().enumerate() {
            let start_delay_s = travel.first_s[vertex][subtask];
            let alignment_s = travel.last_s[vertex][subtask] - start_delay_s;
            let candidate = finish(
                start_delay_s,
                alignment_s,
                snapshot,
                channel_state_s,
                VertexId(vertex),
                subtask,
            );
            if slowest.is_none_or(|slowest| candidate.end_to_end_s > slowest.end_to_end_s) {
                slowest = Some(candidate);
            }
        }
    }
    slowest.expect("a scenario has a vertex, and a vertex a subtask")
}

/// An overtaking checkpoint starts at the first barrier, and its alignment is part of its async phase.
fn finish(
    start_delay_s: f64,
    alignment_s: f64,
    snapshot: &Snapshot,
    channel_state_s: Option<f64>,
    vertex: VertexId,
    subtask: usize,
) -> Slowest {
    let (async_s, before_sync_s) = match channel_state_s {
        Some(channel_state_s) => (
            snapshot.async_s.max(alignment_s + channel_state_s),
            start_delay_s,
        ),
        None => (snapshot.async_s, start_delay_s + alignment_s),
    };
    let end_to_end_s =
        before_sync_s + snapshot.sync_s + async_s + ASYNC_END_TO_ACK.typical().as_secs_f64();
    Slowest {
        vertex,
        subtask,
        start_delay_s,
        alignment_s,
        sync_s: snapshot.sync_s,
        async_s,
        end_to_end_s,
    }
}

/// Seconds to write the in-flight data; `None` if nothing was overtaken.
///
/// Subtasks of a TaskManager share files, and none of them can acknowledge before its file is written; bytes are taken
/// to be spread evenly over the TaskManagers.
fn channel_state_s(scenario: &Scenario, overtaken_bytes: f64) -> Option<f64> {
    if overtaken_bytes <= 0.0 {
        return None;
    }
    let subtasks = scenario.subtasks().div_ceil(scenario.cluster.taskmanagers);
    let files = subtasks.div_ceil(scenario.checkpointing.subtasks_per_channel_state_file)
        * scenario.cluster.taskmanagers;
    let file_bytes = overtaken_bytes / files as f64;
    if file_bytes <= scenario.checkpointing.inline_threshold.as_f64() {
        return Some(0.0);
    }
    let transfer_s = scenario
        .storage
        .write_per_stream
        .map_or(0.0, |rate| file_bytes / rate.as_f64());
    Some((scenario.storage.open + scenario.storage.close).as_secs_f64() + transfer_s)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::scenario::{Backend, RocksDb};

    #[test]
    fn a_quiet_checkpoint_is_trigger_barrier_upload_and_ack() {
        // 4 ms trigger + nothing in flight + 1024.07 ms upload + 2.6 ms ack
        let mut scenario = keyed(0.0, SimDuration::from_millis(4));
        scenario.vertices[1].inputs[0].exchange = crate::scenario::Exchange::Rebalance;
        let refined = Refined::of(&scenario);
        assert!(
            (refined.slowest.end_to_end_s - 1.030_671_7).abs() < 1e-6,
            "{:?}",
            refined.slowest
        );
        assert_eq!(refined.slowest.vertex, VertexId(1));
        assert_eq!(refined.period_s, Some(10.0));
    }

    #[test]
    fn back_to_back_checkpoints_of_rocksdb_find_their_own_period() {
        // interval 100 ms: the period is duration + completion, and only what was touched in it is uploaded
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.backend = Backend::RocksDb(RocksDb {
            incremental: true,
            transfer_threads: 4,
        });
        scenario.checkpointing.interval = Some(SimDuration::from_millis(50));
        let refined = Refined::of(&scenario);
        let period = refined.period_s.unwrap();
        assert!((period - refined.durable_s()).abs() < 1e-9);
        assert!(period > 0.05 && period < 0.2, "{period}");
    }

    #[test]
    fn a_timeout_of_two_seconds_bounds_an_aligned_checkpoint_under_backpressure() {
        // ρ = 1.5 at one slow subtask: 8.6 s aligned; switched: 2 s + half a record + sync + upload of state
        let mut scenario = keyed(600.0, SimDuration::from_millis(1));
        scenario.vertices[1].slowness[0] = 10.0;
        scenario.vertices[1].state = None;
        let aligned = Refined::of(&scenario).slowest.end_to_end_s;
        assert!(aligned > 8.0, "{aligned}");
        scenario.checkpointing.alignment = Alignment::AlignedThenUnaligned {
            after: SimDuration::from_secs(2),
        };
        let switched = Refined::of(&scenario);
        assert!(
            switched.slowest.end_to_end_s > 2.0 && switched.slowest.end_to_end_s < 2.2,
            "{switched:?}"
        );
        assert!(switched.persisted_bytes > 0.0);
    }

    #[test]
    fn without_periodic_checkpoints_there_is_no_period_but_a_duration() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.checkpointing.interval = None;
        let refined = Refined::of(&scenario);
        assert_eq!(refined.period_s, None);
        assert!(refined.slowest.end_to_end_s > 1.0);
    }
}
