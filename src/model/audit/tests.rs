//! Histories by hand: one source, one consumer, one channel, unless said otherwise.

use super::*;

const SOURCE: TaskId = TaskId(0);
const CONSUMER: TaskId = TaskId(1);
const CHANNEL: ChannelId = ChannelId(0);
const FIRST: CheckpointId = CheckpointId(1);

fn ledger() -> Ledger {
    let step = |source, consumers| Step {
        source,
        selectivity: 1.0,
        consumers,
    };
    Ledger::new(Wiring {
        tasks: vec![(0, 0), (1, 0)].into(),
        channels: vec![Wires {
            producer: SOURCE,
            consumer: CONSUMER,
            record_bytes: 100,
        }]
        .into(),
        vertices: vec![step(true, vec![(1, 1)]), step(false, vec![])],
    })
}

fn emit(ledger: &mut Ledger, records: u64) {
    for _ in 0..records {
        let offset = ledger.state(SOURCE).records;
        let record = ledger.read(SOURCE, offset).output(0, 0);
        ledger.send(CHANNEL, record);
    }
}

fn process(ledger: &mut Ledger, records: u64) {
    for _ in 0..records {
        ledger.process(CHANNEL);
    }
}

fn barrier(ledger: &mut Ledger) {
    ledger.snapshot(FIRST, SOURCE);
    ledger.barrier_sent(FIRST, CHANNEL);
}

fn complete(ledger: &mut Ledger) -> Vec<Invariant> {
    ledger.complete(SimTime::ZERO, FIRST);
    ledger.violations().iter().map(|v| v.invariant).collect()
}

fn persist(ledger: &mut Ledger, records: u64, bytes: u64) {
    ledger.persisted(FIRST, CHANNEL, InFlight { records, bytes });
}

/// The states that `records` records of the source lead to.
fn after(records: u64) -> (Fold, Fold) {
    let mut undisturbed = ledger();
    emit(&mut undisturbed, records);
    process(&mut undisturbed, records);
    (undisturbed.state(SOURCE), undisturbed.state(CONSUMER))
}

#[test]
fn an_aligned_checkpoint_with_nothing_between_the_barriers_is_consistent() {
    let mut ledger = ledger();
    ledger.open(FIRST, Promise::Aligned);
    emit(&mut ledger, 3);
    barrier(&mut ledger);
    emit(&mut ledger, 2);
    process(&mut ledger, 3);
    ledger.snapshot(FIRST, CONSUMER);
    process(&mut ledger, 2);
    assert_eq!(complete(&mut ledger), []);
    assert_eq!(ledger.checked(), 1);
}

#[test]
fn a_record_behind_the_barrier_that_is_counted_is_caught() {
    let mut ledger = ledger();
    ledger.open(FIRST, Promise::Aligned);
    emit(&mut ledger, 3);
    barrier(&mut ledger);
    emit(&mut ledger, 2);
    process(&mut ledger, 4);
    ledger.snapshot(FIRST, CONSUMER);
    assert_eq!(
        complete(&mut ledger),
        [Invariant::SentIsReceived, Invariant::StateIsThatOfTheInput]
    );
    let Violation {
        place,
        expected,
        found,
        ..
    } = ledger.violations()[0];
    assert_eq!(place, Place::Channel(CHANNEL));
    assert_eq!(expected, Amount::Set(after(3).1));
    assert_eq!(found, Amount::Set(after(4).1));
}

#[test]
fn a_record_before_the_barrier_that_is_missing_is_caught() {
    for promise in [Promise::Aligned, Promise::Overtaking, Promise::AtLeastOnce] {
        let mut ledger = ledger();
        ledger.open(FIRST, promise);
        emit(&mut ledger, 3);
        barrier(&mut ledger);
        process(&mut ledger, 2);
        ledger.snapshot(FIRST, CONSUMER);
        let expected = match promise {
            Promise::Aligned => Invariant::SentIsReceived,
            Promise::Overtaking => Invariant::SentIsReceivedOrPersisted,
            Promise::AtLeastOnce => Invariant::NothingIsLost,
        };
        assert_eq!(complete(&mut ledger), [expected]);
    }
}

#[test]
fn in_flight_data_must_be_persisted_once_and_with_its_bytes() {
    for (records, bytes, expected) in [
        (3, 300, None),
        (3, 150, None),
        (3, 90, Some(Invariant::PersistedBytesAreThoseOfTheRecords)),
        (2, 200, Some(Invariant::SentIsReceivedOrPersisted)),
        (4, 400, Some(Invariant::SentIsReceivedOrPersisted)),
    ] {
        let mut ledger = ledger();
        ledger.open(FIRST, Promise::Overtaking);
        emit(&mut ledger, 4);
        process(&mut ledger, 1);
        ledger.snapshot(FIRST, CONSUMER);
        process(&mut ledger, 2);
        barrier(&mut ledger);
        emit(&mut ledger, 1);
        persist(&mut ledger, records, bytes);
        let expected: Vec<Invariant> = expected.into_iter().collect();
        assert_eq!(complete(&mut ledger), expected, "{records} {bytes}");
    }
}

#[test]
fn a_task_that_takes_no_part_is_caught() {
    let mut ledger = ledger();
    ledger.open(FIRST, Promise::Aligned);
    barrier(&mut ledger);
    let missing = [Invariant::EveryTaskTakesPart; 2];
    assert_eq!(complete(&mut ledger), missing, "the task and its channel");
}

#[test]
fn at_least_once_reports_duplicates_and_no_violation() {
    let mut ledger = ledger();
    ledger.open(FIRST, Promise::AtLeastOnce);
    emit(&mut ledger, 3);
    barrier(&mut ledger);
    emit(&mut ledger, 2);
    process(&mut ledger, 5);
    ledger.snapshot(FIRST, CONSUMER);
    assert_eq!(complete(&mut ledger), []);
    assert_eq!(ledger.cut(FIRST).unwrap().channel(CHANNEL).duplicates(), 2);

    ledger.restore(Some(FIRST), |_| true);
    emit(&mut ledger, 2);
    process(&mut ledger, 2);
    assert_eq!(ledger.state(SOURCE), after(5).0);
    assert_eq!(
        ledger.state(CONSUMER).records,
        7,
        "two of the five came twice"
    );
}

/// Four records, of which one is processed at the snapshot and three are in flight; then a failure.
fn crashed() -> Ledger {
    let mut ledger = ledger();
    ledger.open(FIRST, Promise::Overtaking);
    emit(&mut ledger, 4);
    process(&mut ledger, 1);
    barrier(&mut ledger);
    ledger.snapshot(FIRST, CONSUMER);
    persist(&mut ledger, 3, 300);
    emit(&mut ledger, 5);
    process(&mut ledger, 6);
    assert_eq!(complete(&mut ledger), []);
    ledger
}

#[test]
fn after_a_restore_the_states_become_those_of_a_run_without_failure() {
    let mut ledger = crashed();
    ledger.restore(Some(FIRST), |_| true);
    assert_eq!(ledger.state(SOURCE), after(4).0, "where to read on");
    assert_eq!(ledger.state(CONSUMER), after(1).1);
    assert_eq!(ledger.in_channel(CHANNEL), 3);
    emit(&mut ledger, 6);
    process(&mut ledger, 9);
    assert_eq!((ledger.state(SOURCE), ledger.state(CONSUMER)), after(10));
}

#[test]
fn the_checkpoint_after_a_restore_is_consistent_again() {
    let mut ledger = crashed();
    ledger.restore(Some(FIRST), |_| true);
    let second = CheckpointId(2);
    ledger.open(second, Promise::Aligned);
    emit(&mut ledger, 1);
    ledger.snapshot(second, SOURCE);
    ledger.barrier_sent(second, CHANNEL);
    process(&mut ledger, 4);
    ledger.snapshot(second, CONSUMER);
    ledger.complete(SimTime::ZERO, second);
    assert_eq!(ledger.violations(), []);
}

#[test]
fn in_flight_data_that_is_not_put_back_is_caught_at_the_next_checkpoint() {
    let mut ledger = crashed();
    ledger.restore(Some(FIRST), |_| true);
    let second = CheckpointId(2);
    ledger.open(second, Promise::Aligned);
    emit(&mut ledger, 3);
    process(&mut ledger, 3);
    ledger.snapshot(second, SOURCE);
    ledger.barrier_sent(second, CHANNEL);
    ledger.snapshot(second, CONSUMER);
    ledger.complete(SimTime::ZERO, second);
    assert_eq!(ledger.violations()[0].invariant, Invariant::SentIsReceived);
}

#[test]
fn without_a_checkpoint_a_region_begins_again_and_its_pending_checkpoint_is_given_up() {
    let mut ledger = ledger();
    ledger.open(FIRST, Promise::Aligned);
    emit(&mut ledger, 3);
    barrier(&mut ledger);
    process(&mut ledger, 2);
    ledger.restore(None, |_| true);
    assert_eq!(ledger.in_channel(CHANNEL), 0);
    emit(&mut ledger, 3);
    process(&mut ledger, 3);
    assert_eq!((ledger.state(SOURCE), ledger.state(CONSUMER)), after(3));
    assert_eq!(complete(&mut ledger), []);
    assert_eq!(ledger.checked(), 0);
}

#[test]
fn tasks_outside_the_region_go_on() {
    let mut ledger = ledger();
    emit(&mut ledger, 3);
    process(&mut ledger, 1);
    ledger.restore(None, |_| false);
    process(&mut ledger, 2);
    assert_eq!((ledger.state(SOURCE), ledger.state(CONSUMER)), after(3));
}

#[test]
fn only_wanted_checkpoints_are_kept() {
    let mut ledger = ledger();
    for id in 1..=4 {
        ledger.open(CheckpointId(id), Promise::Aligned);
        ledger.complete(SimTime::ZERO, CheckpointId(id));
    }
    ledger.keep(|checkpoint| checkpoint >= CheckpointId(3));
    let kept = (1..=4).filter(|&id| ledger.cut(CheckpointId(id)).is_some());
    assert_eq!(kept.collect::<Vec<_>>(), [3, 4]);
}
