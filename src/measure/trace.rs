//! One line per fact, for people: time since the trigger, what happened, where.
//!
//! ```text
//!      ms  fact                where                    what
//!   4.000  barrier sent        source #0 -> join #1
//! ```

use crate::measure::look::Look;
use crate::model::ids::{ChannelId, TaskId};
use crate::model::network::Network;
use crate::model::observe::{Fact, Observer};
use crate::scenario::Scenario;
use crate::units::SimTime;

/// Listens to a run and writes lines; from the first checkpoint's trigger to the last one wanted.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The lines so far.
    pub lines: Vec<String>,
    names: Vec<String>,
    ends: Vec<(TaskId, TaskId)>,
    started: SimTime,
    checkpoints_left: u32,
    lines_left: usize,
}

impl Trace {
    /// Follows the first `checkpoints` checkpoints, in at most `lines` lines.
    pub fn new(checkpoints: u32, lines: usize) -> Self {
        Trace {
            lines: vec![format!(
                "{:>10}  {:<18} {:<34} {}",
                "ms", "fact", "where", "what"
            )],
            names: Vec::new(),
            ends: Vec::new(),
            started: SimTime::ZERO,
            checkpoints_left: checkpoints,
            lines_left: lines,
        }
    }

    fn task(&self, task: TaskId) -> String {
        self.names[task.index()].clone()
    }

    fn channel(&self, channel: ChannelId) -> String {
        self.ends.get(channel.index()).map_or_else(
            || format!("channel {}", channel.0),
            |(from, to)| format!("{} -> {}", self.task(*from), self.task(*to)),
        )
    }

    /// What happened, where, and with which figures; `None` for what is not worth a line.
    fn describe(&self, fact: &Fact) -> Option<(&'static str, String, String)> {
        let nothing = String::new();
        Some(match fact {
            Fact::Triggered {
                checkpoint,
                savepoint,
            } => {
                let kind = if savepoint.is_some() {
                    "savepoint"
                } else {
                    "checkpoint"
                };
                (
                    "triggered",
                    "coordinator".to_owned(),
                    format!("{kind} {}", checkpoint.0),
                )
            }
            Fact::BarrierSent {
                channel, priority, ..
            } => (
                "barrier sent",
                self.channel(*channel),
                if *priority {
                    "overtakes".to_owned()
                } else {
                    nothing
                },
            ),
            Fact::BarrierProcessed { channel, .. } => {
                ("barrier processed", self.channel(*channel), nothing)
            }
            Fact::PreflightFailed
            | Fact::RequestsRefused
            | Fact::Processed { .. }
            | Fact::Persisted { bytes: 0, .. }
            | Fact::Waits { .. }
            | Fact::AsyncPhaseBegan { .. }
            | Fact::UploadBegan { .. }
            | Fact::File { .. } => return None,
            Fact::Persisted { channel, bytes, .. } => (
                "persisted",
                self.channel(*channel),
                format!("{bytes} B of in-flight data"),
            ),
            Fact::SnapshotStarted {
                task,
                start_delay,
                alignment,
                ..
            } => {
                let (delay, waited) = (start_delay.as_millis_f64(), alignment.as_millis_f64());
                (
                    "snapshot",
                    self.task(*task),
                    format!("start delay {delay:.3} ms, alignment {waited:.3} ms"),
                )
            }
            Fact::SyncPhaseEnded { task, .. } => ("sync phase ended", self.task(*task), nothing),
            Fact::AsyncPhaseEnded { task, .. } => ("async phase ended", self.task(*task), nothing),
            Fact::Acknowledged { task, record, .. } => (
                "acknowledged",
                self.task(*task),
                format!("{} B checkpointed", record.checkpointed.get()),
            ),
            Fact::AllAcknowledged { .. } => ("all acknowledged", "coordinator".to_owned(), nothing),
            Fact::Completed { checkpoint } => (
                "completed",
                "coordinator".to_owned(),
                format!("checkpoint {}", checkpoint.0),
            ),
            Fact::Failed { reason, .. } => (
                "failed",
                "coordinator".to_owned(),
                reason.message().to_owned(),
            ),
            Fact::FailureStruck { cause } => ("failure", "job".to_owned(), cause.clone()),
            Fact::FailureDetected => ("failure detected", "coordinator".to_owned(), nothing),
            Fact::Restarted { checkpoint, .. } => (
                "restarted",
                "job".to_owned(),
                checkpoint.map_or_else(
                    || "from the beginning".to_owned(),
                    |id| format!("from checkpoint {}", id.0),
                ),
            ),
            Fact::Restored { task, bytes } => (
                "restored",
                self.task(*task),
                format!("{bytes} B of state read"),
            ),
            Fact::AllRunning => ("all tasks run", "job".to_owned(), nothing),
            Fact::CaughtUp => ("caught up", "job".to_owned(), nothing),
            Fact::JobFailed { reason } => ("job failed", "job".to_owned(), reason.clone()),
        })
    }
}

impl Look for Trace {
    fn begin(&mut self, scenario: &Scenario, network: &Network) {
        let vertices = scenario.vertices.iter();
        let names = vertices.flat_map(|vertex| {
            (0..vertex.parallelism).map(move |subtask| format!("{} #{subtask}", vertex.name))
        });
        self.names = names.collect();
        let channels = network.channels().iter();
        self.ends = channels
            .map(|channel| (channel.producer, channel.consumer))
            .collect();
    }
}

impl Observer for Trace {
    fn observe(&mut self, now: SimTime, fact: &Fact) {
        if let Fact::Triggered { .. } = fact {
            if self.checkpoints_left == 0 {
                self.lines_left = 0;
            } else {
                self.checkpoints_left -= 1;
                self.started = now;
            }
        }
        if self.lines_left == 0 {
            return;
        }
        if let Some((what, place, figures)) = self.describe(fact) {
            self.lines_left -= 1;
            let since = now.since(self.started).as_millis_f64();
            let line = format!("{since:>10.3}  {what:<18} {place:<34} {figures}");
            self.lines.push(line.trim_end().to_owned());
        }
    }
}
