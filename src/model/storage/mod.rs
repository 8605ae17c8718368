//! The checkpoint directory: every file is opened, written or read on shared bandwidth, and closed.

mod connections;
pub mod file;
pub mod merging;
pub mod requests;
mod transfer;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{FairShare, Limits, Stream};
use crate::model::ids::CheckpointId;
use crate::model::storage::connections::Connections;
use crate::model::storage::file::{Direction, File, FileId, FileOwner};
use crate::model::storage::merging::{Found, MergedFiles, Merging, Sharing};
use crate::model::storage::requests::RequestLimit;
use crate::scenario::Storage as Profile;
use crate::scenario::flink::FileMerging;
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
    limit: Option<RequestLimit>,
    connections: Option<Connections>,
    merging: Option<Merging>,
    /// Files that go on in one that is open.
    go_on: BTreeSet<FileId>,
    /// Files whose bytes still want a processor, and whether their last byte is through.
    at_work: BTreeMap<FileId, bool>,
}

/// Transfers in one direction.
#[derive(Debug)]
struct Line {
    share: FairShare<FileId>,
    forecast: u32,
}

impl Line {
    fn of(profile: &Profile, direction: Direction, taskmanagers: usize) -> Self {
        let limits = match direction {
            Direction::Write => Limits {
                per_transfer: profile.write_per_stream,
                per_group: profile.write_per_taskmanager,
                total: profile.write_total,
            },
            Direction::Read => Limits {
                per_transfer: profile.read_per_stream,
                per_group: profile.read_per_taskmanager,
                total: profile.read_total,
            },
        };
        Line {
            share: FairShare::new(limits, taskmanagers),
            forecast: 0,
        }
    }
}

impl Storage {
    /// An empty directory for so many TaskManagers.
    pub fn new(
        profile: &Profile,
        merging: Option<FileMerging>,
        taskmanagers: usize,
        backoff: Stream,
    ) -> Self {
        Storage {
            writes: Line::of(profile, Direction::Write, taskmanagers),
            reads: Line::of(profile, Direction::Read, taskmanagers),
            files: Vec::new(),
            free: Vec::new(),
            open: profile.open,
            close: profile.close,
            written: 0,
            limit: RequestLimit::of(profile, backoff),
            connections: Connections::of(profile, taskmanagers),
            merging: merging.map(Merging::new),
            go_on: BTreeSet::new(),
            at_work: BTreeMap::new(),
        }
    }

    /// Other tasks, on so many TaskManagers, write and read from now on: what was under way is given up.
    pub fn begin_anew(&mut self, profile: &Profile, taskmanagers: usize) {
        self.writes = Line::of(profile, Direction::Write, taskmanagers);
        self.reads = Line::of(profile, Direction::Read, taskmanagers);
        self.files.clear();
        self.free.clear();
        self.connections = Connections::of(profile, taskmanagers);
        self.at_work.clear();
        self.go_on.clear();
        if let Some(merging) = &mut self.merging {
            merging.begin_anew();
        }
    }

    /// Asks the store to accept a file, for the `attempt`-th time: how long to wait if it does not.
    fn ask(
        &mut self,
        now: SimTime,
        id: FileId,
        profile: &Profile,
        attempt: u32,
    ) -> Result<(), SimDuration> {
        if self.go_on.contains(&id) {
            return Ok(());
        }
        match (&mut self.limit, self.files[id.0 as usize]) {
            (Some(limit), Some(file)) if file.owner.direction() == Direction::Write => {
                limit.ask(now, profile.writes_of(file.bytes), attempt)
            }
            _ => Ok(()),
        }
    }

    /// Opens a file; its bytes can flow after [`Storage::open_time`].
    pub fn create(&mut self, file: File) -> FileId {
        if file.owner.direction() == Direction::Write {
            self.written = self.written.saturating_add(file.bytes);
        }
        if let Some(slot) = self.free.pop() {
            self.files[slot as usize] = Some(file);
            return FileId(slot);
        }
        self.files.push(Some(file));
        FileId(u32::try_from(self.files.len() - 1).expect("fewer than 2^32 files at a time"))
    }

    /// Time to create or open a file; none for one that goes on in another.
    pub fn open_time(&self, id: FileId) -> SimDuration {
        if self.go_on.contains(&id) {
            SimDuration::ZERO
        } else {
            self.open
        }
    }

    /// Finds a physical file for state that may share one: whether it can be opened now.
    fn merge(&mut self, id: FileId, checkpoint: CheckpointId, sharing: Sharing) -> bool {
        let Some(merging) = &mut self.merging else {
            return true;
        };
        let found = merging.begin(id, checkpoint, sharing);
        self.has_found(id, found)
    }

    fn has_found(&mut self, id: FileId, found: Found) -> bool {
        if found == Found::Open {
            self.go_on.insert(id);
        }
        found != Found::Wait
    }

    /// A file is written: the one that has waited for its physical file.
    fn end_segment(&mut self, id: FileId, bytes: u64) -> Option<FileId> {
        self.go_on.remove(&id);
        let (next, found) = self.merging.as_mut()?.end(id, bytes)?;
        self.has_found(next, found);
        Some(next)
    }

    /// A checkpoint is over.
    pub fn forget(&mut self, checkpoint: CheckpointId) {
        if let Some(merging) = &mut self.merging {
            merging.forget(checkpoint);
        }
    }

    /// Files so far, with file merging.
    pub fn merged_files(&self) -> Option<MergedFiles> {
        self.merging.as_ref().map(Merging::counts)
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
        self.line(direction).share.under_way() as u64
    }

    /// The file is closed; its number may be used again.
    pub fn closed(&mut self, id: FileId) -> File {
        self.free.push(id.0);
        self.files[id.0 as usize]
            .take()
            .expect("a file is closed once")
    }

    /// The TaskManager that writes or reads it.
    pub fn taskmanager(&self, id: FileId) -> usize {
        self.files[id.0 as usize].map_or(0, |file| file.taskmanager)
    }

    /// Whose file it is.
    pub fn owner(&self, id: FileId) -> Option<FileOwner> {
        self.files[id.0 as usize].map(|file| file.owner)
    }

    /// Gives files up; no event of theirs may be left on the agenda. Returns those that have waited for their physical files.
    pub fn cancel(&mut self, now: SimTime, given_up: impl Fn(FileOwner) -> bool) -> Vec<FileId> {
        let lost = |file: &Option<File>| file.is_some_and(|file| given_up(file.owner));
        let Storage {
            writes,
            reads,
            files,
            free,
            at_work,
            connections,
            merging,
            go_on,
            ..
        } = self;
        for line in [writes, reads] {
            line.share.cancel(now, |id| lost(&files[id.0 as usize]));
        }
        let gone = (0..files.len()).filter(|slot| lost(&files[*slot]));
        let gone: Vec<FileId> = gone.map(|slot| FileId(slot as u32)).collect();
        // Who waits for a physical file has no connection yet. Some of them get files of others that are given up, too.
        for id in &gone {
            let waits = merging.as_ref().is_some_and(|merging| merging.waits(*id));
            let taskmanager = files[id.0 as usize].map_or(0, |file| file.taskmanager);
            if let Some(connections) = connections.as_mut().filter(|_| !waits) {
                connections.give_up(*id, taskmanager);
            }
        }
        let mut next = Vec::new();
        for id in gone {
            files[id.0 as usize] = None;
            free.push(id.0);
            at_work.remove(&id);
            go_on.remove(&id);
            next.extend(merging.as_mut().and_then(|merging| merging.give_up(id)));
        }
        next.retain(|(id, _)| files[id.0 as usize].is_some());
        for (id, found) in &next {
            self.has_found(*id, *found);
        }
        next.into_iter().map(|(id, _)| id).collect()
    }

    /// Only this share of all bandwidths is left; 0 = nothing moves.
    pub fn set_scale(&mut self, now: SimTime, share: f64) {
        self.writes.share.set_scale(now, share);
        self.reads.share.set_scale(now, share);
    }

    /// The client on a TaskManager stands still, or goes on.
    pub fn set_stopped(&mut self, now: SimTime, taskmanager: usize, stopped: bool) {
        self.writes.share.set_stopped(now, taskmanager, stopped);
        self.reads.share.set_stopped(now, taskmanager, stopped);
    }

    fn line(&mut self, direction: Direction) -> &mut Line {
        match direction {
            Direction::Write => &mut self.writes,
            Direction::Read => &mut self.reads,
        }
    }

    /// Bytes written so far.
    pub fn written(&self) -> u64 {
        self.written
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Streams;
    use crate::model::ids::TaskId;
    use crate::units::Bytes;

    #[test]
    fn a_file_that_waits_for_another_has_no_connection_to_give_back() {
        let profile = Profile {
            connections: Some(1),
            ..Profile::default()
        };
        let merging = FileMerging {
            across: false,
            max_size: Bytes::from_mib(32),
            blocking: true,
        };
        let backoff = Streams::new(1, 0).named("storage");
        let mut storage = Storage::new(&profile, Some(merging), 1, backoff);
        let checkpoint = CheckpointId(1);
        let open = |storage: &mut Storage, task| {
            let id = storage.create(File {
                owner: FileOwner::State(TaskId(task), checkpoint),
                taskmanager: 0,
                bytes: 1,
            });
            (id, storage.merge(id, checkpoint, Sharing::TaskManager(0)))
        };
        let (first, found) = open(&mut storage, 0);
        assert!(found && storage.connections.as_mut().unwrap().take(first, 0));
        let (_, found) = open(&mut storage, 1);
        assert!(!found);
        assert_eq!(storage.cancel(SimTime::ZERO, |_| true), []);
        let connections = storage.connections.as_mut().unwrap();
        assert!(connections.take(FileId(7), 0));
        assert!(!connections.take(FileId(8), 0), "there is one");
    }
}
