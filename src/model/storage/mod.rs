//! The checkpoint directory: every file is opened, written or read on shared bandwidth, and closed.

mod connections;
pub mod file;
pub mod merging;
pub mod requests;

use std::collections::{BTreeMap, BTreeSet};

use crate::engine::{FairShare, Limits, Stream};
use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::CheckpointId;
use crate::model::observe::{Fact, FileStep, Observer};
use crate::model::processors::Work;
use crate::model::storage::connections::Connections;
use crate::model::storage::file::{Direction, File, FileId, FileOwner};
use crate::model::storage::merging::{Found, MergedFiles, Merging, Sharing};
use crate::model::storage::requests::RequestLimit;
use crate::scenario::Storage as Profile;
use crate::scenario::flink::FileMerging;
use crate::scenario::{Backend, OutageKind};
use crate::units::{Bytes, SimDuration, SimTime};

/// So many transfers that share bandwidth are as much work as an event.
const TRANSFERS_PER_EVENT: u64 = 100;

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
            opened: 0,
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
        let mut next = Vec::new();
        for line in [writes, reads] {
            line.share.cancel(now, |id| lost(&files[id.0 as usize]));
        }
        for (slot, file) in files.iter_mut().enumerate() {
            if lost(file) {
                let id = FileId(slot as u32);
                let waits = merging.as_ref().is_some_and(|merging| merging.waits(id));
                if let (Some(connections), Some(file), false) = (&mut *connections, *file, waits) {
                    connections.give_up(id, file.taskmanager);
                }
                *file = None;
                free.push(slot as u32);
                at_work.remove(&id);
                go_on.remove(&id);
                next.extend(merging.as_mut().and_then(|merging| merging.give_up(id)));
            }
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

    /// Bytes written, and files created, so far.
    pub fn totals(&self) -> (u64, u64) {
        (self.written, self.opened)
    }
}

impl<O: Observer> Job<O> {
    /// A file is created (or opened to be read).
    pub(crate) fn open_file(&mut self, file: File, agenda: &mut Agenda) {
        let id = self.storage.create(file);
        let step = FileStep::Created(file);
        self.emit_closely(agenda.now(), &Fact::File { file: id, step });
        let merged = self.merged(file);
        if merged.is_none_or(|(checkpoint, sharing)| self.storage.merge(id, checkpoint, sharing)) {
            self.connect(id, file.taskmanager, agenda);
        }
    }

    /// Which state may share a physical file, and with what.
    fn merged(&self, file: File) -> Option<(CheckpointId, Sharing)> {
        let checkpointing = &self.scenario.checkpointing;
        let shared =
            matches!(checkpointing.backend, Backend::RocksDb(rocksdb) if rocksdb.incremental);
        let (checkpoint, sharing) = match file.owner {
            FileOwner::State(id, of) if shared => (of, Sharing::Subtask(id)),
            FileOwner::State(_, of) | FileOwner::ChannelState(_, of) => {
                (of, Sharing::TaskManager(file.taskmanager))
            }
            FileOwner::Restore(_) | FileOwner::Materialization(_) => return None,
        };
        let logged =
            matches!(file.owner, FileOwner::State(..)) && checkpointing.changelog.is_some();
        let apart = logged || self.info(checkpoint).savepoint.is_some();
        (checkpointing.file_merging.is_some() && !apart).then_some((checkpoint, sharing))
    }

    /// The file takes a connection, or waits for one.
    fn connect(&mut self, id: FileId, taskmanager: usize, agenda: &mut Agenda) {
        let connections = self.storage.connections.as_mut();
        if connections.is_none_or(|connections| connections.take(id, taskmanager)) {
            self.ask_for_file(id, 0, agenda);
        }
    }

    /// Files that have waited for a connection have got one.
    fn open_waiting_files(&mut self, agenda: &mut Agenda) {
        let connections = self.storage.connections.as_mut();
        for id in connections.map_or_else(Vec::new, Connections::next) {
            self.ask_for_file(id, 0, agenda);
        }
    }

    /// The store accepts the file, or tells the client to come back later.
    pub(crate) fn ask_for_file(&mut self, id: FileId, attempt: u32, agenda: &mut Agenda) {
        match self
            .storage
            .ask(agenda.now(), id, &self.scenario.storage, attempt)
        {
            Ok(()) => agenda.after(self.storage.open_time(id), Event::FileOpened(id)),
            Err(wait) => {
                self.observer.observe(agenda.now(), &Fact::RequestsRefused);
                agenda.after(wait, Event::FileRefused(id, attempt + 1));
            }
        }
    }

    /// It is open: its bytes begin to flow.
    pub(crate) fn begin_transfer(&mut self, file: FileId, agenda: &mut Agenda) {
        let direction = self.storage.begin(agenda.now(), file);
        let step = FileStep::Flows;
        self.emit_closely(agenda.now(), &Fact::File { file, step });
        self.forecast_transfers(direction, agenda);
        self.begin_transfer_work(file, agenda);
    }

    /// Bytes are encrypted or decrypted, and checked, beside their transfer, where processors are counted.
    fn begin_transfer_work(&mut self, file: FileId, agenda: &mut Agenda) {
        let per_mb = self.scenario.storage.cpu_per_mb;
        let bytes = self.storage.files[file.0 as usize].map_or(0, |file| file.bytes);
        let demand = per_mb.scale(bytes as f64 / 1e6);
        if !demand.is_zero() && self.share_processor(Work::Transfer(file), demand, agenda) {
            self.storage.at_work.insert(file, false);
        }
    }

    /// A file's bytes have had the processor that they wanted.
    pub(crate) fn end_transfer_work(&mut self, file: FileId, agenda: &mut Agenda) {
        if self.storage.at_work.remove(&file) == Some(true)
            && let Some(owner) = self.storage.owner(file)
        {
            let closed = self.storage.close_time(owner.direction());
            agenda.after(closed, Event::FileClosed(file));
        }
    }

    /// Some transfers have begun or ended: each of the others has got another rate.
    fn forecast_transfers(&mut self, direction: Direction, agenda: &mut Agenda) {
        agenda.toil(self.storage.moving(direction) / TRANSFERS_PER_EVENT);
        if let Some((end, forecast)) = self.storage.forecast(direction) {
            let end = end.max(agenda.now());
            agenda.at(end, Event::TransferDone(direction, forecast));
        }
    }

    /// The last byte of some file is through, unless the forecast is outdated.
    pub(crate) fn end_transfers(
        &mut self,
        direction: Direction,
        forecast: u32,
        agenda: &mut Agenda,
    ) {
        if !self.storage.is_current(direction, forecast) {
            return;
        }
        for file in self.storage.take_ended(agenda.now(), direction) {
            let step = FileStep::Through;
            self.emit_closely(agenda.now(), &Fact::File { file, step });
            if let Some(through) = self.storage.at_work.get_mut(&file) {
                *through = true;
                continue;
            }
            let closed = self.storage.close_time(direction);
            agenda.after(closed, Event::FileClosed(file));
        }
        self.forecast_transfers(direction, agenda);
    }

    /// It is closed: what waits for it goes on.
    pub(crate) fn close_file(&mut self, file: FileId, agenda: &mut Agenda) {
        let File {
            owner,
            taskmanager,
            bytes,
        } = self.storage.closed(file);
        let step = FileStep::Closed;
        self.emit_closely(agenda.now(), &Fact::File { file, step });
        if let Some(connections) = &mut self.storage.connections {
            connections.give_back(taskmanager);
            self.open_waiting_files(agenda);
        }
        if let Some(next) = self.storage.end_segment(file, bytes) {
            self.connect(next, taskmanager, agenda);
        }
        match owner {
            FileOwner::State(id, checkpoint) => self.state_file_written(id, checkpoint, agenda),
            FileOwner::Restore(id) => self.state_file_read(id, bytes, agenda),
            FileOwner::Materialization(id) => self.materialized_file(id, agenda),
            FileOwner::ChannelState(group, checkpoint) => {
                self.channel_state_written(group, checkpoint, agenda);
            }
        }
    }

    /// Gives up the files of which this is true.
    pub(crate) fn cancel_files(
        &mut self,
        given_up: impl Fn(FileOwner) -> bool,
        agenda: &mut Agenda,
    ) {
        let next = self.storage.cancel(agenda.now(), given_up);
        self.open_waiting_files(agenda);
        for id in next {
            self.connect(id, self.storage.taskmanager(id), agenda);
        }
        self.forecast_transfers(Direction::Write, agenda);
        self.forecast_transfers(Direction::Read, agenda);
    }

    /// An outage of storage begins or ends.
    pub(crate) fn change_outage(&mut self, agenda: &mut Agenda) {
        let now = agenda.now().since(SimTime::ZERO);
        let outages = self.scenario.failures.outages.iter();
        let during =
            outages.filter(|outage| (outage.at..outage.at + outage.duration).contains(&now));
        let share = during
            .filter_map(|outage| match outage.what {
                OutageKind::Storage { share } => Some(share),
                OutageKind::Replica(_) => None,
            })
            .fold(1.0, f64::min);
        self.storage.set_scale(agenda.now(), share);
        self.forecast_transfers(Direction::Write, agenda);
        self.forecast_transfers(Direction::Read, agenda);
    }

    /// The threads of a TaskManager stand still, or go on, and with them what it writes and reads.
    pub(crate) fn stop_transfers(
        &mut self,
        taskmanager: usize,
        stopped: bool,
        agenda: &mut Agenda,
    ) {
        self.storage.set_stopped(agenda.now(), taskmanager, stopped);
        self.forecast_transfers(Direction::Write, agenda);
        self.forecast_transfers(Direction::Read, agenda);
    }
}
