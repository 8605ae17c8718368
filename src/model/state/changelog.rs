//! The changelog of one subtask: every change is written twice, to the inner backend and to a log in files.
//!
//! `flink-semantics` 5.5 (`FsStateChangelogWriter`, `PeriodicMaterializationManager`). A checkpoint uploads the end of the
//! log; now and then the inner backend is written, and the log before is garbage. Left out: the flush of an inner RocksDB
//! on the task's thread, and changes that wait because too many uploads are under way.

use crate::model::state::file_sizes::FileSizes;
use crate::scenario::Changelog;

/// The log since the last materialisation, and the one under way.
#[derive(Clone, Debug)]
pub struct Log {
    options: Changelog,
    /// Bytes in the log.
    logged: u64,
    /// Of these, the bytes that are not uploaded yet.
    pending: u64,
    /// Bytes of the inner backend as materialised last.
    materialised: u64,
    running: Option<Materialisation>,
}

/// An inner backend that is being uploaded.
#[derive(Clone, Debug)]
struct Materialisation {
    /// Bytes of the log that it makes garbage.
    replaces: u64,
    size: u64,
    files: FileSizes,
    open: usize,
    threads: usize,
}

impl Log {
    /// An empty log beside `materialised` bytes that were there before it.
    pub fn new(options: Changelog, materialised: u64) -> Self {
        Log {
            options,
            logged: 0,
            pending: 0,
            materialised,
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

    /// What a restore reads: the last materialisation and the log since its beginning.
    pub fn state_size(&self) -> u64 {
        self.materialised.saturating_add(self.logged)
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
        self.running = Some(Materialisation {
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

    /// Whether the materialisation has just come to its end: the log before its beginning is garbage.
    pub fn end_if_uploaded(&mut self) -> bool {
        let uploaded =
            |running: &mut Materialisation| running.files.is_empty() && running.open == 0;
        let Some(done) = self.running.take_if(uploaded) else {
            return false;
        };
        self.logged -= done.replaces;
        self.pending = self.pending.min(self.logged);
        self.materialised = done.size;
        true
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
    fn the_log_is_truncated_to_the_beginning_of_the_materialisation_when_that_is_uploaded() {
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
