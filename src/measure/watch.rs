//! Listens to the barriers of some channels.

use crate::measure::flight::Place;
use crate::measure::look::Look;
use crate::measure::occupancy::BarrierMark;
use crate::model::ids::ChannelId;
use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// The channels into a subtask.
pub fn channels_into(place: Place, scenario: &Scenario, network: &Network) -> Vec<ChannelId> {
    let task = Place::all(scenario).position(|one| one == place);
    let channels = network.channels().iter().enumerate();
    channels
        .filter(|(_, channel)| Some(channel.consumer.index()) == task)
        .map(|(id, _)| ChannelId(id as u32))
        .collect()
}

/// The lives of barriers in the channels into a subtask.
#[derive(Clone, Debug)]
pub struct BarrierWatch {
    place: Place,
    begun: bool,
    from: SimTime,
    until: SimTime,
    /// A mark's row is the position in this list.
    channels: Vec<ChannelId>,
    /// Barriers that were processed in time, in that order.
    pub marks: Vec<BarrierMark>,
    under_way: Vec<BarrierMark>,
}

impl BarrierWatch {
    /// Watches the inputs of this subtask, and keeps what is processed from `from` to `until`.
    pub fn new(place: Place, from: SimTime, until: SimTime) -> Self {
        BarrierWatch {
            place,
            begun: false,
            from,
            until,
            channels: Vec::new(),
            marks: Vec::new(),
            under_way: Vec::new(),
        }
    }

    fn row(&self, channel: ChannelId) -> Option<usize> {
        self.channels.iter().position(|watched| *watched == channel)
    }
}

impl Look for BarrierWatch {
    fn begin(&mut self, scenario: &Scenario, network: &Network) {
        // What it watches ends with a rescale.
        self.channels = if std::mem::replace(&mut self.begun, true) {
            Vec::new()
        } else {
            channels_into(self.place, scenario, network)
        };
    }
}

impl Observer for BarrierWatch {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        if now > self.until {
            return;
        }
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
                    if now >= self.from {
                        self.marks.push(BarrierMark {
                            processed: now,
                            ..mark
                        });
                    }
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
            | Fact::RequestsRefused
            | Fact::Processed { .. }
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
