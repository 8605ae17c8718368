//! Other files, older keys, notes.

use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::parse;
use crate::scenario::load::tests::{SOURCE, parsed};
use crate::scenario::{Backend, Rate};
use crate::units::SimDuration;

#[test]
fn notes_say_what_was_done_silently() {
    let text = r#"
[job]
flink-version = "1.20"

[flink]
"state.backend" = "hashmap"
state.checkpoints.dir = "hdfs:///checkpoints"
execution.checkpointing.incremental = true
execution.checkpointing.interval = "1 s"
jobmanager.rpc.address = "localhost"
taskmanager.network.memory.buffers-per-channel = 3
"#;
    let loaded = parsed(&format!("{SOURCE}{text}"));
    assert_eq!(
        (
            loaded.scenario.network.exclusive,
            loaded.scenario.network.overdraft
        ),
        (3, 5)
    );
    let again = parsed(&loaded.toml());
    assert_eq!(again.scenario, loaded.scenario);
    insta::assert_snapshot!(Diagnostics(loaded.notes), @r##"
    note: `state.backend` is an older name of `state.backend.type`
     --> test.toml:9:1
      |
    9 | "state.backend" = "hashmap"
      | ^^^^^^^^^^^^^^^

    note: `state.checkpoints.dir` is an older name of `execution.checkpointing.dir`
      --> test.toml:10:19
       |
    10 | state.checkpoints.dir = "hdfs:///checkpoints"
       |                   ^^^

    note: incremental checkpoints need RocksDB; the heap backend writes everything each time
      --> test.toml:11:25
       |
    11 | execution.checkpointing.incremental = true
       |                         ^^^^^^^^^^^

    note: `jobmanager.rpc.address` is accepted and has no effect on the simulation
      --> test.toml:13:16
       |
    13 | jobmanager.rpc.address = ***********
       |                ^^^^^^^
    "##);
}

#[test]
fn flinks_own_file_is_read_and_overridden() {
    let directory = tempfile::tempdir().unwrap();
    let yaml = "execution:\n  checkpointing:\n    interval: 3 min\n    min-pause: 5 s\nstate.backend: rocksdb\nparallelism.default: 2\n";
    std::fs::write(directory.path().join("config.yaml"), yaml).unwrap();
    let text = format!(
        "flink-conf = \"config.yaml\"\n{SOURCE}\n[flink]\nexecution.checkpointing.interval = 60000\n"
    );
    let loaded = parse(&text, "test.toml", directory.path(), &[]).unwrap();
    let checkpointing = &loaded.scenario.checkpointing;
    assert_eq!(checkpointing.interval, Some(SimDuration::from_secs(60)));
    assert_eq!(checkpointing.min_pause, SimDuration::from_secs(5));
    assert!(matches!(checkpointing.backend, Backend::RocksDb(_)));
    assert_eq!(loaded.scenario.vertices[0].parallelism, 2);
    assert_eq!(parsed(&loaded.written()).scenario, loaded.scenario);

    std::fs::write(
        directory.path().join("config.yaml"),
        "execution.checkpointing.timeout: 5 parsec\n",
    )
    .unwrap();
    let problems = parse(&text, "test.toml", directory.path(), &[]).unwrap_err();
    let shown = problems
        .to_string()
        .replace(&directory.path().display().to_string(), "DIR");
    insta::assert_snapshot!(shown, @r##"
    error: `execution.checkpointing.timeout`: `parsec` is no unit of time in Flink
     --> DIR/config.yaml:1:1
      |
    1 | execution.checkpointing.timeout: 5 parsec
      | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: Flink reads whole numbers with ns, µs, ms, s, min, h or d, for example "2 min"

    note: no checkpoint directory is given: simulated on HDFS, while Flink would use the JobManager's heap
     --> test.toml:7:25
      |
    7 | execution.checkpointing.interval = 60000
      |                         ^^^^^^^^
      |
      = help: add [storage] with a profile, or `execution.checkpointing.dir`
    "##);
}

#[test]
fn a_trace_becomes_steps_and_a_curve_repeats_daily() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(
        directory.path().join("rates.csv"),
        "seconds,records_per_s\n0,100\n60.5,200\n",
    )
    .unwrap();
    let text = "[[vertex]]\nname = 'a'\nsource = { trace = 'rates.csv' }\n[[vertex]]\nname = 'b'\nsource = { curve = ['08:00 5/s', '20:00 2/s'] }\n";
    let loaded = parse(text, "test.toml", directory.path(), &[]).unwrap();
    let rates: Vec<&Rate> = loaded
        .scenario
        .vertices
        .iter()
        .map(|vertex| match &vertex.work {
            crate::scenario::VertexKind::Source(source) => &source.rate,
            crate::scenario::VertexKind::Operator(_) => panic!(),
        })
        .collect();
    let seconds = SimDuration::from_secs;
    let trace = vec![
        (seconds(0), 100.0),
        (SimDuration::from_millis(60_500), 200.0),
    ];
    assert_eq!(
        *rates[0],
        Rate::Steps {
            steps: trace,
            period: None
        }
    );
    let day = vec![
        (seconds(0), 2.0),
        (seconds(28_800), 5.0),
        (seconds(72_000), 2.0),
    ];
    assert_eq!(
        *rates[1],
        Rate::Steps {
            steps: day,
            period: Some(seconds(86_400))
        }
    );
    assert_eq!(parsed(&loaded.toml()).scenario, loaded.scenario);
}
