//! Mistakes of form and of the graph.

use crate::scenario::load::tests::{errors, errors_after_source};

#[test]
fn syntax_errors_are_shown_with_carets() {
    insta::assert_snapshot!(errors("[job]\nname = \nseed = 1 2\n"), @r##"
    error: not valid TOML: string values must be quoted, expected literal string
     --> test.toml:2:8
      |
    2 | name = 
      |        ^
      |
      = help: texts, durations, sizes and rates stand in quotes: duration = "10 min"

    error: not valid TOML: string values must be quoted, expected literal string
     --> test.toml:3:8
      |
    3 | seed = 1 2
      |        ^^^
      |
      = help: texts, durations, sizes and rates stand in quotes: duration = "10 min"
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
    3 | nmae = ***
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
      |
      = help: write a whole number from 0 on

    error: `vertex.in.source.rate`: `10` does not say per which time
     --> test.toml:9:19
      |
    9 | source = { rate = "10", arivals = *********, record = "64mb" }
      |                   ^^^^
      |
      = help: write for example "50000/s", "1.2M/s" or "3000/min"

    error: unknown key `vertex.in.source.arivals`
     --> test.toml:9:25
      |
    9 | source = { rate = "10", arivals = *********, record = "64mb" }
      |                         ^^^^^^^ no such key
      |
      = help: did you mean `arrivals`?

    error: `vertex.in.source.record`: unit `mb` is ambiguous here
     --> test.toml:9:55
      |
    9 | source = { rate = "10", arivals = *********, record = "64mb" }
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
       |
       = help: data runs from sources to sinks: take one of these inputs out

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
       |
       = help: inputs name a vertex: give one of the two another name

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
    6 | execution.checkpointing.intervall = *******
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
    13 | checkpoint-interval = *
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
       |
       = help: it is this subtask's part of all records, such as "30 %"

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
