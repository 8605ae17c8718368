//! The changelog of one subtask: every change is written twice, to the inner backend and to a log in files.
//!
//! `flink-semantics` 5.5 (`FsStateChangelogWriter`, `PeriodicMaterializationManager`). A checkpoint uploads the end of the
//! log; now and then the inner backend is written, and the log before is garbage. Left out: the flush of an inner RocksDB
//! on the task's thread, and changes that wait because too many uploads are under way.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::TaskId;
use crate::model::observe::Observer;
use crate::model::state::file_sizes::FileSizes;
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
    files: FileSizes,
    open: usize,
    threads: usize,
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
            files,
            open: 0,
            threads,
        });
    }

    /// The next file that a free upload thread takes.
    pub fn next_file(&mut self) -> Option<u64> {
        let running = self.running.as_mut()?;
        if running.open >= running.threads {
            return None;
        }
        let bytes = running.files.take()?;
        running.open += 1;
        Some(bytes)
    }

    /// One of its files is in storage.
    pub fn file_closed(&mut self) {
        if let Some(running) = &mut self.running {
            running.open -= 1;
        }
    }

    /// Whether the materialization has just come to its end: the log before its beginning is garbage.
    pub fn end_if_uploaded(&mut self) -> bool {
        let uploaded =
            |running: &mut Materialization| running.files.is_empty() && running.open == 0;
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
        let task = &mut self.tasks[id];
        let processed = task.counters.records;
        task.backend.begin_materialization(agenda.now(), processed);
        self.upload_materialization(id, agenda);
    }

    /// One of its files is in storage.
    pub(crate) fn materialized_file(&mut self, id: TaskId, agenda: &mut Agenda) {
        if let Some(log) = self.tasks[id].backend.changelog_mut() {
            log.file_closed();
        }
        self.upload_materialization(id, agenda);
    }

    /// Opens as many files as there are threads. The next materialization is due an interval after the end of this one
    /// (`PeriodicMaterializationManager.scheduleNextMaterialization`).
    fn upload_materialization(&mut self, id: TaskId, agenda: &mut Agenda) {
        let (owner, taskmanager) = (FileOwner::Materialization(id), self.taskmanager_of[id]);
        while let Some(log) = self.tasks[id].backend.changelog_mut()
            && let Some(bytes) = log.next_file()
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
        assert_eq!((log.next_file(), log.next_file()), (Some(300), Some(200)));
        assert_eq!(log.next_file(), None);
        log.append(40);
        assert_eq!(log.state_size(), 5740);
        log.file_closed();
        assert_eq!(log.next_file(), Some(100));
        log.file_closed();
        assert!(!log.end_if_uploaded());
        log.file_closed();
        assert!(log.end_if_uploaded());
        assert_eq!(log.state_size(), 5540);
        assert!(!log.end_if_uploaded());
    }
}
