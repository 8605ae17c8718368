//! The checkpoint directory: every file is opened, written on shared bandwidth, and closed.

use crate::engine::{FairShare, Limits};
use crate::model::ids::{CheckpointId, TaskId};
use crate::scenario::Storage as Profile;
use crate::units::{Bytes, SimDuration, SimTime};

/// Files being written.
#[derive(Debug)]
pub struct Storage {
    share: FairShare<FileId>,
    files: Vec<Option<File>>,
    free: Vec<u32>,
    generation: u32,
    open: SimDuration,
    close: SimDuration,
    written: u64,
    opened: u64,
}

/// A file while it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(pub u32);

/// A file, and what waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Whose.
    pub owner: FileOwner,
    /// The TaskManager that writes it.
    pub taskmanager: usize,
    /// Size.
    pub bytes: u64,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileOwner {
    /// State of a subtask.
    State(TaskId, CheckpointId),
    /// The inner backend of a subtask's changelog.
    Materialisation(TaskId),
    /// In-flight data of the subtasks that share channel-state file number so-and-so.
    ChannelState(usize, CheckpointId),
}

impl Storage {
    /// An empty directory for so many TaskManagers.
    pub fn new(profile: &Profile, taskmanagers: usize) -> Self {
        let limits = Limits {
            per_transfer: profile.write_per_stream,
            per_group: profile.write_per_taskmanager,
            total: profile.write_total,
        };
        Storage {
            share: FairShare::new(limits, taskmanagers),
            files: Vec::new(),
            free: Vec::new(),
            generation: 0,
            open: profile.open,
            close: profile.close,
            written: 0,
            opened: 0,
        }
    }

    /// Creates a file; it can be written after [`Storage::open_time`].
    pub fn create(&mut self, file: File) -> FileId {
        self.opened += 1;
        self.written += file.bytes;
        if let Some(slot) = self.free.pop() {
            self.files[slot as usize] = Some(file);
            return FileId(slot);
        }
        self.files.push(Some(file));
        FileId(u32::try_from(self.files.len() - 1).expect("fewer than 2^32 files at a time"))
    }

    /// Time to create a file.
    pub fn open_time(&self) -> SimDuration {
        self.open
    }

    /// Time to close a file after its last byte.
    pub fn close_time(&self) -> SimDuration {
        self.close
    }

    /// The file is open: its bytes begin to flow.
    pub fn begin(&mut self, now: SimTime, id: FileId) {
        let file = self.files[id.0 as usize].expect("an open file exists");
        self.share
            .begin(now, id, file.taskmanager, Bytes::new(file.bytes));
    }

    /// Files whose last byte is written by now.
    pub fn take_written(&mut self, now: SimTime) -> Vec<FileId> {
        self.share.take_ended(now)
    }

    /// When the next file will be written if nothing changes, with the number of this forecast.
    pub fn forecast(&mut self) -> Option<(SimTime, u32)> {
        self.generation += 1;
        self.share.next_end().map(|end| (end, self.generation))
    }

    /// Whether a forecast is the newest one.
    pub fn is_current(&self, forecast: u32) -> bool {
        self.generation == forecast
    }

    /// The file is closed; its number may be used again.
    pub fn closed(&mut self, id: FileId) -> File {
        self.free.push(id.0);
        self.files[id.0 as usize]
            .take()
            .expect("a file is closed once")
    }

    /// Bytes written, and files created, so far.
    pub fn totals(&self) -> (u64, u64) {
        (self.written, self.opened)
    }
}
