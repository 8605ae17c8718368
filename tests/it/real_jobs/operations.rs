//! Jobs that are stopped on purpose and started again.

use ckptsim::experiment::RunResult;
use ckptsim::experiment::run::Simulation;
use ckptsim::measure::{CheckpointKind, CheckpointRecord, Probe, RecoveryRecord};
use ckptsim::model::ids::ChannelId;
use ckptsim::model::network::Network;
use ckptsim::scenario::Scenario;
use ckptsim::scenario::load::parse;
use ckptsim::units::{SimDuration, SimTime};
use std::path::Path;

use super::{RATE, completed, job, near, result, seconds};

/// 200 records per second until the 40th second of a minute, and what becomes of them.
const ENDING: &str =
    "source = { steps = [\"0 s 200/s\", \"40 s 0/s\"], log = true, record = \"1 KB\" }";

fn operation(at: &str, more: &str) -> String {
    format!("[[operation]]\nat = \"{at}\"\n{more}\n")
}

fn records(found: &RunResult, vertex: usize) -> f64 {
    // Rates count from the end of the warm-up, after 5 of 60 s: 1000 records.
    found.vertices[vertex].records_per_s * 55.0 + 1000.0
}

#[track_caller]
fn only(found: &RunResult) -> &RecoveryRecord {
    let [recovery] = found.recoveries.as_slice() else {
        panic!("{:?}", found.recoveries);
    };
    recovery
}

fn state(record: &CheckpointRecord, vertex: usize) -> (f64, f64) {
    let subtasks = record.subtasks[vertex].iter().flatten();
    subtasks.fold((0.0, 0.0), |(all, new), one| {
        (
            all + one.state_size.as_f64(),
            new + one.checkpointed.as_f64(),
        )
    })
}

#[test]
fn a_job_that_is_stopped_with_a_savepoint_starts_from_it_and_catches_up() {
    let operator = "service = \"5 ms\"\nstate = { size = \"20 MB\", entry = \"1 KB\" }";
    let operation = "[[operation]]\nat = \"15 s\"\nformat = \"native\"\nprovisioning = \"8 s\"\n";
    let found = result(&job(
        RATE,
        operator,
        "restart-strategy.type = \"none\"",
        operation,
    ));
    let [recovery] = found.recoveries.as_slice() else {
        panic!("{:?}", found.recoveries);
    };
    let down = seconds(recovery.downtime().unwrap());
    assert!((8.0..9.5).contains(&down), "{down}");
    // Half busy: as long as it was away.
    let back = seconds(recovery.catch_up().unwrap());
    assert!((0.7..1.4).contains(&(back / down)), "{back} {down}");
    assert!(completed(&found).len() >= 4);
}

#[test]
fn a_rescale_by_savepoint_loses_nothing_and_repeats_nothing() {
    let more = operation("15 s", "parallelism = { op = 5 }")
        + &operation("30 s", "parallelism = { op = 3, in = 2 }");
    let found = result(&job(
        ENDING,
        "service = \"1 ms\"\nparallelism = 2",
        "",
        &more,
    ));
    assert_eq!(found.recoveries.len(), 2);
    let again = found.recoveries.iter().filter_map(RecoveryRecord::rework);
    assert!(again.eq([SimDuration::ZERO; 2]));
    let shapes: Vec<usize> = completed(&found)
        .iter()
        .map(|one| one.subtasks[1].len())
        .collect();
    assert!(
        [2, 5, 3].iter().all(|width| shapes.contains(width))
            && shapes.is_sorted_by_key(|width| [2, 5, 3].iter().position(|one| one == width)),
        "{shapes:?}"
    );
    for vertex in 0..2 {
        let found = records(&found, vertex);
        assert!(
            (found - 8000.0).abs() < 6.0,
            "{found} of 8000, but for what several subtasks round"
        );
    }
    assert_eq!(found.vertices[1].parallelism, 5, "the most that it had");
}

#[test]
fn more_subtasks_work_off_what_fewer_could_not() {
    let source = "source = { rate = \"300/s\", log = true, record = \"1 KB\" }";
    let found = |more: &str| result(&job(source, "service = \"5 ms\"", "", more));
    let alone = found("");
    near(alone.vertices[1].records_per_s, 200.0, 0.03);
    let rescaled = found(&operation(
        "20 s",
        "format = \"native\"\nparallelism = { op = 4 }\ntaskmanagers = 4",
    ));
    assert!(only(&rescaled).caught_up.is_some());
    // 100 more each second than it can do for 20 s, and 1 s away: 2300 behind, of which 500 a second are worked off.
    near(
        rescaled.vertices[1].records_per_s,
        300.0 + 500.0 / 55.0,
        0.03,
    );
}

#[test]
fn a_job_that_is_rescaled_while_it_catches_up_is_seen_to_catch_up() {
    let source = "source = { rate = \"100/s\", log = true, record = \"1 KB\" }";
    let more = operation("15 s", "format = \"native\"\nprovisioning = \"8 s\"")
        + &operation("27 s", "format = \"native\"\nparallelism = { op = 2 }");
    let found = result(&job(source, "service = \"6 ms\"", "", &more));
    let caught_up = found.recoveries.iter().map(|one| one.caught_up.is_some());
    assert_eq!(caught_up.collect::<Vec<_>>(), [true, true]);
}

#[test]
fn at_a_checkpoint_hardly_anything_is_read_again() {
    let more = operation(
        "14 s",
        "from = \"checkpoint\"\nprovisioning = \"9 s\"\nparallelism = { op = 4 }",
    );
    let found = result(&job(RATE, "service = \"2 ms\"", "", &more));
    let recovery = only(&found);
    // The machines come after 23 s; the next checkpoint is that of the 30th second.
    let (failed, from) = (recovery.failed, recovery.replayed_from.unwrap());
    assert!((30.0..30.3).contains(&failed.as_secs_f64()), "{failed:?}");
    assert!(failed.since(from).as_secs_f64() < 0.3, "{from:?}");
    assert!(seconds(recovery.downtime().unwrap()) < 2.0);
}

#[test]
fn a_checkpoint_that_does_not_come_is_waited_for_three_intervals_or_until_two_have_failed() {
    let operator = "service = \"2 ms\"\nstate = { size = \"1 GB\", entry = \"1 KB\" }";
    let slow = "[storage]\nprofile = \"hdfs\"\nwrite-per-stream = \"1 MB/s\"\n";
    let more =
        slow.to_owned() + &operation("12 s", "from = \"checkpoint\"\nparallelism = { op = 2 }");
    let stopped = |flink: &str| {
        only(&result(&job(RATE, operator, flink, &more)))
            .failed
            .as_secs_f64()
    };
    near(stopped(""), 42.0, 0.001);
    let tolerant = "execution.checkpointing.timeout = \"4 s\"\nexecution.checkpointing.tolerable-failed-checkpoints = 9";
    let second = stopped(tolerant);
    assert!(
        (24.0..24.5).contains(&second),
        "triggers after 10 and 20 s, each expires 4 s later: {second}"
    );
}

#[test]
fn state_that_has_grown_is_dealt_and_its_first_checkpoint_is_full() {
    let operator = "service = \"1 ms\"\nparallelism = 2\nstate = { size = \"10 MB\", entry = \"1 KB\", inserts-per-record = 1.0 }";
    let rocksdb = "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true";
    for from in [
        "from = \"checkpoint\"",
        "format = \"native\"",
        "format = \"canonical\"",
    ] {
        let more = operation("32 s", &format!("{from}\nparallelism = {{ op = 3 }}"));
        let found = result(&job(RATE, operator, rocksdb, &more));
        let at = only(&found).failed;
        let regular = |record: &&CheckpointRecord| record.kind == CheckpointKind::Checkpoint;
        let all: Vec<CheckpointRecord> = completed(&found)
            .into_iter()
            .filter(regular)
            .cloned()
            .collect();
        let (before, after): (Vec<_>, Vec<_>) = all.iter().partition(|record| record.trigger < at);
        let (last, first) = (state(before.last().unwrap(), 1), state(after[0], 1));
        // 100 entries of 1 KB a second, on top of 10 MB.
        let seconds = after[0]
            .trigger
            .since(before.last().unwrap().trigger)
            .as_secs_f64();
        let grown = (first.0 - last.0) / 102_700.0;
        assert!(
            (0.6..1.6).contains(&(grown / seconds)),
            "{from}: {grown} s of {seconds}"
        );
        let incremental = |record: &CheckpointRecord| state(record, 1).1 < 0.5 * state(record, 1).0;
        assert!(before.iter().any(|record| incremental(record)), "{from}");
        near(first.1, first.0, 0.02);
    }
}

#[test]
fn open_windows_keep_what_they_hold() {
    let window =
        "size = \"20 s\", keys = 100, aggregation = \"list\", firing = \"1 ms\", offset = \"20 s\"";
    let operator = format!("parallelism = 2\nselectivity = 0\nwindow = {{ {window} }}");
    let more = operation("33 s", "format = \"native\"\nparallelism = { op = 4 }");
    let text = job(RATE, &operator, "", &more).replace("interval = \"10 s\"", "interval = \"1 s\"");
    let found = result(&text);
    let delay = |record: &CheckpointRecord| {
        let subtasks = record.subtasks[1].iter().flatten();
        subtasks
            .map(|one| seconds(one.start_delay))
            .fold(0.0, f64::max)
    };
    // 2000 records since the 20th second, read in one go by four subtasks in the 40th.
    let at_40 = completed(&found).into_iter();
    let at_40 = at_40.filter(|record| (39.0..41.0).contains(&record.trigger.as_secs_f64()));
    let longest = at_40.map(delay).fold(0.0, f64::max);
    assert!((0.2..0.6).contains(&longest), "{longest}");
}

/// Looks at all channels that there were at first, ten times a second.
#[derive(Default)]
struct Peek {
    channels: Vec<ChannelId>,
    looks: u64,
}

impl Probe for Peek {
    fn begin(&mut self, _: &Scenario, network: &Network) {
        self.channels = network.channels().ids().collect();
    }

    fn due(&self) -> Option<SimTime> {
        Some(SimTime::ZERO + SimDuration::from_millis(100) * self.looks)
    }

    fn sample(&mut self, _: SimTime, network: &Network) {
        self.looks += 1;
        self.channels.iter().for_each(|id| {
            network.channel(*id);
        });
    }
}

#[test]
fn channels_that_are_looked_at_may_go() {
    let more = operation("15 s", "format = \"native\"\nparallelism = { op = 1 }");
    let text = job(RATE, "service = \"1 ms\"\nparallelism = 4", "", &more);
    let loaded = parse(&text, "job", Path::new(""), &[]).unwrap();
    let mut peek = Peek::default();
    let simulation = Simulation::new(&loaded.scenario).sample(&mut peek);
    let until = SimTime::ZERO + SimDuration::from_secs(40);
    simulation.look_until(until).unwrap();
    assert!((100..200).contains(&peek.looks), "{}", peek.looks);
}

#[test]
fn a_savepoint_has_no_local_copy() {
    let operator = "service = \"1 ms\"\nstate = { size = \"400 MB\", entry = \"1 KB\" }";
    let local = "execution.state-recovery.from-local = true";
    for more in ["", "parallelism = { op = 2 }"] {
        let more = operation("15 s", &format!("format = \"native\"\n{more}"));
        let found = result(&job(RATE, operator, local, &more));
        let read = only(&found).restored_bytes;
        assert!(read > 300_000_000, "{read}");
    }
}

#[track_caller]
fn refused(operator: &str, tables: &str, why: &str) {
    let text = job(RATE, operator, "", tables);
    let found = parse(&text, "job", Path::new(""), &[])
        .unwrap_err()
        .to_string();
    assert!(found.contains(why), "{found}");
}

#[test]
fn what_cannot_be_done_is_said_of_the_operation() {
    let by = |more: &str| operation("15 s", more);
    refused(
        "",
        &by("parallelism = { opp = 2 }"),
        "there is no vertex `opp`",
    );
    refused(
        "",
        &("[cluster]\nslots = 1\n".to_owned() + &by("parallelism = { op = 2 }")),
        "after this operation: not enough slots: 1 x 1 for a parallelism of 2",
    );
    refused(
        "max-parallelism = 3",
        &by("parallelism = { op = 4 }"),
        "needs as many key groups",
    );
    refused(
        "",
        &by("from = \"checkpoint\"\nformat = \"native\""),
        "only a savepoint has `format`",
    );
    refused(
        "",
        "[[operation]]\nparallelism = { op = 2 }\n",
        "an operation without a time",
    );
    refused(
        "",
        &(by("taskmanagers = 2") + &operation("14 s", "taskmanagers = 1")),
        "an operation before the one above it",
    );
    let fails = "[[failure]]\nat = \"20 s\"\ntask = { vertex = \"op\", subtask = 1 }\n";
    refused(
        "parallelism = 2",
        &(by("parallelism = { op = 1 }") + fails),
        "what fails is not there",
    );
    let ledger = "[simulation]\ncheck-consistency = true\n".to_owned();
    refused(
        "",
        &(ledger + &by("parallelism = { op = 2 }")),
        "not across a rescale",
    );
}
