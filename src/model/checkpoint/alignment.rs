//! Which inputs of a task have seen the barrier, and when its snapshot may be taken.
//!
//! `flink-semantics` 3.3 (`SingleCheckpointBarrierHandler`), 3.6 and 3.7 (its alternating states), at-least-once
//! (`CheckpointBarrierTracker`). One handler serves all gates of the task. It blocks nothing itself: the sender has
//! stopped already; it remembers which channels to resume.

use crate::model::ids::{ChannelId, CheckpointId};
use crate::model::network::BarrierKind;
use crate::scenario::Mode;
use crate::units::{SimDuration, SimTime};

/// The barrier handler of one task.
#[derive(Clone, Debug)]
pub struct Alignment {
    /// Open channels over all gates; 0 for a source.
    channels: u32,
    mode: Mode,
    /// At-least-once keeps several checkpoints; exactly-once at most one.
    pending: Vec<Pending>,
    /// Barriers up to this checkpoint come too late.
    finished: Option<CheckpointId>,
    /// Channels of the alignment that ended last: to resume after the sync phase.
    aligned: Vec<ChannelId>,
}

/// A checkpoint some of whose barriers have come.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Which.
    pub checkpoint: CheckpointId,
    /// First barrier processed.
    pub first: SimTime,
    /// Bytes the task had polled by then.
    pub polled_at_first: u64,
    /// Its barriers may become unaligned: one of them was time-outable. Those of an exchange that never overtakes are not
    /// (`FORCED_ALIGNED`, 3.6).
    pub timeoutable: bool,
    /// The snapshot is under way and barriers overtake.
    pub overtaking: bool,
    /// Channels whose barrier has come.
    pub arrived: Vec<ChannelId>,
}

/// What a barrier means for the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Too late: the channel may go on.
    Late,
    /// Others are still to come.
    Waiting,
    /// Snapshot now, although barriers are missing: barriers overtake. `last` = this was the only one.
    Overtake {
        /// First to this barrier.
        span: Span,
        /// No barrier is missing.
        last: bool,
    },
    /// The last barrier. The task takes its snapshot unless it has taken it already (`overtaking`).
    Complete {
        /// First to last barrier.
        span: Span,
        /// The snapshot was taken at an earlier barrier.
        overtaking: bool,
    },
}

/// From a checkpoint's first barrier at a task to a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First barrier processed.
    pub first: SimTime,
    /// From there to the barrier in question.
    pub waited: SimDuration,
    /// Bytes polled in between.
    pub processed: u64,
}

/// A barrier at the task, with what the handler needs to know of the moment.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// Now.
    pub now: SimTime,
    /// Where.
    pub channel: ChannelId,
    /// Which checkpoint.
    pub checkpoint: CheckpointId,
    /// How it travelled.
    pub kind: BarrierKind,
    /// The checkpoint is older than the aligned-checkpoint-timeout.
    pub timed_out: bool,
    /// Bytes the task has polled so far.
    pub polled: u64,
}

impl Alignment {
    /// A handler for so many channels.
    pub fn new(channels: u32, mode: Mode) -> Self {
        Alignment {
            channels,
            mode,
            pending: Vec::new(),
            finished: None,
            aligned: Vec::new(),
        }
    }

    /// A handler of the same channels that has seen nothing.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Alignment::new(self.channels, self.mode)
    }

    /// The checkpoint's barriers that have come, if it is pending here.
    pub fn pending(&self, checkpoint: CheckpointId) -> Option<&Pending> {
        self.pending
            .iter()
            .find(|pending| pending.checkpoint == checkpoint)
    }

    /// Whether this channel has delivered the barrier of a pending checkpoint.
    pub fn has_arrived(&self, channel: ChannelId) -> bool {
        self.pending
            .iter()
            .any(|pending| pending.arrived.contains(&channel))
    }

    /// A barrier has reached the task.
    pub fn on_barrier(&mut self, arrival: Arrival) -> Verdict {
        let Arrival {
            now,
            channel,
            checkpoint,
            kind,
            timed_out,
            polled,
        } = arrival;
        if self.is_over(checkpoint) {
            return Verdict::Late;
        }
        if self.pending(checkpoint).is_none() {
            let arrived = Vec::with_capacity(self.channels as usize);
            let pending = Pending {
                checkpoint,
                first: now,
                polled_at_first: polled,
                timeoutable: false,
                overtaking: false,
                arrived,
            };
            self.pending.push(pending);
        }
        let position = self
            .pending
            .iter()
            .position(|p| p.checkpoint == checkpoint)
            .expect("pushed above");
        let pending = &mut self.pending[position];
        pending.arrived.push(channel);
        pending.timeoutable |= kind == BarrierKind::Timeoutable;
        let last = pending.arrived.len() == self.channels as usize;
        let span = Span {
            first: pending.first,
            waited: now - pending.first,
            processed: polled - pending.polled_at_first,
        };
        // A time-outable barrier that is the last one finds the task aligned: nothing is left to overtake.
        let switches = match kind {
            BarrierKind::Priority => true,
            BarrierKind::Timeoutable => timed_out && !last,
            BarrierKind::Aligned | BarrierKind::NonBlocking | BarrierKind::Cancelled => false,
        };
        let starts = switches && !pending.overtaking;
        pending.overtaking |= switches;
        let overtaking = pending.overtaking;
        if last {
            self.aligned = self.finish(position).arrived;
        }
        match (starts, last) {
            (true, last) => Verdict::Overtake { span, last },
            (false, true) => Verdict::Complete { span, overtaking },
            (false, false) => Verdict::Waiting,
        }
    }

    /// The channels whose barrier of this checkpoint has come; those of an alignment that has ended only once.
    pub fn arrived(&mut self, checkpoint: CheckpointId) -> Vec<ChannelId> {
        match self.pending(checkpoint) {
            Some(pending) => pending.arrived.clone(),
            None => self.take_aligned(),
        }
    }

    /// The channels whose barriers made up the alignment that ended last; empty when asked again.
    pub fn take_aligned(&mut self) -> Vec<ChannelId> {
        std::mem::take(&mut self.aligned)
    }

    /// The time-out has passed: whether the task, which has processed some barrier, must take its snapshot now.
    pub fn on_timeout(&mut self, checkpoint: CheckpointId) -> bool {
        let Some(pending) = self.pending.iter_mut().find(|p| p.checkpoint == checkpoint) else {
            return false;
        };
        if !pending.timeoutable {
            return false;
        }
        !std::mem::replace(&mut pending.overtaking, true)
    }

    /// The checkpoint was cancelled: channels that waited for it, to resume. Its barriers come too late from now on.
    pub fn cancel(&mut self, checkpoint: CheckpointId) -> Vec<ChannelId> {
        if self.is_over(checkpoint) {
            return Vec::new();
        }
        let waiting = match self.pending.iter().position(|p| p.checkpoint == checkpoint) {
            Some(position) => self.finish(position).arrived,
            None => Vec::new(),
        };
        self.finished = self.finished.max(Some(checkpoint));
        waiting
    }

    /// With exactly-once a newer barrier makes the pending checkpoint pointless (`CHECKPOINT_DECLINED_SUBSUMED`): which.
    pub fn superseded_by(&self, checkpoint: CheckpointId) -> Option<CheckpointId> {
        if self.mode == Mode::AtLeastOnce {
            return None;
        }
        let mut pending = self.pending.iter().map(|pending| pending.checkpoint);
        pending.find(|older| *older < checkpoint)
    }

    /// Whether barriers of this checkpoint come too late. With exactly-once a newer barrier, which may have overtaken them,
    /// is enough (`SingleCheckpointBarrierHandler.processBarrier`).
    pub fn is_over(&self, checkpoint: CheckpointId) -> bool {
        let exactly_once = self.mode == Mode::ExactlyOnce;
        self.finished.is_some_and(|finished| checkpoint <= finished)
            || exactly_once && self.pending.iter().any(|p| p.checkpoint > checkpoint)
    }

    /// The checkpoint is no longer pending, and neither are older ones (`CheckpointBarrierTracker.processBarrier`).
    fn finish(&mut self, position: usize) -> Pending {
        let done = self.pending.swap_remove(position);
        self.pending.retain(|p| p.checkpoint > done.checkpoint);
        self.finished = self.finished.max(Some(done.checkpoint));
        done
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn barrier(millis: u64, channel: u32, kind: BarrierKind) -> Arrival {
        Arrival {
            now: SimTime::ZERO + SimDuration::from_millis(millis),
            channel: ChannelId(channel),
            checkpoint: CheckpointId(1),
            kind,
            timed_out: false,
            polled: millis * 10,
        }
    }

    #[test]
    fn alignment_lasts_from_the_first_to_the_last_barrier() {
        let mut handler = Alignment::new(3, Mode::ExactlyOnce);
        assert_eq!(
            handler.on_barrier(barrier(5, 0, BarrierKind::Aligned)),
            Verdict::Waiting
        );
        assert_eq!(
            handler.on_barrier(barrier(6, 2, BarrierKind::Aligned)),
            Verdict::Waiting
        );
        let Verdict::Complete { span, overtaking } =
            handler.on_barrier(barrier(9, 1, BarrierKind::Aligned))
        else {
            panic!("all three have come");
        };
        assert_eq!(
            (span.waited, span.processed, overtaking),
            (SimDuration::from_millis(4), 40, false)
        );
    }

    #[test]
    fn with_a_single_channel_alignment_is_exactly_zero() {
        let mut handler = Alignment::new(1, Mode::ExactlyOnce);
        let verdict = handler.on_barrier(barrier(5, 0, BarrierKind::Aligned));
        assert!(matches!(
            verdict,
            Verdict::Complete {
                span: Span {
                    waited: SimDuration::ZERO,
                    ..
                },
                ..
            }
        ));
    }

    #[test]
    fn the_first_priority_barrier_starts_the_snapshot_and_the_last_ends_the_alignment() {
        let mut handler = Alignment::new(2, Mode::ExactlyOnce);
        let verdict = handler.on_barrier(barrier(5, 0, BarrierKind::Priority));
        assert!(
            matches!(verdict, Verdict::Overtake { last: false, .. }),
            "{verdict:?}"
        );
        let verdict = handler.on_barrier(barrier(7, 1, BarrierKind::Priority));
        assert!(
            matches!(
                verdict,
                Verdict::Complete {
                    overtaking: true,
                    ..
                }
            ),
            "{verdict:?}"
        );
    }

    #[test]
    fn barriers_that_came_in_line_before_a_last_one_that_overtakes_are_not_forgotten() {
        let mut handler = Alignment::new(2, Mode::ExactlyOnce);
        handler.on_barrier(barrier(5, 0, BarrierKind::Timeoutable));
        let verdict = handler.on_barrier(barrier(7, 1, BarrierKind::Priority));
        assert!(
            matches!(verdict, Verdict::Overtake { last: true, .. }),
            "{verdict:?}"
        );
        let arrived = handler.arrived(CheckpointId(1));
        assert_eq!(arrived, [ChannelId(0), ChannelId(1)]);
        assert_eq!(handler.arrived(CheckpointId(1)), []);
    }

    #[test]
    fn a_barrier_of_a_cancelled_checkpoint_comes_too_late() {
        let mut handler = Alignment::new(2, Mode::ExactlyOnce);
        handler.on_barrier(barrier(5, 0, BarrierKind::Aligned));
        assert_eq!(handler.cancel(CheckpointId(1)), [ChannelId(0)]);
        assert_eq!(
            handler.on_barrier(barrier(6, 1, BarrierKind::Aligned)),
            Verdict::Late
        );
    }

    #[test]
    fn after_the_timeout_an_aligning_task_switches_once() {
        let mut handler = Alignment::new(2, Mode::ExactlyOnce);
        assert!(
            !handler.on_timeout(CheckpointId(1)),
            "no barrier has come yet"
        );
        handler.on_barrier(barrier(5, 0, BarrierKind::Timeoutable));
        assert!(handler.on_timeout(CheckpointId(1)));
        assert!(!handler.on_timeout(CheckpointId(1)));
    }

    #[test]
    fn the_timeout_does_not_concern_barriers_that_never_overtake() {
        let mut handler = Alignment::new(2, Mode::ExactlyOnce);
        handler.on_barrier(barrier(5, 0, BarrierKind::Aligned));
        assert!(!handler.on_timeout(CheckpointId(1)));
    }

    fn barrier_of(checkpoint: u32, millis: u64, channel: u32) -> Arrival {
        Arrival {
            checkpoint: CheckpointId(checkpoint),
            ..barrier(millis, channel, BarrierKind::NonBlocking)
        }
    }

    #[test]
    fn a_barrier_that_a_newer_one_has_overtaken_comes_too_late() {
        let mut handler = Alignment::new(2, Mode::ExactlyOnce);
        handler.on_barrier(barrier_of(2, 5, 0));
        assert_eq!(handler.on_barrier(barrier_of(1, 6, 1)), Verdict::Late);
        assert_eq!(handler.superseded_by(CheckpointId(2)), None);
    }

    #[test]
    fn at_least_once_keeps_an_older_checkpoint_until_a_newer_one_is_complete() {
        let mut handler = Alignment::new(2, Mode::AtLeastOnce);
        handler.on_barrier(barrier_of(1, 5, 0));
        assert_eq!(handler.on_barrier(barrier_of(2, 6, 0)), Verdict::Waiting);
        assert!(handler.pending(CheckpointId(1)).is_some());
        assert!(matches!(
            handler.on_barrier(barrier_of(2, 7, 1)),
            Verdict::Complete { .. }
        ));
        assert!(handler.pending(CheckpointId(1)).is_none());
        assert_eq!(handler.on_barrier(barrier_of(1, 8, 1)), Verdict::Late);
    }
}
