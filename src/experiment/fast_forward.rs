//! Long runs with failures: steady time between them is left out.
//!
//! Between two failures a job with constant rates repeats itself from checkpoint to checkpoint. Once it has caught up and
//! completed a checkpoint again, all whole checkpoint periods until the next failure are left out, which keeps its
//! phase within the period. They are left out before that checkpoint: the one that the failure finds is simulated. What
//! happens in the time that is left out is what happened in the first, long steady stretch of the same run: its checkpoints
//! stand for those that were left out, and its tasks worked as much. Failures, restores and catch-ups are all simulated.
//!
//! The period is measured: it is the interval only if nothing else sets the pace, such as `min-pause` behind checkpoints
//! that take long.

use std::collections::BTreeMap;

use crate::experiment::run_result::{RunResult, Skip};
use crate::measure::{CheckpointRecord, Outcome};
use crate::model::observe::TaskCounters;
use crate::scenario::{Rate, Scenario, VertexKind};
use crate::units::{SimDuration, SimTime};

/// Checkpoints of the first steady stretch.
const FIRST_STRETCH: usize = 20;
/// Checkpoints that complete after a catch-up before time is left out.
const SETTLED: usize = 1;

/// A job that repeats itself from checkpoint to checkpoint, as it was found.
#[derive(Clone, Debug)]
pub(super) struct Steady {
    /// Since when it has: it began, or had caught up.
    pub(super) since: SimTime,
    /// Triggers of the checkpoints that have completed since, the newest first.
    pub(super) settled: Vec<SimTime>,
    /// From one trigger to the next; `None` with fewer than two.
    pub(super) period: Option<SimDuration>,
}

/// The first steady stretch, from after one checkpoint until after another.
#[derive(Clone, Debug)]
struct Stretch {
    /// Since when the job was steady as it began.
    since: SimTime,
    from: SimTime,
    to: SimTime,
    before: Vec<TaskCounters>,
    after: Vec<TaskCounters>,
}

/// Decides what is left out, and translates times.
#[derive(Clone, Debug)]
pub(super) struct FastForward {
    interval: SimDuration,
    /// Measured in the first stretch; until then, the interval.
    period: SimDuration,
    stretch: Option<Stretch>,
    /// On the clock of the simulation: before when, and how much.
    skips: Vec<(SimTime, SimDuration)>,
}

impl FastForward {
    /// Only for jobs that repeat themselves: constant rates and sizes, nothing at given times, no materialisation of its own
    /// period.
    pub(super) fn of(scenario: &Scenario) -> Option<Self> {
        let constant = scenario.vertices.iter().all(|vertex| {
            let grows = vertex.state.is_some_and(|state| state.inserts > 0.0);
            match &vertex.work {
                _ if grows => false,
                VertexKind::Source(source) => {
                    matches!(source.rate, Rate::Constant(_)) && source.backlog.is_zero()
                }
                VertexKind::Operator(_) => true,
            }
        });
        let constant = constant && scenario.unfired().next().is_none();
        let failures = &scenario.failures;
        let nothing_given = failures.given.is_empty()
            && failures.outages.is_empty()
            && scenario.triggers.is_empty()
            && scenario.operations.is_empty();
        let wanted = scenario.simulation.skip_steady_time && failures.random.is_some();
        let repeats = constant && nothing_given && scenario.checkpointing.changelog.is_none();
        let interval = scenario.checkpointing.interval;
        let interval = interval.filter(|_| wanted && repeats)?;
        Some(FastForward {
            interval,
            period: interval,
            stretch: None,
            skips: Vec::new(),
        })
    }

    /// How often to ask.
    pub(super) fn step(&self) -> SimDuration {
        SimDuration::from_nanos((self.interval.as_nanos() / 8).max(1))
    }

    /// How much can be left out now. `tasks` = what they have done so far; `next` = the next failure, or the end.
    pub(super) fn leave_out(
        &mut self,
        now: SimTime,
        steady: &Steady,
        tasks: impl FnOnce() -> Vec<TaskCounters>,
        next: SimTime,
    ) -> SimDuration {
        let Some(&newest) = steady.settled.first() else {
            return SimDuration::ZERO;
        };
        if self.skips.is_empty() && !self.measure(now, steady, tasks) {
            return SimDuration::ZERO;
        }
        let periods = next.since(now).as_nanos() / self.period.as_nanos().max(1);
        // Not twice before the same checkpoint.
        let before = self.skips.last().is_none_or(|(when, _)| *when < newest);
        if steady.settled.len() < SETTLED || periods == 0 || !before {
            return SimDuration::ZERO;
        }
        let skipped = self.period * periods;
        self.skips.push((newest, skipped));
        skipped
    }

    /// Follows the first stretch; whether it is long enough. It begins and ends at the same phase of its period, since both
    /// are found at the first look after a checkpoint has completed.
    fn measure(
        &mut self,
        now: SimTime,
        steady: &Steady,
        tasks: impl FnOnce() -> Vec<TaskCounters>,
    ) -> bool {
        let begun = self.stretch.as_mut();
        let Some(stretch) = begun.filter(|stretch| stretch.since == steady.since) else {
            let tasks = tasks();
            self.stretch = Some(Stretch {
                since: steady.since,
                from: now,
                to: now,
                before: tasks.clone(),
                after: tasks,
            });
            return false;
        };
        let Some(period) = steady
            .period
            .filter(|_| steady.settled.len() >= FIRST_STRETCH)
        else {
            return false;
        };
        if stretch.to == stretch.from {
            (stretch.to, stretch.after) = (now, tasks());
            self.period = period;
        }
        true
    }

    /// What a task did in all, by a figure of its counters: in the time that was simulated, from `before` to `after`, and in
    /// the time that was left out, in which it went on as in the first stretch.
    pub(super) fn whole(
        &self,
        task: usize,
        simulated: f64,
        read: impl Fn(&TaskCounters) -> f64,
    ) -> f64 {
        let Some(stretch) = &self.stretch else {
            return simulated;
        };
        let seconds = stretch.to.since(stretch.from).as_secs_f64();
        if seconds <= 0.0 {
            return simulated;
        }
        let [before, after] = [&stretch.before, &stretch.after].map(|tasks| read(&tasks[task]));
        simulated + (after - before) / seconds * self.total().as_secs_f64()
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
    pub(super) fn fill_in(&self, result: &mut RunResult) -> BTreeMap<u64, u64> {
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
                    let trigger = skip.at + self.period * n;
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
        numbers
    }

    fn skips(&self) -> Vec<Skip> {
        let mut before = SimDuration::ZERO;
        let mut skips = Vec::with_capacity(self.skips.len());
        for &(when, duration) in &self.skips {
            skips.push(Skip {
                at: when + before,
                duration,
                checkpoints: duration.as_nanos() / self.period.as_nanos().max(1),
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
            let later = [
                &mut record.replayed_from,
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
