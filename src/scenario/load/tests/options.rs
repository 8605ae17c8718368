//! Options of Flink, accepted and refused as Flink does, and what is said about them.

use super::*;
use crate::scenario::CheckpointStorage;
use crate::scenario::diagnostic::Severity;

const SOURCE: &str = "[[vertex]]\nname = 'a'\nsource = { rate = '5/s' }\n";

#[track_caller]
fn with(options: &str) -> Loaded {
    parsed(&format!("{SOURCE}[flink]\n{options}"))
}

/// What is said, with its severity.
fn said(loaded: &Loaded) -> Vec<(Severity, String)> {
    let notes = loaded.notes.iter();
    notes
        .map(|note| (note.severity, note.message.clone()))
        .collect()
}

/// The scenario that includes a configuration of this name.
fn including(name: &str, yaml: &str, scenario: &str) -> Result<Loaded, Diagnostics> {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join(name), yaml).unwrap();
    let text = format!("flink-conf = '{name}'\n{SOURCE}{scenario}");
    parse(&text, "test.toml", directory.path(), &[])
}

#[test]
fn every_real_option_of_every_version_is_accepted_and_said_to_cost_something_or_nothing() {
    let loaded = with(
        "query.server.port = 1\nstate.backend.async = false\nscheduler-mode = 'reactive'\njob.autoscaler.enabled = true\n",
    );
    let all = Diagnostics(loaded.notes.clone()).render(false);
    assert!(
        all.contains("`query.server.port` is accepted and has no effect"),
        "{all}"
    );
    assert!(all.contains("Flink had it until 1.12"), "{all}");
    assert!(
        all.contains("`state.backend.async` changes the cost in Flink and is not simulated: "),
        "{all}"
    );
    assert!(
        all.contains("`scheduler-mode` changes the cost in Flink"),
        "{all}"
    );
    assert!(
        said(&loaded)
            .iter()
            .all(|(severity, _)| *severity == Severity::Note)
    );
}

#[test]
fn a_simulated_key_of_another_version_says_so() {
    let text = format!(
        "[job]\nflink-version = '1.15'\n{SOURCE}[flink]\nstate.backend.rocksdb.checkpoint.transfer.thread.num = 2\nexecution.checkpointing.local-backup.enabled = true\n"
    );
    let all = said(&parsed(&text));
    let about = |key: &str| {
        all.iter()
            .filter(|(_, message)| message.contains(key))
            .count()
    };
    assert_eq!(about("local-backup"), 1, "{all:?}");
    assert_eq!(about("transfer.thread"), 0, "{all:?}");
}

#[test]
fn an_unknown_key_of_an_included_file_is_a_warning_by_name_and_not_an_error() {
    let yaml = "state.checkpointing.dir: hunter2\nmy.own.key: hunter2\nexecution.checkpointing.interval: 60s\n";
    let loaded = including("config.yaml", yaml, "").unwrap();
    let all = Diagnostics(loaded.notes.clone()).render(false);
    assert!(
        all.contains("warning: `state.checkpointing.dir` is no option of Flink"),
        "{all}"
    );
    assert!(
        all.contains("did you mean `state.checkpoints.dir`?"),
        "{all}"
    );
    assert!(
        all.contains("warning: `my.own.key` is no option of Flink"),
        "{all}"
    );
    assert!(!all.contains("hunter2"), "{all}");
    assert_eq!(
        loaded.scenario.checkpointing.interval,
        Some(SimDuration::from_secs(60))
    );
    // What was written can be read again.
    assert_eq!(parsed(&loaded.written()).scenario, loaded.scenario);
    assert!(!loaded.written().contains("hunter2"));
}

#[test]
fn flink_conf_yaml_is_a_file_of_flink_1() {
    let yaml = "taskmanager.network.memory.buffers-per-channel: 4\nstate.backend: rocksdb#x\n";
    let loaded = including("flink-conf.yaml", yaml, "").unwrap();
    assert_eq!(loaded.scenario.network.exclusive, 4);
    let all = said(&loaded);
    assert!(
        all.iter()
            .any(|(_, message)| message.contains("Flink 1.20 is assumed")),
        "{all:?}"
    );
    let newer = including("flink-conf.yaml", yaml, "[job]\nflink-version = '2.1'\n").unwrap();
    assert_eq!(newer.scenario.network.exclusive, 2);
    let all = said(&newer);
    assert!(
        all.iter()
            .any(|(_, message)| message.contains("reads `config.yaml` only")),
        "{all:?}"
    );
}

#[test]
fn a_manifest_in_place_of_a_configuration_is_read_with_its_version() {
    let yaml = "apiVersion: flink.apache.org/v1beta1\nkind: FlinkDeployment\nspec:\n  flinkVersion: v1_20\n  flinkConfiguration:\n    \
                s3.secret-key: hunter2\n    execution.checkpointing.interval: 45 s\n";
    let loaded = including("deployment.yaml", yaml, "").unwrap();
    let interval = loaded.scenario.checkpointing.interval;
    assert_eq!(interval, Some(SimDuration::from_secs(45)));
    let all = said(&loaded);
    assert!(
        all.iter()
            .any(|(_, message)| message == "Flink 1.20, as `deployment.yaml` says"),
        "{all:?}"
    );
}

#[test]
fn a_batch_job_takes_no_checkpoints_and_that_is_said() {
    let loaded =
        with("execution.checkpointing.interval = '60 s'\nexecution.runtime-mode = 'batch'\n");
    assert_eq!(loaded.scenario.checkpointing.interval, None);
    let all = said(&loaded);
    assert!(
        all.iter()
            .any(|(severity, message)| *severity == Severity::Warning
                && message.contains("BATCH mode Flink takes no checkpoints")),
        "{all:?}"
    );
    let streaming =
        with("execution.checkpointing.interval = '60 s'\nexecution.runtime-mode = 'STREAMING'\n");
    assert!(streaming.scenario.checkpointing.interval.is_some());
}

#[test]
fn values_that_flink_accepts_are_accepted() {
    assert_eq!(
        with("execution.checkpointing.interval = 0\n")
            .scenario
            .checkpointing
            .interval,
        None
    );
    let backend = |name: &str| {
        with(&format!("state.backend.type = '{name}'\n"))
            .scenario
            .checkpointing
    };
    for name in [
        "org.apache.flink.contrib.streaming.state.EmbeddedRocksDBStateBackendFactory",
        "org.apache.flink.state.rocksdb.EmbeddedRocksDBStateBackendFactory",
        "RocksDB",
    ] {
        assert!(
            matches!(backend(name).backend, Backend::RocksDb(_)),
            "{name}"
        );
    }
    let heap = backend("org.apache.flink.runtime.state.memory.MemoryStateBackendFactory");
    assert_eq!(heap.backend, Backend::HashMap);
    assert!(matches!(heap.storage, CheckpointStorage::JobManager { .. }));
    let threads = |number: i32| {
        let key = "state.backend.rocksdb.checkpoint.transfer.thread.num";
        match with(&format!(
            "state.backend.type = 'rocksdb'\n{key} = {number}\n"
        ))
        .scenario
        .checkpointing
        .backend
        {
            Backend::RocksDb(rocksdb) => rocksdb.transfer_threads,
            Backend::HashMap => panic!(),
        }
    };
    assert_eq!((threads(-1), threads(0), threads(8)), (4, 1, 8));
    let retained = with("state.checkpoints.num-retained = 0\n");
    assert_eq!(retained.scenario.checkpointing.retained, 1);
    assert!(
        said(&retained)
            .iter()
            .any(|(_, message)| message.contains("Flink warns"))
    );
}

#[test]
fn values_that_flink_refuses_are_refused() {
    for option in [
        "execution.checkpointing.interval = 'PT1M'",
        "execution.checkpointing.interval = '1.5 min'",
        "execution.checkpointing.interval = '1min30s'",
        "execution.checkpointing.max-concurrent-checkpoints = 0",
        "state.backend.type = 'gemini'",
    ] {
        assert!(
            parse(
                &format!("{SOURCE}[flink]\n{option}\n"),
                "t",
                Path::new(""),
                &[]
            )
            .is_err(),
            "{option}"
        );
    }
}

#[test]
fn an_axis_over_an_option_that_is_not_simulated_is_refused() {
    let loaded = with("execution.checkpointing.interval = '60 s'\n");
    for axis in [
        "flink.state.backend.rocksdb.thread.num=1,2",
        "flink.s3.secret-key=hunter2,b",
    ] {
        let told = loaded.axis(axis).unwrap_err().to_string();
        assert!(
            told.contains("simulat") && !told.contains("hunter2"),
            "{told}"
        );
    }
}

#[test]
fn the_last_word_of_an_option_is_enough_to_be_told_its_whole_name() {
    let told = parse(
        SOURCE,
        "t",
        Path::new(""),
        &overrides(&[("interval", "10 s")]),
    );
    let told = told.unwrap_err().to_string();
    assert!(
        told.contains("did you mean `flink.execution.checkpointing.interval`?"),
        "{told}"
    );
}

#[test]
fn the_number_of_key_groups_is_held_written_and_limited() {
    let key = "pipeline.max-parallelism";
    let held = with(&format!("{key} = 720\n"));
    assert_eq!(held.scenario.flink.max_parallelism, Some(720));
    assert!(held.toml().contains("pipeline.max-parallelism = 720\n"));
    assert_eq!(parsed(&held.toml()).scenario, held.scenario);
    // Flink's default stands for none.
    for text in ["", &format!("{key} = -1\n")] {
        assert_eq!(with(text).scenario.flink.max_parallelism, None);
    }
    for (number, rule) in [(0, "at least 1"), (32_769, "at most 32768")] {
        let told = errors(&format!("{SOURCE}[flink]\n{key} = {number}\n"));
        assert!(told.contains(rule), "{told}");
    }
    let text = "[[vertex]]\nname = 'a'\nmax-parallelism = 256\nsource = { rate = '5/s' }\n";
    let vertex = parsed(text);
    assert_eq!(vertex.scenario.vertices[0].max_parallelism, Some(256));
    assert_eq!(parsed(&vertex.toml()).scenario, vertex.scenario);
}
