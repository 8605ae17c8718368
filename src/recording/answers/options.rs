//! Flink's options behind a running job.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recording::answers::files::Files;
use crate::recording::answers::number::{at, list, text};
use crate::recording::file::Recording;
use crate::scenario::flink_options::{self, Lookup};

/// Options that say where files are, not how the job behaves.
const PLACES: [&str; 3] = [
    "execution.checkpointing.dir",
    "execution.checkpointing.savepoint-dir",
    "execution.checkpointing.storage",
];
/// Options of the cluster that change how a job behaves.
const CLUSTER: [&str; 2] = [
    "taskmanager.memory.segment-size",
    "taskmanager.network.memory.",
];
/// Options of the job that do.
const JOB: [&str; 3] = ["execution.", "state.", "restart-strategy."];

/// The options of a recorded job and its cluster.
pub fn of_recording(recording: &Recording) -> BTreeMap<String, String> {
    let params = &recording.params;
    let cluster = chosen(&params.cluster.flink_conf, &CLUSTER);
    let job = chosen(&params.job_conf, &JOB);
    with_directory(cluster.chain(job).collect())
}

/// The options that `/checkpoints/config` shows, those of `/jobmanager/config` besides.
pub fn of_files(files: &Files) -> BTreeMap<String, String> {
    let config = files.get("jobmanager_config");
    let config = config.as_array().map_or(&[][..], Vec::as_slice);
    let given: BTreeMap<String, String> = config
        .iter()
        .filter_map(|entry| Some((text(entry, "key")?, text(entry, "value")?)))
        .collect();
    let mut options: BTreeMap<String, String> = chosen(&given, &CLUSTER)
        .chain(chosen(&given, &JOB))
        .collect();
    options.extend(checkpointing(files.get("checkpoints_config")));
    if incremental(files) {
        options
            .entry("execution.checkpointing.incremental".to_owned())
            .or_insert_with(|| "true".to_owned());
    }
    with_directory(options)
}

fn chosen<'a>(
    options: &'a BTreeMap<String, String>,
    prefixes: &'a [&str],
) -> impl Iterator<Item = (String, String)> + 'a {
    options
        .iter()
        .filter(|(key, _)| {
            let unknown = matches!(flink_options::lookup(key), Lookup::Unknown(_));
            let here = prefixes.iter().any(|prefix| key.starts_with(prefix));
            here && !unknown && !PLACES.contains(&key.as_str())
        })
        .map(|(key, value)| (key.clone(), value.clone()))
}

/// State goes to files: where they are does not matter.
fn with_directory(mut options: BTreeMap<String, String>) -> BTreeMap<String, String> {
    options.insert(
        "execution.checkpointing.dir".to_owned(),
        "file:///checkpoints".to_owned(),
    );
    options
}

fn checkpointing(config: &Value) -> BTreeMap<String, String> {
    const MILLISECONDS: [(&str, &str); 4] = [
        ("interval", "interval"),
        ("timeout", "timeout"),
        ("min_pause", "min-pause"),
        ("aligned_checkpoint_timeout", "aligned-checkpoint-timeout"),
    ];
    const COUNTS: [(&str, &str); 2] = [
        ("max_concurrent", "max-concurrent-checkpoints"),
        (
            "tolerable_failed_checkpoints",
            "tolerable-failed-checkpoints",
        ),
    ];
    let mut options = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        options.insert(format!("execution.checkpointing.{key}"), value);
    };
    for (answer, key) in MILLISECONDS {
        // Flink answers the largest long for a job without periodic checkpoints.
        if let Some(ms) = at(config, &[answer]).filter(|ms| *ms < 1e12) {
            set(key, format!("{} ms", ms as u64));
        }
    }
    for (answer, key) in COUNTS {
        if let Some(count) = at(config, &[answer]).filter(|count| *count < 2_147_483_648.0) {
            set(key, format!("{}", count as u64));
        }
    }
    if let Some(mode @ ("exactly_once" | "at_least_once")) = text(config, "mode").as_deref() {
        set("mode", mode.to_uppercase());
    }
    if let Some(enabled) = config.get("unaligned_checkpoints").and_then(Value::as_bool) {
        set("unaligned.enabled", enabled.to_string());
    }
    if let Some(backend) = text(config, "state_backend") {
        let backend = if backend.contains("RocksDB") {
            "rocksdb"
        } else {
            "hashmap"
        };
        options.insert("state.backend.type".to_owned(), backend.to_owned());
    }
    options
}

/// The REST API does not tell; files that were used again do.
fn incremental(files: &Files) -> bool {
    let history = list(files.get("checkpoints"), "history");
    let shares = history.iter().filter_map(|checkpoint| {
        let state = at(checkpoint, &["state_size"]).filter(|bytes| *bytes > 0.0)?;
        Some(at(checkpoint, &["checkpointed_size"])? / state)
    });
    shares.fold(f64::INFINITY, f64::min) < 0.9
}
