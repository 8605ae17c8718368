//! What an interval costs, apart from the checkpoints themselves: rework, downtime, visibility, storage, money.

use crate::experiment::ages;
use crate::experiment::metric::measured::Measured;
use crate::experiment::recoveries::Recoveries;
use crate::experiment::storage_usage;
use crate::measure::CheckpointRecord;
use crate::scenario::{Backend, CheckpointStorage, Scenario, calibration};
use crate::units::Bytes;

/// A month of 365.25 / 12 days, s.
pub const MONTH_S: f64 = 365.25 / 12.0 * 86_400.0;
/// Prices are per GiB.
pub const GIB: f64 = 1_073_741_824.0;

/// A cost of each outage in seconds, per month; `None` without `[failures]`. A job fails while it runs: from one outage to
/// the next pass the mean time between failures M and the downtime R, so that a month has as many as M + R fit into it
/// (renewal theory: Barlow and Proschan, *Mathematical Theory of Reliability* (1965), 3.2), and at most a month is lost.
pub fn per_month(run: &Measured<'_>, per_outage_s: f64) -> Option<f64> {
    let uptime_s = mean_time_between_failures_s(run.scenario)?;
    let downtime_s = per_outage(&run.recoveries, run.recoveries.down_s).unwrap_or(0.0);
    Some((per_outage_s / (uptime_s + downtime_s)).min(1.0) * MONTH_S)
}

/// These seconds of a run, which its outages share, per month; `None` without outages.
pub fn outages_per_month(run: &Measured<'_>, read: fn(&Recoveries) -> f64) -> Option<f64> {
    per_month(run, per_outage(&run.recoveries, read(&run.recoveries))?)
}

fn per_outage(recoveries: &Recoveries, seconds: f64) -> Option<f64> {
    (recoveries.outages > 0).then(|| seconds / recoveries.outages as f64)
}

/// Mean uptime between failures, s: by the law of `[failures]`, else as it was in the run; `None` if nothing fails.
pub fn mean_uptime_s(run: &Measured<'_>) -> Option<f64> {
    let outages = run.recoveries.outages as f64;
    mean_time_between_failures_s(run.scenario).or_else(|| {
        let seconds = run.run.end.since(run.run.warmup).as_secs_f64() - run.recoveries.down_s;
        (outages > 0.0 && seconds > 0.0).then(|| seconds / outages)
    })
}

fn mean_time_between_failures_s(scenario: &Scenario) -> Option<f64> {
    let law = &scenario.failures.random.as_ref()?.law;
    let seconds = law.mtbf()?.as_secs_f64();
    (seconds > 0.0).then_some(seconds)
}

/// Expected rework of a failure at a random moment: the age of the newest completed checkpoint, averaged over time, s.
pub fn expected_rework(run: &Measured<'_>) -> Option<f64> {
    ages::mean(&ages::completed(&run.counted), &run.run.recoveries)
}

/// Retained bytes and requests at the prices of the storage profile. Reads happen at restores only, too rare to matter.
pub fn money_per_month(run: &Measured<'_>) -> Option<f64> {
    let prices = &run.scenario.storage.prices;
    let stored = stored_per_month(run)?;
    let (writes, reads) = requests_per_s(run)?;
    let requests = writes * prices.per_1000_writes + reads * prices.per_1000_reads;
    Some(stored + requests * MONTH_S / 1000.0)
}

/// Retained bytes at the price of the storage profile.
pub fn stored_per_month(run: &Measured<'_>) -> Option<f64> {
    Some(storage_usage::retained(run)? / GIB * run.scenario.storage.prices.per_gib_month)
}

/// Files per second over whole periods. `None` with a changelog, whose batches are written at other times than
/// checkpoints.
pub fn files_written_per_s(run: &Measured<'_>) -> Option<f64> {
    let checkpointing = &run.scenario.checkpointing;
    if checkpointing.storage != CheckpointStorage::FileSystem {
        return Some(0.0);
    }
    if checkpointing.changelog.is_some() {
        return None;
    }
    let (periods, seconds) = run.periods()?;
    let files: f64 = periods
        .iter()
        .map(|record| files(run.scenario, record))
        .sum();
    // Metadata is never merged.
    let created = run.run.created_share.unwrap_or(1.0);
    let metadata = periods.len() as f64;
    Some(((files - metadata) * created + metadata) / seconds)
}

/// How often the store refused the requests of a file, per checkpoint; `None` without a checkpoint.
pub fn requests_refused(run: &Measured<'_>) -> Option<f64> {
    let checkpoints = run.run.checkpoints.len();
    (checkpoints > 0).then(|| run.run.requests_refused as f64 / checkpoints as f64)
}

/// Writing and reading requests per second that the files of checkpoints cost over their life; `None` as for files.
pub fn requests_per_s(run: &Measured<'_>) -> Option<(f64, f64)> {
    let files_per_s = files_written_per_s(run)?;
    let storage = &run.scenario.storage;
    let reads = files_per_s * storage.reads_per_file;
    if files_per_s <= 0.0 {
        return Some((0.0, 0.0));
    }
    let (periods, seconds) = run.periods()?;
    let subtasks = periods.iter().flat_map(|record| record.acknowledged());
    let in_parts: f64 = subtasks
        .map(|(_, _, subtask)| {
            let files = files_of_state(run.scenario, subtask.checkpointed);
            let each = subtask.checkpointed.get() / files.max(1);
            files as f64 * (storage.writes_of(each) - storage.writes_per_file)
        })
        .sum();
    let writes = files_per_s * storage.writes_per_file + in_parts / seconds;
    Some((writes, reads))
}

/// Files that a subtask writes for so much new state; what travels in the ack needs none.
pub fn files_of_state(scenario: &Scenario, bytes: Bytes) -> u64 {
    match scenario.checkpointing.backend {
        _ if bytes <= scenario.checkpointing.inline_threshold => 0,
        Backend::RocksDb(_) => bytes.get().div_ceil(calibration::ROCKSDB_FILE_BYTES),
        Backend::HashMap => 1,
    }
}

/// Files of one checkpoint: those of every subtask whose state does not travel in the ack, those with in-flight data, and
/// the metadata.
fn files(scenario: &Scenario, record: &CheckpointRecord) -> f64 {
    let checkpointing = &scenario.checkpointing;
    let state: u64 = record
        .acknowledged()
        .map(|(_, _, subtask)| files_of_state(scenario, subtask.checkpointed))
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
    use crate::experiment::metric::replicate::Replication;
    use crate::experiment::metric::{self, MetricId};
    use crate::experiment::sample;
    use crate::measure::RecoveryRecord;
    use crate::scenario::storage::Prices;
    use crate::scenario::{FailureKind, FailureLaw, RandomFailures};
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
        sample::recovery(at, at + 2, at + 6)
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
        let read = |id| replication.figures.get(id);
        close(read(MetricId::DowntimeMean), 2.0);
        close(read(MetricId::CatchUpMean), 4.0);
        // A cycle takes 6 h and 2 s of downtime.
        let month = |seconds: f64| seconds * MONTH_S / (6.0 * 3600.0 + 2.0);
        close(read(MetricId::DowntimePerMonth), month(2.0));
        close(read(MetricId::CatchUpPerMonth), month(4.0));
        close(read(MetricId::LatePerMonth), month(6.0));
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
        let read = |id| replication.figures.get(id);
        close(read(MetricId::DowntimePerMonth), MONTH_S * 100.0 / 160.0);
        // From 100 to 820 s, three cycles of 160 s and the rest of the last: late all the time.
        close(read(MetricId::LatePerMonth), MONTH_S);
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
        let figures = Replication::of(&scenario, &run).figures;
        // Three subtasks of 500 kB, written every 10 s; a file each, and the metadata.
        close(figures.get(MetricId::FilesWrittenPerS), 0.4);
        let stored = 4_500_000.0 / GIB * 2.0;
        let requests = 0.4 * MONTH_S / 1000.0 * 0.01;
        close(figures.get(MetricId::MoneyPerMonth), stored + requests);
    }

    #[test]
    fn a_run_without_checkpoints_and_failures_costs_nothing_that_is_known() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints.clear();
        let figures = Replication::of(&scenario, &run).figures;
        let costs = metric::all().iter().filter(|metric| metric.is_cost());
        let known: Vec<&str> = costs
            .filter(|metric| figures.get(metric.id).is_some())
            .map(|metric| metric.name)
            .collect();
        assert_eq!(known, Vec::<&str>::new());
    }
}
