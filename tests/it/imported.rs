use std::path::Path;

use ckptsim::experiment::run::run;
use ckptsim::recording::answers::{Answers, Files};
use ckptsim::recording::estimate::{self, Estimate, WorkEstimate};
use ckptsim::scenario::load;
use serde_json::{Value, json};

/// Saved answers, all in one file: the name of each and what it says.
fn saved(name: &str) -> Files {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/answers/{name}.json"));
    let all: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut files = Files::default();
    for (name, answer) in all.as_object().unwrap() {
        files.insert(name, answer.clone());
    }
    files
}

/// Without the answers whose names begin so.
fn without(files: &Files, prefix: &str) -> Files {
    let mut left = Files::default();
    for (name, answer) in files.iter().filter(|(name, _)| !name.starts_with(prefix)) {
        left.insert(name, answer.clone());
    }
    left
}

fn estimate(files: &Files) -> Estimate {
    estimate::of(&Answers::of_files(files).unwrap(), "imported")
}

#[track_caller]
fn near(found: f64, right: f64, share: f64) {
    assert!((found / right - 1.0).abs() <= share, "{found}, not {right}");
}

fn service_us(estimate: &Estimate, vertex: usize) -> f64 {
    1e6 * estimate.vertices[vertex].service.unwrap().value
}

fn live_mb(estimate: &Estimate, vertex: usize) -> f64 {
    1e-6 * estimate.vertices[vertex].state.unwrap().0.live.value
}

fn rate(estimate: &Estimate) -> f64 {
    match estimate.vertices[0].work {
        WorkEstimate::Source { rate, .. } => rate.unwrap().value,
        WorkEstimate::Operator { .. } => panic!("the first vertex is a source"),
    }
}

/// The median duration in seconds of the checkpoints of some simulated minutes, and that of their persisted megabytes.
fn simulated(files: &Files) -> (f64, f64) {
    let draft = estimate::scenario(&Answers::of_files(files).unwrap(), "imported").unwrap();
    let set = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    let length = [set("job.duration", "4 min"), set("job.warmup", "1 min")];
    let loaded = load::parse(&draft.text, "imported", Path::new(""), &length).unwrap();
    let result = run(&loaded.scenario, 42, 0).unwrap();
    let late = result
        .checkpoints
        .iter()
        .filter(|record| record.trigger >= result.warmup);
    let (mut seconds, mut megabytes): (Vec<f64>, Vec<f64>) = late
        .filter_map(|record| {
            let subtasks = record.subtasks.iter().flatten().flatten();
            let bytes = subtasks.map(|subtask| subtask.checkpointed.get());
            let duration = record.end_to_end()?.as_secs_f64();
            Some((duration, 1e-6 * bytes.sum::<u64>() as f64))
        })
        .unzip();
    seconds.sort_by(f64::total_cmp);
    megabytes.sort_by(f64::total_cmp);
    assert!(seconds.len() > 10);
    (seconds[seconds.len() / 2], megabytes[megabytes.len() / 2])
}

#[test]
fn vertices_that_answer_each_at_its_own_instant_do_not_cost_1_us_per_record() {
    // Real Flink 2.3: ten checkpoints of 0.87 to 1.31 s, median 0.98 s; 23 MB, 60 MB after a compaction.
    let files = saved("live-2.3-deduplicate");
    let found = estimate(&files);
    let names: Vec<&str> = found
        .vertices
        .iter()
        .map(|v| v.node.name.as_str())
        .collect();
    assert_eq!(names, ["ev", "Deduplicate", "GroupAggregate"]);
    near(rate(&found), 5000.0, 0.01);
    near(service_us(&found, 0), 160.0, 0.05);
    near(service_us(&found, 1), 120.0, 0.06);
    near(service_us(&found, 2), 36.0, 0.1);
    near(live_mb(&found, 1), 38.0, 0.05);
    assert_eq!(found.remarks.warnings, [""; 0]);
    let (seconds, megabytes) = simulated(&files);
    near(seconds, 0.98, 0.15);
    near(megabytes, 23.0, 0.05);
}

#[test]
fn one_reading_knows_the_state_from_the_checkpoints_before() {
    let twice = saved("live-2.3-deduplicate");
    let once = without(&twice, "vertices-before/");
    let found = estimate(&once);
    near(service_us(&found, 1), 117.0, 0.06);
    // It was 0.2 MB: the size of a young job's first checkpoint.
    near(live_mb(&found, 1), 38.0, 0.05);
    near(simulated(&once).0, 0.98, 0.15);
}

#[test]
fn a_job_of_flink_1_20_whose_windows_write_their_buffers_takes_its_measured_time() {
    // Checkpoints of 0.62 to 1.48 s, median 1.03 s; 6 to 14 MB.
    let files = saved("live-1.20-window");
    let found = estimate(&files);
    assert_eq!(found.flink_version.as_deref(), Some("1.20"));
    near(rate(&found), 6000.0, 0.01);
    near(service_us(&found, 0), 105.0, 0.1);
    near(service_us(&found, 1), 110.0, 0.1);
    let (seconds, megabytes) = simulated(&files);
    near(seconds, 1.03, 0.2);
    near(megabytes, 10.0, 0.15);
    let once = without(&files, "vertices-before/");
    near(simulated(&once).0, 1.03, 0.2);
}

#[test]
fn metrics_that_are_fetched_every_10_s_do_not_change_the_rate() {
    // Real Flink 2.3 with its default metrics.fetcher.update-interval: answers 15.8 s apart, counters 20.0 s apart, so that
    // the source of 5000/s seems to deliver 6300/s. Four checkpoints of 0.61 to 0.77 s, median 0.73 s; 19 MB.
    let files = saved("live-2.3-old-metrics");
    let found = estimate(&files);
    near(rate(&found), 5000.0, 0.01);
    assert_eq!(found.flink_version.as_deref(), Some("2.3"));
    // No compaction yet: its files hold 20 to 62 MB, of which 26 MB were live later.
    let spread = found.vertices[1].state.unwrap().0.live.spread;
    assert!(spread.0 < 26e6 && 26e6 < spread.1, "{spread:?}");
    let (seconds, megabytes) = simulated(&files);
    near(seconds, 0.73, 0.12);
    near(megabytes, 19.4, 0.1);
}

/// The answers of a job of Flink 2.3 with those keys changed.
fn with(name: &str, key: &str, value: Value) -> Files {
    let mut files = saved("live-2.3-deduplicate");
    let mut answer = files.get(name).clone();
    answer[key] = value;
    files.insert(name, answer);
    files
}

#[test]
fn options_of_the_job_and_its_cluster_are_taken_over_and_what_cannot_be_is_said() {
    let found = estimate(&saved("live-2.3-deduplicate"));
    let is = |key: &str| found.options.get(key).map(String::as_str);
    assert_eq!(is("heartbeat.timeout"), Some("50000"));
    assert_eq!(is("jobmanager.execution.failover-strategy"), Some("region"));
    assert_eq!(is("rest.port"), None);
    assert_eq!(found.spread_out, Some(true));

    let forst = with(
        "checkpoints_config",
        "state_backend",
        json!("ForStStateBackend"),
    );
    assert!(estimate(&forst).remarks.warnings[0].contains("ForSt"));
    let changelog = with("checkpoints_config", "state_changelog_enabled", json!(true));
    let options = estimate(&changelog).options;
    assert_eq!(options["state.changelog.enabled"], "true");
    let batch = with("job", "job-type", json!("BATCH"));
    let found = estimate(&batch);
    assert!(found.remarks.warnings[0].contains("batch job"));
    assert!(
        !found
            .options
            .contains_key("execution.checkpointing.interval")
    );
    let failed = with("job", "state", json!("FAILED"));
    assert!(estimate(&failed).remarks.warnings[0].contains("FAILED"));
}

#[test]
fn counters_that_rest_between_two_readings_are_a_standstill_and_no_rate_of_one_record() {
    let mut files = saved("live-2.3-deduplicate");
    let earlier: Vec<(String, Value)> = files
        .iter()
        .filter_map(|(name, answer)| {
            let id = name.strip_prefix("vertices-before/")?;
            Some((format!("vertices/{id}"), answer.clone()))
        })
        .collect();
    for (name, mut answer) in earlier {
        answer["now"] = json!(answer["now"].as_f64().unwrap() + 15_000.0);
        for subtask in answer["subtasks"].as_array_mut().unwrap() {
            let idle = &mut subtask["metrics"]["accumulated-idle-time"];
            *idle = json!(idle.as_f64().unwrap() + 15_000.0);
        }
        files.insert(&name, answer);
    }
    let found = estimate(&files);
    let warning = &found.remarks.warnings[0];
    assert!(
        warning.contains("stands still") && warning.contains("15 s"),
        "{warning}"
    );
    // As it was since its start: 4100/s, the standstill included.
    near(rate(&found), 4080.0, 0.02);
    let draft = estimate::scenario(&Answers::of_files(&files).unwrap(), "x").unwrap();
    assert!(
        draft.text.contains("# - the job stands still"),
        "{}",
        draft.text
    );
    assert_eq!(&draft.warnings, &found.remarks.warnings);
}
