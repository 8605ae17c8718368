use std::path::Path;

use ckptsim::experiment::RunResult;
use ckptsim::experiment::run::{RunError, run};
use ckptsim::scenario::load::{Loaded, parse};

/// A job whose keys the cases change.
const JOB: &str = r#"
[job]
duration = "30 s"
[[vertex]]
name = "in"
source = { rate = "1000/s", record = "100 B" }
[[vertex]]
name = "count"
inputs = ["in"]
state = { size = "1 GB", entry = "1 KiB", updates-per-record = 1.0 }
[[vertex]]
name = "out"
inputs = ["count"]
[flink]
execution.checkpointing.interval = "3 s"
[cluster]
taskmanagers = 2
[storage]
profile = "hdfs"
[simulation]
max-events = 200000
"#;

fn changed(set: &[(&str, &str)]) -> Result<Loaded, String> {
    let set: Vec<(String, String)> = set
        .iter()
        .map(|(path, value)| ((*path).to_owned(), (*value).to_owned()))
        .collect();
    parse(JOB, "test.toml", Path::new(""), &set).map_err(|problems| problems.to_string())
}

/// The run ends: at its end, or at the limit of events.
#[track_caller]
fn ends(set: &[(&str, &str)]) -> Option<RunResult> {
    let loaded = changed(set).unwrap_or_else(|problems| panic!("{problems}"));
    match run(&loaded.scenario, 1, 0) {
        Ok(result) => Some(result),
        Err(RunError::TooManyEvents { .. }) => None,
        Err(other) => panic!("{set:?}: {other}"),
    }
}

#[track_caller]
fn refused(set: &[(&str, &str)], key: &str, because: &str) {
    let Err(problems) = changed(set) else {
        panic!("{set:?} is accepted");
    };
    assert!(problems.contains(because), "{set:?}: {problems}");
    assert!(problems.contains(key), "{set:?}: {problems}");
    assert_eq!(problems.matches("error: ").count(), 1, "{problems}");
}

#[test]
fn a_value_beyond_what_is_simulated_is_refused_with_what_is_allowed() {
    let most = "is more than is simulated: at most";
    for (key, value, allowed) in [
        ("vertex.count.state.size", "10001 TB", "10 PB"),
        ("vertex.count.state.size", "18446744073709551615 B", "10 PB"),
        ("vertex.in.source.rate", "101G/s", "/s"),
        (
            "vertex.count.state.updates-per-record",
            "1e300",
            "1000000000",
        ),
        ("vertex.count.selectivity", "1e10", "1000000000"),
        ("cluster.link", "2000000000 GB/s", "10¹⁸ B/s"),
        ("storage.write-total", "2000000000 GB/s", "10¹⁸ B/s"),
        ("cluster.heap", "20000 TB", "10 PB"),
        ("storage.prices.per-gib-month", "1e12", "1000000000"),
    ] {
        refused(&[(key, value)], key, most);
        refused(&[(key, value)], key, allowed);
    }
    refused(
        &[(
            "flink.state.changelog.dstl.dfs.preemptive-persist-threshold",
            "20000 tb",
        )],
        "preemptive-persist-threshold",
        most,
    );
}

#[test]
fn what_keys_make_large_together_is_refused_where_it_is_written() {
    for (set, key, because) in [
        (
            vec![("vertex.count.state.updates-per-record", "2000000")],
            "updates-per-record",
            "at most 1 GiB per record",
        ),
        (
            // 3e9 buffers of 32 KiB for one record.
            vec![
                ("vertex.count.selectivity", "1e9"),
                ("vertex.count.record", "100 KB"),
            ],
            "vertex",
            "network buffers",
        ),
        (
            vec![
                ("vertex.count.record", "1 GiB"),
                (
                    "flink.taskmanager.network.memory.buffer-debloat.enabled",
                    "true",
                ),
                ("flink.taskmanager.memory.min-segment-size", "1"),
            ],
            "vertex",
            "network buffers",
        ),
        (
            vec![
                ("vertex.in.parallelism", "2000"),
                ("vertex.count.parallelism", "1900"),
            ],
            "vertex",
            "of memory, most of it for",
        ),
        (
            vec![("job.duration", "360 d")],
            "duration",
            "checkpoints; the limit is 512 MiB",
        ),
        (
            vec![("failures.mtbf", "1 ms"), ("job.duration", "1 h")],
            "mtbf",
            "at most 1000000 are simulated",
        ),
        (vec![("restore.age", "400 d")], "age", "at most 366 d"),
        (
            vec![("vertex.count.state.access", "2 d")],
            "access",
            "cannot take more than a day",
        ),
    ] {
        let set: Vec<(&str, &str)> = set;
        let set = if key == "duration" {
            [set, vec![("vertex.count.parallelism", "20")]].concat()
        } else {
            set
        };
        refused(&set, key, because);
    }
}

#[test]
fn who_has_the_memory_may_raise_the_limit() {
    let large = [
        ("vertex.in.parallelism", "2000"),
        ("vertex.count.parallelism", "1900"),
        ("simulation.max-channels", "16000000"),
    ];
    assert!(changed(&large).is_ok());
}

#[test]
fn a_duration_of_zero_is_the_only_mistake_of_a_job_without_duration() {
    refused(
        &[("job.duration", "0 s"), ("job.warmup", "1 s")],
        "job.duration",
        "must be positive",
    );
}

#[test]
fn a_record_that_gives_millions_of_records_does_not_escape_the_limit_of_events() {
    for (selectivity, consistency) in [("2e7", "false"), ("1e8", "false"), ("1e6", "true")] {
        let set = [
            ("vertex.count.selectivity", selectivity),
            ("simulation.max-events", "1000"),
            ("simulation.check-consistency", consistency),
        ];
        assert!(ends(&set).is_none(), "{selectivity}");
    }
}

#[test]
fn a_petabyte_of_state_is_simulated_like_a_terabyte() {
    for backend in ["rocksdb", "hashmap"] {
        for (size, changelog) in [("1 TB", "false"), ("1000 TB", "false"), ("1000 TB", "true")] {
            let result = ends(&[
                ("vertex.count.state.size", size),
                ("flink.state.backend.type", backend),
                ("flink.execution.checkpointing.incremental", "true"),
                ("flink.state.changelog.enabled", changelog),
            ]);
            let result = result.expect("few events");
            assert!(!result.checkpoints.is_empty(), "{size} {backend}");
        }
    }
}

#[test]
fn the_largest_values_that_are_accepted_together_leave_no_number_behind() {
    let largest = [
        ("vertex.count.state.size", "10000 TB".to_owned()),
        ("vertex.count.state.entry", "1 B".to_owned()),
        ("flink.execution.checkpointing.timeout", "10 ms".to_owned()),
        ("flink.execution.checkpointing.interval", "10 ms".to_owned()),
        (
            "flink.execution.checkpointing.max-concurrent-checkpoints",
            "1000".to_owned(),
        ),
        (
            "flink.execution.checkpointing.tolerable-failed-checkpoints",
            "2147483647".to_owned(),
        ),
        ("simulation.max-events", "20000".to_owned()),
        ("storage.write-per-stream", "1000000000 GB/s".to_owned()),
    ];
    for backend in ["rocksdb", "hashmap"] {
        for changelog in ["true", "false"] {
            for updates in [
                ("vertex.count.state.updates-per-record", "1e9"),
                ("vertex.count.state.updates-per-record", "0"),
            ] {
                let mut set: Vec<(&str, &str)> = largest
                    .iter()
                    .map(|(path, value)| (*path, value.as_str()))
                    .collect();
                set.extend([
                    ("flink.state.backend.type", backend),
                    ("flink.state.changelog.enabled", changelog),
                    updates,
                ]);
                ends(&set);
            }
        }
    }
}

#[test]
fn the_shortest_periods_end_at_the_limit_of_events() {
    for (key, value) in [
        ("flink.execution.buffer-timeout.interval", "1 ns"),
        (
            "flink.taskmanager.network.memory.buffer-debloat.period",
            "1 ns",
        ),
        (
            "flink.state.changelog.periodic-materialize.interval",
            "1 ns",
        ),
        ("simulation.quantum", "1 us"),
        ("simulation.trigger-every-records", "1"),
    ] {
        ends(&[
            (key, value),
            (
                "flink.taskmanager.network.memory.buffer-debloat.enabled",
                "true",
            ),
            ("flink.state.changelog.enabled", "true"),
        ]);
    }
    ends(&[
        ("vertex.in.source.rate", "1000000000/s"),
        ("vertex.in.service", "0 s"),
        ("vertex.count.service", "0 s"),
    ]);
}

/// A record of 1 GiB fills 32,768 buffers, within one event: `simulation.max-events` did not see them.
#[test]
fn the_buffers_that_a_huge_record_fills_count_towards_the_limit() {
    let text = "[job]\nduration = \"10 s\"\n[[vertex]]\nname = \"a\"\nparallelism = 2\n\
                source = { rate = \"1000/s\", record = \"1 GiB\" }\n\
                [[vertex]]\nname = \"b\"\nparallelism = 2\ninputs = [\"a\"]\n\
                [simulation]\nmax-events = 20000\n";
    let loaded = parse(text, "huge records", Path::new(""), &[]).unwrap();
    let error = run(&loaded.scenario, 1, 0).unwrap_err();
    assert!(matches!(error, RunError::TooManyEvents { .. }), "{error}");
}
