//! What a checkpoint holds: where every source stood, every task's state, and the data in flight.
//!
//! A restore sets tasks and channels back to such a cut (`flink-semantics` 6.4). Kept for pending checkpoints and the
//! newest completed one only.

use std::collections::BTreeMap;

use crate::model::ids::{ChannelId, CheckpointId, TaskId};
use crate::model::network::InFlight;
use crate::model::state::StateBackend;
use crate::model::task::schedule::Position;
use crate::units::SimTime;

/// One task at its snapshot.
#[derive(Clone, Debug)]
pub struct TaskCut {
    /// A source's place in its schedule, and records taken from it that are not emitted.
    pub source: Option<(Position, u32)>,
    /// Fraction of a record that was still to be emitted.
    pub fraction: f64,
    /// Its state.
    pub state: StateBackend,
}

/// One checkpoint.
#[derive(Clone, Debug, Default)]
pub struct Cut {
    /// Its trigger.
    pub trigger: SimTime,
    /// By task; `None` = its snapshot has not begun.
    pub tasks: Vec<Option<TaskCut>>,
    /// In-flight data that was persisted.
    pub in_flight: BTreeMap<ChannelId, InFlight>,
}

/// The cuts of a job's checkpoints.
#[derive(Debug)]
pub struct Cuts {
    start: Cut,
    of: BTreeMap<CheckpointId, Cut>,
}

impl Cuts {
    /// Only the beginning of the job.
    pub fn new(start: Cut) -> Self {
        Cuts {
            start,
            of: BTreeMap::new(),
        }
    }

    /// A checkpoint begins.
    pub fn open(&mut self, checkpoint: CheckpointId, trigger: SimTime) {
        let cut = Cut {
            trigger,
            tasks: vec![None; self.start.tasks.len()],
            in_flight: BTreeMap::new(),
        };
        self.of.insert(checkpoint, cut);
    }

    /// A task takes its snapshot.
    pub fn note_task(&mut self, checkpoint: CheckpointId, task: TaskId, cut: TaskCut) {
        if let Some(open) = self.of.get_mut(&checkpoint) {
            open.tasks[task.index()] = Some(cut);
        }
    }

    /// In-flight data of a channel becomes part of the checkpoint.
    pub fn note_in_flight(&mut self, checkpoint: CheckpointId, channel: ChannelId, data: InFlight) {
        if data != InFlight::default()
            && let Some(open) = self.of.get_mut(&checkpoint)
        {
            *open.in_flight.entry(channel).or_default() += data;
        }
    }

    /// Forgets what is not wanted any more.
    pub fn keep(&mut self, wanted: impl Fn(CheckpointId) -> bool) {
        self.of.retain(|&checkpoint, _| wanted(checkpoint));
    }

    /// What is restored: a completed checkpoint, or the beginning.
    pub fn get(&self, checkpoint: Option<CheckpointId>) -> &Cut {
        checkpoint
            .and_then(|checkpoint| self.of.get(&checkpoint))
            .unwrap_or(&self.start)
    }
}
