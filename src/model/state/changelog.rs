//! The changelog of one subtask: every change is written twice, to the inner backend and to a log in files.
//!
//! `flink-semantics` 5.5 (`FsStateChangelogWriter`, `PeriodicMaterializationManager`). A checkpoint uploads the end of the
//! log; now and then the inner backend is written, and the log before is garbage. Left out: the flush of an inner RocksDB
//! on the task's thread, and changes that wait because too many uploads are under way.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::TaskId;
use crate::model::observe::Observer;
use crate::model::state::file_sizes::{FileSizes, Transfers};
use crate::model::storage::file::{File, FileOwner};
use crate::scenario::Changelog;
use crate::units::SimDuration;

/// The log since the last materialization, and the one under way.
#[derive(Clone, Debug)]
pub struct Log {
    options: Changelog,
    /// Bytes in the log.
    logged: u64,
    /// Of these, the bytes that are not uploaded yet.
    pending: u64,
    /// Bytes of the inner backend as materialized last.
    materialized: u64,
    running: Option<Materialization>,
}

/// An inner backend that is being uploaded.
#[derive(Clone, Debug)]
struct Materialization {
    /// Bytes of the log that it makes garbage.
    replaces: u64,
    size: u64,
    uploads: Transfers,
}

impl Log {
    /// An empty log beside `materialized` bytes that were there before it.
    pub fn new(options: Changelog, materialized: u64) -> Self {
        Log {
            options,
            logged: 0,
            pending: 0,
            materialized,
            running: None,
        }
    }

    /// How it is configured.
    pub fn options(&self) -> &Changelog {
        &self.options
    }

    /// Appends `bytes`. What exceeds the threshold is uploaded as it is written.
    pub fn append(&mut self, bytes: u64) {
        // No log of a job that can be is so long; the sum of what cannot be stays at its end.
        self.logged = self.logged.saturating_add(bytes);
        self.pending = self.pending.saturating_add(bytes);
        let threshold = self.options.preemptive_persist.get();
        if self.pending > threshold {
            self.pending %= threshold.max(1);
        }
    }

    /// The end of the log: what a checkpoint has to upload.
    pub fn take_pending(&mut self) -> u64 {
        std::mem::take(&mut self.pending)
    }

    /// What a restore reads: the last materialization and the log since its beginning.
    pub fn state_size(&self) -> u64 {
        self.materialized.saturating_add(self.logged)
    }

    /// Bytes of the log alone.
    pub fn logged(&self) -> u64 {
        self.logged
    }

    /// The task is restored: what was being uploaded is lost.
    pub fn forget_running(&mut self) {
        self.running = None;
    }

    /// The inner backend, `size` bytes of which `files` are new, begins to be uploaded.
    pub fn begin(&mut self, size: u64, files: FileSizes, threads: usize) {
        self.running = Some(Materialization {
            replaces: self.logged,
            size,
            uploads: Transfers::new(files, threads),
        });
    }

    /// The uploads of the materialization under way.
    pub fn uploads(&mut self) -> Option<&mut Transfers> {
        self.running.as_mut().map(|running| &mut running.uploads)
    }

    /// Whether the materialization has just come to its end: the log before its beginning is garbage.
    pub fn end_if_uploaded(&mut self) -> bool {
        let uploaded = |running: &mut Materialization| running.uploads.are_over();
        let Some(done) = self.running.take_if(uploaded) else {
            return false;
        };
        self.logged -= done.replaces;
        self.pending = self.pending.min(self.logged);
        self.materialized = done.size;
        true
    }
}

impl<O: Observer> Job<O> {
    /// The first materialization of a subtask comes after a deterministic part of the interval, to spread them.
    pub(crate) fn schedule_materialization(&mut self, id: TaskId, agenda: &mut Agenda) {
        let n = self.tasks.len();
        if let Some(interval) = self.materialization_interval()
            && self.tasks[id].backend.changelog_mut().is_some()
        {
            let phase = interval.scale((id.index() + 1) as f64 / n as f64);
            agenda.after(phase, Event::Materialize(id));
        }
    }

    fn materialization_interval(&self) -> Option<SimDuration> {
        let changelog = self.scenario.checkpointing.changelog;
        changelog.and_then(|changelog| changelog.materialize)
    }

    /// The time has come for a subtask's inner backend.
    pub(crate) fn materialize(&mut self, id: TaskId, agenda: &mut Agenda) {
        let unfired = self.unfired(id);
        let task = &mut self.tasks[id];
        let processed = task.counters.records;
        task.backend.keep_unfired(unfired);
        task.backend.begin_materialization(agenda.now(), processed);
        self.upload_materialization(id, agenda);
    }

    fn materialization_uploads(&mut self, id: TaskId) -> Option<&mut Transfers> {
        self.tasks[id].backend.changelog_mut()?.uploads()
    }

    /// One of its files is in storage.
    pub(crate) fn materialized_file(&mut self, id: TaskId, agenda: &mut Agenda) {
        if let Some(uploads) = self.materialization_uploads(id) {
            uploads.end_one();
        }
        self.upload_materialization(id, agenda);
    }

    /// Opens as many files as there are threads. The next materialization is due an interval after the end of this one
    /// (`PeriodicMaterializationManager.scheduleNextMaterialization`).
    fn upload_materialization(&mut self, id: TaskId, agenda: &mut Agenda) {
        let (owner, taskmanager) = (FileOwner::Materialization(id), self.taskmanager_of[id]);
        while let Some(bytes) = self
            .materialization_uploads(id)
            .and_then(Transfers::begin_next)
        {
            let file = File {
                owner,
                taskmanager,
                bytes,
            };
            self.open_file(file, agenda);
        }
        if self.tasks[id].backend.end_materialization_if_uploaded()
            && let Some(interval) = self.materialization_interval()
        {
            agenda.after(interval, Event::Materialize(id));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn log() -> Log {
        let options = Changelog {
            preemptive_persist: Bytes::new(1000),
            ..Changelog::default()
        };
        Log::new(options, 5000)
    }

    #[test]
    fn what_exceeded_the_threshold_is_uploaded_already() {
        let mut log = log();
        log.append(900);
        assert_eq!(log.take_pending(), 900);
        log.append(2300);
        assert_eq!(log.take_pending(), 300);
        assert_eq!(log.state_size(), 5000 + 3200);
    }

    #[test]
    fn the_log_is_truncated_to_the_beginning_of_the_materialization_when_that_is_uploaded() {
        let mut log = log();
        log.append(700);
        log.begin(5500, FileSizes::of([(300, 1), (200, 1), (100, 1)]), 2);
        let next_file = |log: &mut Log| log.uploads().unwrap().begin_next();
        assert_eq!(next_file(&mut log), Some(300));
        assert_eq!(next_file(&mut log), Some(200));
        assert_eq!(next_file(&mut log), None);
        log.append(40);
        assert_eq!(log.state_size(), 5740);
        log.uploads().unwrap().end_one();
        assert_eq!(next_file(&mut log), Some(100));
        log.uploads().unwrap().end_one();
        assert!(!log.end_if_uploaded());
        log.uploads().unwrap().end_one();
        assert!(log.end_if_uploaded());
        assert_eq!(log.state_size(), 5540);
        assert!(!log.end_if_uploaded());
    }
}
