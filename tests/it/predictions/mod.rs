//! The 22 predictions of `flink-semantics` 9.1; a test's comment says which one it is, and the sum behind its numbers.
//! Where recordings of real clusters corrected a prediction, the corrected one is tested.

/// How barriers travel: alignment, overtaking, the time-out. Numbers 7, 8, 9, 11, 12, 13.
mod barriers;
/// How much data lies in front of a barrier. Numbers 6, 10, 21, and the reference cluster.
mod buffers;
/// When checkpoints are triggered, and how they end. Numbers 1 to 5, 16, 22.
mod coordinator;
/// What a failure costs, and when results are visible. Numbers 17 to 20.
mod recovery;
/// What a snapshot writes, and how long that takes. Numbers 14 and 15.
mod snapshots;

use std::path::Path;

use ckptsim::experiment::RunResult;
use ckptsim::experiment::run::run;
use ckptsim::measure::checkpoint::{CheckpointRecord, Outcome, SubtaskRecord};
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;

#[track_caller]
fn scenario(text: &str) -> Scenario {
    let loaded = parse(text, "test", Path::new(""), &[]);
    loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario
}

/// Runs a scenario that is given as text.
#[track_caller]
fn simulate(text: &str) -> RunResult {
    run(&scenario(text), 1, 0).unwrap()
}

/// One producer, one consumer of 1000 records/s, more than enough to do; a checkpoint at 40 s.
fn hop(exchange: &str, placement: usize, flink: &str) -> String {
    format!(
        "[job]\nduration = \"120 s\"\nwarmup = \"10 s\"\n\
         [[vertex]]\nname = \"source\"\nplacement = [0]\n\
         source = {{ rate = \"unlimited\", record = \"1000 B\" }}\n\
         [[vertex]]\nname = \"slow\"\nservice = \"1 ms\"\nplacement = [{placement}]\n\
         inputs = [{{ from = \"source\", exchange = \"{exchange}\" }}]\n\
         [flink]\nexecution.checkpointing.timeout = \"10 min\"\n{flink}\
         [cluster]\ntaskmanagers = 2\nslots = 1\n\
         [[trigger]]\nat = \"40 s\"\nkind = \"checkpoint\"\n"
    )
}

const UNALIGNED: &str = "execution.checkpointing.unaligned.enabled = true\n";

#[track_caller]
fn subtask(result: &RunResult, checkpoint: usize, vertex: usize, subtask: usize) -> SubtaskRecord {
    result.checkpoints[checkpoint].subtasks[vertex][subtask].expect("acknowledged")
}

#[track_caller]
fn duration_s(record: &CheckpointRecord) -> f64 {
    record.end_to_end().expect("completed").as_secs_f64()
}

#[track_caller]
fn durable_s(record: &CheckpointRecord) -> f64 {
    match record.outcome {
        Outcome::Completed { durable, .. } => durable.as_secs_f64(),
        Outcome::Failed { .. } | Outcome::InProgress => panic!("{record:?}"),
    }
}

fn triggers_s(result: &RunResult) -> Vec<f64> {
    let checkpoints = result.checkpoints.iter();
    checkpoints
        .map(|record| record.trigger.as_secs_f64())
        .collect()
}

/// `value` is within `share` of `expected`.
#[track_caller]
fn near(value: f64, expected: f64, share: f64) {
    assert!(
        (value / expected - 1.0).abs() <= share,
        "{value}, expected {expected}"
    );
}

/// Both lists, as long as `expected`, differ by at most `within` seconds.
#[track_caller]
fn at_times(actual: &[f64], expected: &[f64], within: f64) {
    let equal = actual.len() >= expected.len()
        && actual
            .iter()
            .zip(expected)
            .all(|(a, b)| (a - b).abs() < within);
    assert!(equal, "{actual:?}, expected {expected:?}");
}
