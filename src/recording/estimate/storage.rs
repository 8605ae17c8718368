//! Bandwidth of one upload stream, and what a file costs besides: from async durations and sizes.
//!
//! One task's files are uploaded at the same time, so that what is estimated is the bandwidth of *one task's snapshot*:
//! where RocksDB writes several files (one per column family) it is above that of one stream. A *full* snapshot of RocksDB
//! is all its files: the largest is what the last compaction left, the others are flushes since, beside it; it takes as long
//! as the largest (`RocksDBStateUploader`, a stream per file).

use std::collections::BTreeMap;

use crate::recording::answers::Answers;
use crate::recording::answers::checkpoint::Snapshot;
use crate::recording::estimate::estimated::{Estimated, median};
use crate::scenario::Storage;
use crate::scenario::calibration::{HASHMAP_ASYNC_FIXED, ROCKSDB_FILE_BYTES};

/// Flink's default of `execution.checkpointing.data-inline-threshold`: smaller states make no file.
const INLINE_BYTES: f64 = 20_480.0;
/// Files below this share of the largest one show the costs of a file, not the bandwidth.
const SMALL: f64 = 0.05;
/// Only files above this share of the largest one show the bandwidth.
const LARGE: f64 = 0.3;

/// What the checkpoint directory can do.
#[derive(Clone, Copy, Debug, Default)]
pub struct StorageEstimate {
    /// Bytes per second of one task's snapshot.
    pub write_bytes_per_s: Option<Estimated>,
    /// Milliseconds to open and close a file, together.
    pub per_file_ms: Option<Estimated>,
    /// The same, taken from the profile where no small file shows it: no more than half of what a large one took.
    pub assumed_per_file_ms: f64,
}

/// Estimates the storage from all snapshots that made a file.
pub fn of(answers: &Answers, rocksdb: bool) -> StorageEstimate {
    let all: Vec<Sample> = samples(answers);
    let is_full = |sample: &Sample| sample.snapshot.checkpointed >= sample.snapshot.state;
    let full = rocksdb && all.iter().all(is_full);
    let largest_files = if full {
        largest_files(&all)
    } else {
        BTreeMap::new()
    };
    let snapshots: Vec<Snapshot> = all
        .iter()
        // After a compaction several files are uploaded at the same time.
        .filter(|sample| full || !(rocksdb && is_full(sample)))
        .map(|sample| Snapshot {
            checkpointed: largest_files
                .get(&sample.of)
                .map_or(sample.snapshot.checkpointed, |bytes| {
                    bytes.min(sample.snapshot.checkpointed)
                }),
            ..sample.snapshot
        })
        .collect();
    // Unaligned snapshots also wait for barriers: only if there are no others.
    let aligned: Vec<Snapshot> = snapshots.iter().filter(|s| !s.unaligned).copied().collect();
    let snapshots = if aligned.is_empty() {
        snapshots
    } else {
        aligned
    };
    let largest = snapshots.iter().map(|s| s.checkpointed).fold(0.0, f64::max);
    let small: Vec<&Snapshot> = snapshots
        .iter()
        .filter(|s| s.checkpointed < SMALL * largest)
        .collect();
    let rates = |fixed_ms: f64| -> Vec<f64> {
        snapshots
            .iter()
            .filter(|s| s.checkpointed > LARGE * largest && s.async_ms > fixed_ms)
            .map(|s| 1000.0 * s.checkpointed / (s.async_ms - fixed_ms))
            .collect()
    };
    let async_ms: Vec<f64> = small.iter().map(|s| s.async_ms).collect();
    let fixed_ms = median(&async_ms).unwrap_or(0.0);
    let Some(rate) = median(&rates(fixed_ms)).filter(|rate| *rate > 0.0) else {
        return StorageEstimate::default();
    };
    let per_file: Vec<f64> = small
        .iter()
        .map(|s| {
            s.async_ms
                - 1000.0 * s.checkpointed / rate
                - HASHMAP_ASYNC_FIXED.typical().as_millis_f64()
        })
        .map(|ms| ms.max(0.0))
        .collect();
    let per_file_ms = Estimated::median(&per_file, "async of small files");
    let profile = Storage::default();
    let fastest = snapshots
        .iter()
        .filter(|s| s.checkpointed > LARGE * largest)
        .map(|s| s.async_ms)
        .fold(f64::INFINITY, f64::min);
    let assumed = (profile.open + profile.close).as_millis_f64();
    let assumed = assumed.min(fastest / 2.0);
    let fixed_ms = per_file_ms.map_or(assumed, |per_file| per_file.value);
    StorageEstimate {
        write_bytes_per_s: Estimated::median(&rates(fixed_ms), "checkpointed_size / async"),
        per_file_ms,
        assumed_per_file_ms: assumed,
    }
}

/// A snapshot that made a file, and of which subtask it is: position of the vertex, index.
struct Sample {
    of: (usize, usize),
    snapshot: Snapshot,
}

fn samples(answers: &Answers) -> Vec<Sample> {
    let counted = answers
        .checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.trigger_ms >= answers.from_ms);
    let of_vertices = counted.flat_map(|checkpoint| checkpoint.vertices.iter().enumerate());
    let samples = of_vertices.flat_map(|(position, snapshots)| {
        snapshots.iter().map(move |snapshot| Sample {
            of: (position, snapshot.subtask),
            snapshot: *snapshot,
        })
    });
    samples
        .filter(|sample| sample.snapshot.checkpointed > INLINE_BYTES)
        .collect()
}

/// The largest file of every subtask's full snapshots, bytes: what is there after a compaction without the flush since. The
/// state grows by a flush from one checkpoint to the next, and a compaction makes it fall.
fn largest_files(samples: &[Sample]) -> BTreeMap<(usize, usize), f64> {
    let mut states: BTreeMap<(usize, usize), Vec<f64>> = BTreeMap::new();
    for sample in samples {
        states
            .entry(sample.of)
            .or_default()
            .push(sample.snapshot.state);
    }
    let largest = |states: &Vec<f64>| {
        let steps = states.windows(2).map(|pair| pair[1] - pair[0]);
        let flushes: Vec<f64> = steps.filter(|step| *step > 0.0).collect();
        let least = states.iter().copied().fold(f64::INFINITY, f64::min);
        let base = least - median(&flushes).unwrap_or(0.0);
        base.clamp(0.0, ROCKSDB_FILE_BYTES as f64)
    };
    let largest = states.iter().map(|(of, states)| (*of, largest(states)));
    largest.filter(|(_, bytes)| *bytes > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(state: f64) -> Sample {
        let snapshot = Snapshot {
            state,
            checkpointed: state,
            ..Snapshot::default()
        };
        Sample {
            of: (1, 0),
            snapshot,
        }
    }

    #[test]
    fn the_largest_file_is_what_a_compaction_left() {
        let states = [48e6, 56e6, 64e6, 72e6, 48e6, 56e6];
        let all: Vec<Sample> = states.map(sample).into();
        assert!((largest_files(&all)[&(1, 0)] - 40e6).abs() < 1.0);
        // A state that does not change is one file.
        let all: Vec<Sample> = [5e6, 5e6].map(sample).into();
        assert!((largest_files(&all)[&(1, 0)] - 5e6).abs() < 1.0);
        let all: Vec<Sample> = [500e6, 510e6].map(sample).into();
        assert!((largest_files(&all)[&(1, 0)] - ROCKSDB_FILE_BYTES as f64).abs() < 1.0);
    }
}
