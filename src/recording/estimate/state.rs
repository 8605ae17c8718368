//! Size of the state and how much of it changes: from the sequence of checkpointed and full sizes.
//!
//! The heap backend writes everything each time. RocksDB's files are all live or garbage not yet compacted: a checkpoint
//! adds one flushed file (checkpointed = growth of the full size), until a compaction merges them; the full size right
//! after one is live data + one flush.

use crate::recording::answers::Answers;
use crate::recording::answers::checkpoint::{Checkpoint, Snapshot};
use crate::recording::estimate::estimated::{Estimated, median};
use crate::scenario::calibration as c;

/// Smaller states are names of files and metadata.
const STATE_MIN_BYTES: f64 = 2000.0;
/// A flush of nearly all live data cannot be overwrites of random entries: they would hit some twice.
const OVERWRITTEN_MAX: f64 = 0.8;
/// Growth of the full size and checkpointed bytes agree to this share: nothing was compacted.
const ADDED: f64 = 0.02;

/// State of a vertex.
#[derive(Clone, Copy, Debug)]
pub struct StateEstimate {
    /// Bytes of live data of all subtasks, as they are persisted.
    pub live: Estimated,
    /// How it changes; `None` if the backend does not show it.
    pub change: Option<Change>,
    /// Whether `live` was seen after a compaction, or always (heap).
    pub certain: bool,
}

/// What is written between two checkpoints.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// Bytes flushed by one subtask.
    pub flushed: Estimated,
    /// Median time between checkpoints, in seconds.
    pub period_s: f64,
    /// Share of the live data overwritten per second, at random; `None` if data is added and expires instead.
    pub overwritten_per_s: Option<f64>,
}

/// One subtask's snapshots in order, with their trigger timestamps.
type Sequence = Vec<(f64, Snapshot)>;

/// State of the vertex at this position.
pub fn of(answers: &Answers, vertex: usize, rocksdb: bool) -> Option<StateEstimate> {
    let parallelism = answers.vertices[vertex].node.parallelism;
    let sequences: Vec<Sequence> = (0..parallelism)
        .map(|subtask| sequence(&answers.checkpoints, vertex, subtask))
        .collect();
    let steady = |sequence: &Sequence| -> Vec<Snapshot> {
        let late = sequence.iter().filter(|(at, _)| *at >= answers.from_ms);
        let late: Vec<Snapshot> = late.map(|(_, snapshot)| *snapshot).collect();
        // A young job has nothing steady yet.
        if late.is_empty() {
            sequence.last().map(|(_, last)| *last).into_iter().collect()
        } else {
            late
        }
    };
    let state = if rocksdb {
        rocksdb_state(&sequences, answers.from_ms, &steady)?
    } else {
        let sizes = sequences.iter().filter_map(|sequence| {
            median(
                &steady(sequence)
                    .iter()
                    .map(|s| s.state)
                    .collect::<Vec<f64>>(),
            )
        });
        StateEstimate {
            live: total(&sizes.collect::<Vec<f64>>(), "state_size")?,
            change: None,
            certain: true,
        }
    };
    (state.live.value >= STATE_MIN_BYTES * parallelism as f64).then_some(state)
}

fn rocksdb_state(
    sequences: &[Sequence],
    from_ms: f64,
    steady: &dyn Fn(&Sequence) -> Vec<Snapshot>,
) -> Option<StateEstimate> {
    let mut growths = Vec::new();
    let mut periods = Vec::new();
    for pair in sequences.iter().flat_map(|sequence| sequence.windows(2)) {
        let [(before, earlier), (at, later)] = pair else {
            continue;
        };
        let growth = later.state - earlier.state;
        let incremental = later.checkpointed < later.state;
        let added = (growth - later.checkpointed).abs() <= ADDED * later.checkpointed;
        if *at >= from_ms && growth > 0.0 && (added || !incremental) {
            growths.push(growth);
            periods.push((at - before) / 1000.0);
        }
    }
    let flushed = Estimated::median(&growths, "checkpointed_size without compaction");
    let mut certain = true;
    let lives: Vec<f64> = sequences
        .iter()
        .filter_map(|sequence| {
            let snapshots = steady(sequence);
            let smallest = snapshots
                .iter()
                .map(|s| s.state)
                .fold(f64::INFINITY, f64::min);
            let compacted = snapshots
                .windows(2)
                .any(|pair| pair[1].state < pair[0].state);
            certain &= compacted || snapshots.iter().all(|s| s.checkpointed <= 0.0);
            let flush = flushed.map_or(0.0, |flushed| flushed.value);
            smallest.is_finite().then(|| {
                let live = smallest - if compacted { flush } else { 0.0 };
                live.max(0.1 * smallest)
            })
        })
        .collect();
    let live = total(&lives, "state_size after compaction - flush")?;
    let per_subtask = live.value / lives.len() as f64;
    let change = flushed.zip(median(&periods)).map(|(flushed, period_s)| {
        let share = flushed.value / per_subtask;
        Change {
            flushed,
            period_s,
            // 1 - exp(-updates / entries) of the entries are touched at least once.
            overwritten_per_s: (share < OVERWRITTEN_MAX).then(|| -libm::log1p(-share) / period_s),
        }
    });
    Some(StateEstimate {
        live,
        change,
        certain,
    })
}

/// Value bytes of the entries behind persisted bytes, if each value has `entry` bytes.
pub fn value_bytes(live: f64, subtasks: usize, entry: f64, rocksdb: bool) -> f64 {
    let (per_entry, per_subtask) = if rocksdb {
        (c::ROCKSDB_BYTES_PER_ENTRY, 0)
    } else {
        (c::HASHMAP_BYTES_PER_ENTRY, c::HASHMAP_BYTES_PER_SUBTASK)
    };
    let entries = (live - (per_subtask * subtasks as u64) as f64).max(0.0);
    entries * entry / (entry + per_entry as f64)
}

fn sequence(checkpoints: &[Checkpoint], vertex: usize, subtask: usize) -> Sequence {
    checkpoints
        .iter()
        .filter_map(|checkpoint| {
            let snapshots = checkpoint.vertices.get(vertex)?;
            let snapshot = snapshots
                .iter()
                .find(|snapshot| snapshot.subtask == subtask)?;
            Some((checkpoint.trigger_ms, *snapshot))
        })
        .collect()
}

/// The sum, with the spread that it would have if all subtasks were as the smallest or the largest.
fn total(subtasks: &[f64], source: &'static str) -> Option<Estimated> {
    let median = Estimated::median(subtasks, source)?;
    Some(Estimated {
        value: subtasks.iter().sum(),
        ..median.times(subtasks.len() as f64)
    })
}
