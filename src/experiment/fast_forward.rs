//! Long runs with failures: steady time between them is left out.
//!
//! Between two failures a job with constant rates repeats itself from checkpoint to checkpoint. Once it has caught up and
//! completed a checkpoint again, all whole checkpoint intervals until the next failure are left out, which keeps its
//! phase within the interval. They are left out before that checkpoint: the one that the failure finds is simulated. What happens in the time that is left out is what happened in the first, long
//! steady stretch of the same run: its checkpoints stand for those that were left out. Failures, restores and catch-ups
//! are all simulated.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::experiment::result::RunResult;
use crate::measure::{CheckpointRecord, Outcome};
use crate::scenario::{Rate, Scenario, Work};
use crate::units::{SimDuration, SimTime};

/// Checkpoints of the first steady stretch.
const FIRST_STRETCH: usize = 20;
/// Checkpoints that complete after a catch-up before time is left out.
const SETTLED: usize = 1;

/// Steady time that was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skip {
    /// Where, on the clock of the job.
    pub at: SimTime,
    /// How much: a whole number of checkpoint intervals.
    pub duration: SimDuration,
    /// Checkpoints that would have been taken.
    pub checkpoints: u64,
}

/// Decides what is left out, and translates times.
#[derive(Clone, Debug)]
pub(super) struct FastForward {
    interval: SimDuration,
    /// On the clock of the simulation: before when, and how much.
    skips: Vec<(SimTime, SimDuration)>,
}

impl FastForward {
    /// Only for jobs that repeat themselves: constant rates, nothing at given times, no materialisation of its own period.
    pub(super) fn of(scenario: &Scenario) -> Option<Self> {
        let constant = scenario.vertices.iter().all(|vertex| match &vertex.work {
            Work::Source(source) => matches!(source.rate, Rate::Constant(_)),
            Work::Operator(_) => true,
        });
        let failures = &scenario.failures;
        let nothing_given = failures.given.is_empty()
            && failures.outages.is_empty()
            && scenario.triggers.is_empty();
        let wanted = scenario.simulation.skip_steady_time && failures.random.is_some();
        let repeats = constant && nothing_given && scenario.checkpointing.changelog.is_none();
        Some(FastForward {
            interval: scenario
                .checkpointing
                .interval
                .filter(|_| wanted && repeats)?,
            skips: Vec::new(),
        })
    }

    /// How often to ask.
    pub(super) fn step(&self) -> SimDuration {
        SimDuration::from_nanos((self.interval.as_nanos() / 8).max(1))
    }

    /// How much can be left out now. `settled` = triggers of the checkpoints that have completed since the job caught up
    /// (or began), the newest first; `next` = the next failure, or the end.
    pub(super) fn leave_out(
        &mut self,
        now: SimTime,
        settled: &[SimTime],
        next: SimTime,
    ) -> SimDuration {
        let needed = if self.skips.is_empty() {
            FIRST_STRETCH
        } else {
            SETTLED
        };
        let intervals = next.since(now).as_nanos() / self.interval.as_nanos();
        let Some(&newest) = settled.first() else {
            return SimDuration::ZERO;
        };
        // Not twice before the same checkpoint.
        let before = self.skips.last().is_none_or(|(when, _)| *when < newest);
        if settled.len() < needed || intervals == 0 || !before {
            return SimDuration::ZERO;
        }
        let skipped = self.interval * intervals;
        self.skips.push((newest, skipped));
        skipped
    }

    /// Time left out so far.
    pub(super) fn total(&self) -> SimDuration {
        self.skips
            .iter()
            .fold(SimDuration::ZERO, |sum, (_, skipped)| sum + *skipped)
    }

    /// The clock of the job at an instant of the simulation.
    pub(super) fn real(&self, at: SimTime) -> SimTime {
        let before = self.skips.iter().filter(|(when, _)| *when <= at);
        before.fold(at, |real, (_, skipped)| real + *skipped)
    }

    /// Puts everything on the clock of the job, and copies of the first stretch's checkpoints where some were left out.
    pub(super) fn fill_in(&self, result: &mut RunResult) {
        result.skipped = self.skips();
        self.shift_times(result);
        let simulated = std::mem::take(&mut result.checkpoints);
        let first = self.skips.first().map_or(SimTime::MAX, |(at, _)| *at);
        let stretch: Vec<CheckpointRecord> = simulated
            .iter()
            .filter(|record| record.trigger >= result.warmup && record.trigger < first)
            .cloned()
            .collect();
        let mut numbers = BTreeMap::new();
        let mut skips = result.skipped.iter().peekable();
        let mut copies = stretch.iter().cycle();
        for record in simulated {
            // The record is the one before which time was left out.
            while let Some(skip) = skips.next_if(|skip| skip.at < record.trigger) {
                for n in 0..skip.checkpoints {
                    let Some(copy) = copies.next() else { break };
                    let id = result.checkpoints.len() as u64 + 1;
                    let trigger = skip.at + self.interval * n;
                    result.checkpoints.push(copied(copy, id, trigger));
                }
            }
            let id = result.checkpoints.len() as u64 + 1;
            numbers.insert(record.id, id);
            result.checkpoints.push(CheckpointRecord { id, ..record });
        }
        for recovery in &mut result.recoveries {
            let number = recovery.checkpoint.and_then(|id| numbers.get(&id));
            recovery.checkpoint = number.copied();
        }
    }

    fn skips(&self) -> Vec<Skip> {
        let mut before = SimDuration::ZERO;
        let mut skips = Vec::with_capacity(self.skips.len());
        for &(when, duration) in &self.skips {
            skips.push(Skip {
                at: when + before,
                duration,
                checkpoints: duration.as_nanos() / self.interval.as_nanos(),
            });
            before += duration;
        }
        skips
    }

    fn shift_times(&self, result: &mut RunResult) {
        let real = |at: &mut SimTime| *at = self.real(*at);
        real(&mut result.end);
        for record in &mut result.checkpoints {
            times_of(record).into_iter().for_each(real);
        }
        for record in &mut result.recoveries {
            real(&mut record.failed);
            real(&mut record.replayed_from);
            let later = [
                &mut record.detected,
                &mut record.restarted,
                &mut record.running,
                &mut record.caught_up,
            ];
            later.into_iter().flatten().for_each(real);
        }
        let samples = result.timeline.iter_mut();
        for sample in samples.flat_map(|timeline| &mut timeline.samples) {
            real(&mut sample.at);
        }
    }
}

/// The same checkpoint at another time.
fn copied(record: &CheckpointRecord, id: u64, trigger: SimTime) -> CheckpointRecord {
    let mut copy = record.clone();
    copy.id = id;
    let since = record.trigger;
    for at in times_of(&mut copy) {
        *at = trigger + at.since(since);
    }
    copy
}

/// All times of a checkpoint, its trigger included.
fn times_of(record: &mut CheckpointRecord) -> Vec<&mut SimTime> {
    let mut times = vec![&mut record.trigger];
    match &mut record.outcome {
        Outcome::Completed {
            latest_ack,
            durable,
        } => times.extend([latest_ack, durable]),
        Outcome::Failed { at, .. } => times.push(at),
        Outcome::InProgress => {}
    }
    let subtasks = record.subtasks.iter_mut().flatten().flatten();
    times.extend(subtasks.map(|subtask| &mut subtask.ack));
    times
}
