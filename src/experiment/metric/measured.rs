//! What the figures of one run are read from.
//!
//! Within a run, completed checkpoints (not savepoints) triggered after warm-up are counted.

use crate::experiment::commit_latency::Waits;
use crate::experiment::recoveries::Recoveries;
use crate::experiment::run_result::{JobEnd, RunResult};
use crate::measure::estimate::quantile;
use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, Phases};
use crate::scenario::Scenario;
use crate::units::SimDuration;

/// A run with what most figures need of it.
#[derive(Debug)]
pub struct Measured<'a> {
    /// What was simulated.
    pub scenario: &'a Scenario,
    /// What came of it.
    pub run: &'a RunResult,
    /// Checkpoints that count, see [`counted`].
    pub counted: Vec<&'a CheckpointRecord>,
    /// The parts of those that completed.
    pub completed: Vec<Phases>,
    /// What followed failures.
    pub recoveries: Recoveries,
    /// Until a record's result is visible behind an exactly-once sink.
    pub visibility: Waits,
}

/// Checkpoints triggered after warm-up; savepoints are asked for, and would hide them.
pub fn counted(run: &RunResult) -> impl Iterator<Item = &CheckpointRecord> {
    run.checkpoints
        .iter()
        .filter(|record| record.kind == CheckpointKind::Checkpoint && record.trigger >= run.warmup)
}

impl<'a> Measured<'a> {
    /// A run of this scenario.
    pub fn of(scenario: &'a Scenario, run: &'a RunResult) -> Measured<'a> {
        let counted: Vec<&CheckpointRecord> = counted(run).collect();
        let completed = counted.iter().filter_map(|record| Phases::of(record));
        Measured {
            scenario,
            run,
            completed: completed.collect(),
            counted,
            recoveries: Recoveries::of(run),
            visibility: Waits::of(run),
        }
    }

    /// A quantile over completed checkpoints; `None` without one.
    pub fn quantile(&self, q: f64, read: impl Fn(&Phases) -> f64) -> Option<f64> {
        quantile(&self.completed.iter().map(read).collect::<Vec<f64>>(), q)
    }

    /// The median over completed checkpoints.
    pub fn median(&self, read: impl Fn(&Phases) -> f64) -> Option<f64> {
        self.quantile(0.5, read)
    }

    /// The median of a time, s.
    pub fn time(&self, read: impl Fn(&Phases) -> SimDuration) -> Option<f64> {
        self.median(|phases| read(phases).as_secs_f64())
    }

    /// Whole periods, from the first trigger to the last, whose checkpoint belongs to the next period; and how many seconds
    /// they are. Else the edges of the run would count for up to one checkpoint more or less. `None` with fewer than two
    /// triggers.
    pub fn periods(&self) -> Option<(&[&'a CheckpointRecord], f64)> {
        let (last, periods) = self.counted.split_last()?;
        let seconds = last.trigger.since(periods.first()?.trigger).as_secs_f64();
        (seconds > 0.0).then_some((periods, seconds))
    }

    /// Failed checkpoints.
    pub fn failed(&self) -> f64 {
        let failed = |record: &&&CheckpointRecord| matches!(record.outcome, Outcome::Failed { .. });
        self.counted.iter().filter(failed).count() as f64
    }

    /// Records per second out of all sources.
    pub fn throughput(&self) -> f64 {
        let vertices = self.scenario.vertices.iter().zip(&self.run.vertices);
        vertices
            .filter(|(vertex, _)| vertex.is_source())
            .map(|(_, result)| result.records_per_s)
            .sum()
    }

    /// Largest busy share of any subtask.
    pub fn utilisation(&self) -> f64 {
        let busy = self.run.vertices.iter().flat_map(|vertex| &vertex.busy);
        busy.copied().fold(0.0, f64::max)
    }

    /// Whether the job failed for good.
    pub fn job_failed(&self) -> bool {
        self.run.job_end != JobEnd::Running
    }
}

/// Completed checkpoints per second.
pub fn frequency(run: &Measured<'_>) -> Option<f64> {
    let (periods, seconds) = run.periods()?;
    let completed = periods
        .iter()
        .filter(|record| record.end_to_end().is_some());
    Some(completed.count() as f64 / seconds)
}

/// Seconds from one trigger to the next: from the first trigger of the run to the last, shared by the periods between
/// them. The interval where there was one only.
pub fn period(run: &Measured<'_>) -> Option<f64> {
    let all = run.run.checkpoints.iter();
    let mut triggers = all
        .filter(|record| record.kind == CheckpointKind::Checkpoint)
        .map(|record| record.trigger);
    let first = triggers.next()?;
    let Some(last) = triggers.clone().next_back() else {
        let interval = run.scenario.checkpointing.interval;
        return interval.map(SimDuration::as_secs_f64);
    };
    Some(last.since(first).as_secs_f64() / triggers.count() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn frequency_counts_whole_periods() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        assert_eq!(frequency(&Measured::of(&scenario, &run)), Some(0.1));
        // The first is triggered within warm-up.
        run.checkpoints.truncate(2);
        assert_eq!(frequency(&Measured::of(&scenario, &run)), None);
        run.checkpoints.clear();
        assert_eq!(frequency(&Measured::of(&scenario, &run)), None);
    }
}
