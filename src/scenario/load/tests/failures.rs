//! What goes wrong: `[failures]`, `[[failure]]`, `[[outage]]`, `[restore]`.

use std::path::Path;

use crate::scenario::failure::Restore;
use crate::scenario::load::parse;
use crate::scenario::load::tests::{SOURCE, overrides, parsed};
use crate::scenario::{
    Detection, FailureKind, FailureLaw, Failures, GivenFailure, Outage, OutageKind, RandomFailures,
    Recovery, RestartStrategy, SavepointFormat, Target,
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
