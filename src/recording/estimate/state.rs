//! Size of the state and how much of it changes: from the sequence of checkpointed and full sizes.
//!
//! The heap backend writes everything each time. RocksDB's files are all live or garbage not yet compacted: a checkpoint
//! adds one flushed file (checkpointed = growth of the full size), until a compaction merges them; the full size right
//! after one is live data + one flush.

use crate::recording::answers::Answers;
use crate::recording::answers::checkpoint::{Checkpoint, Snapshot};
use crate::recording::estimate::estimated::{Estimated, median, range};
use crate::recording::estimate::threads::ADDED;
use crate::scenario::calibration as c;

/// Smaller states are names of files and metadata.
const STATE_MIN_BYTES: f64 = 2000.0;
/// A flush of nearly all live data cannot be overwrites of random entries: they would hit some twice.
const OVERWRITTEN_MAX: f64 = 0.8;

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
    /// Live bytes of a subtask.
    live: f64,
}

impl Change {
    /// Share of the live data overwritten per second, at random, if so much is flushed; `None` if data is added and
    /// expires instead.
    pub fn overwritten_per_s(&self, flushed: f64) -> Option<f64> {
        let share = flushed / self.live;
        // 1 - exp(-updates / entries) of the entries are touched at least once.
        (share < OVERWRITTEN_MAX).then(|| -libm::log1p(-share) / self.period_s)
    }
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
        rocksdb_state(&sequences, answers.from_ms)?
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

fn rocksdb_state(sequences: &[Sequence], from_ms: f64) -> Option<StateEstimate> {
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
    let mut spread: Option<(f64, f64)> = None;
    let lives: Vec<f64> = sequences
        .iter()
        .filter_map(|sequence| {
            let compaction = sequence.windows(2).position(is_compacted);
            certain &= compaction.is_some() || sequence.iter().all(|(_, s)| s.checkpointed <= 0.0);
            let sizes = settled(sequence, compaction, from_ms);
            let (smallest, largest) = range(&sizes);
            let flush = flushed.map_or(0.0, |flushed| flushed.value);
            let live = |size: f64| {
                let live = size - if compaction.is_some() { flush } else { 0.0 };
                live.max(0.1 * size)
            };
            let (low, high) = spread.unwrap_or((f64::INFINITY, 0.0));
            spread = smallest
                .is_finite()
                .then(|| (low.min(live(smallest)), high.max(live(largest))))
                .or(spread);
            smallest.is_finite().then(|| live(smallest))
        })
        .collect();
    let source = if certain {
        "state_size after compaction - flush"
    } else {
        "smallest state_size"
    };
    let mut live = total(&lives, source)?;
    if let Some((low, high)) = spread.filter(|_| !certain) {
        let subtasks = lives.len() as f64;
        live.spread = (low * subtasks, high * subtasks);
    }
    let per_subtask = live.value / lives.len() as f64;
    let change = flushed
        .zip(median(&periods))
        .map(|(flushed, period_s)| Change {
            flushed,
            period_s,
            live: per_subtask,
        });
    Some(StateEstimate {
        live,
        change,
        certain,
    })
}

/// Whether files were merged between two checkpoints.
fn is_compacted(pair: &[(f64, Snapshot)]) -> bool {
    pair[1].1.state < pair[0].1.state
}

/// Full sizes of a state that has grown up: since its first compaction, if there was one. A young job's first checkpoint
/// holds what came in a moment.
fn settled(sequence: &Sequence, compaction: Option<usize>, from_ms: f64) -> Vec<f64> {
    let grown_up = match compaction {
        Some(before) => &sequence[before + 1..],
        None if sequence.len() > 1 && sequence[0].1.checkpointed >= sequence[0].1.state => {
            &sequence[1..]
        }
        None => &sequence[..],
    };
    let late = grown_up.iter().filter(|(at, _)| *at >= from_ms);
    let late: Vec<f64> = late.map(|(_, snapshot)| snapshot.state).collect();
    if late.is_empty() {
        grown_up
            .last()
            .map(|(_, last)| last.state)
            .into_iter()
            .collect()
    } else {
        late
    }
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
