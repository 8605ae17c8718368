//! One checkpoint from close by: every wait for a barrier, every step of every subtask, every file in its time.

use std::collections::BTreeMap;

use crate::measure::flight::Place;
use crate::measure::look::Look;
use crate::model::ids::{CheckpointId, TaskId};
use crate::model::network::Network;
use crate::model::observe::{Fact, FileStep, Observer, TaskCounters};
use crate::model::storage::file::{Direction, File, FileOwner};
use crate::scenario::Scenario;
use crate::units::{SimDuration, SimTime};

/// A wait for a barrier: at a source for the trigger in its mailbox, elsewhere for the barrier of one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// Who sent the barrier; `None` at a source.
    pub from: Option<Place>,
    /// Who waited.
    pub to: Place,
    /// Between TaskManagers.
    pub remote: bool,
    /// It was sent as a priority barrier, which overtakes.
    pub overtakes: bool,
    /// Put into the channel, or into the mailbox.
    pub began: SimTime,
    /// Processed.
    pub ended: SimTime,
    /// Bytes in front of it when it was sent.
    pub bytes_ahead: u64,
    /// Records in front of it when it was sent.
    pub records_ahead: u64,
    /// Records that the waiting subtask processed meanwhile, of all its channels.
    pub records_meanwhile: u64,
    /// Bytes that it polled meanwhile, by input.
    pub read_meanwhile: Vec<u64>,
    /// How it spent the time.
    pub spent: Spent,
}

/// How a subtask spent some time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spent {
    /// With records and snapshots.
    pub busy: SimDuration,
    /// Without room in its outputs.
    pub backpressured: SimDuration,
    /// Without input.
    pub idle: SimDuration,
}

/// When a subtask did what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Steps {
    /// First barrier processed (a source: trigger read).
    pub first_barrier: Option<SimTime>,
    /// All barriers that it waited for had come.
    pub ready: Option<SimTime>,
    /// Snapshot began: its operators had done what comes before the barrier leaves.
    pub snapshot: Option<SimTime>,
    /// The wait that ended last before that.
    pub waited: Option<Wait>,
    /// The task went on.
    pub sync_ended: Option<SimTime>,
    /// The thread for asynchronous parts took the snapshot.
    pub async_began: Option<SimTime>,
    /// The first file was begun, if there was one.
    pub upload_began: Option<SimTime>,
    /// Nothing was left to do.
    pub async_ended: Option<SimTime>,
    /// The JobManager handled the ack.
    pub ack: Option<SimTime>,
}

/// A file that was written while the checkpoint was under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    /// What it holds.
    pub content: Content,
    /// Who writes it.
    pub taskmanager: usize,
    /// Size.
    pub bytes: u64,
    /// It is being created.
    pub created: SimTime,
    /// Its bytes begin to flow.
    pub flows: Option<SimTime>,
    /// Its last byte is through.
    pub through: Option<SimTime>,
    /// It is closed.
    pub closed: Option<SimTime>,
}

/// What a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// State of a subtask, for this checkpoint.
    State(Place),
    /// In-flight data, for this checkpoint.
    ChannelState,
    /// Something else that takes bandwidth: another checkpoint, or a materialization.
    Other,
}

/// Follows one checkpoint.
#[derive(Clone, Debug, Default)]
pub struct CloseUp {
    checkpoint: u64,
    trigger: SimTime,
    until: SimTime,
    places: Vec<Place>,
    channels: Vec<Ends>,
    under_way: bool,
    /// Begun and not over, by channel, or by task at sources.
    waiting: BTreeMap<(bool, usize), Begun>,
    priority: BTreeMap<usize, bool>,
    last_wait: Vec<Option<Wait>>,
    open: BTreeMap<u32, Upload>,
    /// By task.
    pub steps: BTreeMap<Place, Steps>,
    /// Waits that are over, in that order.
    pub waits: Vec<Wait>,
    closed: Vec<Upload>,
}

#[derive(Clone, Copy, Debug)]
struct Ends {
    producer: usize,
    remote: bool,
}

#[derive(Clone, Debug)]
struct Begun {
    at: SimTime,
    bytes: u64,
    records: u64,
    counters: TaskCounters,
    polled: Vec<u64>,
}

impl CloseUp {
    /// Follows this checkpoint until `until`, when it is durable.
    pub fn new(checkpoint: u64, until: SimTime) -> Self {
        CloseUp {
            checkpoint,
            until,
            ..CloseUp::default()
        }
    }

    /// Which checkpoint it follows.
    pub fn checkpoint(&self) -> u64 {
        self.checkpoint
    }

    fn places(&mut self, places: impl Iterator<Item = Place>) {
        self.places = places.collect();
        self.last_wait = vec![None; self.places.len()];
        let steps = self.places.iter().map(|place| (*place, Steps::default()));
        self.steps = steps.collect();
    }

    /// Files that were written, wholly or in part, since the trigger.
    pub fn uploads(&self) -> impl Iterator<Item = &Upload> {
        self.closed.iter().chain(self.open.values())
    }

    fn steps_of(&mut self, task: TaskId) -> &mut Steps {
        let place = self.places[task.index()];
        self.steps.entry(place).or_default()
    }

    fn wait_ended(&mut self, now: SimTime, key: (bool, usize), task: TaskId, end: &Begun) {
        let Some(begin) = self.waiting.remove(&key) else {
            return;
        };
        let ends = key.0.then(|| self.channels[key.1]);
        let (before, after) = (begin.counters, end.counters);
        let read = end.polled.iter().zip(&begin.polled);
        let wait = Wait {
            from: ends.map(|ends| self.places[ends.producer]),
            to: self.places[task.index()],
            remote: ends.is_some_and(|ends| ends.remote),
            overtakes: key.0 && self.priority.get(&key.1).copied().unwrap_or_default(),
            began: begin.at,
            ended: now,
            bytes_ahead: begin.bytes,
            records_ahead: begin.records,
            records_meanwhile: after.records - before.records,
            read_meanwhile: read.map(|(end, begin)| end - begin).collect(),
            spent: Spent {
                busy: after.busy.saturating_sub(before.busy),
                backpressured: after.backpressured.saturating_sub(before.backpressured),
                idle: after.idle.saturating_sub(before.idle),
            },
        };
        self.last_wait[task.index()] = Some(wait.clone());
        self.waits.push(wait);
    }

    fn file(&mut self, now: SimTime, number: u32, step: FileStep) {
        match step {
            FileStep::Created(file) => {
                if file.owner.direction() == Direction::Write {
                    let upload = self.upload(now, file);
                    self.open.insert(number, upload);
                }
            }
            FileStep::Flows => {
                if let Some(upload) = self.open.get_mut(&number) {
                    upload.flows = Some(now);
                }
            }
            FileStep::Through => {
                if let Some(upload) = self.open.get_mut(&number) {
                    upload.through = Some(now);
                }
            }
            FileStep::Closed => {
                let upload = self.open.remove(&number);
                if let Some(mut upload) = upload.filter(|_| self.under_way) {
                    upload.closed = Some(now);
                    self.closed.push(upload);
                }
            }
        }
    }

    fn upload(&self, now: SimTime, file: File) -> Upload {
        let own = |id: CheckpointId| u64::from(id.0) == self.checkpoint;
        let content = match file.owner {
            FileOwner::State(task, id) if own(id) => Content::State(self.places[task.index()]),
            FileOwner::ChannelState(_, id) if own(id) => Content::ChannelState,
            FileOwner::State(..)
            | FileOwner::ChannelState(..)
            | FileOwner::Materialization(_)
            | FileOwner::Restore(_) => Content::Other,
        };
        Upload {
            content,
            taskmanager: file.taskmanager,
            bytes: file.bytes,
            created: now,
            flows: None,
            through: None,
            closed: None,
        }
    }

    /// The checkpoint that a fact is about.
    fn concerns(&self, fact: &Fact) -> bool {
        let (Fact::Triggered { checkpoint, .. }
        | Fact::BarrierSent { checkpoint, .. }
        | Fact::Waits { checkpoint, .. }
        | Fact::SnapshotStarted { checkpoint, .. }
        | Fact::SyncPhaseEnded { checkpoint, .. }
        | Fact::AsyncPhaseBegan { checkpoint, .. }
        | Fact::UploadBegan { checkpoint, .. }
        | Fact::AsyncPhaseEnded { checkpoint, .. }
        | Fact::Acknowledged { checkpoint, .. }) = fact
        else {
            return false;
        };
        u64::from(checkpoint.0) == self.checkpoint
    }
}

impl Look for CloseUp {
    fn begin(&mut self, scenario: &Scenario, network: &Network) {
        // A rescale after its checkpoint.
        if self.under_way {
            return;
        }
        self.places(Place::all(scenario));
        let channels = network.channels().iter();
        let ends = channels.map(|channel| Ends {
            producer: channel.producer.index(),
            remote: channel.remote,
        });
        self.channels = ends.collect();
    }
}

impl Observer for CloseUp {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        if now > self.until {
            return;
        }
        if let Fact::File { file, step } = fact {
            self.file(now, file.0, *step);
        }
        if !self.concerns(fact) {
            return;
        }
        match fact {
            Fact::Triggered { .. } => (self.under_way, self.trigger) = (true, now),
            Fact::BarrierSent {
                channel, priority, ..
            } => {
                self.priority.insert(channel.index(), *priority);
            }
            Fact::Waits {
                task,
                channel,
                over,
                ahead,
                counters,
                polled,
                ..
            } => {
                let at_source = (false, task.index());
                let key = channel.map_or(at_source, |channel| (true, channel.index()));
                let moment = Begun {
                    at: now,
                    bytes: ahead.bytes,
                    records: ahead.records,
                    counters: *counters,
                    polled: polled.clone(),
                };
                if *over {
                    self.wait_ended(now, key, *task, &moment);
                } else {
                    self.waiting.insert(key, moment);
                }
            }
            Fact::SnapshotStarted {
                task,
                start_delay,
                alignment,
                ..
            } => {
                let waited = self.last_wait[task.index()].clone();
                let first = self.trigger + *start_delay;
                let steps = self.steps_of(*task);
                steps.first_barrier = Some(first);
                steps.ready = Some(first + *alignment);
                steps.snapshot = Some(now);
                steps.waited = waited;
            }
            Fact::SyncPhaseEnded { task, .. } => self.steps_of(*task).sync_ended = Some(now),
            Fact::AsyncPhaseBegan { task, .. } => self.steps_of(*task).async_began = Some(now),
            Fact::UploadBegan { task, .. } => self.steps_of(*task).upload_began = Some(now),
            Fact::AsyncPhaseEnded { task, .. } => self.steps_of(*task).async_ended = Some(now),
            Fact::Acknowledged { task, .. } => self.steps_of(*task).ack = Some(now),
            _ => {}
        }
    }

    fn looks_closely(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    fn at(millis: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_millis(millis)
    }

    #[test]
    fn an_upload_of_an_older_checkpoint_counts_if_it_ends_after_the_trigger() {
        let mut close_up = CloseUp::new(2, at(9));
        close_up.places(std::iter::once(Place {
            vertex: 0,
            subtask: 0,
        }));
        let file = |number: u32, step| Fact::File {
            file: crate::model::storage::file::FileId(number),
            step,
        };
        let created = |checkpoint| {
            FileStep::Created(File {
                owner: FileOwner::State(TaskId(0), CheckpointId(checkpoint)),
                taskmanager: 0,
                bytes: Bytes::from_kib(1).get(),
            })
        };
        close_up.observe(at(1), &file(0, created(1)));
        close_up.observe(at(2), &file(1, created(1)));
        close_up.observe(at(3), &file(0, FileStep::Closed));
        let checkpoint = CheckpointId(2);
        let savepoint = None;
        close_up.observe(
            at(4),
            &Fact::Triggered {
                checkpoint,
                savepoint,
            },
        );
        close_up.observe(at(5), &file(0, created(2)));
        close_up.observe(at(6), &file(1, FileStep::Closed));
        let contents: Vec<(Content, SimTime)> = close_up
            .uploads()
            .map(|upload| (upload.content, upload.created))
            .collect();
        let own = Content::State(Place {
            vertex: 0,
            subtask: 0,
        });
        assert_eq!(contents, [(Content::Other, at(2)), (own, at(5))]);
    }
}
