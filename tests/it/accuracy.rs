use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use ckptsim::experiment::validate::summary::{ALL, Errors, F1, Summary, summarise};
use ckptsim::experiment::validate::{compare, scenario};
use ckptsim::recording::file::read;

/// Three draws of the keys per recording: the errors are within 0.3 % of those of twenty.
const REPLICATIONS: u32 = 3;

static SUMMARY: LazyLock<Summary> = LazyLock::new(|| {
    let mut files = Vec::new();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recordings");
    for family in std::fs::read_dir(root).unwrap() {
        let entries = std::fs::read_dir(family.unwrap().path()).unwrap();
        files.extend(entries.map(|entry| entry.unwrap().path()));
    }
    files.sort();
    let compared: Vec<_> = files.iter().map(compared).collect();
    assert_eq!(compared.len(), 104);
    summarise(&compared)
});

fn compared(file: &PathBuf) -> ckptsim::experiment::validate::Compared {
    let recording = read(&std::fs::read_to_string(file).unwrap()).unwrap();
    let scenario = scenario(&recording, None).unwrap();
    compare(&recording, &scenario, 42, REPLICATIONS).unwrap()
}

fn errors(group: &str, metric: &str) -> &'static Errors {
    &SUMMARY[group][metric]
}

/// What was reached with twenty draws, and a margin for three: the accuracy may not get worse unnoticed.
#[track_caller]
fn at_most(group: &str, metric: &str, median: f64, p90: f64) {
    let errors = errors(group, metric);
    assert!(
        errors.median_error <= median && errors.p90_error <= p90,
        "{metric} of {group}: {errors:?}"
    );
}

#[test]
fn durations_of_real_clusters_are_predicted_within_two_and_a_half_per_cent() {
    at_most(ALL, "end_to_end_duration", 0.025, 0.13);
    for family in ["A", "B", "C", "D", "E", "F", "G", "H"] {
        assert!(
            errors(family, "end_to_end_duration").median_error <= 0.05,
            "{family}"
        );
    }
}

#[test]
fn phases_of_real_checkpoints_are_predicted() {
    at_most(ALL, "start_delay", 0.05, 0.16);
    at_most(ALL, "alignment", 0.02, 0.18);
    at_most(ALL, "async", 0.02, 0.09);
    at_most(ALL, "sync", 0.01, 0.06);
}

#[test]
fn sizes_of_real_checkpoints_are_predicted() {
    at_most("C", "persisted_data", 0.012, 0.05);
    at_most("A", "checkpointed_size", 0.005, 0.005);
    at_most("F", "checkpointed_size", 0.01, 0.04);
}

#[test]
fn rates_and_counts_of_real_jobs_are_predicted() {
    at_most(ALL, "throughput", 0.008, 0.035);
    at_most(ALL, "completed", 0.0, 0.04);
    at_most(ALL, "failed", 0.0, 0.0);
    at_most("E", "trigger_interval", 0.01, 0.03);
}

#[test]
fn the_documents_formula_is_no_match() {
    assert!(errors(ALL, F1).median_error > 0.5);
    assert!(errors(ALL, "end_to_end_duration").n >= 75);
}

#[test]
fn recoveries_of_real_jobs_are_predicted() {
    at_most("G", "restart_delay", 0.02, 0.05);
    at_most("G", "restore_time", 0.15, 0.4);
    at_most("G", "downtime", 0.05, 0.15);
    at_most("G", "catch_up", 0.08, 0.1);
}
