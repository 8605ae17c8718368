//! Values that do not fit together, in the file and in options.

use std::path::Path;

use crate::scenario::load::parse;
use crate::scenario::load::tests::{SOURCE, errors_after_source, overrides};

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
      |
      = help: without it a tenth of the duration is left out, at most 1 min

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
    1 | job.seeed=*
      | ^^^^^^^^^ no such key
      |
      = help: did you mean `seed`?

    error: `vertex.in.parallelism`: invalid type: string "many", expected a whole number, not negative
     --> --set:1:23
      |
    1 | vertex.in.parallelism=many
      |                       ^^^^
      |
      = help: write the number without quotes and without a unit

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
    1 | vertex.inn.service
      | ^^^^^^^^^^^^^^^^^^
      |
      = help: did you mean `in`?

    error: `` is no path of a key
     --> --set:1:1
      |
    1 |
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
fn a_job_that_is_too_large_is_refused_before_memory_is_taken() {
    let text = r#"
[[vertex]]
name = "a"
parallelism = 40000
inputs = ["in"]

[[vertex]]
name = "b"
parallelism = 30000
inputs = ["a"]
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: 30002 subtasks are more than the limit of 20000
     --> test.toml:1:3
      |
    1 | [[vertex]]
      |   ^^^^^^
      |
      = help: raise `simulation.max-subtasks` if you have time and memory

    error: `vertex.a.parallelism` must be at most 32768
     --> test.toml:7:15
      |
    7 | parallelism = 40000
      |               ^^^^^
    "##);
}
