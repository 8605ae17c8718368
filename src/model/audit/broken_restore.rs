//! Rules of the recovery, broken by hand after a restart: the ledger must see each of them.

use std::collections::VecDeque;
use std::path::Path;

use crate::engine::{self, Agenda, Streams};
use crate::model::Job;
use crate::model::audit::{Invariant, Violation};
use crate::model::event::Event;
use crate::model::ids::TaskId;
use crate::model::observe::{Fact, Observer};
use crate::model::task::activity::TaskState;
use crate::scenario::load::parse;
use crate::units::{SimDuration, SimTime};

/// An overloaded job: unaligned checkpoints hold full buffers. The operator fails at 3 s and restarts at 3.2 s.
const JOB: &str = r#"
[job]
duration = "8 s"
warmup = "0 s"
[[vertex]]
name = "source"
parallelism = 2
source = { rate = "1200/s", record = "1 KB" }
[[vertex]]
name = "operator"
parallelism = 2
inputs = ["source"]
service = "2 ms"
[[vertex]]
name = "sink"
inputs = ["operator"]
[flink]
execution.checkpointing.interval = "800 ms"
execution.checkpointing.unaligned.enabled = true
restart-strategy.type = "fixed-delay"
restart-strategy.fixed-delay.delay = "200 ms"
[[failure]]
at = "3 s"
task = { vertex = "operator", subtask = 0 }
[simulation]
check-consistency = true
"#;

/// Knows whether the job was restarted from a checkpoint.
#[derive(Default)]
struct Restart(bool);

impl Observer for Restart {
    fn observe(&mut self, _now: SimTime, fact: &Fact) {
        if let Fact::Restarted { checkpoint, .. } = fact {
            assert!(checkpoint.is_some(), "one has completed");
            self.0 = true;
        }
    }
}

fn started(text: &str) -> (Job<Restart>, Agenda<Event>) {
    let scenario = parse(text, "test", Path::new(""), &[])
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    let (mut agenda, streams) = (Agenda::default(), Streams::new(1, 0));
    let job = Job::new(&scenario, &streams, |_| Restart::default(), &mut agenda);
    (job, agenda)
}

fn after(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

/// Runs the job, does `harm` to it when it has just been restarted, and tells what the ledger finds: (of a checkpoint that
/// completed afterwards, at the end).
fn found(harm: impl FnOnce(&mut Job<Restart>)) -> (Vec<Invariant>, Vec<Invariant>) {
    let (mut job, mut agenda) = started(JOB);
    let mut millis = 3000;
    while !job.observer().0 {
        millis += 1;
        assert!(engine::run(
            &mut job,
            &mut agenda,
            after(millis),
            10_000_000
        ));
    }
    harm(&mut job);
    assert!(engine::run(&mut job, &mut agenda, after(8000), 10_000_000));
    job.audit_end(agenda.now());
    let ledger = job.ledger().unwrap();
    let violations = ledger.violations().iter();
    let (cuts, end): (Vec<_>, Vec<_>) = violations.partition(|found| found.checkpoint.is_some());
    let names =
        |found: Vec<&Violation>| found.iter().map(|violation| violation.invariant).collect();
    (names(cuts), names(end))
}

/// Mail to a silent TaskManager waited for its tasks, which read it after the restart.
#[test]
fn a_lost_task_gets_no_mail() {
    let text = JOB.replace(
        "task = { vertex = \"operator\", subtask = 0 }",
        "taskmanager = 0",
    );
    let text = format!("{text}[failures]\ndetection = \"heartbeat\"\n");
    let (mut job, mut agenda) = started(&text);
    assert!(engine::run(&mut job, &mut agenda, after(4500), 10_000_000));
    let triggered = job.checkpoints.last().unwrap().trigger;
    assert!(triggered > after(3000), "the JobManager knows nothing yet");
    assert!(job.tasks.iter().all(|task| task.state == TaskState::Down));
    assert!(job.tasks.iter().all(|task| task.mails.is_empty()));
}

#[test]
fn a_restart_that_keeps_the_rules_leaves_no_trace() {
    let (cuts, end) = found(|_| {});
    assert_eq!((cuts, end), (vec![], vec![]));
}

#[test]
fn in_flight_data_that_is_not_replayed_is_caught() {
    let (cuts, end) = found(|job| {
        let replays = job
            .tasks
            .iter_mut()
            .flat_map(|task| &mut task.barrier_buffer.replay);
        let lost: usize = replays.map(|replay| std::mem::take(replay).len()).sum();
        assert!(lost > 0, "there was in-flight data");
    });
    assert!(
        cuts.contains(&Invariant::SentIsReceivedOrPersisted),
        "{cuts:?}"
    );
    assert!(end.contains(&Invariant::ChannelHoldsWhatIsSent), "{end:?}");
}

#[test]
fn in_flight_data_of_which_a_part_is_lost_is_caught() {
    let (cuts, end) = found(|job| {
        let mut replays = job
            .tasks
            .iter_mut()
            .flat_map(|task| &mut task.barrier_buffer.replay);
        let lost = replays.find_map(VecDeque::pop_back);
        assert!(lost.is_some(), "there was in-flight data");
    });
    assert!(
        cuts.contains(&Invariant::SentIsReceivedOrPersisted),
        "{cuts:?}"
    );
    assert!(end.contains(&Invariant::ChannelHoldsWhatIsSent), "{end:?}");
}

#[test]
fn a_source_that_reads_on_at_another_offset_is_caught() {
    let (cuts, end) = found(|job| {
        // One record further than the checkpoint says: it is never read.
        let source = job.tasks[TaskId(0)].source.as_mut().unwrap();
        assert_eq!(source.schedule.take_due(after(3300), 1), 1);
    });
    assert!(cuts.contains(&Invariant::StateIsThatOfTheInput), "{cuts:?}");
    assert!(end.contains(&Invariant::SourceReadsOn), "{end:?}");

    let (job, _) = started(JOB);
    let start = job.contents.get(None).clone();
    let (cuts, end) = found(|job| {
        // From the beginning: everything up to the checkpoint comes twice.
        let (position, _) = start.tasks[TaskId(0)]
            .as_ref()
            .unwrap()
            .source
            .as_ref()
            .unwrap();
        let source = job.tasks[TaskId(0)].source.as_mut().unwrap();
        source.schedule.return_to(position);
        source.due = 0;
    });
    assert!(cuts.contains(&Invariant::StateIsThatOfTheInput), "{cuts:?}");
    assert!(end.contains(&Invariant::SourceReadsOn), "{end:?}");
}
