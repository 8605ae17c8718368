//! Flink's options behind a running job: those that the simulation uses. Nobody else's value is kept, whatever it holds.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::recording::answers::files::Files;
use crate::recording::answers::number::{at, list, text};
use crate::recording::answers::remarks::Remarks;
use crate::recording::file::Recording;
use crate::scenario::flink_options::{self, FlinkOption, Lookup, Role};
use crate::units::flink;

/// Options that say where files are, not how the job behaves.
const PLACES: [&str; 2] = [
    "execution.checkpointing.dir",
    "execution.checkpointing.storage",
];
/// Not simulated as an option: `cluster.placement` is.
const SPREAD: &str = "cluster.evenly-spread-out-slots";
/// Not simulated: a batch job has no checkpoints.
const RUNTIME_MODE: &str = "execution.runtime-mode";
const BACKEND: &str = "state.backend.type";
const CHANGELOG: &str = "state.changelog.enabled";
const INTERVAL: &str = "execution.checkpointing.interval";

/// The options of a recorded job and its cluster.
pub fn of_recording(recording: &Recording, remarks: &mut Remarks) -> BTreeMap<String, String> {
    let params = &recording.params;
    let mut options = used(&params.cluster.flink_conf, remarks);
    options.extend(used(&params.job_conf, remarks));
    // Every vertex of a recording has its parallelism, and slots stand in `[cluster]`.
    options.retain(|key, _| !key.starts_with("parallelism."));
    with_directory(options)
}

/// The options that `/checkpoints/config` shows, those of `/jobmanager/config` besides.
pub fn of_files(files: &Files, remarks: &mut Remarks) -> BTreeMap<String, String> {
    let mut options = used(&job_manager(files), remarks);
    let config = files.get("checkpoints_config");
    let shown = checkpointing(config, remarks);
    if !config.is_null() && !shown.contains_key(INTERVAL) {
        options.remove(INTERVAL);
    }
    options.extend(shown);
    if incremental(files) {
        options
            .entry("execution.checkpointing.incremental".to_owned())
            .or_insert_with(|| "true".to_owned());
    }
    backend(&mut options, remarks);
    heartbeat(&mut options, remarks);
    if is_batch(files) {
        remarks.warn("a batch job (execution.runtime-mode) takes no checkpoints");
        options.remove(INTERVAL);
    } else if !options.contains_key(INTERVAL) {
        remarks.warn("the answers show no periodic checkpoints: they are off in the scenario");
    }
    if text(config, "checkpoint_storage").is_some_and(|name| name.contains("JobManager")) {
        options.insert(
            "execution.checkpointing.storage".to_owned(),
            "jobmanager".to_owned(),
        );
        return options;
    }
    with_directory(options)
}

/// `cluster.evenly-spread-out-slots`, if it is known.
pub fn spread_out(files: &Files) -> Option<bool> {
    job_manager(files).get(SPREAD)?.trim().parse().ok()
}

/// Flink's version, such as `1.20`. Answers that do not tell full from newly persisted sizes are of 1.14 or before.
pub fn flink_version(files: &Files, both_sizes: bool, remarks: &mut Remarks) -> Option<String> {
    let answered = ["config", "overview"]
        .iter()
        .find_map(|name| text(files.get(name), "flink-version"));
    let Some(answered) = answered else {
        if both_sizes {
            remarks.assume(
                "Flink's version is not among the answers (config.json): the defaults of 2.3",
            );
            return None;
        }
        remarks.assume("checkpoints have no checkpointed_size: Flink before 1.15, taken as 1.14");
        return Some("1.14".to_owned());
    };
    let mut numbers = answered.split(|c: char| !c.is_ascii_digit());
    let mut next = || numbers.next()?.parse::<u32>().ok();
    if let (Some(major @ 1..=2), Some(minor)) = (next(), next()) {
        return Some(format!("{major}.{minor}"));
    }
    remarks.warn("Flink's version is none that is known here: the defaults of 2.3");
    None
}

/// An answer of `/jobmanager/config` without the keys that nobody here looks at: their values may be secret.
pub fn without_other_keys(answer: &Value) -> Value {
    let entries = answer.as_array().map_or(&[][..], Vec::as_slice);
    let kept = entries.iter().filter(|entry| {
        let key = text(entry, "key").unwrap_or_default();
        option(&key).is_some() || key == SPREAD || key == RUNTIME_MODE
    });
    let kept = kept.filter_map(|entry| {
        let (key, value) = (text(entry, "key")?, text(entry, "value")?);
        Some(serde_json::json!({ "key": key, "value": value }))
    });
    Value::Array(kept.collect())
}

/// The option behind a key, if the simulation uses its value.
fn option(key: &str) -> Option<FlinkOption> {
    match flink_options::lookup(key) {
        Lookup::Known(option) | Lookup::Older(option)
            if option.role != Role::Ignored && !PLACES.contains(&option.key) =>
        {
            Some(option)
        }
        Lookup::Known(_) | Lookup::Older(_) | Lookup::Foreign | Lookup::Unknown(_) => None,
    }
}

/// What `/jobmanager/config` lists.
fn job_manager(files: &Files) -> BTreeMap<String, String> {
    let config = files.get("jobmanager_config");
    let config = config.as_array().map_or(&[][..], Vec::as_slice);
    config
        .iter()
        .filter_map(|entry| Some((text(entry, "key")?, text(entry, "value")?)))
        .collect()
}

/// The options that the simulation uses, under their present keys.
fn used(given: &BTreeMap<String, String>, remarks: &mut Remarks) -> BTreeMap<String, String> {
    let mut options: BTreeMap<String, String> = BTreeMap::new();
    for (key, value) in given {
        let Some(option) = option(key) else { continue };
        // The present key wins over its older ones.
        if key != option.key && given.contains_key(option.key) {
            continue;
        }
        if option.kind.check(value).is_ok() {
            options.insert(option.key.to_owned(), value.clone());
        } else {
            remarks.warn(format!(
                "`{key}` has a value that is not read here: left out"
            ));
        }
    }
    options
}

/// State goes to files: where they are does not matter.
fn with_directory(mut options: BTreeMap<String, String>) -> BTreeMap<String, String> {
    options.insert(
        "execution.checkpointing.dir".to_owned(),
        "file:///checkpoints".to_owned(),
    );
    options
}

fn checkpointing(config: &Value, remarks: &mut Remarks) -> BTreeMap<String, String> {
    const MILLISECONDS: [(&str, &str); 5] = [
        ("interval", INTERVAL),
        ("timeout", "execution.checkpointing.timeout"),
        ("min_pause", "execution.checkpointing.min-pause"),
        (
            "aligned_checkpoint_timeout",
            "execution.checkpointing.aligned-checkpoint-timeout",
        ),
        (
            "changelog_periodic_materialization_interval",
            "state.changelog.periodic-materialize.interval",
        ),
    ];
    const COUNTS: [(&str, &str); 2] = [
        (
            "max_concurrent",
            "execution.checkpointing.max-concurrent-checkpoints",
        ),
        (
            "tolerable_failed_checkpoints",
            "execution.checkpointing.tolerable-failed-checkpoints",
        ),
    ];
    let mut options = BTreeMap::new();
    let mut set = |key: &str, value: String| {
        options.insert(key.to_owned(), value);
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
        set("execution.checkpointing.mode", mode.to_uppercase());
    }
    for (answer, key) in [
        (
            "unaligned_checkpoints",
            "execution.checkpointing.unaligned.enabled",
        ),
        ("state_changelog_enabled", CHANGELOG),
    ] {
        if let Some(enabled) = config.get(answer).and_then(Value::as_bool) {
            set(key, enabled.to_string());
        }
    }
    if let Some(backend) = text(config, "state_backend") {
        set(BACKEND, backend);
    }
    // Without a changelog its materialisation is nobody's concern.
    if options.get(CHANGELOG).map(String::as_str) == Some("true") {
        remarks.assume(
            "the size of the changelog is not measured: it follows from the state's changes",
        );
    } else {
        options.retain(|key, _| key == CHANGELOG || !key.starts_with("state.changelog."));
    }
    options
}

/// The backend by its class, factory or short name, as one of those that are simulated.
fn backend(options: &mut BTreeMap<String, String>, remarks: &mut Remarks) {
    let Some(name) = options.get(BACKEND) else {
        return;
    };
    let lower = name.to_lowercase();
    let known = if lower.contains("rocksdb") {
        "rocksdb"
    } else if lower.contains("forst") {
        remarks.warn(
            "the job's state backend is ForSt, which is not simulated: RocksDB stands for it (state on local disks, \
             changed files uploaded at each checkpoint)",
        );
        "rocksdb"
    } else if ["hashmap", "memory", "filesystem", "fsstate", "jobmanager"]
        .iter()
        .any(|heap| lower.contains(heap))
    {
        "hashmap"
    } else {
        remarks.warn(
            "the job's state backend is none of Flink's own: the heap stands for it (hashmap)",
        );
        "hashmap"
    };
    options.insert(BACKEND.to_owned(), known.to_owned());
}

/// `HeartbeatServices` wants a timeout that is not shorter than the interval (10 s by default); a timeout alone is given
/// an interval that fits.
fn heartbeat(options: &mut BTreeMap<String, String>, remarks: &mut Remarks) {
    const TIMEOUT: &str = "heartbeat.timeout";
    const HEARTBEAT_INTERVAL: &str = "heartbeat.interval";
    const INTERVAL_DEFAULT_S: f64 = 10.0;
    let seconds = |key: &str| Some(flink::duration(options.get(key)?).ok()?.as_secs_f64());
    let interval = seconds(HEARTBEAT_INTERVAL).unwrap_or(INTERVAL_DEFAULT_S);
    let timeout = options.get(TIMEOUT).cloned();
    if let Some((timeout, _)) = timeout.zip(seconds(TIMEOUT)).filter(|(_, s)| *s < interval) {
        remarks.warn(format!(
            "`{TIMEOUT}` is shorter than `{HEARTBEAT_INTERVAL}`, with which Flink does not start: the interval is taken as \
             long as the timeout"
        ));
        options.insert(HEARTBEAT_INTERVAL.to_owned(), timeout);
    }
}

/// `/jobs/:jobid` and its plan tell; where they do not, the cluster's configuration does.
fn is_batch(files: &Files) -> bool {
    let (job, plan) = (files.get("job"), files.get("plan"));
    let kind = text(job, "job-type")
        .or_else(|| text(plan, "type"))
        .or_else(|| text(plan.get("plan")?, "type"))
        .or_else(|| job_manager(files).remove(RUNTIME_MODE));
    kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case("BATCH"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn files(checkpoints_config: Value, job_manager: &[(&str, &str)]) -> Files {
        let mut files = Files::default();
        files.insert("checkpoints_config", checkpoints_config);
        let entries = job_manager
            .iter()
            .map(|(key, value)| json!({ "key": key, "value": value }));
        files.insert("jobmanager_config", entries.collect());
        files
    }

    #[test]
    fn options_of_the_job_manager_are_taken_over_under_their_present_keys_and_nothing_else_is() {
        let files = files(
            json!({ "interval": 4000, "state_backend": "HashMapStateBackend" }),
            &[
                ("state.backend", "rocksdb"),
                ("state.my.password", "hunter2"),
                ("execution.savepoint.path", "s3://x/hunter2"),
                ("execution.checkpointing.dir", "s3://hunter2@x"),
                ("restart-strategy", "fixed-delay"),
                ("restart-strategy.fixed-delay.delay", "30 s"),
                ("heartbeat.timeout", "5000"),
                ("jobmanager.execution.failover-strategy", "full"),
                ("cluster.evenly-spread-out-slots", "true"),
                ("parallelism.default", "8"),
            ],
        );
        let options = of_files(&files, &mut Remarks::default());
        let is = |key: &str| options.get(key).map(String::as_str);
        assert_eq!(is("restart-strategy.type"), Some("fixed-delay"));
        assert_eq!(is("restart-strategy.fixed-delay.delay"), Some("30 s"));
        assert_eq!(is("heartbeat.timeout"), Some("5000"));
        assert_eq!(is("heartbeat.interval"), Some("5000"));
        assert_eq!(is("jobmanager.execution.failover-strategy"), Some("full"));
        assert_eq!(is("parallelism.default"), Some("8"));
        // What the job itself answers wins.
        assert_eq!(is("state.backend.type"), Some("hashmap"));
        assert_eq!(spread_out(&files), Some(true));
        assert!(!format!("{options:?}").contains("hunter2"), "{options:?}");
        let saved = without_other_keys(files.get("jobmanager_config")).to_string();
        assert!(!saved.contains("hunter2"), "{saved}");
        assert!(saved.contains("evenly-spread-out-slots"), "{saved}");
    }

    #[test]
    fn forst_and_backends_of_others_never_become_another_one_silently() {
        for (class, backend, warned) in [
            ("EmbeddedRocksDBStateBackend", "rocksdb", false),
            ("FsStateBackend", "hashmap", false),
            ("ForStStateBackend", "rocksdb", true),
            ("com.vendor.GeminiStateBackend", "hashmap", true),
        ] {
            let mut remarks = Remarks::default();
            let config = json!({ "interval": 1000, "state_backend": class });
            let options = of_files(&files(config, &[]), &mut remarks);
            assert_eq!(options["state.backend.type"], backend, "{class}");
            assert_eq!(!remarks.warnings.is_empty(), warned, "{class}: {remarks:?}");
        }
    }

    #[test]
    fn a_changelog_is_taken_over() {
        let config = json!({
            "interval": 1000, "state_changelog_enabled": true,
            "changelog_periodic_materialization_interval": 300_000,
        });
        let options = of_files(&files(config, &[]), &mut Remarks::default());
        assert_eq!(options["state.changelog.enabled"], "true");
        let interval = &options["state.changelog.periodic-materialize.interval"];
        assert_eq!(interval, "300000 ms");
        // What the job answers wins over what its cluster is configured with.
        let config = json!({ "interval": 1000, "state_changelog_enabled": false });
        let files = files(config, &[("state.backend.changelog.enabled", "true")]);
        let options = of_files(&files, &mut Remarks::default());
        assert_eq!(options["state.changelog.enabled"], "false");
    }

    #[test]
    fn a_batch_job_has_no_checkpoints_and_says_so() {
        let config = json!({ "interval": 1000 });
        let mut remarks = Remarks::default();
        let batch = files(config, &[("execution.runtime-mode", "BATCH")]);
        assert!(!of_files(&batch, &mut remarks).contains_key(INTERVAL));
        assert!(remarks.warnings[0].contains("batch"), "{remarks:?}");
    }

    #[test]
    fn versions_of_vendors_are_read_too() {
        for (answer, version) in [
            ("2.3.0", Some("2.3")),
            ("1.20.5", Some("1.20")),
            ("1.17-vvr-8.0.1-SNAPSHOT", Some("1.17")),
            ("<unknown>", None),
            ("3.1", None),
        ] {
            let mut files = Files::default();
            files.insert("config", json!({ "flink-version": answer }));
            let found = flink_version(&files, true, &mut Remarks::default());
            assert_eq!(found.as_deref(), version, "{answer}");
        }
    }
}
