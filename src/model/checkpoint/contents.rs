//! What a checkpoint holds: where every source stood, every task's state, and the data in flight.
//!
//! A restore sets tasks and channels back to such contents (`flink-semantics` 6.4). Kept for pending checkpoints and the
//! newest completed one only (`CompletedCheckpointStore`): how many more are retained for users does not matter here.

use std::collections::BTreeMap;

use crate::model::Job;
use crate::model::ids::{ChannelId, CheckpointId, Table, TaskId};
use crate::model::network::InFlight;
use crate::model::observe::Observer;
use crate::model::state::StateBackend;
use crate::model::task::schedule::Position;
use crate::model::task::timers::Progress;
use crate::units::SimTime;

/// One task at its snapshot (Flink's class of this name: the state that a task acknowledges).
#[derive(Clone, Debug)]
pub struct TaskStateSnapshot {
    /// A source's place in its schedule, and records taken from it that are not emitted.
    pub source: Option<(Position, u32)>,
    /// Fraction of a record that was still to be emitted.
    pub fraction: f64,
    /// How far its timers have come, and how many records it had processed.
    pub timers: Option<(Progress, u64)>,
    /// Its state backend.
    pub backend: StateBackend,
}

/// What one checkpoint holds.
#[derive(Clone, Debug)]
pub struct CheckpointContents {
    /// When it was triggered.
    pub trigger: SimTime,
    /// What each task had when it took its snapshot; `None` = it has not begun it.
    pub tasks: Table<TaskId, Option<TaskStateSnapshot>>,
    /// In-flight data that was persisted.
    pub in_flight: BTreeMap<ChannelId, InFlight>,
}

impl CheckpointContents {
    fn new(trigger: SimTime, tasks: Vec<Option<TaskStateSnapshot>>) -> Self {
        CheckpointContents {
            trigger,
            tasks: tasks.into(),
            in_flight: BTreeMap::new(),
        }
    }
}

/// The contents of a job's checkpoints.
#[derive(Debug)]
pub struct CheckpointStore {
    start: CheckpointContents,
    of: BTreeMap<CheckpointId, CheckpointContents>,
}

impl CheckpointStore {
    /// Only the beginning of the job.
    pub fn new(start: Vec<TaskStateSnapshot>) -> Self {
        CheckpointStore {
            start: CheckpointContents::new(SimTime::ZERO, start.into_iter().map(Some).collect()),
            of: BTreeMap::new(),
        }
    }

    /// A checkpoint begins.
    pub fn open(&mut self, checkpoint: CheckpointId, trigger: SimTime) {
        let tasks = vec![None; self.start.tasks.len()];
        let contents = CheckpointContents::new(trigger, tasks);
        self.of.insert(checkpoint, contents);
    }

    /// A task takes its snapshot.
    pub fn add_task(&mut self, checkpoint: CheckpointId, task: TaskId, state: TaskStateSnapshot) {
        if let Some(open) = self.of.get_mut(&checkpoint) {
            open.tasks[task] = Some(state);
        }
    }

    /// In-flight data of a channel becomes part of the checkpoint.
    pub fn add_in_flight(&mut self, checkpoint: CheckpointId, channel: ChannelId, data: InFlight) {
        if data != InFlight::default()
            && let Some(open) = self.of.get_mut(&checkpoint)
        {
            *open.in_flight.entry(channel).or_default() += data;
        }
    }

    /// The tasks are others now: what the restored checkpoint (or the beginning) holds was dealt to them.
    pub fn deal(
        &mut self,
        checkpoint: Option<CheckpointId>,
        tasks: Vec<Option<TaskStateSnapshot>>,
        in_flight: BTreeMap<ChannelId, InFlight>,
    ) {
        let trigger = self.get(checkpoint).trigger;
        self.start = CheckpointContents {
            trigger,
            tasks: tasks.into(),
            in_flight,
        };
        self.of.clear();
    }

    /// What is restored: a completed checkpoint, or the beginning.
    pub fn get(&self, checkpoint: Option<CheckpointId>) -> &CheckpointContents {
        checkpoint
            .and_then(|checkpoint| self.of.get(&checkpoint))
            .unwrap_or(&self.start)
    }
}

impl<O: Observer> Job<O> {
    /// Forgets what will not be restored: only the newest completed checkpoint ever is, and a pending one may become it.
    pub(crate) fn forget_contents(&mut self) {
        let coordinator = &self.coordinator;
        let newest = coordinator.newest();
        if let Some(newest) = newest {
            self.storage.forget(newest);
        }
        let wanted = |id: CheckpointId| coordinator.is_pending(id) || Some(id) == newest;
        self.contents.of.retain(|&checkpoint, _| wanted(checkpoint));
        if let Some(ledger) = &mut self.ledger {
            ledger.keep(|checkpoint| Some(checkpoint) == newest);
        }
    }
}
