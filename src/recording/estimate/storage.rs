//! Bandwidth of one upload stream, and what a file costs besides: from async durations and sizes.
//!
//! One task's files are uploaded at the same time, so that what is estimated is the bandwidth of *one task's snapshot*:
//! where RocksDB writes several files (one per column family) it is above that of one stream.

use crate::recording::answers::Answers;
use crate::recording::answers::checkpoint::Snapshot;
use crate::recording::estimate::estimated::{Estimated, median};
use crate::scenario::calibration::HASHMAP_ASYNC_FIXED;

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
}

/// Estimates the storage from all snapshots that made a file.
pub fn of(answers: &Answers, rocksdb: bool) -> StorageEstimate {
    let snapshots: Vec<Snapshot> = answers
        .checkpoints
        .iter()
        .filter(|checkpoint| checkpoint.trigger_ms >= answers.from_ms)
        .flat_map(|checkpoint| checkpoint.vertices.iter().flatten().copied())
        .filter(|snapshot| {
            // After a compaction several files are uploaded at the same time.
            let compacted = rocksdb && snapshot.checkpointed >= snapshot.state;
            snapshot.checkpointed > INLINE_BYTES && !compacted
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
    let fixed_ms = per_file_ms.map_or(0.0, |per_file| per_file.value);
    StorageEstimate {
        write_bytes_per_s: Estimated::median(&rates(fixed_ms), "checkpointed_size / async"),
        per_file_ms,
    }
}
