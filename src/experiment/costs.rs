//! What an interval costs, apart from the checkpoints themselves: rework, downtime, visibility, storage, money.

use serde::{Deserialize, Serialize};

use crate::experiment::replicate::{Replication, over};
use crate::experiment::result::RunResult;
use crate::measure::{CheckpointKind, CheckpointRecord, Estimate, Outcome, RecoveryRecord};
use crate::scenario::{Backend, CheckpointStorage, Scenario, calibration};
use crate::units::{Bytes, SimDuration};

/// A month of 365.25 / 12 days, s.
pub const MONTH_S: f64 = 365.25 / 12.0 * 86_400.0;
/// Prices are per GiB.
const GIB: f64 = 1_073_741_824.0;

/// Costs of one run. Seconds, bytes, money in the currency of the price table; `None` where the run says nothing about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Costs {
    /// Failures per month, from the law of `[failures]`.
    pub failures_per_month: Option<f64>,
    /// Expected rework of a failure at a random moment: age of the newest completed checkpoint, averaged over time, s.
    pub rework: Option<f64>,
    /// Failure until all tasks run, mean over the failures of the run, s.
    pub downtime: Option<f64>,
    /// All tasks run until no more records wait than before, mean, s.
    pub catch_up: Option<f64>,
    /// Failure until no more records wait than before, mean, s.
    pub recovery: Option<f64>,
    /// From reading a record until a two-phase-commit sink has committed its result, mean, s.
    pub visibility: Option<f64>,
    /// The same: 99th percentile, s.
    pub visibility_p99: Option<f64>,
    /// Bytes written to the checkpoint directory per second.
    pub written_per_s: Option<f64>,
    /// Bytes that the retained checkpoints hold.
    pub retained: Option<f64>,
    /// Files written per second, metadata included.
    pub writes_per_s: Option<f64>,
    /// Money per month for storage and requests.
    pub money_per_month: Option<f64>,
}

/// One kind of cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Name for programs.
    pub id: &'static str,
    /// What it is.
    pub quantity: &'static str,
    /// Base unit: `s`, `B`, `B/s`, `1/s`, `money`, or nothing.
    pub unit: &'static str,
    /// Its value in one run.
    pub read: fn(&Costs) -> Option<f64>,
}

/// A cost over replications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CostEstimate {
    /// Name for programs.
    pub id: String,
    /// What it is.
    pub quantity: String,
    /// Base unit.
    pub unit: String,
    /// Its value.
    pub value: Estimate,
}

/// Every kind of cost, in the order in which they are told.
pub const ALL: [Cost; 14] = [
    cost("rework", "rework per failure", "s", |c| c.rework),
    cost("downtime", "downtime per failure", "s", |c| c.downtime),
    cost("catch_up", "catch-up per failure", "s", |c| c.catch_up),
    cost("recovery", "recovery per failure", "s", |c| c.recovery),
    cost("rework_per_month", "rework per month", "s", |c| {
        c.per_month(c.rework)
    }),
    cost("downtime_per_month", "downtime per month", "s", |c| {
        c.per_month(c.downtime)
    }),
    cost("catch_up_per_month", "catch-up per month", "s", |c| {
        c.per_month(c.catch_up)
    }),
    cost("late_per_month", "results late per month", "s", |c| {
        c.per_month(c.recovery)
    }),
    cost(
        "visibility",
        "visible after (exactly-once sink)",
        "s",
        |c| c.visibility,
    ),
    cost("visibility_p99", "visible after, p99", "s", |c| {
        c.visibility_p99
    }),
    cost("written_per_s", "bytes written", "B/s", |c| c.written_per_s),
    cost("retained", "bytes retained", "B", |c| c.retained),
    cost("writes_per_s", "files written", "1/s", |c| c.writes_per_s),
    cost("money_per_month", "price per month", "money", |c| {
        c.money_per_month
    }),
];

const fn cost(
    id: &'static str,
    quantity: &'static str,
    unit: &'static str,
    read: fn(&Costs) -> Option<f64>,
) -> Cost {
    Cost {
        id,
        quantity,
        unit,
        read,
    }
}

impl Costs {
    /// The costs of a run of this scenario, after warm-up.
    pub fn of(scenario: &Scenario, run: &RunResult) -> Costs {
        let counted: Vec<&CheckpointRecord> = run
            .checkpoints
            .iter()
            .filter(|record| {
                record.kind == CheckpointKind::Checkpoint && record.trigger >= run.warmup
            })
            .collect();
        let failures: Vec<&RecoveryRecord> = run
            .recoveries
            .iter()
            .filter(|recovery| recovery.failed >= run.warmup)
            .collect();
        let completed = completed(&counted);
        let visible = Visibility::of(&completed);
        let mut costs = Costs {
            failures_per_month: failures_per_month(scenario),
            rework: rework(&completed, &run.recoveries),
            downtime: mean(&failures, RecoveryRecord::downtime),
            catch_up: mean(&failures, RecoveryRecord::catch_up),
            recovery: mean(&failures, RecoveryRecord::recovery_time),
            visibility: visible.as_ref().map(Visibility::mean_s),
            visibility_p99: visible.as_ref().map(|visible| visible.quantile_s(0.99)),
            written_per_s: per_second(&counted, |record| written_bytes(record)),
            retained: retained(scenario, &counted),
            writes_per_s: writes_per_s(scenario, &counted),
            money_per_month: None,
        };
        costs.money_per_month = costs.money(scenario);
        costs
    }

    /// A cost of each failure, per month; `None` without `[failures]`.
    fn per_month(&self, per_failure: Option<f64>) -> Option<f64> {
        Some(per_failure? * self.failures_per_month?)
    }

    /// Retained bytes and requests at the prices of the storage profile. Restores are too rare to matter.
    fn money(&self, scenario: &Scenario) -> Option<f64> {
        let prices = &scenario.storage.prices;
        let stored = self.retained? / GIB * prices.per_gib_month;
        let writes = self.writes_per_s? * MONTH_S / 1000.0 * prices.per_1000_writes;
        Some(stored + writes)
    }
}

/// All costs over replications, without those that no replication has.
pub fn estimates(replications: &[Replication]) -> Vec<CostEstimate> {
    let estimate = |cost: &Cost| {
        Some(CostEstimate {
            id: cost.id.to_owned(),
            quantity: cost.quantity.to_owned(),
            unit: cost.unit.to_owned(),
            value: over(replications, |run| (cost.read)(&run.costs))?,
        })
    };
    ALL.iter().filter_map(estimate).collect()
}

fn failures_per_month(scenario: &Scenario) -> Option<f64> {
    let mtbf = scenario.failures.random.as_ref()?.law.mtbf()?.as_secs_f64();
    (mtbf > 0.0).then(|| MONTH_S / mtbf)
}

fn mean(
    failures: &[&RecoveryRecord],
    read: impl Fn(&RecoveryRecord) -> Option<SimDuration>,
) -> Option<f64> {
    let times: Vec<f64> = failures
        .iter()
        .filter_map(|failure| read(failure))
        .map(SimDuration::as_secs_f64)
        .collect();
    (!times.is_empty()).then(|| times.iter().sum::<f64>() / times.len() as f64)
}

/// `(trigger, durable)` of completed checkpoints, s since the start, in order of triggers.
fn completed(counted: &[&CheckpointRecord]) -> Vec<(f64, f64)> {
    let times = counted.iter().filter_map(|record| match record.outcome {
        Outcome::Completed { durable, .. } => {
            Some((record.trigger.as_secs_f64(), durable.as_secs_f64()))
        }
        Outcome::Failed { .. } | Outcome::InProgress => None,
    });
    times.collect()
}

/// Time average of the age of the newest completed checkpoint, over whole periods between completions in which nothing
/// failed: what a failure at a random moment loses. It needs no failure to be known, and varies less than the rework of
/// the few failures of a run.
fn rework(completed: &[(f64, f64)], recoveries: &[RecoveryRecord]) -> Option<f64> {
    let quiet = |from: f64, to: f64| {
        !recoveries.iter().any(|recovery| {
            let failed = recovery.failed.as_secs_f64();
            (from..to).contains(&failed)
        })
    };
    let (mut seconds, mut area) = (0.0, 0.0);
    for pair in completed.windows(2) {
        let [(trigger, durable), (_, next)] = [pair[0], pair[1]];
        if next > durable && quiet(durable, next) {
            seconds += next - durable;
            area += ((next - trigger).powi(2) - (durable - trigger).powi(2)) / 2.0;
        }
    }
    (seconds > 0.0).then(|| area / seconds)
}

/// When results become visible: what is read between two triggers is committed with the second checkpoint.
struct Visibility {
    /// Least delay and length of each period, s; within a period the delay is uniform.
    periods: Vec<(f64, f64)>,
    seconds: f64,
}

impl Visibility {
    /// `None` with fewer than two completed checkpoints. The commit comes with the notification that the checkpoint is
    /// complete; the time of the external commit itself is not included.
    fn of(completed: &[(f64, f64)]) -> Option<Visibility> {
        let notify = calibration::NOTIFY.typical().as_secs_f64();
        let periods: Vec<(f64, f64)> = completed
            .windows(2)
            .map(|pair| (pair[1].1 - pair[1].0 + notify, pair[1].0 - pair[0].0))
            .collect();
        let seconds: f64 = periods.iter().map(|(_, length)| length).sum();
        (seconds > 0.0).then_some(Visibility { periods, seconds })
    }

    fn mean_s(&self) -> f64 {
        let area: f64 = self
            .periods
            .iter()
            .map(|(least, length)| length * (least + length / 2.0))
            .sum();
        area / self.seconds
    }

    fn quantile_s(&self, q: f64) -> f64 {
        let below = |delay: f64| -> f64 {
            let seconds = self
                .periods
                .iter()
                .map(|(least, length)| (delay - least).clamp(0.0, *length));
            seconds.sum::<f64>() / self.seconds
        };
        let largest = self
            .periods
            .iter()
            .map(|(least, length)| least + length)
            .fold(0.0, f64::max);
        let (mut low, mut high) = (0.0, largest);
        // Halved so often that nothing of the interval is left.
        for _ in 0..60 {
            let middle = f64::midpoint(low, high);
            if below(middle) < q {
                low = middle;
            } else {
                high = middle;
            }
        }
        high
    }
}

/// A quantity of checkpoints per second over whole periods, from the first trigger to the last.
fn per_second(
    counted: &[&CheckpointRecord],
    amount: impl Fn(&CheckpointRecord) -> f64,
) -> Option<f64> {
    let (last, periods) = counted.split_last()?;
    let seconds = last.trigger.since(periods.first()?.trigger).as_secs_f64();
    let total: f64 = periods.iter().map(|record| amount(record)).sum();
    (seconds > 0.0).then(|| total / seconds)
}

/// Bytes of all acknowledged subtasks; those of a checkpoint that failed later were written, too.
fn written_bytes(record: &CheckpointRecord) -> f64 {
    record
        .acknowledged()
        .map(|(_, _, subtask)| subtask.checkpointed.as_f64())
        .sum()
}

/// The oldest retained checkpoint refers to its full size, each later one adds what it wrote itself.
fn retained(scenario: &Scenario, counted: &[&CheckpointRecord]) -> Option<f64> {
    let sizes: Vec<(f64, f64)> = counted
        .iter()
        .filter(|record| matches!(record.outcome, Outcome::Completed { .. }))
        .map(|record| {
            let full = record
                .acknowledged()
                .map(|(_, _, subtask)| subtask.state_size.as_f64());
            (full.sum(), written_bytes(record))
        })
        .collect();
    let n = sizes.len() as f64;
    let full: f64 = sizes.iter().map(|(full, _)| full).sum::<f64>() / n;
    let written: f64 = sizes.iter().map(|(_, written)| written).sum::<f64>() / n;
    let later = scenario.checkpointing.retained.saturating_sub(1) as f64;
    (!sizes.is_empty()).then(|| full + later * written)
}

/// Files per second. `None` with a changelog, whose batches are written at other times than checkpoints.
fn writes_per_s(scenario: &Scenario, counted: &[&CheckpointRecord]) -> Option<f64> {
    let checkpointing = &scenario.checkpointing;
    if checkpointing.storage != CheckpointStorage::FileSystem {
        return Some(0.0);
    }
    if checkpointing.changelog.is_some() {
        return None;
    }
    per_second(counted, |record| files(scenario, record))
}

/// Files of one checkpoint: those of every subtask whose state does not travel in the ack, those with in-flight data, and
/// the metadata.
fn files(scenario: &Scenario, record: &CheckpointRecord) -> f64 {
    let checkpointing = &scenario.checkpointing;
    let of_state = |bytes: Bytes| match checkpointing.backend {
        _ if bytes <= checkpointing.inline_threshold => 0,
        Backend::RocksDb(_) => bytes.get().div_ceil(calibration::ROCKSDB_FILE_BYTES),
        Backend::HashMap => 1,
    };
    let state: u64 = record
        .acknowledged()
        .map(|(_, _, subtask)| of_state(subtask.checkpointed))
        .sum();
    let in_flight = record
        .acknowledged()
        .filter(|(_, _, subtask)| subtask.persisted > Bytes::ZERO)
        .count()
        .div_ceil(checkpointing.subtasks_per_channel_state_file);
    state as f64 + in_flight as f64 + 1.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::scenario::{FailureKind, FailureLaw, Prices, RandomFailures};
    use crate::units::SimTime;

    #[track_caller]
    fn close(actual: Option<f64>, expected: f64) {
        let actual = actual.unwrap();
        assert!(
            (actual - expected).abs() <= 1e-9 * expected.abs().max(1.0),
            "{actual} is not {expected}"
        );
    }

    fn seconds(seconds: u64) -> SimTime {
        SimTime::ZERO + SimDuration::from_secs(seconds)
    }

    fn failure(at: u64) -> RecoveryRecord {
        RecoveryRecord {
            failed: seconds(at),
            cause: "test".to_owned(),
            detected: Some(seconds(at)),
            restarted: Some(seconds(at + 1)),
            checkpoint: Some(1),
            replayed_from: seconds(at - 5),
            restored_bytes: 0,
            running: Some(seconds(at + 2)),
            caught_up: Some(seconds(at + 6)),
            interrupted: false,
        }
    }

    #[test]
    fn the_age_of_the_newest_checkpoint_is_half_a_period_and_a_duration() {
        // every 10 s, durable after 2 s: between 2 and 12 s old
        close(rework(&[(0.0, 2.0), (10.0, 12.0), (20.0, 22.0)], &[]), 7.0);
        // the first period of 10 s, mean 7 s, does not count: the second is 20 s long, 2 to 22 s
        let times = [(0.0, 2.0), (10.0, 12.0), (30.0, 32.0)];
        close(rework(&times, &[failure(11)]), 12.0);
        assert_eq!(rework(&[(0.0, 2.0)], &[]), None);
    }

    #[test]
    fn results_wait_for_the_next_checkpoint() {
        let visible = Visibility::of(&[(0.0, 2.0), (10.0, 12.0), (20.0, 22.0)]).unwrap();
        let notify = calibration::NOTIFY.typical().as_secs_f64();
        close(Some(visible.mean_s() - notify), 7.0);
        // uniform between 2 and 12 s
        close(Some(visible.quantile_s(0.99) - notify), 11.9);
        close(Some(visible.quantile_s(0.5) - notify), 7.0);
    }

    #[test]
    fn a_month_has_as_many_failures_as_the_law_says() {
        let mut scenario = sample::scenario(10);
        scenario.failures.random = Some(RandomFailures {
            law: FailureLaw::Exponential {
                mtbf: SimDuration::from_secs(6 * 3600),
            },
            kind: FailureKind::Task,
        });
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.recoveries = vec![failure(30), failure(50)];
        let costs = Costs::of(&scenario, &run);
        // 730.5 h / 6 h
        close(costs.failures_per_month, 121.75);
        close(costs.downtime, 2.0);
        close(costs.catch_up, 4.0);
        let per_month = |id: &str| {
            let cost = ALL.iter().find(|cost| cost.id == id).unwrap();
            (cost.read)(&costs)
        };
        close(per_month("downtime_per_month"), 243.5);
        close(per_month("late_per_month"), 730.5);
    }

    #[test]
    fn storage_is_paid_for_bytes_and_requests() {
        let mut scenario = sample::scenario(10);
        scenario.checkpointing.retained = 3;
        scenario.storage.prices = Prices {
            per_gib_month: 2.0,
            per_1000_writes: 0.01,
            per_1000_reads: 0.0,
            note: "test".to_owned(),
        };
        let run = sample::run(&scenario, 1, 0).unwrap();
        let costs = Costs::of(&scenario, &run);
        // Three subtasks of 500 kB, written every 10 s; a file each, and the metadata.
        close(costs.written_per_s, 150_000.0);
        close(costs.retained, 4_500_000.0);
        close(costs.writes_per_s, 0.4);
        let stored = 4_500_000.0 / GIB * 2.0;
        let requests = 0.4 * MONTH_S / 1000.0 * 0.01;
        close(costs.money_per_month, stored + requests);
    }

    #[test]
    fn a_run_without_checkpoints_and_failures_costs_nothing_that_is_known() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints.clear();
        assert_eq!(Costs::of(&scenario, &run), Costs::default());
    }
}
