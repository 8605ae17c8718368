//! A file's way: created, asked for, its bytes on shared bandwidth, closed.

use crate::model::Job;
use crate::model::event::{Agenda, Event};
use crate::model::ids::CheckpointId;
use crate::model::observe::{Fact, FileStep, Observer};
use crate::model::processors::Work;
use crate::model::storage::connections::Connections;
use crate::model::storage::file::{Direction, File, FileId, FileOwner};
use crate::model::storage::merging::Sharing;
use crate::scenario::{Backend, OutageKind};
use crate::units::SimTime;

/// So many transfers that share bandwidth are as much work as an event.
const TRANSFERS_PER_EVENT: u64 = 100;

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
