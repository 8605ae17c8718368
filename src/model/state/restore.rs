//! What it costs to get a subtask's state back (`flink-semantics` 6.4 no. 5).
//!
//! Always the full state, whatever the last checkpoint wrote: `HashMap` reads one file and deserialises it in one thread;
//! RocksDB downloads all files with several threads and opens them; a changelog reads the inner backend and the log.

use crate::model::ids::CheckpointId;
use crate::model::state::file_sizes::FileSizes;
use crate::model::state::lsm::SstFiles;
use crate::model::state::{StateBackend, Store};
use crate::scenario::CheckpointStorage;
use crate::scenario::calibration::{self as c, Latency};
use crate::units::{SimDuration, SimTime};

/// What a subtask reads before it can run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestorePlan {
    /// Files to read; all of them begin as threads become free.
    pub files: FileSizes,
    /// Files that are read at the same time.
    pub threads: usize,
    /// Time on top, after the last byte.
    pub fixed: Latency,
    /// Time on a processor to insert entries one by one, before that.
    pub work: SimDuration,
}

impl RestorePlan {
    /// There is no file to read, and nothing to insert.
    pub fn read_nothing(&mut self) {
        self.files.clear();
        self.work = SimDuration::ZERO;
    }
}

impl StateBackend {
    /// What a restore of this state reads; it is as it was when `checkpoint` was taken, or as a job that has taken none
    /// in this run began.
    pub fn restore_plan(&self, checkpoint: Option<CheckpointId>) -> RestorePlan {
        let mut plan = match &self.store {
            Store::Inline { .. } => RestorePlan {
                threads: 1,
                fixed: c::RESTORE_INLINE,
                ..RestorePlan::default()
            },
            Store::HashMap => RestorePlan {
                files: FileSizes::one(self.scan_bytes()),
                threads: 1,
                fixed: c::HASHMAP_OPEN,
                ..RestorePlan::default()
            },
            Store::RocksDb {
                options,
                lsm,
                taken,
                ..
            } => {
                let uploaded = taken.iter().find(|(of, _)| Some(*of) == checkpoint);
                let files = uploaded.map_or_else(|| lsm.all(), |(_, files)| files.clone());
                let mut files = FileSizes::largest_first(files.iter().map(SstFiles::sizes));
                if files.is_empty() {
                    files = FileSizes::one(lsm.live());
                }
                RestorePlan {
                    files,
                    threads: options.transfer_threads,
                    fixed: c::ROCKSDB_OPEN,
                    ..RestorePlan::default()
                }
            }
        };
        if let Some(log) = &self.changelog {
            plan.files.put_first(log.logged());
        }
        match self.storage {
            CheckpointStorage::FileSystem => {
                plan.files.retain(|bytes| bytes > self.inline_threshold);
            }
            CheckpointStorage::JobManager { .. } => plan.files.clear(),
        }
        plan
    }

    /// The state is back: what has changed since counts from now on. `processed` = records processed so far.
    pub fn restored(&mut self, now: SimTime, processed: u64, checkpoint: Option<CheckpointId>) {
        self.last = (now, processed);
        self.last_logged = (now, processed);
        self.grown_until = processed;
        if let Some(checkpoint) = checkpoint {
            self.confirm(checkpoint);
        }
        if let Store::RocksDb { taken, .. } = &mut self.store {
            taken.clear();
        }
        if let Some(log) = &mut self.changelog {
            log.forget_running();
        }
    }
}

impl StateBackend {
    /// A new job may not rely on the files of a savepoint (`NO_CLAIM`): its first checkpoint uploads everything.
    pub fn share_nothing(&mut self) {
        if let Store::RocksDb { base, .. } = &mut self.store {
            base.clear();
        }
    }
}

impl StateBackend {
    /// It holds this share of what the subtasks of another parallelism held.
    pub fn take_over<'a>(&mut self, share: f64, others: impl Iterator<Item = &'a StateBackend>) {
        let (entries, unfired) = others.fold((0.0, 0.0), |(entries, unfired), other| {
            (entries + other.entries, unfired + other.unfired.entries)
        });
        let entries = share * entries;
        self.unfired.entries = share * unfired;
        let grown = (entries - self.entries).max(0.0);
        self.entries = entries;
        if let Store::RocksDb { lsm, .. } = &mut self.store {
            lsm.grow((grown * (self.entry_bytes + c::ROCKSDB_BYTES_PER_ENTRY) as f64) as u64);
        }
    }

    /// What a subtask reads from a savepoint or retained checkpoint that was taken under another parallelism (`old`, now
    /// `new`), or in the canonical format.
    ///
    /// Key groups are dealt in contiguous ranges (`KeyGroupRangeAssignment`), so that a subtask needs the old subtasks
    /// whose ranges overlap its own. A heap backend reads its part of their files. RocksDB downloads all of each, opens
    /// the one with the largest overlap, and copies the entries of the others one by one (`flink-semantics` 6.4 no. 5); of a canonical
    /// savepoint every entry is inserted.
    pub fn rescale_plan(
        &self,
        subtask: usize,
        (old, new): (usize, usize),
        canonical: bool,
    ) -> RestorePlan {
        let mut plan = self.restore_plan(None);
        let rocksdb = matches!(self.store, Store::RocksDb { .. });
        let bytes = plan.files.total();
        let of_old = bytes as f64 * new as f64 / old as f64;
        let mut overlaps = overlaps(subtask, old, new);
        if old != new && bytes > 0 {
            let read = |overlap: f64| if rocksdb { of_old } else { of_old * overlap };
            let last_first = overlaps.iter().rev();
            plan.files = FileSizes::of(last_first.map(|&share| (read(share) as u64, 1)));
        }
        overlaps.sort_by(f64::total_cmp);
        let base = if canonical { None } else { overlaps.pop() };
        if rocksdb && bytes > 0 && (base.is_none() || !overlaps.is_empty()) {
            let inserted: f64 = overlaps.iter().map(|share| share * of_old).sum();
            plan.work = c::ROCKSDB_COPY_PER_MB.scale(inserted / 1e6);
        }
        plan
    }
}

/// Shares of the old subtasks' key ranges that fall into the range of a new subtask; none is 0.
fn overlaps(subtask: usize, old: usize, new: usize) -> Vec<f64> {
    let (from, until) = (
        subtask as f64 / new as f64,
        (subtask + 1) as f64 / new as f64,
    );
    let width = 1.0 / old as f64;
    let share = |j: usize| {
        let (begin, end) = (j as f64 * width, (j + 1) as f64 * width);
        (until.min(end) - from.max(begin)).max(0.0) / width
    };
    (0..old).map(share).filter(|&share| share > 1e-9).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::state::SnapshotKind;
    use crate::scenario::{Backend, Checkpointing, RocksDb, State, Updates};
    use crate::units::{Bytes, SimDuration};

    fn backend(backend: Backend) -> StateBackend {
        let state = State {
            size: Bytes::new(40_000_000),
            entry: Bytes::new(1000),
            updates: Updates::PerSecond(0.02),
            access: SimDuration::ZERO,
            inserts: 0.0,
            expiry: None,
        };
        let options = Checkpointing {
            backend,
            ..Checkpointing::default()
        };
        StateBackend::new(Some(&state), false, state.size.as_f64(), 0, &options)
    }

    #[test]
    fn a_heap_backend_reads_one_file_with_everything() {
        let plan = backend(Backend::HashMap).restore_plan(None);
        assert_eq!(plan.files, [40_000 * 1013 + 717]);
    }

    #[test]
    fn a_rescaled_subtask_reads_the_old_subtasks_that_overlap_its_key_range() {
        let heap = backend(Backend::HashMap);
        let bytes: u64 = heap.restore_plan(None).files.total();
        // From 2 to 3 subtasks: the middle one needs a third of both.
        let plan = heap.rescale_plan(1, (2, 3), false);
        assert_eq!(plan.files, [bytes / 2, bytes / 2]);
        assert_eq!(heap.rescale_plan(1, (3, 3), false).files, [bytes]);
        let rocksdb = backend(Backend::RocksDb(RocksDb::default()));
        let bytes: u64 = rocksdb.restore_plan(None).files.total();
        let plan = rocksdb.rescale_plan(1, (2, 3), false);
        assert_eq!(
            plan.files,
            [bytes * 3 / 2, bytes * 3 / 2],
            "downloaded as a whole"
        );
        let copied = c::ROCKSDB_COPY_PER_MB.scale(bytes as f64 / 2e6);
        assert_eq!(plan.work, copied, "one of them is copied");
    }

    #[test]
    fn an_incremental_checkpoint_is_restored_in_full() {
        let rocksdb = RocksDb {
            incremental: true,
            ..RocksDb::default()
        };
        let mut backend = backend(Backend::RocksDb(rocksdb));
        for n in 1..=3 {
            let at = SimTime::ZERO + SimDuration::from_secs(u64::from(n) * 5);
            backend.snapshot(at, 0, CheckpointId(n), SnapshotKind::Checkpoint);
            backend.confirm(CheckpointId(n - 1));
        }
        let plan = backend.restore_plan(Some(CheckpointId(3)));
        assert_eq!(plan.threads, 4);
        let bytes = plan.files.total();
        assert!(bytes > 40_000 * 1027, "{bytes}");
        let (first, largest) = (plan.files.clone().take(), plan.files.largest());
        assert_eq!(first, Some(largest));
    }
}
