//! What the ledger knows of one checkpoint (F4's `C_k`): every state, and every channel on both sides of its barrier.

use crate::model::audit::identity::{Fold, Identity};
use crate::model::ids::{ChannelId, Table, TaskId};
use crate::model::network::InFlight;
use crate::scenario::{Checkpointing, Mode, SavepointFormat};

/// The consistent cut (Chandy and Lamport) that one checkpoint is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// What is promised of it.
    pub promise: Promise,
    /// By task: its state, folded; `None` = its snapshot has not begun.
    pub tasks: Table<TaskId, Option<Fold>>,
    /// By channel: what was on both sides.
    pub channels: Table<ChannelId, ChannelCut>,
}

/// What the mode of a checkpoint promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Promise {
    /// Exactly once, by alignment: nothing is in flight.
    Aligned,
    /// Exactly once; barriers may overtake, and what they overtake is persisted.
    Overtaking,
    /// Nothing is lost, but records may be processed again.
    AtLeastOnce,
}

impl Promise {
    /// What these options promise of a checkpoint or a savepoint; the latter never overtakes (`flink-semantics` 1.4).
    pub fn of(options: &Checkpointing, savepoint: Option<SavepointFormat>) -> Self {
        if options.mode == Mode::AtLeastOnce {
            Promise::AtLeastOnce
        } else if options.may_overtake() && savepoint.is_none() {
            Promise::Overtaking
        } else {
            Promise::Aligned
        }
    }
}

/// One channel of a cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChannelCut {
    /// What was sent before the barrier; `None` = the barrier was not sent.
    pub sent: Option<Fold>,
    /// What was processed before the snapshot; `None` = the snapshot has not begun.
    pub received: Option<Fold>,
    /// In-flight data, as the mechanism of unaligned barriers counted it.
    pub persisted: InFlight,
    /// In-flight data, as the ledger knows it: sent before the barrier, not processed before the snapshot.
    pub in_flight: Vec<Identity>,
}

impl Cut {
    /// A checkpoint of which nothing is known yet.
    pub fn new(promise: Promise, tasks: usize, channels: usize) -> Self {
        Cut {
            promise,
            tasks: vec![None; tasks].into(),
            channels: vec![ChannelCut::default(); channels].into(),
        }
    }

    /// A task's state; empty if its snapshot has not begun.
    pub fn state(&self, task: TaskId) -> Fold {
        self.tasks[task].unwrap_or_default()
    }

    /// What the cut holds of one channel.
    pub fn channel(&self, channel: ChannelId) -> &ChannelCut {
        &self.channels[channel]
    }
}

impl ChannelCut {
    /// Records that were processed before the snapshot although they were sent behind the barrier: after a restore they
    /// are processed twice.
    pub fn duplicates(&self) -> u64 {
        let records = |fold: Option<Fold>| fold.unwrap_or_default().records;
        records(self.received).saturating_sub(records(self.sent))
    }
}
