use super::*;
use crate::units::SimDuration;

/// Trigger times in seconds up to `until`, when checkpoint i lasts `durations[i]` (the last one repeats) and the
/// first trigger is scheduled at 10 s.
fn triggers(options: Checkpointing, durations: &[u64], until: u64) -> Vec<u64> {
    let mut coordinator = Coordinator::new(options, 1);
    let second = |s: u64| SimTime::ZERO + SimDuration::from_secs(s);
    let (_, mut epoch) = coordinator.reschedule(second(10));
    let (mut trigger_at, mut ends, mut triggers) =
        (10, Vec::<(u64, CheckpointId, bool)>::new(), Vec::new());
    for now in 0..=until {
        // The queue is looked at when a request or an end comes, not at any other time.
        let look = trigger_at == now || ends.iter().any(|(end, ..)| *end == now);
        for (_, id, expires) in ends.iter().filter(|(end, ..)| *end == now) {
            if *expires {
                coordinator.abort(*id, FailureReason::Expired);
            } else {
                coordinator.on_ack(*id);
                coordinator.on_finalized(second(now), *id);
            }
        }
        if trigger_at == now {
            let due = coordinator
                .on_scheduled_trigger(second(now), epoch, true)
                .unwrap();
            trigger_at = due.next.unwrap().as_nanos() / 1_000_000_000;
        }
        loop {
            if !look {
                break;
            }
            match coordinator.choose_request(second(now)) {
                Admission::Nothing => break,
                Admission::Postponed(at, number) => {
                    (trigger_at, epoch) = (at.as_nanos() / 1_000_000_000, number);
                    break;
                }
                Admission::Trigger(id, _) => {
                    coordinator.triggered();
                    let lasts = durations[triggers.len().min(durations.len() - 1)];
                    let expires = SimDuration::from_secs(lasts) > coordinator.options.timeout;
                    let end = now + lasts.min(coordinator.options.timeout.as_millis() / 1000);
                    ends.push((end, id, expires));
                    triggers.push(now);
                }
            }
        }
    }
    triggers
}

fn every_10_s(min_pause: u64, max_concurrent: usize) -> Checkpointing {
    Checkpointing {
        interval: Some(SimDuration::from_secs(10)),
        min_pause: SimDuration::from_secs(min_pause),
        max_concurrent,
        tolerable_failures: 1000,
        ..Checkpointing::default()
    }
}

#[test]
fn a_scheduled_trigger_without_an_interval_asks_once_for_what_min_pause_has_put_off() {
    let options = Checkpointing {
        interval: None,
        ..every_10_s(5, 1)
    };
    let mut coordinator = Coordinator::new(options, 1);
    let second = |s: u64| SimTime::ZERO + SimDuration::from_secs(s);
    let id = CheckpointId(1);
    coordinator.enqueue(second(0), CheckpointRequest::Periodic);
    assert!(matches!(
        coordinator.choose_request(second(0)),
        Admission::Trigger(..)
    ));
    coordinator.triggered();
    coordinator.on_ack(id);
    coordinator.on_finalized(second(1), id).unwrap();
    coordinator.enqueue(second(2), CheckpointRequest::Periodic);
    let Admission::Postponed(at, epoch) = coordinator.choose_request(second(2)) else {
        panic!("min-pause is not over");
    };
    assert_eq!(at, second(6));
    assert_eq!(
        coordinator.on_scheduled_trigger(at, epoch, true),
        Some(ScheduledTrigger { next: None })
    );
    assert!(matches!(
        coordinator.choose_request(at),
        Admission::Trigger(..)
    ));
}

// The expected times were obtained by running the real CheckpointRequestDecider of 2.3.0 (flink-semantics 1.3).

#[test]
fn missed_triggers_are_replayed_back_to_back() {
    assert_eq!(
        triggers(every_10_s(0, 1), &[55, 1], 100),
        [10, 65, 66, 67, 68, 69, 70, 80, 90, 100]
    );
}

#[test]
fn min_pause_shifts_the_phase() {
    assert_eq!(triggers(every_10_s(5, 1), &[7], 46), [10, 22, 34, 46]);
    assert_eq!(triggers(every_10_s(5, 1), &[3], 40), [10, 20, 30, 40]);
    assert_eq!(
        triggers(every_10_s(5, 1), &[55, 1], 114),
        [10, 70, 76, 82, 88, 94, 104, 114]
    );
}

#[test]
fn min_pause_is_not_observed_after_a_failure() {
    let options = Checkpointing {
        timeout: SimDuration::from_secs(25),
        ..every_10_s(5, 1)
    };
    assert_eq!(triggers(options, &[55, 1], 51), [10, 35, 41, 51]);
}

#[test]
fn a_straggler_does_not_delay_the_others_when_two_may_be_pending() {
    assert_eq!(triggers(every_10_s(0, 2), &[55, 1], 40), [10, 20, 30, 40]);
}

#[test]
fn a_completed_checkpoint_subsumes_older_pending_ones() {
    let mut coordinator = Coordinator::new(every_10_s(0, 2), 1);
    for _ in 0..2 {
        coordinator.enqueue(SimTime::ZERO, CheckpointRequest::Checkpoint);
        coordinator.choose_request(SimTime::ZERO);
        coordinator.triggered();
    }
    assert_eq!(coordinator.on_ack(CheckpointId(2)), Ack::Complete);
    assert_eq!(
        coordinator.on_finalized(SimTime::ZERO, CheckpointId(2)),
        Some(vec![CheckpointId(1)])
    );
    assert_eq!(
        coordinator.abort(CheckpointId(1), FailureReason::Subsumed),
        Some(Tolerance::Tolerated)
    );
    assert_eq!(coordinator.on_ack(CheckpointId(1)), Ack::Late);
}

#[test]
fn one_failure_more_than_tolerable_fails_the_job() {
    let mut coordinator = Coordinator::new(
        Checkpointing {
            tolerable_failures: 1,
            ..every_10_s(0, 9)
        },
        1,
    );
    let mut fail = || {
        coordinator.enqueue(SimTime::ZERO, CheckpointRequest::Periodic);
        let Admission::Trigger(id, _) = coordinator.choose_request(SimTime::ZERO) else {
            panic!("admitted")
        };
        coordinator.triggered();
        coordinator.abort(id, FailureReason::Expired)
    };
    assert_eq!(
        (fail(), fail()),
        (Some(Tolerance::Tolerated), Some(Tolerance::Exceeded))
    );
}

#[test]
fn a_savepoint_is_forced_past_the_limit_unless_barriers_may_overtake() {
    for (alignment, admitted) in [
        (crate::scenario::Alignment::Aligned, true),
        (crate::scenario::Alignment::Unaligned, false),
    ] {
        let mut coordinator = Coordinator::new(
            Checkpointing {
                alignment,
                ..every_10_s(0, 1)
            },
            1,
        );
        coordinator.enqueue(SimTime::ZERO, CheckpointRequest::Checkpoint);
        coordinator.choose_request(SimTime::ZERO);
        coordinator.triggered();
        coordinator.enqueue(
            SimTime::ZERO,
            CheckpointRequest::Savepoint(SavepointFormat::Native),
        );
        let answer = coordinator.choose_request(SimTime::ZERO);
        assert_eq!(matches!(answer, Admission::Trigger(_, Some(_))), admitted);
    }
}
