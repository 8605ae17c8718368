//! What a snapshot of a subtask's state costs: time on the task's thread, files to upload.
//!
//! `flink-semantics` 5.1 (heap), 5.2 (RocksDB), 5.3 (small state travels in the ack), 5.5 (changelog), 5.7 (savepoints).

pub mod changelog;
pub mod file_sizes;
pub mod lsm;
pub mod restore;

use crate::model::ids::CheckpointId;
use crate::model::state::changelog::Log;
use crate::model::state::file_sizes::FileSizes;
use crate::model::state::lsm::{Lsm, SstFiles};
use crate::scenario::calibration::{self as c, Latency};
use crate::scenario::{
    Backend, CheckpointStorage, Checkpointing, Expiry, RocksDb, SavepointFormat, State, Updates,
};
use crate::units::{SimDuration, SimTime};

/// The state of one subtask.
#[derive(Clone, Debug)]
pub struct StateBackend {
    entries: f64,
    entry_bytes: u64,
    updates: Updates,
    /// Entries of new keys that a record adds for good, and up to which record those are among `entries`.
    inserts: f64,
    grown_until: u64,
    expiry: Option<Expiry>,
    unfired: Unfired,
    /// When one of the steps begins in which entries are deleted together.
    first_step: SimDuration,
    /// Time to flush a megabyte.
    flush_per_mb: SimDuration,
    /// Last snapshot: when, and how many records had been processed.
    last: (SimTime, u64),
    store: Store,
    changelog: Option<Log>,
    /// When the log was written last, as `last`.
    last_logged: (SimTime, u64),
    materializations: u32,
    inline_threshold: u64,
    storage: CheckpointStorage,
}

/// What windows hold that should have fired.
#[derive(Clone, Copy, Debug, Default)]
struct Unfired {
    /// So long ago, by event time.
    late: SimDuration,
    /// Entries that are there for that, and how many more that is than at the last snapshot.
    entries: f64,
    more: f64,
}

#[derive(Clone, Debug)]
enum Store {
    /// A source's offsets, or nothing: travels in the ack.
    Inline {
        bytes: u64,
    },
    HashMap,
    RocksDb {
        options: RocksDb,
        lsm: Lsm,
        /// What the newest checkpoint that is known to be complete has uploaded.
        base: Vec<SstFiles>,
        taken: Vec<(CheckpointId, Vec<SstFiles>)>,
    },
}

/// What kind of snapshot is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotKind {
    /// What Flink restores after a failure.
    Checkpoint,
    /// What a user has asked for.
    Savepoint(SavepointFormat),
}

/// The cost of a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotPlan {
    /// Time of the TaskManager's flush thread, for which the task's thread waits.
    pub flush: SimDuration,
    /// Time of the async part before the uploads.
    pub fixed: SimDuration,
    /// Time on top that differs from time to time.
    pub overhead: Latency,
    /// Time on a processor to read and serialise all entries, beside the upload.
    pub scan: SimDuration,
    /// Time on a processor of the compaction that the flush has started, in the background.
    pub compaction: SimDuration,
    /// Files to upload, largest first; all of them begin as threads become free.
    pub files: FileSizes,
    /// Files that are uploaded at the same time.
    pub threads: usize,
    /// State handles that the metadata will hold, files of earlier checkpoints counted.
    pub handles: u64,
    /// Newly persisted bytes.
    pub checkpointed: u64,
    /// Full size, re-used files counted.
    pub state_size: u64,
    /// The state is too large for the JobManager's heap: the async part fails.
    pub too_large: bool,
}

/// More than an exbibyte nobody keeps: what asks for it is to end all the same.
const UNFIRED_BYTES_MAX: f64 = (1_u64 << 60) as f64;

impl StateBackend {
    /// State of `bytes` value bytes, or offsets of a source, or nothing. A large RocksDB instance was
    /// flushed `flushes` times since its last compaction.
    pub fn new(
        state: Option<&State>,
        is_source: bool,
        bytes: f64,
        flushes: usize,
        options: &Checkpointing,
    ) -> Self {
        let (entries, entry_bytes, updates) = match state {
            Some(state) => {
                let entries = bytes / state.entry.as_f64();
                (entries, state.entry.get(), state.updates)
            }
            None => (0.0, 0, Updates::PerSecond(0.0)),
        };
        let store = match (state, options.backend) {
            (None, _) => Store::Inline {
                bytes: if is_source { c::SOURCE_STATE_BYTES } else { 0 },
            },
            (Some(_), Backend::HashMap) => Store::HashMap,
            (Some(_), Backend::RocksDb(rocksdb)) => {
                let live = entries * (entry_bytes + c::ROCKSDB_BYTES_PER_ENTRY) as f64;
                Store::RocksDb {
                    options: rocksdb,
                    lsm: Lsm::new(live as u64, flushes),
                    base: Vec::new(),
                    taken: Vec::new(),
                }
            }
        };
        let mut backend = StateBackend {
            entries,
            entry_bytes,
            updates,
            inserts: state.map_or(0.0, |state| state.inserts),
            grown_until: 0,
            expiry: state.and_then(|state| state.expiry),
            unfired: Unfired::default(),
            first_step: SimDuration::ZERO,
            flush_per_mb: c::ROCKSDB_FLUSH_PER_MB,
            last: (SimTime::ZERO, 0),
            store,
            changelog: None,
            last_logged: (SimTime::ZERO, 0),
            materializations: 0,
            inline_threshold: options.inline_threshold.get(),
            storage: options.storage,
        };
        if let (Some(changelog), Some(_)) = (options.changelog, state) {
            // The state that is there at the start is older than the log, and in storage.
            let materialized = match &mut backend.store {
                Store::Inline { bytes } => *bytes,
                Store::HashMap => backend.scan_bytes(),
                Store::RocksDb { lsm, base, .. } => {
                    *base = lsm.all();
                    lsm.live()
                }
            };
            backend.changelog = Some(Log::new(changelog, materialized));
        }
        backend
    }

    /// One of the steps in which entries are deleted together begins at this time.
    #[must_use]
    pub fn stepping_from(mut self, first: SimDuration) -> Self {
        self.first_step = first;
        self
    }

    /// Flushing a megabyte takes so long.
    #[must_use]
    pub fn flushing_at(mut self, per_mb: SimDuration) -> Self {
        self.flush_per_mb = per_mb;
        self
    }

    /// Takes a snapshot: what it costs now. `processed` = records the subtask has processed so far.
    pub fn snapshot(
        &mut self,
        now: SimTime,
        processed: u64,
        id: CheckpointId,
        kind: SnapshotKind,
    ) -> SnapshotPlan {
        if self.changelog.is_some() && kind == SnapshotKind::Checkpoint {
            return self.snapshot_changelog(now, processed);
        }
        self.grow(processed);
        let heap_bytes = self.scan_bytes();
        let plan = match kind {
            SnapshotKind::Savepoint(SavepointFormat::Canonical) => match &self.store {
                Store::Inline { bytes } => one_file(*bytes),
                Store::HashMap => one_file(heap_bytes),
                Store::RocksDb { .. } => SnapshotPlan {
                    scan: c::ROCKSDB_SCAN_PER_MB.scale(heap_bytes as f64 / 1e6)
                        + c::ROCKSDB_SCAN_PER_ENTRY.scale(self.entries),
                    ..one_file(heap_bytes)
                },
            },
            SnapshotKind::Savepoint(SavepointFormat::Native) => {
                self.snapshot_native(now, processed, None)
            }
            SnapshotKind::Checkpoint => self.snapshot_native(now, processed, Some(id)),
        };
        self.place(plan)
    }

    /// The checkpoint is known to be complete: its files need not be uploaded again (`flink-semantics` 5.2). With a changelog it has none.
    pub fn confirm(&mut self, id: CheckpointId) {
        if self.changelog.is_none() {
            self.confirm_files(id);
        }
    }

    /// The checkpoint will never complete: which files it has uploaded is of no use. With a changelog it has none.
    pub fn forget(&mut self, id: CheckpointId) {
        if self.changelog.is_none()
            && let Store::RocksDb { taken, .. } = &mut self.store
        {
            taken.retain(|(of, _)| *of != id);
        }
    }

    fn confirm_files(&mut self, id: CheckpointId) {
        if let Store::RocksDb { base, taken, .. } = &mut self.store
            && let Some(position) = taken.iter().position(|(of, _)| *of == id)
        {
            *base = taken.swap_remove(position).1;
            taken.retain(|(of, _)| *of > id);
        }
    }

    /// Windows have not fired that should have, by event time, so long ago: what they hold is still there. In time and size it is as
    /// much as is written in that time and would have expired.
    pub fn keep_unfired(&mut self, late: SimDuration) {
        let Some(expiry) = self.expiry else {
            return;
        };
        let per_entry = (self.entry_bytes + c::ROCKSDB_BYTES_PER_ENTRY) as f64;
        let usual = self.usual_entries();
        let lifetimes = late.as_secs_f64() / expiry.lifetime.as_secs_f64().max(1e-9);
        let room = (UNFIRED_BYTES_MAX / per_entry - usual).max(0.0);
        let kept = (usual * lifetimes).min(room);
        let more = kept - self.unfired.entries;
        self.unfired = Unfired {
            late,
            entries: kept,
            more,
        };
        self.entries = usual + kept;
        if let Store::RocksDb { lsm, .. } = &mut self.store {
            let bytes = (more.abs() * per_entry) as u64;
            if more > 0.0 {
                lsm.grow(bytes);
            } else {
                lsm.shrink(bytes);
            }
        }
    }

    /// Entries that are there when all windows fire in time.
    fn usual_entries(&self) -> f64 {
        (self.entries - self.unfired.entries).max(0.0)
    }

    /// The changelog, if there is one.
    pub fn changelog_mut(&mut self) -> Option<&mut Log> {
        self.changelog.as_mut()
    }

    /// The inner backend of a changelog takes a snapshot of its own, to be uploaded file by file (`flink-semantics` 5.5).
    pub fn begin_materialization(&mut self, now: SimTime, processed: u64) {
        if self.changelog.is_none() {
            return;
        }
        self.log_changes(now, processed);
        self.grow(processed);
        self.materializations += 1;
        let number = CheckpointId(self.materializations);
        let plan = self.snapshot_native(now, processed, Some(number));
        let plan = self.place(plan);
        if let Some(log) = &mut self.changelog {
            log.begin(plan.state_size, plan.files, plan.threads);
        }
    }

    /// Whether the materialization has just come to its end.
    pub fn end_materialization_if_uploaded(&mut self) -> bool {
        let ended = self.changelog.as_mut().is_some_and(Log::end_if_uploaded);
        if ended {
            self.confirm_files(CheckpointId(self.materializations));
        }
        ended
    }

    /// Entries of new keys have come since the last time.
    fn grow(&mut self, processed: u64) {
        let new = self.inserted(self.grown_until, processed);
        self.grown_until = processed;
        self.entries += new;
        if let Store::RocksDb { lsm, .. } = &mut self.store {
            lsm.grow((new * (self.entry_bytes + c::ROCKSDB_BYTES_PER_ENTRY) as f64) as u64);
        }
    }

    /// Entries of new keys that came with the records from one number to another.
    fn inserted(&self, from: u64, processed: u64) -> f64 {
        self.inserts * (processed - from) as f64
    }

    /// Bytes of a scan of all entries, as the heap backend and canonical savepoints write them.
    fn scan_bytes(&self) -> u64 {
        let entries = self.entries * (self.entry_bytes + c::HASHMAP_BYTES_PER_ENTRY) as f64;
        entries as u64 + c::HASHMAP_BYTES_PER_SUBTASK
    }

    /// `id` is `None` for a savepoint, whose files are not shared.
    fn snapshot_native(
        &mut self,
        now: SimTime,
        processed: u64,
        id: Option<CheckpointId>,
    ) -> SnapshotPlan {
        let deleted = self.deleted_entries(now, processed);
        let dirty_entries = self.dirty_entries(now, processed);
        let heap_bytes = self.scan_bytes();
        match &mut self.store {
            Store::Inline { bytes } => one_file(*bytes),
            Store::HashMap => one_file(heap_bytes),
            Store::RocksDb {
                options,
                lsm,
                base,
                taken,
            } => {
                let per_entry = (self.entry_bytes + c::ROCKSDB_BYTES_PER_ENTRY) as f64;
                let tombstones = deleted * c::ROCKSDB_BYTES_PER_ENTRY as f64;
                let flushed = lsm.flush((dirty_entries * per_entry + tombstones) as u64);
                let files = lsm.all();
                let known: &[SstFiles] = if options.incremental && id.is_some() {
                    base
                } else {
                    &[]
                };
                let new = lsm::without(&files, known);
                let upload = FileSizes::largest_first(new.iter().map(SstFiles::sizes));
                let state_size: u64 = files.iter().map(SstFiles::total).sum();
                let files_in_all: u64 = files.iter().map(|run| run.sizes().1).sum();
                if let Some(id) = id {
                    taken.push((id, files));
                }
                SnapshotPlan {
                    flush: flush_time(flushed, self.flush_per_mb),
                    // It writes as a flush does; that it reads, too, is left out.
                    compaction: self.flush_per_mb.scale(lsm.compact() as f64 / 1e6),
                    handles: files_in_all + 1,
                    checkpointed: upload.total() + c::ROCKSDB_MISC_BYTES,
                    state_size: state_size + c::ROCKSDB_MISC_BYTES,
                    files: upload,
                    threads: options.transfer_threads,
                    ..SnapshotPlan::default()
                }
            }
        }
    }

    fn snapshot_changelog(&mut self, now: SimTime, processed: u64) -> SnapshotPlan {
        self.log_changes(now, processed);
        let log = self.changelog.as_mut().expect("the caller saw a changelog");
        let tail = log.take_pending();
        let (state_size, persist_delay) = (log.state_size(), log.options().persist_delay);
        // The log has no inline threshold: whatever was changed makes a file (`StateChangeFsUploader`). What was uploaded
        // before the barrier came is not counted as checkpointed.
        let files = match self.storage {
            CheckpointStorage::FileSystem if tail > 0 => FileSizes::one(tail),
            CheckpointStorage::FileSystem | CheckpointStorage::JobManager { .. } => {
                FileSizes::default()
            }
        };
        SnapshotPlan {
            fixed: if tail > 0 {
                persist_delay
            } else {
                SimDuration::ZERO
            },
            overhead: c::INLINE_ASYNC,
            checkpointed: tail,
            state_size,
            files,
            threads: 1,
            ..SnapshotPlan::default()
        }
    }

    /// Writes the changes since the last time into the log.
    fn log_changes(&mut self, now: SimTime, processed: u64) {
        let updates = self.updates_since(self.last_logged, now, processed)
            + self.inserted(self.last_logged.1, processed);
        self.last_logged = (now, processed);
        if let Some(log) = &mut self.changelog {
            log.append((updates * self.entry_bytes as f64) as u64);
        }
    }

    /// Distinct entries overwritten since the last snapshot: uniform updates hit an entry with probability
    /// 1 − exp(−updates / entries). Added entries are all different, and so are those of new keys.
    fn dirty_entries(&mut self, now: SimTime, processed: u64) -> f64 {
        let updates =
            self.updates_since(self.last, now, processed) * self.alive_share(self.last.0, now);
        let inserted = self.inserted(self.last.1, processed);
        self.last = (now, processed);
        let overwritten = match self.updates {
            Updates::Adds(_) => updates,
            Updates::PerSecond(_) | Updates::PerRecord(_) if self.entries > 0.0 => {
                self.entries * -libm::expm1(-updates / self.entries)
            }
            Updates::PerSecond(_) | Updates::PerRecord(_) => 0.0,
        };
        overwritten + inserted
    }

    /// Entries deleted since the last snapshot: as many as were written, of added ones that expire, and of a window's. RocksDB
    /// writes a tombstone for each, with its key. Other entries expire without one (a compaction leaves them out). What windows keep
    /// that have not fired is deleted later.
    fn deleted_entries(&self, now: SimTime, processed: u64) -> f64 {
        let updates = self.updates_since(self.last, now, processed);
        let expired = match (self.updates, self.expiry) {
            (Updates::Adds(_), Some(_)) => updates,
            (_, Some(expiry)) if !expiry.step.is_zero() && self.entries > 0.0 => {
                self.entries * -libm::expm1(-updates / self.entries)
            }
            _ => return 0.0,
        };
        (expired - self.unfired.more).max(0.0)
    }

    /// Of what was written since then, the share that is not deleted again: entries that do not outlive the interval are in no
    /// snapshot, however often they were written.
    fn alive_share(&self, since: SimTime, now: SimTime) -> f64 {
        let Some(expiry) = self.expiry else {
            return 1.0;
        };
        let fired = now.since(SimTime::ZERO).saturating_sub(self.unfired.late);
        let alive_since = expiry.alive_since(fired, self.first_step);
        let alive_since = SimTime::ZERO + alive_since;
        let interval = now.since(since).as_secs_f64();
        if interval > 0.0 {
            now.since(alive_since.max(since)).as_secs_f64() / interval
        } else {
            1.0
        }
    }

    fn updates_since(&self, last: (SimTime, u64), now: SimTime, processed: u64) -> f64 {
        match self.updates {
            Updates::PerSecond(share) => {
                share * self.usual_entries() * (now - last.0).as_secs_f64()
            }
            Updates::PerRecord(updates) | Updates::Adds(updates) => {
                updates * (processed - last.1) as f64
            }
        }
    }

    /// Small files travel in the ack; the JobManager's heap takes everything there, up to its limit (`flink-semantics` 5.3).
    fn place(&self, mut plan: SnapshotPlan) -> SnapshotPlan {
        match self.storage {
            CheckpointStorage::FileSystem => {
                plan.files.retain(|bytes| bytes > self.inline_threshold);
            }
            CheckpointStorage::JobManager { max_state } => {
                plan.too_large = plan.files.largest() > max_state.get();
                plan.files.clear();
            }
        }
        plan.overhead = match self.store {
            Store::RocksDb { .. } if self.changelog.is_none() => c::ROCKSDB_ASYNC_FIXED,
            _ if plan.files.is_empty() => c::INLINE_ASYNC,
            _ => c::HASHMAP_ASYNC_FIXED,
        };
        plan
    }
}

fn one_file(bytes: u64) -> SnapshotPlan {
    SnapshotPlan {
        handles: 1,
        files: FileSizes::one(bytes),
        threads: 1,
        checkpointed: bytes,
        state_size: bytes,
        ..SnapshotPlan::default()
    }
}

/// How long RocksDB takes to write so much of its memtables into a file.
pub fn flush_time(bytes: u64, per_mb: SimDuration) -> SimDuration {
    if bytes == 0 {
        return SimDuration::ZERO;
    }
    c::ROCKSDB_FLUSH_FIXED + per_mb.scale(bytes as f64 / 1e6)
}

#[cfg(test)]
mod tests;
