//! What an interval costs, apart from the checkpoints themselves: rework, downtime, visibility, storage, money.

use serde::{Deserialize, Serialize};

use crate::experiment::recoveries::Recoveries;
use crate::experiment::replicate::{Replication, on};
use crate::experiment::result::RunResult;
use crate::experiment::spans::Spans;
use crate::experiment::written;
use crate::measure::{CheckpointRecord, Estimate, Outcome, Phases, RecoveryRecord, Scale};
use crate::scenario::{Backend, CheckpointStorage, Scenario, calibration};
use crate::units::Bytes;

/// A month of 365.25 / 12 days, s.
pub const MONTH_S: f64 = 365.25 / 12.0 * 86_400.0;
/// Prices are per GiB.
const GIB: f64 = 1_073_741_824.0;

/// Costs of one run that follow from nothing else in a [`Replication`]; `None` where the run says nothing about it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Costs {
    /// Failures per month of a job that is always up, from the law of `[failures]`.
    pub failures_per_month: Option<f64>,
    /// Expected rework of a failure at a random moment: age of the newest completed checkpoint, averaged over time, s.
    pub expected_rework: Option<f64>,
    /// Files written per second, metadata included.
    pub files_written_per_s: Option<f64>,
    /// Money per month for storage and requests, in the currency of the price table.
    pub money_per_month: Option<f64>,
}

/// One kind of cost.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Name for programs.
    pub id: &'static str,
    /// What it is.
    pub quantity: &'static str,
    /// Base unit: `s`, `B`, `B/h`, `1/s`, `money`.
    pub unit: &'static str,
    /// Its value in one run.
    pub read: fn(&Replication) -> Option<f64>,
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

/// Every kind of cost, in the order in which they are told. Of a failure: means over those of the run.
pub const ALL: &[Cost] = &[
    cost(
        "expected_rework",
        "expected rework per failure",
        "s",
        |run| run.costs.expected_rework,
    ),
    cost("downtime", "downtime per failure", "s", |run| {
        mean(&run.recoveries.downtime)
    }),
    cost("catch_up", "catch-up per failure", "s", |run| {
        mean(&run.recoveries.catch_up)
    }),
    cost("recovery", "recovery per failure", "s", |run| {
        mean(&run.recoveries.recovery)
    }),
    cost(
        "rework_per_month",
        "expected rework per month",
        "s",
        |run| per_month(run, run.costs.expected_rework?),
    ),
    cost("downtime_per_month", "downtime per month", "s", |run| {
        per_month(run, per_outage(run, run.recoveries.down_s)?)
    }),
    cost("catch_up_per_month", "catch-up per month", "s", |run| {
        let Recoveries { late_s, down_s, .. } = run.recoveries;
        per_month(run, per_outage(run, late_s - down_s)?)
    }),
    cost("late_per_month", "results late per month", "s", |run| {
        per_month(run, per_outage(run, run.recoveries.late_s)?)
    }),
    cost("visibility", "visible after (exactly-once)", "s", |run| {
        run.visibility.mean()
    }),
    cost("bytes_written_per_hour", "bytes written", "B/h", |run| {
        run.bytes_written_per_hour
    }),
    cost("retained_bytes", "bytes retained", "B", |run| {
        run.retained_bytes
    }),
    cost("files_written_per_s", "files written", "1/s", |run| {
        run.costs.files_written_per_s
    }),
    cost("money_per_month", "price per month", "money", |run| {
        run.costs.money_per_month
    }),
];

const fn cost(
    id: &'static str,
    quantity: &'static str,
    unit: &'static str,
    read: fn(&Replication) -> Option<f64>,
) -> Cost {
    Cost {
        id,
        quantity,
        unit,
        read,
    }
}

impl Costs {
    /// The costs of a run of this scenario; `counted` are its checkpoints after warm-up.
    pub fn of(scenario: &Scenario, run: &RunResult, counted: &[&CheckpointRecord]) -> Costs {
        let files_written_per_s = files_written_per_s(scenario, counted);
        Costs {
            failures_per_month: failures_per_month(scenario),
            expected_rework: rework(&completed(counted), &run.recoveries),
            files_written_per_s,
            money_per_month: money_per_month(scenario, counted, files_written_per_s),
        }
    }
}

/// A cost of each outage in seconds, per month; `None` without `[failures]`. A job fails while it runs: from one outage to
/// the next pass the mean time between failures M and the downtime R, so that a month has as many as M + R fit into it
/// (renewal theory: Barlow and Proschan, *Mathematical Theory of Reliability* (1965), 3.2), and at most a month is lost.
fn per_month(run: &Replication, per_outage_s: f64) -> Option<f64> {
    let uptime_s = MONTH_S / run.costs.failures_per_month?;
    let downtime_s = per_outage(run, run.recoveries.down_s).unwrap_or(0.0);
    Some((per_outage_s / (uptime_s + downtime_s)).min(1.0) * MONTH_S)
}

/// Seconds of a run, shared by its outages.
fn per_outage(run: &Replication, seconds: f64) -> Option<f64> {
    let outages = run.recoveries.outages;
    (outages > 0).then(|| seconds / outages as f64)
}

/// All costs over replications, without those that no replication has.
pub fn estimates(replications: &[Replication]) -> Vec<CostEstimate> {
    let estimate = |cost: &Cost| {
        Some(CostEstimate {
            id: cost.id.to_owned(),
            quantity: cost.quantity.to_owned(),
            unit: cost.unit.to_owned(),
            value: on(replications, Scale::of_unit(cost.unit), cost.read)?,
        })
    };
    ALL.iter().filter_map(estimate).collect()
}

fn failures_per_month(scenario: &Scenario) -> Option<f64> {
    let mtbf = scenario.failures.random.as_ref()?.law.mtbf()?.as_secs_f64();
    (mtbf > 0.0).then(|| MONTH_S / mtbf)
}

/// What was not over when the run ended counts with the time that it had lasted.
fn mean(spans: &Spans) -> Option<f64> {
    let all = || spans.ended.iter().chain(&spans.open);
    let count = all().count();
    (count > 0).then(|| all().sum::<f64>() / count as f64)
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

/// Retained bytes and requests at the prices of the storage profile. Reads happen at restores only, too rare to matter.
fn money_per_month(
    scenario: &Scenario,
    counted: &[&CheckpointRecord],
    files_written_per_s: Option<f64>,
) -> Option<f64> {
    let prices = &scenario.storage.prices;
    let completed: Vec<Phases> = counted
        .iter()
        .filter_map(|record| Phases::of(record))
        .collect();
    let stored = written::retained(scenario, &completed)? / GIB * prices.per_gib_month;
    let writes = files_written_per_s? * MONTH_S / 1000.0 * prices.per_1000_writes;
    Some(stored + writes)
}

/// Files per second over whole periods. `None` with a changelog, whose batches are written at other times than
/// checkpoints.
fn files_written_per_s(scenario: &Scenario, counted: &[&CheckpointRecord]) -> Option<f64> {
    let checkpointing = &scenario.checkpointing;
    if checkpointing.storage != CheckpointStorage::FileSystem {
        return Some(0.0);
    }
    if checkpointing.changelog.is_some() {
        return None;
    }
    let (last, periods) = counted.split_last()?;
    let seconds = last.trigger.since(periods.first()?.trigger).as_secs_f64();
    let total: f64 = periods.iter().map(|record| files(scenario, record)).sum();
    (seconds > 0.0).then(|| total / seconds)
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
    use crate::units::{SimDuration, SimTime};

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
            replayed_from: Some(seconds(at - 5)),
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
        let replication = Replication::of(&scenario, &run);
        // 730.5 h / 6 h
        close(replication.costs.failures_per_month, 121.75);
        let read = |id: &str| {
            let cost = ALL.iter().find(|cost| cost.id == id).unwrap();
            (cost.read)(&replication)
        };
        close(read("downtime"), 2.0);
        close(read("catch_up"), 4.0);
        // A cycle takes 6 h and 2 s of downtime.
        let month = |seconds: f64| seconds * MONTH_S / (6.0 * 3600.0 + 2.0);
        close(read("downtime_per_month"), month(2.0));
        close(read("catch_up_per_month"), month(4.0));
        close(read("late_per_month"), month(6.0));
    }

    #[test]
    fn no_month_is_down_for_longer_than_it_is() {
        // MTBF 60 s and 100 s of restart gave 50 days; it is 100 of every 160 s.
        let mut scenario = sample::scenario(10);
        scenario.failures.random = Some(RandomFailures {
            law: FailureLaw::Exponential {
                mtbf: SimDuration::from_secs(60),
            },
            kind: FailureKind::Task,
        });
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.end = seconds(1_000);
        let late = |at: u64| RecoveryRecord {
            running: Some(seconds(at + 100)),
            caught_up: Some(seconds(at + 400)),
            ..failure(at)
        };
        run.recoveries = vec![late(100), late(260), late(420)];
        let replication = Replication::of(&scenario, &run);
        let read = |id: &str| {
            let cost = ALL.iter().find(|cost| cost.id == id).unwrap();
            (cost.read)(&replication)
        };
        close(read("downtime_per_month"), MONTH_S * 100.0 / 160.0);
        // From 100 to 820 s, three cycles of 160 s and the rest of the last: late all the time.
        close(read("late_per_month"), MONTH_S);
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
        let costs = Replication::of(&scenario, &run).costs;
        // Three subtasks of 500 kB, written every 10 s; a file each, and the metadata.
        close(costs.files_written_per_s, 0.4);
        let stored = 4_500_000.0 / GIB * 2.0;
        let requests = 0.4 * MONTH_S / 1000.0 * 0.01;
        close(costs.money_per_month, stored + requests);
    }

    #[test]
    fn a_run_without_checkpoints_and_failures_costs_nothing_that_is_known() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints.clear();
        assert_eq!(Replication::of(&scenario, &run).costs, Costs::default());
    }
}
