use std::path::Path;

use ckptsim::experiment::run::run;
use ckptsim::experiment::{JobEnd, RunResult};
use ckptsim::measure::RecoveryRecord;
use ckptsim::scenario::load::parse;
use ckptsim::scenario::{
    Failover, FailureKind, FailureLaw, GivenFailure, Outage, OutageKind, RandomFailures,
    RestartStrategy, Scenario, Target,
};
use ckptsim::units::SimDuration;

/// 2 sources with 500 records/s each, 4 operators with 2 ms per record (half busy), 5 MB of state each.
const JOB: &str = r#"
[job]
duration = "60 s"
warmup = "10 s"
[[vertex]]
name = "source"
parallelism = 2
source = { rate = "1000/s", record = "1 KB" }
[[vertex]]
name = "operator"
parallelism = 4
inputs = ["source"]
service = "2 ms"
state = { size = "20 MB", entry = "1 KB" }
[flink]
execution.checkpointing.interval = "5 s"
[cluster]
taskmanagers = 2
[storage]
write-per-stream = "20 MB/s"
read-per-stream = "10 MB/s"
open = "5 ms"
close = "5 ms"
"#;

fn scenario(text: &str) -> Scenario {
    let loaded = parse(text, "test", Path::new(""), &[]);
    loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario
}

fn seconds(seconds: f64) -> SimDuration {
    SimDuration::from_secs_f64(seconds)
}

fn failing(text: &str, at: f64, target: Target) -> Scenario {
    let mut scenario = scenario(text);
    scenario.failures.recovery.strategy = RestartStrategy::FixedDelay {
        attempts: 100,
        delay: seconds(2.0),
    };
    scenario.failures.given.push(GivenFailure {
        at: seconds(at),
        target,
        times: 1,
        again_after: SimDuration::ZERO,
    });
    scenario
}

const TASK: Target = Target::Task {
    vertex: 1,
    subtask: 1,
};

fn done(scenario: &Scenario) -> RunResult {
    let result = run(scenario, 1, 0).unwrap();
    assert_eq!(result.job_end, JobEnd::Running);
    result
}

#[track_caller]
fn close(found: SimDuration, expected: f64, tolerance: f64) {
    let found = found.as_secs_f64();
    assert!(
        (found - expected).abs() <= tolerance,
        "{found} instead of {expected}"
    );
}

#[test]
fn a_failed_task_is_restored_from_the_newest_checkpoint_and_catches_up() {
    let result = done(&failing(JOB, 28.0, TASK));
    let [recovery] = result.recoveries.as_slice() else {
        panic!("{:?}", result.recoveries)
    };
    assert_eq!(
        recovery.checkpoint,
        Some(6),
        "triggered at 0, 5, 10, 15, 20 and 25 s"
    );
    close(recovery.rework().unwrap(), 3.0, 0.1);
    // delay 2 s; 5.08 MB at 10 MB/s and about 0.1 s besides
    close(recovery.downtime().unwrap(), 2.01 + 0.58, 0.05);
    // 1000/s arrived for 3 s of rework and 2.6 s of downtime; 2000/s are processed
    close(recovery.catch_up().unwrap(), 5.6, 0.4);
    assert_eq!(
        result.failed_in_preflight, 2,
        "at the start and at the restart"
    );
}

#[test]
fn the_first_checkpoint_after_a_restart_comes_an_interval_later() {
    let result = done(&failing(JOB, 28.0, TASK));
    let restarted = result.recoveries[0].restarted.unwrap();
    let mut after = result
        .checkpoints
        .iter()
        .filter(|record| record.trigger > restarted);
    close(after.next().unwrap().trigger.since(restarted), 5.08, 0.02);
}

#[test]
fn every_record_is_processed_once_and_those_after_the_checkpoint_again() {
    let failing = failing(JOB, 28.0, TASK);
    let mut undisturbed = failing.clone();
    undisturbed.failures.given.clear();
    let processed = |scenario: &Scenario| done(scenario).vertices[1].records_per_s * 50.0;
    let again = processed(&failing) - processed(&undisturbed);
    assert!(
        (again - 3000.0).abs() < 60.0,
        "3 s of rework at 1000/s: {again}"
    );
}

#[test]
fn a_lost_taskmanager_comes_back_when_it_has_been_replaced() {
    let mut scenario = failing(JOB, 20.5, Target::TaskManager(1));
    scenario.failures.recovery.taskmanager_start = seconds(12.0);
    let result = done(&scenario);
    close(result.recoveries[0].downtime().unwrap(), 12.0 + 0.58, 0.05);
}

#[test]
fn without_checkpoints_everything_is_processed_again() {
    let mut scenario = failing(JOB, 10.0, TASK);
    scenario.checkpointing.interval = None;
    let recovery = &done(&scenario).recoveries[0];
    assert_eq!((recovery.checkpoint, recovery.restored_bytes), (None, 0));
    close(recovery.rework().unwrap(), 10.0, 0.01);
}

#[test]
fn pipelines_that_are_not_connected_go_on() {
    let text = JOB.replace(
        "parallelism = 4\ninputs = [\"source\"]",
        "parallelism = 2\ninputs = [{ from = \"source\", exchange = \"forward\" }]",
    );
    let lost = |failover| {
        let mut scenario = failing(&text, 28.0, TASK);
        scenario.failures.recovery.failover = failover;
        let result = done(&scenario);
        result.recoveries[0].restored_bytes
    };
    assert_eq!(lost(Failover::Full), 2 * lost(Failover::Region));
}

#[test]
fn in_flight_data_is_processed_before_the_task_runs() {
    // Overloaded: 1.2 times what the operators can do; unaligned checkpoints hold the full buffers.
    let text = JOB.replace("1000/s", "2400/s").replace(
        "interval = \"5 s\"",
        "interval = \"5 s\"\nexecution.checkpointing.unaligned.enabled = true",
    );
    let recovery = &done(&failing(&text, 28.0, TASK)).recoveries[0];
    let downtime = recovery.downtime().unwrap().as_secs_f64();
    assert!(downtime > 2.01 + 0.58 + 0.2, "{downtime}");
    assert_eq!(
        recovery.caught_up, None,
        "an overloaded job never catches up"
    );
}

#[test]
fn a_job_without_restart_strategy_fails() {
    let mut scenario = failing(JOB, 28.0, TASK);
    scenario.failures.recovery.strategy = RestartStrategy::None;
    let result = run(&scenario, 1, 0).unwrap();
    assert!(matches!(result.job_end, JobEnd::Failed { .. }));
}

#[test]
fn a_lost_jobmanager_is_the_end_without_high_availability() {
    let scenario = failing(JOB, 28.0, Target::JobManager);
    let result = run(&scenario, 1, 0).unwrap();
    assert!(matches!(result.job_end, JobEnd::Failed { .. }));
}

#[test]
fn a_storage_outage_delays_a_checkpoint_by_its_length() {
    let mut scenario = scenario(JOB);
    scenario.failures.outages.push(Outage {
        at: seconds(20.1),
        duration: seconds(3.0),
        what: OutageKind::Storage { share: 0.0 },
    });
    let result = done(&scenario);
    let duration = |n: usize| result.checkpoints[n].end_to_end().unwrap();
    close(duration(4), duration(3).as_secs_f64() + 3.0, 0.05);
    close(duration(5), duration(3).as_secs_f64(), 0.05);
}

#[test]
fn failures_at_random_are_the_same_whatever_the_checkpoint_interval() {
    let mut scenario = scenario(JOB);
    scenario.job.duration = seconds(300.0);
    scenario.failures.random = Some(RandomFailures {
        law: FailureLaw::Exponential {
            mtbf: seconds(60.0),
        },
        kind: FailureKind::TaskManager,
    });
    scenario.failures.recovery.taskmanager_start = seconds(1.0);
    let times = |interval: f64| {
        let mut scenario = scenario.clone();
        scenario.checkpointing.interval = Some(seconds(interval));
        let recoveries = done(&scenario).recoveries;
        recoveries
            .iter()
            .map(|recovery| recovery.failed)
            .collect::<Vec<_>>()
    };
    let often = times(5.0);
    assert!(often.len() > 2, "{often:?}");
    assert_eq!(often, times(20.0));
}

#[test]
fn a_job_that_starts_from_a_savepoint_reads_its_state_and_works_off_what_has_piled_up() {
    let start = |restore: &str| {
        let scenario = scenario(&format!("{JOB}\n[restore]\n{restore}\n"));
        let result = done(&scenario);
        let recovery = result.recoveries[0].clone();
        let first = result.checkpoints[0].trigger;
        (recovery, first)
    };
    let (recovery, first) = start("from = \"savepoint\"\nage = \"10 s\"");
    close(recovery.downtime().unwrap(), 0.58, 0.05);
    // 10.58 s of input at 1000/s, worked off with 1000/s to spare
    close(recovery.catch_up().unwrap(), 10.58, 0.5);
    close(first.since(recovery.failed), 5.08, 0.01);
    let (rescaled, _) = start("from = \"checkpoint\"\nparallelism = { operator = 3 }");
    // Subtasks read their part of one or two files of 6.75 MB: as much as before.
    close(rescaled.downtime().unwrap(), 0.58, 0.05);
}

/// Two hours with a failure every ten minutes, in full and with steady time left out: the same failures at the same times,
/// and the same figures within 1 %.
#[test]
fn leaving_steady_time_out_changes_nothing_but_the_time_it_takes() {
    let mut scenario = scenario(JOB);
    scenario.job.duration = seconds(7200.0);
    scenario.failures.random = Some(RandomFailures {
        law: FailureLaw::Exponential {
            mtbf: seconds(600.0),
        },
        kind: FailureKind::Task,
    });
    let full = done(&scenario);
    scenario.simulation.skip_steady_time = true;
    let short = done(&scenario);
    assert!(
        short.events * 3 < full.events,
        "{} of {}",
        short.events,
        full.events
    );
    let mean = |result: &RunResult, read: fn(&RecoveryRecord) -> Option<SimDuration>| {
        let times = result.recoveries.iter().filter_map(read);
        let times: Vec<f64> = times.map(SimDuration::as_secs_f64).collect();
        times.iter().sum::<f64>() / times.len() as f64
    };
    let mut pairs = vec![
        (short.end.as_secs_f64(), full.end.as_secs_f64()),
        (
            mean(&short, RecoveryRecord::recovery_time),
            mean(&full, RecoveryRecord::recovery_time),
        ),
        (
            mean(&short, RecoveryRecord::downtime),
            mean(&full, RecoveryRecord::downtime),
        ),
        (
            short.checkpoints.len() as f64,
            full.checkpoints.len() as f64,
        ),
    ];
    assert!(full.recoveries.len() > 6);
    assert_eq!(short.recoveries.len(), full.recoveries.len());
    for (a, b) in short.recoveries.iter().zip(&full.recoveries) {
        pairs.push((a.failed.as_secs_f64(), b.failed.as_secs_f64()));
        pairs.push((
            a.replayed_from.unwrap().as_secs_f64(),
            b.replayed_from.unwrap().as_secs_f64(),
        ));
        let number = |run: &RecoveryRecord| run.checkpoint.map_or(0.0, |id| id as f64);
        pairs.push((number(a), number(b)));
    }
    for (short, full) in pairs {
        assert!(
            (short / full - 1.0).abs() < 0.01,
            "{short} instead of {full}"
        );
    }
}

#[test]
fn a_job_that_fails_for_good_within_the_warm_up_has_no_time_to_be_busy_in() {
    let mut scenario = failing(JOB, 2.0, TASK);
    scenario.failures.recovery.strategy = RestartStrategy::None;
    let run = run(&scenario, 1, 0).unwrap();
    let JobEnd::Failed { at, .. } = run.job_end else {
        panic!("{:?}", run.job_end);
    };
    assert_eq!(run.end, at, "its time ends with it");
    for vertex in &run.vertices {
        let shares = [&vertex.busy, &vertex.backpressured, &vertex.idle];
        assert!(
            shares.into_iter().flatten().all(|share| *share == 0.0),
            "{vertex:?}"
        );
        assert!(vertex.subtask_records_per_s.iter().all(|rate| *rate == 0.0));
    }
}
