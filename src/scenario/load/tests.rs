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
        matches!(loaded.scenario.vertices[0].work, crate::scenario::Work::Source(ref source)
        if matches!(source.rate, Rate::Steps { .. }))
    );
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

#[track_caller]
fn errors(text: &str) -> String {
    match parse(text, "test.toml", Path::new(""), &[]) {
        Ok(loaded) => panic!("no error in {}", loaded.toml()),
        Err(problems) => problems.to_string(),
    }
}

/// A valid start, so that a test shows only its own mistake.
const SOURCE: &str = "[[vertex]]\nname = \"in\"\nsource = { rate = \"10/s\" }\n";

#[track_caller]
fn errors_after_source(text: &str) -> String {
    errors(&format!("{SOURCE}{text}"))
}

#[test]
fn syntax_errors_are_shown_with_carets() {
    insta::assert_snapshot!(errors("[job]\nname = \nseed = 1 2\n"), @r##"
    error: not valid TOML: string values must be quoted, expected literal string
     --> test.toml:2:8
      |
    2 | name = 
      |        ^

    error: not valid TOML: string values must be quoted, expected literal string
     --> test.toml:3:8
      |
    3 | seed = 1 2
      |        ^^^
    "##);
}

#[test]
fn every_mistake_of_form_is_reported_at_once() {
    let text = r#"
[job]
nmae = "x"
duration = 120000
seed = -1

[[vertex]]
name = "in"
source = { rate = "10", arivals = "poisson", record = "64mb" }

[cluster]
placement = "evenly"
"#;
    insta::assert_snapshot!(errors(text), @r##"
    error: unknown key `job.nmae`
     --> test.toml:3:1
      |
    3 | nmae = "x"
      | ^^^^ no such key
      |
      = help: did you mean `name`?

    error: `job.duration`: `120000` has no unit
     --> test.toml:4:12
      |
    4 | duration = 120000
      |            ^^^^^^
      |
      = help: Flink would read 120000 as milliseconds; write "2 min"

    error: `job.seed`: `-1` is negative
     --> test.toml:5:8
      |
    5 | seed = -1
      |        ^^

    error: `vertex.in.source.rate`: `10` does not say per which time
     --> test.toml:9:19
      |
    9 | source = { rate = "10", arivals = "poisson", record = "64mb" }
      |                   ^^^^
      |
      = help: write for example "50000/s", "1.2M/s" or "3000/min"

    error: unknown key `vertex.in.source.arivals`
     --> test.toml:9:25
      |
    9 | source = { rate = "10", arivals = "poisson", record = "64mb" }
      |                         ^^^^^^^ no such key
      |
      = help: did you mean `arrivals`?

    error: `vertex.in.source.record`: unit `mb` is ambiguous here
     --> test.toml:9:55
      |
    9 | source = { rate = "10", arivals = "poisson", record = "64mb" }
      |                                                       ^^^^^^
      |
      = help: write "64 MiB" for powers of 1024 (what Flink means by `mb`) or "64 MB" for powers of 1000

    error: `cluster.placement` cannot be `evenly`
      --> test.toml:12:13
       |
    12 | placement = "evenly"
       |             ^^^^^^^^ no such choice
       |
       = help: allowed are `spread` or `fill`
    "##);
}

#[test]
fn mistakes_of_the_graph_are_reported_at_once() {
    let text = r#"
[[vertex]]
name = "a"
parallelism = 2
inputs = ["in", { from = "b", exchange = "forward" }]

[[vertex]]
name = "b"
inputs = ["a", "sink"]

[[vertex]]
name = "a"

[[vertex]]
inputs = [{ from = "inn" }]
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: forward needs equal parallelism, not 1 and 2
     --> test.toml:8:42
      |
    8 | inputs = ["in", { from = "b", exchange = "forward" }]
      |                                          ^^^^^^^^^
      |
      = help: use "rescale" or "rebalance", or make them equal

    error: the graph has a cycle: b -> a -> b
      --> test.toml:12:10
       |
    12 | inputs = ["a", "sink"]
       |          ^^^^^^^^^^^^^

    error: there is no vertex `sink`
      --> test.toml:12:16
       |
    12 | inputs = ["a", "sink"]
       |                ^^^^^^
       |
       = help: vertices are `in`, `a`, `b` or `a`

    error: a vertex needs `source` or `inputs`
      --> test.toml:14:1
       |
    14 | [[vertex]]
       | ^^^^^^^^^^
       |
       = help: add `source = { rate = "50000/s" }` or `inputs = ["name of another vertex"]`

    error: two vertices are called `a`
      --> test.toml:15:8
       |
    15 | name = "a"
       |        ^^^ second one

    error: a vertex without a name
      --> test.toml:17:1
       |
    17 | [[vertex]]
       | ^^^^^^^^^^
       |
       = help: add for example `name = "join"`

    error: there is no vertex `inn`
      --> test.toml:18:20
       |
    18 | inputs = [{ from = "inn" }]
       |                    ^^^^^
       |
       = help: did you mean `in`?
    "##);
}

#[test]
fn wrong_options_of_flink_are_reported_with_what_is_allowed() {
    let text = r#"
[flink]
execution.checkpointing.intervall = "2 min"
execution.checkpointing.mode = "EXACTLY"
execution.checkpointing.timeout = "10 minits"
execution.checkpointing.max-concurrent-checkpoints = 0
execution.checkpointing.unaligned.enabled = "yes"
taskmanager.memory.segment-size = "32KiB"
state.backend.type = "forst"
checkpoint-interval = 5
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: Flink has no option `execution.checkpointing.intervall`
     --> test.toml:6:25
      |
    6 | execution.checkpointing.intervall = "2 min"
      |                         ^^^^^^^^^ no such option
      |
      = help: did you mean `execution.checkpointing.interval`?

    error: `execution.checkpointing.mode`: `EXACTLY` is no allowed value
     --> test.toml:7:32
      |
    7 | execution.checkpointing.mode = "EXACTLY"
      |                                ^^^^^^^^^
      |
      = help: allowed are EXACTLY_ONCE, AT_LEAST_ONCE

    error: `execution.checkpointing.timeout`: `minits` is no unit of time in Flink
     --> test.toml:8:35
      |
    8 | execution.checkpointing.timeout = "10 minits"
      |                                   ^^^^^^^^^^^
      |
      = help: Flink reads whole numbers with ns, µs, ms, s, min, h or d, for example "2 min"

    error: `execution.checkpointing.max-concurrent-checkpoints` must be at least 1
     --> test.toml:9:54
      |
    9 | execution.checkpointing.max-concurrent-checkpoints = 0
      |                                                      ^

    error: `execution.checkpointing.unaligned.enabled`: `yes` is no boolean
      --> test.toml:10:45
       |
    10 | execution.checkpointing.unaligned.enabled = "yes"
       |                                             ^^^^^
       |
       = help: write true or false

    error: `taskmanager.memory.segment-size`: Flink does not know the unit `KiB`
      --> test.toml:11:35
       |
    11 | taskmanager.memory.segment-size = "32KiB"
       |                                   ^^^^^^^
       |
       = help: Flink's `kb` is to the base 1024 already: write "32 kb"

    error: state backend `forst` is not simulated
      --> test.toml:12:22
       |
    12 | state.backend.type = "forst"
       |                      ^^^^^^^
       |
       = help: allowed are `hashmap` and `rocksdb`

    error: Flink has no option `checkpoint-interval`
      --> test.toml:13:1
       |
    13 | checkpoint-interval = 5
       | ^^^^^^^^^^^^^^^^^^^ no such option
       |
       = help: what is not Flink's own stands in [job], [cluster], [storage] or [simulation]
    "##);
}

#[test]
fn shares_and_subtasks_must_fit() {
    let text = r#"
[[vertex]]
name = "a"
parallelism = 3
inputs = [{ from = "in", shares = [0.5, 0.5] }]
slow = [{ subtask = 3 }]
placement = [0, 1]

[[vertex]]
name = "b"
parallelism = 2
inputs = [{ from = "a", shares = [0.5, 0.6] }, { from = "in", skew = { share = "120 %" } }]

[[vertex]]
name = "c"
inputs = [{ from = "a", exchange = "rebalance", zipf = 1.0 }, { from = "b", zipf = 1.0, skew = { share = "1 %" } }]
service = { mean = "1 us", distribution = "lognormal", spread = 0.5 }
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: 2 shares for 3 subtasks
     --> test.toml:8:35
      |
    8 | inputs = [{ from = "in", shares = [0.5, 0.5] }]
      |                                   ^^^^^^^^^^

    error: there is no subtask 3
     --> test.toml:9:8
      |
    9 | slow = [{ subtask = 3 }]
      |        ^^^^^^^^^^^^^^^^^
      |
      = help: there are 3, counted from 0

    error: 2 TaskManagers for 3 subtasks
      --> test.toml:10:13
       |
    10 | placement = [0, 1]
       |             ^^^^^^

    error: there is no TaskManager 1
      --> test.toml:10:13
       |
    10 | placement = [0, 1]
       |             ^^^^^^
       |
       = help: there are 1, counted from 0; see `cluster.taskmanagers`

    error: the shares sum to 1.1, not to 1
      --> test.toml:15:34
       |
    15 | inputs = [{ from = "a", shares = [0.5, 0.6] }, { from = "in", skew = { share = "120 %" } }]
       |                                  ^^^^^^^^^^

    error: a share is at most 100 %
      --> test.toml:15:80
       |
    15 | inputs = [{ from = "a", shares = [0.5, 0.6] }, { from = "in", skew = { share = "120 %" } }]
       |                                                                                ^^^^^^^

    error: only a hash exchange has `zipf`
      --> test.toml:19:49
       |
    19 | inputs = [{ from = "a", exchange = "rebalance", zipf = 1.0 }, { from = "b", zipf = 1.0, skew = { share = "1 %" } }]
       |                                                 ^^^^
       |
       = help: use `exchange = "hash"`, or `slow` for a subtask that works more slowly

    error: `skew` and `zipf` exclude each other: give one of them
      --> test.toml:19:77
       |
    19 | inputs = [{ from = "a", exchange = "rebalance", zipf = 1.0 }, { from = "b", zipf = 1.0, skew = { share = "1 %" } }]
       |                                                                             ^^^^

    error: a lognormal distribution without `sigma` or `cv`
      --> test.toml:20:1
       |
    20 | service = { mean = "1 us", distribution = "lognormal", spread = 0.5 }
       | ^^^^^^^
       |
       = help: add `cv = 0.5` (standard deviation divided by mean)

    error: `spread` belongs to another distribution
      --> test.toml:20:56
       |
    20 | service = { mean = "1 us", distribution = "lognormal", spread = 0.5 }
       |                                                        ^^^^^^
       |
       = help: add `distribution = "uniform"`
    "##);
}

#[test]
fn too_few_slots_and_too_short_a_run_are_errors() {
    let text = r#"
[job]
duration = "10 s"
warmup = "1 min"

[[vertex]]
name = "a"
parallelism = 9
inputs = ["in"]

[cluster]
taskmanagers = 2
slots = 4
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: `job.warmup` must be shorter than `job.duration`
     --> test.toml:7:10
      |
    7 | warmup = "1 min"
      |          ^^^^^^^ nothing is left of 10s

    error: not enough slots: 2 x 4 for a parallelism of 9
      --> test.toml:16:9
       |
    16 | slots = 4
       |         ^
       |
       = help: 2 TaskManagers need 5 slots each
    "##);
}

#[test]
fn a_source_needs_one_rate_that_ends() {
    let text = r#"
[[vertex]]
name = "a"
source = { rate = "unlimited", log = true }
service = "0 s"

[[vertex]]
name = "b"
source = { rate = "5/s", curve = ["08:00 5/s"] }

[[vertex]]
name = "c"
source = { curve = ["08:00 5/s", "25:00 6/s", "7/s"] }

[[vertex]]
name = "d"
source = { steps = ["1 s 5/s", "0 s 6/s"] }

[[vertex]]
name = "e"
source = { trace = "missing.csv" }
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: an unlimited source that needs no time per record would never end
     --> test.toml:7:1
      |
    7 | source = { rate = "unlimited", log = true }
      | ^^^^^^
      |
      = help: give the vertex a `service` above 0, or a `rate`

    error: an unlimited rate is no schedule
     --> test.toml:7:38
      |
    7 | source = { rate = "unlimited", log = true }
      |                                      ^^^^
      |
      = help: take out `log`, or give a `rate` in records per second

    error: the rate is given twice: `rate` and `curve`
      --> test.toml:12:26
       |
    12 | source = { rate = "5/s", curve = ["08:00 5/s"] }
       |                          ^^^^^
       |
       = help: give one of them

    error: `25:00` is no time of day
      --> test.toml:16:34
       |
    16 | source = { curve = ["08:00 5/s", "25:00 6/s", "7/s"] }
       |                                  ^^^^^^^^^^^
       |
       = help: write for example "08:00"

    error: `7/s` is no step
      --> test.toml:16:47
       |
    16 | source = { curve = ["08:00 5/s", "25:00 6/s", "7/s"] }
       |                                               ^^^^^
       |
       = help: write for example "08:00 50000/s"

    error: the first step must be at 0 s
      --> test.toml:20:20
       |
    20 | source = { steps = ["1 s 5/s", "0 s 6/s"] }
       |                    ^^^^^^^^^^^^^^^^^^^^^^

    error: the instants of the steps must rise
      --> test.toml:20:20
       |
    20 | source = { steps = ["1 s 5/s", "0 s 6/s"] }
       |                    ^^^^^^^^^^^^^^^^^^^^^^

    error: cannot use the trace `missing.csv`: No such file or directory (os error 2)
      --> test.toml:24:20
       |
    24 | source = { trace = "missing.csv" }
       |                    ^^^^^^^^^^^^^
       |
       = help: a trace is a CSV file with the columns `seconds` and `records_per_s`
    "##);
}

#[test]
fn a_wrong_override_points_into_the_option() {
    let set = overrides(&[
        ("job.seeed", "5"),
        ("vertex.in.parallelism", "many"),
        ("flink.execution.checkpointing.interval", "1 parsec"),
    ]);
    let problems = parse(SOURCE, "test.toml", Path::new(""), &set).unwrap_err();
    insta::assert_snapshot!(problems, @r##"
    error: unknown key `job.seeed`
     --> --set:1:1
      |
    1 | job.seeed=5
      | ^^^^^^^^^ no such key
      |
      = help: did you mean `seed`?

    error: `vertex.in.parallelism`: invalid type: string "many", expected a whole number, not negative
     --> --set:1:23
      |
    1 | vertex.in.parallelism=many
      |                       ^^^^

    error: `execution.checkpointing.interval`: `parsec` is no unit of time in Flink
     --> --set:1:40
      |
    1 | flink.execution.checkpointing.interval=1 parsec
      |                                        ^^^^^^^^
      |
      = help: Flink reads whole numbers with ns, µs, ms, s, min, h or d, for example "2 min"
    "##);
    let set = overrides(&[
        ("vertex.inn.service", "5 s"),
        ("", "5"),
        ("job.name.x", "5"),
    ]);
    let problems = parse(SOURCE, "test.toml", Path::new(""), &set).unwrap_err();
    insta::assert_snapshot!(problems, @r##"
    error: there is no vertex `inn`
     --> --set:1:1
      |
    1 | vertex.inn.service=5 s
      | ^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `in`?

    error: `` is no path of a key
     --> --set:1:1
      |
    1 | =5
      | ^
      |
      = help: write for example `flink.execution.checkpointing.interval` or `vertex.join.service`
    "##);
}

#[test]
fn a_wrong_axis_is_an_error() {
    let text = r#"
[sweep]
"job.wramup" = ["1 s"]
"vertex.on.service" = ["1 us"]
"vertex.in.service" = ["1 us", 5]
"flink.execution.checkpointing.interval" = "10 s..10 min:logarithmic:12"
"flink.execution.checkpointing.timeout" = { from = "1 min", to = "2 min" }
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: unknown key `job.wramup`
     --> test.toml:6:16
      |
    6 | "job.wramup" = ["1 s"]
      |                ^^^^^^^
      |
      = help: did you mean `warmup`?

    error: there is no vertex `on`
     --> test.toml:7:23
      |
    7 | "vertex.on.service" = ["1 us"]
      |                       ^^^^^^^^
      |
      = help: did you mean `in`?

    error: `vertex.in.service`: `5` has no unit
     --> test.toml:8:23
      |
    8 | "vertex.in.service" = ["1 us", 5]
      |                       ^^^^^^^^^^^
      |
      = help: Flink would read 5 as milliseconds; write "5 ms"

    error: `logarithmic` is no scale
     --> test.toml:9:44
      |
    9 | "flink.execution.checkpointing.interval" = "10 s..10 min:logarithmic:12"
      |                                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      |
      = help: allowed are `lin` and `log`

    error: a range of `flink.execution.checkpointing.timeout` without `steps`
      --> test.toml:10:43
       |
    10 | "flink.execution.checkpointing.timeout" = { from = "1 min", to = "2 min" }
       |                                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       |
       = help: write { from = "10 s", to = "10 min", steps = 8, scale = "log" }
    "##);
}

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
    13 | jobmanager.rpc.address = "localhost"
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
            crate::scenario::Work::Source(source) => &source.rate,
            crate::scenario::Work::Operator(_) => panic!(),
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

mod hostile {
    use proptest::prelude::*;

    use super::*;

    /// Parses, renders every problem, and checks the round trip.
    fn survive(text: &str, set: &[(String, String)]) -> Result<(), TestCaseError> {
        match parse(text, "test.toml", Path::new("/nowhere"), set) {
            Err(problems) => {
                problems.render(true);
                prop_assert!(problems.errors() > 0);
            }
            Ok(loaded) => {
                let again = parse(&loaded.toml(), "again.toml", Path::new("/nowhere"), &[]);
                let again = again.map_err(|problems| {
                    TestCaseError::fail(format!("{problems}\n{}", loaded.toml()))
                })?;
                prop_assert_eq!(again.scenario, loaded.scenario);
                Diagnostics(loaded.notes).render(false);
            }
        }
        Ok(())
    }

    const WORDS: &[&str] = &[
        "0",
        "-1",
        "1e999",
        "nan",
        "\"\"",
        "\"10 s\"",
        "\"99999999999 d\"",
        "\"0 s\"",
        "\"1 EiB\"",
        "\"-5 %\"",
        "[]",
        "{}",
        "[1]",
        "{ a = 1 }",
        "true",
        "9223372036854775807",
        "\"unlimited\"",
        "\"in\"",
        "\"hash\"",
        "1979-05-27",
        "\"\\u0000\"",
        "[[1]]",
        "\"join\"",
        "\"\"\"x\ny\"\"\"",
        "0.1",
        "1000000",
    ];

    proptest! {
        #[test]
        fn random_bytes_never_panic(text in ".{0,200}") {
            survive(&text, &[])?;
        }

        #[test]
        fn a_mutated_scenario_never_panics(at in 0..JOIN.len(), length in 0..20_usize, new in ".{0,8}") {
            let end = (at + length).min(JOIN.len());
            survive(&format!("{}{new}{}", &JOIN[..at], &JOIN[end..]), &[])?;
        }

        #[test]
        fn replaced_values_never_panic(line in 0..60_usize, word in 0..WORDS.len()) {
            let mut lines: Vec<String> = JOIN.lines().map(str::to_owned).collect();
            let line = line % lines.len();
            if let Some((key, _)) = lines[line].clone().split_once(" = ") {
                lines[line] = format!("{key} = {}", WORDS[word]);
            }
            survive(&lines.join("\n"), &[])?;
        }

        #[test]
        fn random_overrides_never_panic(
            path in "(vertex|job|flink|storage|cluster|simulation|sweep|trigger)(\\.(join|orders|0|inputs|skew|service|state|size|slow|name|rate|source|seed|mean|execution)){0,4}",
            word in 0..WORDS.len(),
        ) {
            survive(JOIN, &[(path, WORDS[word].to_owned())])?;
        }

        #[test]
        fn random_yaml_never_panics(text in "([a-c.:\\[\\]{}&*!|>'\"% #\n-]|  ){0,80}") {
            let _ = crate::scenario::flink_conf::read(&text);
        }

        #[test]
        fn random_axes_never_panic(text in "(flink\\.execution\\.checkpointing\\.(interval|mode)|job\\.seed|vertex\\.join\\.service)=[0-9a-z .,:%]{0,20}") {
            let _ = parsed(JOIN).axis(&text);
        }
    }
}
