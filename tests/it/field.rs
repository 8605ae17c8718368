//! Reports of users, as the scenarios of `scenarios/field` have them: the phase, the order of magnitude, and what helps.

use std::path::Path;

use ckptsim::experiment::RunResult;
use ckptsim::experiment::run::run;
use ckptsim::measure::{CheckpointKind, CheckpointRecord, SubtaskRecord};
use ckptsim::scenario::load::load;

fn with(name: &str, changes: &[(&str, &str)]) -> RunResult {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("scenarios/field/{name}.toml"));
    let changes: Vec<(String, String)> = changes
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect();
    let loaded = load(&path, &changes).unwrap_or_else(|problems| panic!("{problems}"));
    run(&loaded.scenario, loaded.scenario.job.seed, 0).unwrap()
}

fn as_written(name: &str) -> RunResult {
    with(name, &[])
}

fn completed(result: &RunResult) -> Vec<&CheckpointRecord> {
    let late = result
        .checkpoints
        .iter()
        .filter(|one| one.trigger >= result.warmup);
    late.filter(|one| one.kind == CheckpointKind::Checkpoint && one.durable().is_some())
        .collect()
}

fn expired(result: &RunResult) -> usize {
    result
        .checkpoints
        .iter()
        .filter(|one| one.expired_after().is_some())
        .count()
}

/// The subtask that acknowledged last, of the slowest completed checkpoint.
fn slowest(result: &RunResult) -> SubtaskRecord {
    let all = completed(result).into_iter();
    let slowest = all.max_by_key(|one| one.end_to_end()).unwrap();
    *slowest.slowest().unwrap().2
}

fn minutes(result: &RunResult) -> Vec<f64> {
    let all = completed(result).into_iter();
    all.map(|one| one.end_to_end().unwrap().as_secs_f64() / 60.0)
        .collect()
}

#[test]
fn every_scenario_is_valid_and_says_what_was_reported_and_simulated() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/field");
    let mut found = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        for word in ["# Source: ", "Reported", "# Simulated: "] {
            assert!(text.contains(word), "{}: {word}", path.display());
        }
        load(&path, &[]).unwrap_or_else(|problems| panic!("{problems}"));
        found += 1;
    }
    assert_eq!(found, 17);
}

#[test]
fn a_barrier_waits_70_minutes_for_windows_that_fire_and_overtaking_does_not_help() {
    for unaligned in ["true", "false"] {
        let found = with(
            "windows-fire-at-once",
            &[("flink.execution.checkpointing.unaligned.enabled", unaligned)],
        );
        let delay = slowest(&found).start_delay.as_secs_f64() / 60.0;
        assert!((65.0..72.0).contains(&delay), "{delay}");
    }
}

#[test]
fn checkpoints_expire_while_a_table_is_read_under_the_lock() {
    let found = as_written("table-read-under-the-lock");
    assert!(expired(&found) >= 10 && completed(&found).len() <= 3);
    assert!(found.recoveries.len() >= 5, "it restarts again and again");
}

#[test]
fn no_checkpoint_is_taken_without_the_finished_subtask() {
    let found = as_written("more-subtasks-than-partitions");
    assert!(found.checkpoints.is_empty() && found.failed_in_preflight > 5);
    let later = with(
        "more-subtasks-than-partitions",
        &[("job.flink-version", "1.15")],
    );
    assert!(completed(&later).len() >= 8);
}

#[test]
fn a_table_that_is_copied_on_write_times_out_and_more_writers_help() {
    let found = as_written("table-is-copied-on-write");
    assert!(completed(&found).is_empty() && expired(&found) >= 6);
    let more = with(
        "table-is-copied-on-write",
        &[("vertex.writer.parallelism", "10"), ("cluster.slots", "5")],
    );
    assert_eq!(expired(&more), 0);
    assert!((150.0..170.0).contains(&slowest(&more).sync.as_secs_f64()));
}

#[test]
fn a_barrier_waits_for_the_commit_before_it() {
    let found = as_written("commit-takes-minutes");
    let last = slowest(&found);
    assert!(
        (4.5..5.2).contains(&(last.start_delay.as_secs_f64() / 60.0)),
        "{last:?}"
    );
}

#[test]
fn a_full_flush_queue_holds_snapshot_state_up() {
    let last = slowest(&as_written("flush-queue-is-full"));
    assert!((95.0..105.0).contains(&last.sync.as_secs_f64()), "{last:?}");
}

#[test]
fn splits_in_front_of_the_barrier_let_checkpoints_expire_until_they_are_read() {
    let found = as_written("splits-before-the-barrier");
    assert!((5..=7).contains(&expired(&found)));
    assert!(
        completed(&found)
            .last()
            .unwrap()
            .end_to_end()
            .unwrap()
            .as_secs_f64()
            < 0.1
    );
}

#[test]
fn three_key_groups_instead_of_two_saturate_a_subtask() {
    let found = as_written("uneven-key-groups");
    let busy = &found.vertices[1].busy;
    let most = busy.iter().copied().fold(0.0, f64::max);
    let mean = busy.iter().sum::<f64>() / busy.len() as f64;
    assert!(most > 0.99 && mean < 0.8, "{most} {mean}");
    let even = with(
        "uneven-key-groups",
        &[("vertex.keyed.parallelism", "128"), ("cluster.slots", "5")],
    );
    assert!(minutes(&even).into_iter().fold(0.0, f64::max) < 0.1);
}

#[test]
fn a_savepoint_of_235_gb_takes_ten_minutes_and_a_processor() {
    let found = as_written("savepoint-of-rocksdb");
    let all = found.checkpoints.iter();
    let savepoint = all.filter(|one| one.kind == CheckpointKind::Savepoint);
    let lasted: Vec<f64> = savepoint
        .filter_map(|one| Some(one.end_to_end()?.as_secs_f64() / 60.0))
        .collect();
    assert!((8.0..16.0).contains(&lasted[0]), "{lasted:?}");
}

#[test]
fn a_stop_and_a_new_start_cost_the_time_of_the_machines_and_of_catching_up() {
    let found = as_written("rescaled-by-savepoint");
    let away = found.recoveries[0].downtime().unwrap().as_secs_f64() / 60.0;
    assert!((4.0..6.0).contains(&away), "{away}");
    assert!(found.recoveries[0].catch_up().is_some());
}

#[test]
fn a_local_copy_saves_the_download() {
    let down = |local: &str| {
        let found = with(
            "local-recovery",
            &[("flink.execution.state-recovery.from-local", local)],
        );
        found.recoveries[0].downtime().unwrap().as_secs_f64()
    };
    let (local, remote) = (down("true"), down("false"));
    assert!(local < 5.0 && remote > 8.0 * local, "{local} {remote}");
}
