//! What failures cost a run: its recovery records as samples of times.

use serde::{Deserialize, Serialize};

use crate::experiment::run_result::RunResult;
use crate::experiment::spans::Spans;
use crate::measure::RecoveryRecord;
use crate::units::{SimDuration, SimTime};

/// Times after failures, in seconds. What was not over at the end of the run is open.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recoveries {
    /// Failure until no more records wait than before.
    pub recovery: Spans,
    /// Failure until all tasks run.
    pub downtime: Spans,
    /// Deployment until all tasks run.
    pub restore: Spans,
    /// All tasks run until no more records wait than before.
    pub catch_up: Spans,
    /// Trigger of the restored checkpoint until the failure.
    pub rework: Spans,
    /// Share of the time after warm-up in which not all tasks ran, if failures came as often as they do.
    pub unavailability: Option<f64>,
    /// Outages after warm-up: failures that strike while not all tasks run belong to the same one.
    #[serde(default)]
    pub outages: usize,
    /// Seconds after warm-up in which not all tasks ran.
    #[serde(default)]
    pub down_s: f64,
    /// Seconds after warm-up in which results were late: not all tasks ran, or more records waited than before.
    #[serde(default)]
    pub late_s: f64,
}

impl Recoveries {
    /// The samples of a run.
    pub fn of(run: &RunResult) -> Recoveries {
        let mut all = Recoveries::default();
        for record in &run.recoveries {
            all.add(record, run.end);
        }
        (all.outages, all.down_s) = united(run, |record| record.running);
        (_, all.late_s) = united(run, |record| record.caught_up);
        let seconds = run.end.since(run.warmup).as_secs_f64();
        if seconds > 0.0 {
            all.unavailability = Some(all.down_s / seconds);
        }
        all
    }

    /// Seconds after warm-up in which all tasks ran, but more records waited than before.
    pub fn catching_up_s(&self) -> f64 {
        self.late_s - self.down_s
    }

    fn add(&mut self, record: &RecoveryRecord, end: SimTime) {
        let since = |from: SimTime| end.since(from).as_secs_f64();
        let seconds = |span: Option<SimDuration>| span.map(SimDuration::as_secs_f64);
        let so_far = since(record.failed);
        self.recovery.add(seconds(record.recovery_time()), so_far);
        self.downtime.add(seconds(record.downtime()), so_far);
        let restored = record.restarted.map_or(0.0, since);
        self.restore.add(seconds(record.restore_time()), restored);
        let caught_up = record.running.map_or(0.0, since);
        self.catch_up.add(seconds(record.catch_up()), caught_up);
        // What the run ended before says nothing of the age of a checkpoint: the end comes at any age.
        self.rework.ended.extend(seconds(record.rework()));
    }
}

/// The times after warm-up from each failure until its `end`, united, since failures during a recovery prolong it and count
/// once: how many there are, and how long they are together, s.
fn united(run: &RunResult, end: impl Fn(&RecoveryRecord) -> Option<SimTime>) -> (usize, f64) {
    let mut counted_until = run.warmup;
    let (mut count, mut seconds) = (0, 0.0);
    for record in &run.recoveries {
        let from = record.failed.max(counted_until);
        let until = end(record).unwrap_or(run.end);
        if until > from {
            if record.failed >= counted_until {
                count += 1;
            }
            seconds += until.since(from).as_secs_f64();
            counted_until = until;
        }
    }
    (count, seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    fn record(failed_s: u64, running_s: Option<u64>, caught_up_s: Option<u64>) -> RecoveryRecord {
        let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
        RecoveryRecord {
            failed: at(failed_s),
            cause: "test".to_owned(),
            detected: None,
            restarted: None,
            checkpoint: Some(1),
            replayed_from: Some(at(failed_s - 5)),
            restored_bytes: 0,
            running: running_s.map(at),
            caught_up: caught_up_s.map(at),
            interrupted: false,
        }
    }

    #[test]
    fn a_recovery_that_outlasts_the_run_is_open() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        // The run ends at 65 s; statistics begin at 15 s.
        run.recoveries = vec![record(20, Some(25), Some(30)), record(55, Some(60), None)];
        let all = Recoveries::of(&run);
        assert_eq!(
            (all.recovery.ended, all.recovery.open),
            (vec![10.0], vec![10.0])
        );
        assert_eq!(
            (all.catch_up.ended, all.catch_up.open),
            (vec![5.0], vec![5.0])
        );
        assert_eq!(all.rework.ended, [5.0, 5.0]);
        assert!((all.unavailability.unwrap() - 0.2).abs() < 1e-12);
    }

    #[test]
    fn a_failure_during_a_recovery_is_not_down_twice() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.recoveries = vec![record(20, Some(40), None), record(30, Some(40), None)];
        assert!((Recoveries::of(&run).unavailability.unwrap() - 0.4).abs() < 1e-12);
    }

    #[test]
    fn a_failure_that_is_not_restarted_before_the_end_repeats_no_work() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        let mut last = record(64, None, None);
        (last.replayed_from, last.checkpoint) = (None, None);
        run.recoveries = vec![record(20, Some(25), Some(30)), last];
        let all = Recoveries::of(&run);
        // It counted as 64 s, the whole age of the job.
        assert_eq!((all.rework.ended, all.rework.open), (vec![5.0], vec![]));
        assert_eq!(all.outages, 2);
        assert!((all.down_s - 6.0).abs() < 1e-12);
        assert!((all.late_s - 11.0).abs() < 1e-12);
    }
}
