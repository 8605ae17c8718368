mod errors;
mod failure_errors;
mod failures;
mod files;
mod hostile;
mod options;
mod restart;
mod round_trip;
mod values;

use super::*;
use crate::scenario::{Alignment, Backend, Exchange, Rate, Updates};
use crate::units::{Bytes, SimDuration};

const JOIN: &str = r#"
[job]
name = "orders"
duration = "10 min"
warmup = "1 min"

[[vertex]]
name = "orders"
parallelism = 4
source = { rate = "50000/s", record = "220 B" }

[[vertex]]
name = "join"
parallelism = 8
inputs = [{ from = "orders", exchange = "hash", skew = { subtask = 0, share = "30 %" } }]
service = "35 us"
slow = { subtask = 3, factor = 2.0 }
state = { size = "12 GiB", dirty = "3 %/min" }

[flink]
execution.checkpointing.interval = "2 min"
execution.checkpointing.mode = "EXACTLY_ONCE"
state.backend.type = "rocksdb"
execution.checkpointing.incremental = true

[cluster]
taskmanagers = 4
slots = 3

[storage]
profile = "hdfs"
write-per-stream = "80 MB/s"

[sweep]
"flink.execution.checkpointing.interval" = ["10 s", "30 s", "1 min", "2 min", "5 min"]
"#;

#[track_caller]
fn parsed(text: &str) -> Loaded {
    parse(text, "test.toml", Path::new(""), &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

fn overrides(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect()
}

#[track_caller]
fn errors(text: &str) -> String {
    match parse(text, "test.toml", Path::new(""), &[]) {
        Ok(loaded) => panic!("no error in {}", loaded.toml()),
        Err(problems) => problems.to_string(),
    }
}

#[track_caller]
fn errors_after_source(text: &str) -> String {
    errors(&format!("{SOURCE}{text}"))
}

#[test]
fn a_scenario_is_read() {
    let loaded = parsed(JOIN);
    let join = &loaded.scenario.vertices[1];
    assert_eq!(join.record, Bytes::new(220));
    assert!((join.slowness[3] - 2.0).abs() < 1e-12);
    assert_eq!(join.state.unwrap().updates, Updates::PerSecond(0.0005));
    let Exchange::Hash { shares } = &join.inputs[0].exchange else {
        panic!()
    };
    assert!((shares[0] - 0.3).abs() < 1e-12 && (shares[1] - 0.1).abs() < 1e-12);
    assert_eq!(
        loaded.scenario.checkpointing.interval,
        Some(SimDuration::from_secs(120))
    );
    assert!(
        matches!(loaded.scenario.checkpointing.backend, Backend::RocksDb(rocksdb) if rocksdb.incremental)
    );
    assert_eq!(loaded.axes[0].values.len(), 5);
    assert_eq!(loaded.notes, []);
}

#[test]
fn the_complete_scenario_reads_back_as_the_same_scenario() {
    let loaded = parsed(JOIN);
    let again = parsed(&loaded.toml());
    assert_eq!(again.scenario, loaded.scenario);
    assert_eq!(again.toml(), loaded.toml());
    assert_eq!(again.sha256(), loaded.sha256());
}

#[test]
fn what_was_written_reads_back_as_the_same_scenario_with_its_axes() {
    let loaded = parsed(JOIN);
    let again = parsed(&loaded.written());
    assert_eq!(again.scenario, loaded.scenario);
    assert_eq!(again.axes, loaded.axes);
}

#[test]
fn a_point_of_a_sweep_changes_only_its_keys() {
    let loaded = parsed(JOIN);
    let point = loaded.at(&overrides(&[
        ("flink.execution.checkpointing.interval", "30 s"),
        ("vertex.join.service", "50 us"),
        ("vertex.join.inputs.0.skew.share", "40 %"),
        ("storage.write-per-stream", "10 MB/s"),
    ]));
    let scenario = point.unwrap().scenario;
    assert_eq!(
        scenario.checkpointing.interval,
        Some(SimDuration::from_secs(30))
    );
    assert_eq!(
        scenario.vertices[1].service.mean,
        SimDuration::from_micros(50)
    );
    assert_eq!(
        scenario.vertices[1].slowness,
        loaded.scenario.vertices[1].slowness
    );
    let Exchange::Hash { shares } = &scenario.vertices[1].inputs[0].exchange else {
        panic!()
    };
    assert!((shares[0] - 0.4).abs() < 1e-12);
}

#[test]
fn setting_one_of_several_alternatives_replaces_the_others() {
    let set = overrides(&[
        ("vertex.join.inputs.0.zipf", "1.1"),
        ("vertex.orders.source.steps", "['0 s 5/s']"),
    ]);
    let loaded = parse(JOIN, "test.toml", Path::new(""), &set).unwrap();
    assert!(
        matches!(loaded.scenario.vertices[0].work, crate::scenario::VertexKind::Source(ref source)
        if matches!(source.rate, Rate::Steps { .. }))
    );
}

#[test]
fn entries_that_are_added_replace_a_share_that_is_overwritten() {
    let set = overrides(&[("vertex.join.state.adds-per-record", "2.0")]);
    let loaded = parse(JOIN, "test.toml", Path::new(""), &set).unwrap();
    let state = loaded.scenario.vertices[1].state.unwrap();
    assert_eq!(state.updates, Updates::Adds(2.0));
}

#[test]
fn an_override_under_an_older_name_replaces_the_option() {
    let set = overrides(&[
        ("flink.state.backend", "hashmap"),
        ("flink.execution.checkpointing.unaligned", "true"),
    ]);
    let loaded = parse(JOIN, "test.toml", Path::new(""), &set).unwrap();
    assert_eq!(loaded.scenario.checkpointing.backend, Backend::HashMap);
    assert_eq!(
        loaded.scenario.checkpointing.alignment,
        Alignment::Unaligned
    );
}

/// A valid start, so that a test shows only its own mistake.
const SOURCE: &str = "[[vertex]]\nname = \"in\"\nsource = { rate = \"10/s\" }\n";
