//! Listens to the barriers of some channels.

use crate::measure::occupancy::BarrierMark;
use crate::model::ids::ChannelId;
use crate::model::observe::{Fact, Observer};
use crate::units::SimTime;

/// The lives of barriers in the watched channels.
#[derive(Clone, Debug, Default)]
pub struct BarrierWatch {
    channels: Vec<ChannelId>,
    /// Barriers that were processed, in that order.
    pub marks: Vec<BarrierMark>,
    under_way: Vec<BarrierMark>,
}

impl BarrierWatch {
    /// Watches these channels; a mark's row is the position in this list.
    pub fn new(channels: Vec<ChannelId>) -> Self {
        BarrierWatch {
            channels,
            ..BarrierWatch::default()
        }
    }

    fn row(&self, channel: ChannelId) -> Option<usize> {
        self.channels.iter().position(|watched| *watched == channel)
    }
}

impl Observer for BarrierWatch {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        match fact {
            Fact::BarrierSent {
                checkpoint,
                channel,
                ..
            } => {
                if let Some(row) = self.row(*channel) {
                    let checkpoint = u64::from(checkpoint.0);
                    self.under_way.push(BarrierMark {
                        row,
                        checkpoint,
                        sent: now,
                        processed: now,
                        overtaken_bytes: 0,
                    });
                }
            }
            Fact::BarrierProcessed {
                checkpoint,
                channel,
            } => {
                let Some(row) = self.row(*channel) else {
                    return;
                };
                let is_it = |mark: &BarrierMark| {
                    mark.row == row && mark.checkpoint == u64::from(checkpoint.0)
                };
                if let Some(position) = self.under_way.iter().position(is_it) {
                    let mark = self.under_way.swap_remove(position);
                    self.marks.push(BarrierMark {
                        processed: now,
                        ..mark
                    });
                }
            }
            Fact::Persisted {
                checkpoint,
                channel,
                bytes,
                ..
            } => {
                let Some(row) = self.row(*channel) else {
                    return;
                };
                let is_it = |mark: &&mut BarrierMark| {
                    mark.row == row && mark.checkpoint == u64::from(checkpoint.0)
                };
                let known = self.under_way.iter_mut().chain(&mut self.marks);
                for mark in known.filter(is_it) {
                    mark.overtaken_bytes += bytes;
                }
            }
            Fact::Triggered { .. }
            | Fact::PreflightFailed
            | Fact::Waits { .. }
            | Fact::SnapshotStarted { .. }
            | Fact::AsyncPhaseBegan { .. }
            | Fact::UploadBegan { .. }
            | Fact::File { .. }
            | Fact::SyncPhaseEnded { .. }
            | Fact::AsyncPhaseEnded { .. }
            | Fact::Acknowledged { .. }
            | Fact::AllAcknowledged { .. }
            | Fact::Completed { .. }
            | Fact::Failed { .. }
            | Fact::FailureStruck { .. }
            | Fact::FailureDetected
            | Fact::Restarted { .. }
            | Fact::Restored { .. }
            | Fact::AllRunning
            | Fact::CaughtUp
            | Fact::JobFailed { .. } => {}
        }
    }
}
