//! The checkpoint directory: every file is opened, written or read on shared bandwidth, and closed.

use crate::engine::{FairShare, Limits};
use crate::model::ids::{CheckpointId, TaskId};
use crate::scenario::Storage as Profile;
use crate::units::{Bytes, SimDuration, SimTime};

/// Files being written and read.
#[derive(Debug)]
pub struct Storage {
    writes: Line,
    reads: Line,
    files: Vec<Option<File>>,
    free: Vec<u32>,
    open: SimDuration,
    close: SimDuration,
    written: u64,
    opened: u64,
}

/// Transfers in one direction.
#[derive(Debug)]
struct Line {
    share: FairShare<FileId>,
    forecast: u32,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Into the directory.
    Write,
    /// Out of it.
    Read,
}

/// A file while it is transferred.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileId(pub u32);

/// A file, and what waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    /// Whose.
    pub owner: FileOwner,
    /// The TaskManager that writes or reads it.
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
    /// State that a subtask reads to be restored.
    Restore(TaskId),
}

impl FileOwner {
    /// Which way its bytes go.
    pub fn direction(self) -> Direction {
        match self {
            FileOwner::State(..) | FileOwner::Materialisation(_) | FileOwner::ChannelState(..) => {
                Direction::Write
            }
            FileOwner::Restore(_) => Direction::Read,
        }
    }
}

impl Storage {
    /// An empty directory for so many TaskManagers.
    pub fn new(profile: &Profile, taskmanagers: usize) -> Self {
        let writes = Limits {
            per_transfer: profile.write_per_stream,
            per_group: profile.write_per_taskmanager,
            total: profile.write_total,
        };
        let reads = Limits {
            per_transfer: profile.read_per_stream,
            per_group: profile.read_per_taskmanager,
            total: profile.read_total,
        };
        let line = |limits| Line {
            share: FairShare::new(limits, taskmanagers),
            forecast: 0,
        };
        Storage {
            writes: line(writes),
            reads: line(reads),
            files: Vec::new(),
            free: Vec::new(),
            open: profile.open,
            close: profile.close,
            written: 0,
            opened: 0,
        }
    }

    /// Opens a file; its bytes can flow after [`Storage::open_time`].
    pub fn create(&mut self, file: File) -> FileId {
        if file.owner.direction() == Direction::Write {
            self.opened += 1;
            self.written = self.written.saturating_add(file.bytes);
        }
        if let Some(slot) = self.free.pop() {
            self.files[slot as usize] = Some(file);
            return FileId(slot);
        }
        self.files.push(Some(file));
        FileId(u32::try_from(self.files.len() - 1).expect("fewer than 2^32 files at a time"))
    }

    /// Time to create or open a file.
    pub fn open_time(&self) -> SimDuration {
        self.open
    }

    /// Time to close a file after its last byte: a written one has to be made durable.
    pub fn close_time(&self, direction: Direction) -> SimDuration {
        match direction {
            Direction::Write => self.close,
            Direction::Read => SimDuration::ZERO,
        }
    }

    /// The file is open: its bytes begin to flow. Returns which way.
    pub fn begin(&mut self, now: SimTime, id: FileId) -> Direction {
        let file = self.files[id.0 as usize].expect("an open file exists");
        let direction = file.owner.direction();
        let share = &mut self.line(direction).share;
        share.begin(now, id, file.taskmanager, Bytes::new(file.bytes));
        direction
    }

    /// Files whose last byte is through by now.
    pub fn take_ended(&mut self, now: SimTime, direction: Direction) -> Vec<FileId> {
        self.line(direction).share.take_ended(now)
    }

    /// When the next file will be through if nothing changes, with the number of this forecast.
    pub fn forecast(&mut self, direction: Direction) -> Option<(SimTime, u32)> {
        let line = self.line(direction);
        line.forecast += 1;
        Some((line.share.next_end()?, line.forecast))
    }

    /// Whether a forecast is the newest one.
    pub fn is_current(&mut self, direction: Direction, forecast: u32) -> bool {
        self.line(direction).forecast == forecast
    }

    /// Transfers under way.
    pub fn moving(&mut self, direction: Direction) -> u64 {
        self.line(direction).share.len() as u64
    }

    /// The file is closed; its number may be used again.
    pub fn closed(&mut self, id: FileId) -> File {
        self.free.push(id.0);
        self.files[id.0 as usize]
            .take()
            .expect("a file is closed once")
    }

    /// Whose file it is.
    pub fn owner(&self, id: FileId) -> Option<FileOwner> {
        self.files[id.0 as usize].map(|file| file.owner)
    }

    /// Gives files up; no event of theirs may be left on the agenda.
    pub fn cancel(&mut self, now: SimTime, given_up: impl Fn(FileOwner) -> bool) {
        let lost = |file: &Option<File>| file.is_some_and(|file| given_up(file.owner));
        let Storage {
            writes,
            reads,
            files,
            free,
            ..
        } = self;
        for line in [writes, reads] {
            line.share.cancel(now, |id| lost(&files[id.0 as usize]));
        }
        for (slot, file) in files.iter_mut().enumerate() {
            if lost(file) {
                *file = None;
                free.push(slot as u32);
            }
        }
    }

    /// Only this share of all bandwidths is left; 0 = nothing moves.
    pub fn set_scale(&mut self, now: SimTime, share: f64) {
        self.writes.share.set_scale(now, share);
        self.reads.share.set_scale(now, share);
    }

    fn line(&mut self, direction: Direction) -> &mut Line {
        match direction {
            Direction::Write => &mut self.writes,
            Direction::Read => &mut self.reads,
        }
    }

    /// Bytes written, and files created, so far.
    pub fn totals(&self) -> (u64, u64) {
        (self.written, self.opened)
    }
}
