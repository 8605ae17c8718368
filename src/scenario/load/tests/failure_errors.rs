//! Mistakes in `[failures]`, `[[failure]]`, `[[outage]]`, `[restore]`.

use crate::scenario::load::tests::errors_after_source;

#[test]
fn what_fails_must_exist() {
    let text = r#"
[[failure]]
at = "1 s"
task = { vertex = "im", subtask = 0 }

[[failure]]
at = "1 s"
task = { vertex = "in", subtask = 1 }

[[failure]]
at = "1 s"
taskmanager = 1

[[outage]]
at = "1 s"
duration = "1 s"
replica = 0

[restore]
parallelism = { inn = 2, in = 0 }
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: there is no vertex `im`
     --> test.toml:7:19
      |
    7 | task = { vertex = "im", subtask = 0 }
      |                   ^^^^
      |
      = help: did you mean `in`?

    error: there is no subtask 1
      --> test.toml:11:35
       |
    11 | task = { vertex = "in", subtask = 1 }
       |                                   ^
       |
       = help: there are 1, counted from 0

    error: there is no TaskManager 1
      --> test.toml:15:15
       |
    15 | taskmanager = 1
       |               ^
       |
       = help: there are 1, counted from 0; see `cluster.taskmanagers`

    error: there is no quorum store, so no replica
      --> test.toml:20:11
       |
    20 | replica = 0
       |           ^
       |
       = help: add `commit = { replicas = 3 }` to [cluster]

    error: there is no vertex `inn`
      --> test.toml:23:17
       |
    23 | parallelism = { inn = 2, in = 0 }
       |                 ^^^
       |
       = help: did you mean `in`?

    error: `restore.parallelism.in` must be at least 1
      --> test.toml:23:31
       |
    23 | parallelism = { inn = 2, in = 0 }
       |                               ^
       |
       = help: write a whole number from 1 to 32768
    "##);
    insta::assert_snapshot!(errors_after_source("[cluster]\ncommit = { replicas = 3 }\n[[outage]]\nat = '1 s'\nduration = '1 s'\nreplica = 3\n"), @r##"
    error: there is no replica 3
     --> test.toml:9:11
      |
    9 | replica = 3
      |           ^
      |
      = help: there are 3, counted from 0; see `cluster.commit`
    "##);
}

#[test]
fn random_failures_that_contradict_themselves_are_errors() {
    let text = r#"
[failures]
mtbf = "0 s"
trace = "failures.csv"
shape = 0.7
what = "operator"
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: `failures.mtbf` must be at least 1 ms
     --> test.toml:6:8
      |
    6 | mtbf = "0 s"
      |        ^^^^^

    error: when failures come is said twice: `mtbf` and `trace`
     --> test.toml:7:1
      |
    7 | trace = "failures.csv"
      | ^^^^^
      |
      = help: give one of them

    error: only a Weibull law has a `shape`
     --> test.toml:8:1
      |
    8 | shape = 0.7
      | ^^^^^
      |
      = help: add `law = "weibull"`

    error: `failures.what` cannot be `operator`
     --> test.toml:9:8
      |
    9 | what = "operator"
      |        ^^^^^^^^^^ no such choice
      |
      = help: allowed are `task`, `taskmanager` or `jobmanager`
    "##);
}

#[test]
fn given_failures_that_say_too_little_or_too_much_are_errors() {
    let text = r#"
[[failure]]
taskmanager = 0
again-after = "1 s"

[[failure]]
at = "1 s"
times = 0

[[failure]]
at = "1 s"
taskmanager = 0
jobmanager = false

[[failure]]
at = "1 s"
jobmanager = false
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: a failure without a time
     --> test.toml:5:1
      |
    5 | [[failure]]
      | ^^^^^^^^^^^
      |
      = help: add for example `at = "5 min"`

    error: `again-after` has no effect without `times` above 1
     --> test.toml:7:1
      |
    7 | again-after = "1 s"
      | ^^^^^^^^^^^

    error: a failure of nothing
     --> test.toml:9:1
      |
    9 | [[failure]]
      | ^^^^^^^^^^^
      |
      = help: add `task = { vertex = "name", subtask = 0 }`, `taskmanager = 0` or `jobmanager = true`

    error: `failure.1.times` must be at least 1
      --> test.toml:11:9
       |
    11 | times = 0
       |         ^
       |
       = help: write a whole number from 1 to 1000000

    error: what fails is said twice: `taskmanager` and `jobmanager`
      --> test.toml:16:1
       |
    16 | jobmanager = false
       | ^^^^^^^^^^
       |
       = help: give one of them

    error: `jobmanager` can only be true
      --> test.toml:20:14
       |
    20 | jobmanager = false
       |              ^^^^^
       |
       = help: leave it out if something else fails
    "##);
}

#[test]
fn outages_and_restores_that_say_too_little_or_too_much_are_errors() {
    let text = r#"
[[outage]]
storage = "100 %"

[[outage]]
at = "1 s"
duration = "0 s"

[restore]
from = "checkpoint"
format = "native"
"#;
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: an outage without a time
     --> test.toml:5:1
      |
    5 | [[outage]]
      | ^^^^^^^^^^
      |
      = help: add for example `at = "5 min"`

    error: an outage without an end
     --> test.toml:5:1
      |
    5 | [[outage]]
      | ^^^^^^^^^^
      |
      = help: add for example `duration = "2 min"`

    error: a share of 100 % is no outage
     --> test.toml:6:11
      |
    6 | storage = "100 %"
      |           ^^^^^^^
      |
      = help: give the share of the bandwidth that is left, such as "0 %"

    error: an outage of nothing
     --> test.toml:8:1
      |
    8 | [[outage]]
      | ^^^^^^^^^^
      |
      = help: add `storage = "0 %"` (the share of the bandwidth that is left) or `replica = 0`

    error: an outage must last longer than 0 s
      --> test.toml:10:12
       |
    10 | duration = "0 s"
       |            ^^^^^

    error: only a savepoint has a `format`
      --> test.toml:14:1
       |
    14 | format = "native"
       | ^^^^^^
       |
       = help: add `from = "savepoint"`
    "##);
}

#[test]
fn a_law_without_a_rate_and_a_rate_without_a_shape_are_errors() {
    let text = "[failures]\nlaw = 'weibull'\nshape = 2\nwhat = 'task'\n";
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: `law` has no effect without `mtbf`
     --> test.toml:5:1
      |
    5 | law = 'weibull'
      | ^^^

    error: `shape` has no effect without `mtbf`
     --> test.toml:6:1
      |
    6 | shape = 2
      | ^^^^^

    error: `what` has no effect without `mtbf` or `trace`
     --> test.toml:7:1
      |
    7 | what = 'task'
      | ^^^^
    "##);
    let text = "[failures]\nmtbf = '1 h'\nlaw = 'weibull'\n";
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: a Weibull law without `shape`
     --> test.toml:4:2
      |
    4 | [failures]
      |  ^^^^^^^^
      |
      = help: add for example `shape = 0.7`: failures come in clusters
    "##);
    let text = "[failures]\nat = []\n";
    insta::assert_snapshot!(errors_after_source(text), @r##"
    error: no failure is listed
     --> test.toml:5:6
      |
    5 | at = []
      |      ^^
    "##);
}
