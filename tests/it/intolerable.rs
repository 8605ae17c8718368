use std::path::Path;

use ckptsim::experiment::run::run;
use ckptsim::experiment::{JobEnd, RunResult};
use ckptsim::measure::checkpoint::{CheckpointRecord, Outcome};
use ckptsim::scenario::load::parse;
use ckptsim::units::{SimDuration, SimTime};

/// 6 MiB of state in one subtask: more than the JobManager's heap takes of one, so that every checkpoint fails in the
/// async part of `count`. The job is overloaded a little, so that barriers can overtake.
const JOB: &str = r#"
[job]
duration = "3 min"
warmup = "0 s"
[[vertex]]
name = "events"
source = { rate = "11000/s", record = "100 B" }
[[vertex]]
name = "count"
inputs = ["events"]
service = "100 us"
state = { size = "6 MiB", entry = "100 B", updates-per-record = 1.0 }
[storage]
profile = "jobmanager"
[flink]
execution.checkpointing.interval = "30 s"
"#;

const BACKENDS: [(&str, &str); 4] = [
    ("hashmap", ""),
    ("rocksdb", ""),
    ("rocksdb", "execution.checkpointing.incremental = true\n"),
    ("hashmap", "state.changelog.enabled = true\n"),
];

const ALIGNMENTS: [&str; 4] = [
    "",
    "execution.checkpointing.unaligned.enabled = true\n",
    "execution.checkpointing.unaligned.enabled = true\nexecution.checkpointing.aligned-checkpoint-timeout = \"1 ms\"\n",
    "execution.checkpointing.mode = \"AT_LEAST_ONCE\"\n",
];

/// What the strategy makes of a job that fails at every checkpoint: how many restarts it allows, if not any number.
const STRATEGIES: [(&str, Option<usize>); 4] = [
    ("restart-strategy.type = \"none\"\n", Some(0)),
    (
        "restart-strategy.type = \"fixed-delay\"\nrestart-strategy.fixed-delay.attempts = 2\n",
        Some(2),
    ),
    ("", None),
    (
        "restart-strategy.type = \"failure-rate\"\nrestart-strategy.failure-rate.max-failures-per-interval = 3\nrestart-strategy.failure-rate.failure-rate-interval = \"10 min\"\n",
        Some(3),
    ),
];

fn simulate(options: &str) -> RunResult {
    simulate_text(&format!("{JOB}{options}"))
}

fn simulate_text(text: &str) -> RunResult {
    let loaded = parse(text, "test", Path::new(""), &[]);
    let loaded = loaded.unwrap_or_else(|problems| panic!("{problems}"));
    run(&loaded.scenario, 1, 0).unwrap()
}

fn failed_async(record: &CheckpointRecord) -> bool {
    matches!(&record.outcome, Outcome::Failed { reason, .. } if reason.contains("Asynchronous"))
}

#[test]
fn a_checkpoint_that_fails_in_the_async_part_of_a_task_takes_the_job_down_by_the_rules_of_flink() {
    for (backend, of_backend) in BACKENDS {
        for alignment in ALIGNMENTS {
            for (strategy, restarts) in STRATEGIES {
                let options = format!(
                    "state.backend.type = \"{backend}\"\n{of_backend}{alignment}{strategy}"
                );
                let result = simulate(&options);
                if of_backend.contains("changelog") {
                    // The end of a log is small: nothing is too large for the JobManager's heap.
                    assert_eq!(result.job_end, JobEnd::Running, "{options}");
                    assert!(result.recoveries.is_empty(), "{options}");
                    continue;
                }
                let failed = result
                    .checkpoints
                    .iter()
                    .filter(|record| failed_async(record));
                let failed = failed.count();
                assert!(failed > 0, "{options}: {:?}", result.checkpoints.first());
                assert_eq!(failed, result.recoveries.len(), "{options}");
                match restarts {
                    Some(allowed) => {
                        assert!(matches!(result.job_end, JobEnd::Failed { .. }), "{options}");
                        assert_eq!(failed, allowed + 1, "{options}");
                    }
                    None => assert_eq!(result.job_end, JobEnd::Running, "{options}"),
                }
            }
        }
    }
}

#[test]
fn a_tolerated_checkpoint_that_is_too_large_fails_alone() {
    for (backend, of_backend) in &BACKENDS[..3] {
        let options = format!(
            "state.backend.type = \"{backend}\"\n{of_backend}execution.checkpointing.tolerable-failed-checkpoints = 2\n"
        );
        let result = simulate(&options);
        assert_eq!(result.job_end, JobEnd::Running);
        let failed = result
            .checkpoints
            .iter()
            .filter(|record| failed_async(record));
        let restarts = result.recoveries.len();
        assert_eq!(restarts, failed.count() / 3, "every third one in a row");
        assert!(restarts > 0);
    }
}

#[test]
fn the_task_whose_checkpoint_was_intolerable_is_not_touched_by_what_was_under_way() {
    // Checkpoints every 10 ms: others wait in the line of async parts of the task that goes down.
    let text = JOB.replace("30 s", "10 ms");
    let options = "execution.checkpointing.max-concurrent-checkpoints = 20\n";
    let result = simulate_text(&format!("{text}{options}"));
    let end = result
        .checkpoints
        .iter()
        .filter(|record| record.end_to_end().is_some());
    assert_eq!(end.count(), 0);
    let ran = result.end.since(SimTime::ZERO);
    assert_eq!(ran, SimDuration::from_secs(180));
}
