//! What goes wrong: `[failures]`, `[[failure]]`, `[[outage]]`, `[restore]`.

use std::path::Path;

use crate::scenario::load::parse;
use crate::scenario::load::tests::{SOURCE, errors_after_source, overrides, parsed};
use crate::scenario::{
    Detection, FailureKind, FailureLaw, Failures, GivenFailure, Outage, OutageKind, RandomFailures,
    Recovery, RestartStrategy, Restore, SavepointFormat, Target,
};
use crate::units::SimDuration;

const JOIN: &str = "[[vertex]]\nname = 'join'\nparallelism = 4\ninputs = ['in']\n\
                    [cluster]\ntaskmanagers = 2\ncommit = {}\n";

/// The failures of a scenario, which must read back.
#[track_caller]
fn failures(text: &str) -> Failures {
    let loaded = parsed(&format!("{SOURCE}{JOIN}{text}"));
    let again = parsed(&loaded.toml());
    assert_eq!(again.scenario, loaded.scenario, "{}", loaded.toml());
    loaded.scenario.failures
}

#[test]
fn every_table_is_read_and_reads_back() {
    let text = r#"
[failures]
mtbf = "12 h"
law = "weibull"
shape = 0.7
what = "jobmanager"
detection = "heartbeat"
taskmanager-start = "0 s"
jobmanager-start = "7 s"

[[failure]]
at = "5 min"
task = { vertex = "join", subtask = 3 }
times = 3
again-after = "8 s"

[[failure]]
at = "6 min"
taskmanager = 1

[[failure]]
at = "7 min"
jobmanager = true

[[outage]]
at = "1 min"
duration = "30 s"
storage = "12.5 %"

[[outage]]
at = "2 min"
duration = "1 s"
replica = 2

[restore]
from = "savepoint"
format = "native"
age = "5 min"
parallelism = { join = 2, in = 1 }
"#;
    let seconds = SimDuration::from_secs;
    let once = |at, target| GivenFailure {
        at: seconds(at),
        target,
        times: 1,
        again_after: SimDuration::ZERO,
    };
    let task = Target::Task {
        vertex: 1,
        subtask: 3,
    };
    let expected = Failures {
        random: Some(RandomFailures {
            law: FailureLaw::Weibull {
                mtbf: seconds(43_200),
                shape: 0.7,
            },
            kind: FailureKind::JobManager,
        }),
        given: vec![
            GivenFailure {
                times: 3,
                again_after: seconds(8),
                ..once(300, task)
            },
            once(360, Target::TaskManager(1)),
            once(420, Target::JobManager),
        ],
        outages: vec![
            Outage {
                at: seconds(60),
                duration: seconds(30),
                what: OutageKind::Storage { share: 0.125 },
            },
            Outage {
                at: seconds(120),
                duration: seconds(1),
                what: OutageKind::Replica(2),
            },
        ],
        restore: Some(Restore {
            format: Some(SavepointFormat::Native),
            age: seconds(300),
            // Where the parallelism is the same, nothing is rescaled.
            parallelism: vec![(1, 2)],
        }),
        recovery: Recovery {
            strategy: RestartStrategy::None,
            detection: Detection::Heartbeat,
            taskmanager_start: SimDuration::ZERO,
            jobmanager_start: seconds(7),
            ..Recovery::default()
        },
    };
    assert_eq!(failures(text), expected);
}

#[test]
fn short_tables_have_their_defaults() {
    let read = failures("[failures]\nmtbf = '1 h'\n[restore]\nfrom = 'savepoint'\n");
    let random = read.random.unwrap();
    let mtbf = SimDuration::from_secs(3600);
    assert_eq!(random.law, FailureLaw::Exponential { mtbf });
    assert_eq!(random.kind, FailureKind::TaskManager);
    assert_eq!(
        read.restore.unwrap().format,
        Some(SavepointFormat::Canonical)
    );
    let read = failures("[restore]\n[[failure]]\nat = '1 s'\ntask = { vertex = 'join' }\n");
    assert_eq!(read.restore.unwrap().format, None);
    assert_eq!((read.random, read.given[0].times), (None, 1));
}

#[test]
fn a_trace_of_failures_needs_no_file_once_it_is_read() {
    let directory = tempfile::tempdir().unwrap();
    let text = format!("{SOURCE}[failures]\ntrace = 'failures.csv'\nwhat = 'task'\n");
    let file = directory.path().join("failures.csv");
    std::fs::write(&file, "seconds,cause\n1.5,disk\n3600,disk\n").unwrap();
    let loaded = parse(&text, "test.toml", directory.path(), &[]).unwrap();
    let times = vec![
        SimDuration::from_millis(1_500),
        SimDuration::from_secs(3600),
    ];
    let random = loaded.scenario.failures.random.as_ref().unwrap();
    assert_eq!(random.law, FailureLaw::Trace(times));
    assert!(loaded.toml().contains("at = [\"1500 ms\", \"1 h\"]"));
    assert_eq!(parsed(&loaded.toml()).scenario, loaded.scenario);

    std::fs::write(&file, "seconds\n5\n5\n").unwrap();
    let problems = parse(&text, "test.toml", directory.path(), &[]).unwrap_err();
    insta::assert_snapshot!(problems, @r##"
    error: the instants of the failures must rise
     --> test.toml:5:9
      |
    5 | trace = 'failures.csv'
      |         ^^^^^^^^^^^^^^
    "##);
    std::fs::write(&file, "second\n5\n").unwrap();
    let problems = parse(&text, "test.toml", directory.path(), &[]).unwrap_err();
    insta::assert_snapshot!(problems, @r##"
    error: cannot use the trace `failures.csv`: it has no column `seconds`
     --> test.toml:5:9
      |
    5 | trace = 'failures.csv'
      |         ^^^^^^^^^^^^^^
      |
      = help: a trace is a CSV file with the column `seconds`
    "##);
}

#[test]
fn failures_can_be_varied_and_set_by_path() {
    let text =
        format!("{SOURCE}[failures]\nat = ['1 s']\n[[failure]]\nat = '1 s'\ntaskmanager = 0\n");
    let loaded = parsed(&text);
    let axis = loaded.axis("failures.mtbf=1h,6h").unwrap();
    assert_eq!(axis.values.len(), 2);
    let axis = loaded.axis("failures.mtbf=1 h..24 h:log:3").unwrap();
    assert_eq!(axis.values, ["1 h", "17600 s", "24 h"]);
    let point = overrides(&[
        ("failures.mtbf", "6h"),
        ("failure.0.jobmanager", "true"),
        ("restore.age", "1 min"),
        ("flink.restart-strategy.type", "off"),
    ]);
    let read = loaded.at(&point).unwrap().scenario.failures;
    let mtbf = SimDuration::from_secs(21_600);
    assert_eq!(read.random.unwrap().law, FailureLaw::Exponential { mtbf });
    assert_eq!(read.given[0].target, Target::JobManager);
    assert_eq!(read.restore.unwrap().age, SimDuration::from_secs(60));
    assert!(loaded.axis("failures.mtfb=1h").is_err());
    assert!(loaded.axis("failures.mtbf=1").is_err());
    let bare = parse(SOURCE, "test.toml", Path::new(""), &point[..1]).unwrap();
    assert!(bare.scenario.failures.random.is_some());
}

#[test]
fn names_with_blanks_quotes_and_line_ends_read_back_as_keys() {
    let text = "[[vertex]]\nname = \"a \\\"b\\\"\\n.c\"\nsource = { rate = '10/s' }\n\
                [restore]\nparallelism = { \"a \\\"b\\\"\\n.c\" = 7 }\n";
    let loaded = parsed(text);
    assert_eq!(parsed(&loaded.toml()).scenario, loaded.scenario);
    assert_eq!(
        loaded.scenario.failures.restore.unwrap().parallelism,
        [(0, 7)]
    );
}

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
