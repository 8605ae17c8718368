//! `execution.checkpointing.file-merging` (FLIP-306): several state handles share a physical file.
//!
//! A TaskManager has a pool of files that are open for more (`FileMergingSnapshotManagerBase`, `PhysicalFilePool`): one for private
//! state (heap backends, in-flight data), one per subtask for state that checkpoints share (incremental RocksDB). Who writes takes a
//! free file out of its pool, or creates one; a file that has been written goes back, unless it is as large as `max-file-size`. So
//! there are as many files as are written at the same time. Whose pool blocks (`pool-blocking`) has one file, for which all wait. Within
//! the boundary of a checkpoint (`WithinCheckpointFileMergingSnapshotManager`) each has its own pools; across it
//! (`across-checkpoint-boundary`) a file goes on growing from checkpoint to checkpoint. A segment is flushed when it ends
//! (`shouldSyncAfterClosingLogicalFile`), which takes as long as closing a file.
//!
//! Savepoints, the log of a changelog and what it materializes are not merged. Limits: what has died in a file that lives on is not
//! counted as retained, and nothing is uploaded again because of it (`max-space-amplification`).

use std::collections::{BTreeMap, VecDeque};

use crate::model::ids::{CheckpointId, TaskId};
use crate::model::storage::file::FileId;
use crate::scenario::flink::FileMerging;

/// The pools of all TaskManagers.
#[derive(Debug)]
pub struct Merging {
    options: FileMerging,
    pools: BTreeMap<PoolKey, Pool>,
    /// By what is being written: where, and how large its physical file was before.
    segments: BTreeMap<FileId, (PoolKey, u64)>,
    counts: MergedFiles,
}

/// Files with file merging.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MergedFiles {
    /// State handles that were written.
    pub segments: u64,
    /// Physical files that were created for them.
    pub created: u64,
}

/// Which files go on in each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sharing {
    /// Those of a TaskManager: private state.
    TaskManager(usize),
    /// Those of a subtask: state that checkpoints share.
    Subtask(TaskId),
}

type PoolKey = (Option<CheckpointId>, Sharing);

#[derive(Debug, Default)]
struct Pool {
    /// Sizes of files that nobody writes.
    free: Vec<u64>,
    /// Files that are being written.
    writing: u32,
    /// Its checkpoint is over.
    over: bool,
    /// Of a pool that blocks.
    waiting: VecDeque<FileId>,
}

/// What a writer finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// No file: it creates one.
    None,
    /// A file in which it goes on.
    Open,
    /// It waits for one.
    Wait,
}

impl Merging {
    /// No files yet.
    pub fn new(options: FileMerging) -> Self {
        Merging {
            options,
            pools: BTreeMap::new(),
            segments: BTreeMap::new(),
            counts: MergedFiles::default(),
        }
    }

    /// Somebody is about to write.
    pub fn begin(&mut self, id: FileId, checkpoint: CheckpointId, sharing: Sharing) -> Found {
        let key = ((!self.options.across).then_some(checkpoint), sharing);
        let pool = self.pools.entry(key).or_default();
        self.counts.segments += 1;
        if self.options.blocking && pool.writing > 0 {
            pool.waiting.push_back(id);
            self.segments.insert(id, (key, 0));
            return Found::Wait;
        }
        self.take_file(id, key)
    }

    fn take_file(&mut self, id: FileId, key: PoolKey) -> Found {
        let pool = self.pools.entry(key).or_default();
        pool.writing += 1;
        let free = pool.free.pop();
        self.segments.insert(id, (key, free.unwrap_or(0)));
        if free.is_some() {
            return Found::Open;
        }
        self.counts.created += 1;
        Found::None
    }

    /// It has written so many bytes: who waits for the file, and what that one finds.
    pub fn end(&mut self, id: FileId, bytes: u64) -> Option<(FileId, Found)> {
        let (key, before) = self.segments.remove(&id)?;
        let pool = self.pools.entry(key).or_default();
        let size = before.saturating_add(bytes);
        if size < self.options.max_size.get() {
            pool.free.push(size);
        }
        self.next(key)
    }

    /// It gives up: its physical file is closed.
    pub fn give_up(&mut self, id: FileId) -> Option<(FileId, Found)> {
        let (key, _) = self.segments.remove(&id)?;
        let pool = self.pools.entry(key).or_default();
        let waits = pool.waiting.iter().position(|waiting| *waiting == id);
        match waits {
            Some(position) => {
                pool.waiting.remove(position);
                None
            }
            None => self.next(key),
        }
    }

    /// Whether it has found no file yet.
    pub fn waits(&self, id: FileId) -> bool {
        let segment = self.segments.get(&id);
        let pool = segment.and_then(|(key, _)| self.pools.get(key));
        pool.is_some_and(|pool| pool.waiting.contains(&id))
    }

    fn next(&mut self, key: PoolKey) -> Option<(FileId, Found)> {
        let pool = self.pools.entry(key).or_default();
        pool.writing = pool.writing.saturating_sub(1);
        if let Some(next) = pool.waiting.pop_front() {
            return Some((next, self.take_file(next, key)));
        }
        if pool.over && pool.writing == 0 {
            self.pools.remove(&key);
        }
        None
    }

    /// The checkpoint is over: nobody goes on in its files.
    pub fn forget(&mut self, checkpoint: CheckpointId) {
        for ((of, _), pool) in &mut self.pools {
            pool.over |= *of == Some(checkpoint);
        }
        self.pools.retain(|_, pool| !pool.over || pool.writing > 0);
    }

    /// All pools are those of tasks that are gone.
    pub fn begin_anew(&mut self) {
        self.pools.clear();
        self.segments.clear();
    }

    /// How many files there were so far.
    pub fn counts(&self) -> MergedFiles {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    const ONE: CheckpointId = CheckpointId(1);
    const TWO: CheckpointId = CheckpointId(2);
    const TM: Sharing = Sharing::TaskManager(0);

    fn merging(across: bool, blocking: bool) -> Merging {
        Merging::new(FileMerging {
            across,
            blocking,
            max_size: Bytes::new(100),
        })
    }

    #[test]
    fn there_are_as_many_files_as_are_written_at_the_same_time() {
        let mut files = merging(false, false);
        assert_eq!(files.begin(FileId(0), ONE, TM), Found::None);
        assert_eq!(files.begin(FileId(1), ONE, TM), Found::None);
        assert_eq!(files.end(FileId(0), 60), None);
        assert_eq!(files.begin(FileId(2), ONE, TM), Found::Open);
        assert_eq!(
            files.begin(FileId(3), ONE, Sharing::Subtask(TaskId(0))),
            Found::None
        );
        files.end(FileId(2), 60);
        assert_eq!(
            files.begin(FileId(4), ONE, TM),
            Found::None,
            "that one is full"
        );
        files.end(FileId(1), 1);
        assert_eq!(
            files.begin(FileId(5), TWO, TM),
            Found::None,
            "of another checkpoint"
        );
        assert_eq!(
            files.counts(),
            MergedFiles {
                segments: 6,
                created: 5
            }
        );
    }

    #[test]
    fn across_the_boundary_the_next_checkpoint_goes_on() {
        let mut files = merging(true, false);
        files.begin(FileId(0), ONE, TM);
        files.end(FileId(0), 60);
        files.forget(ONE);
        assert_eq!(files.begin(FileId(0), TWO, TM), Found::Open);
    }

    #[test]
    fn who_finds_a_pool_that_blocks_waits_for_its_file() {
        let mut files = merging(false, true);
        assert_eq!(files.begin(FileId(0), ONE, TM), Found::None);
        assert_eq!(files.begin(FileId(1), ONE, TM), Found::Wait);
        assert_eq!(files.begin(FileId(2), ONE, TM), Found::Wait);
        assert_eq!(files.give_up(FileId(1)), None);
        assert_eq!(files.end(FileId(0), 60), Some((FileId(2), Found::Open)));
        assert_eq!(files.begin(FileId(3), ONE, TM), Found::Wait);
        assert_eq!(files.give_up(FileId(2)), Some((FileId(3), Found::None)));
    }
}
