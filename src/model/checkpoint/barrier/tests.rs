use super::*;

fn barrier(millis: u64, channel: u32, kind: BarrierKind) -> Arrival {
    Arrival {
        now: SimTime::ZERO + SimDuration::from_millis(millis),
        channel: ChannelId(channel),
        checkpoint: CheckpointId(1),
        kind,
        timed_out: false,
        polled: millis * 10,
    }
}

/// At 9 ms, after 70 bytes.
fn on_timeout(handler: &mut Alignment) -> Option<Span> {
    let now = SimTime::ZERO + SimDuration::from_millis(9);
    handler.on_timeout(CheckpointId(1), now, 70)
}

#[test]
fn alignment_lasts_from_the_first_to_the_last_barrier() {
    let mut handler = Alignment::new(3, Mode::ExactlyOnce);
    assert_eq!(
        handler.on_barrier(barrier(5, 0, BarrierKind::Aligned)),
        Verdict::Aligning
    );
    assert_eq!(
        handler.on_barrier(barrier(6, 2, BarrierKind::Aligned)),
        Verdict::Aligning
    );
    let Verdict::Aligned { span } = handler.on_barrier(barrier(9, 1, BarrierKind::Aligned)) else {
        panic!("all three have come");
    };
    let waited = SimDuration::from_millis(4);
    assert_eq!((span.waited, span.processed), (waited, 40));
}

#[test]
fn with_a_single_channel_alignment_is_exactly_zero() {
    let mut handler = Alignment::new(1, Mode::ExactlyOnce);
    let verdict = handler.on_barrier(barrier(5, 0, BarrierKind::Aligned));
    let Verdict::Aligned { span } = verdict else {
        panic!("{verdict:?}");
    };
    assert!(span.waited.is_zero());
}

#[test]
fn the_first_priority_barrier_starts_the_snapshot_and_the_last_ends_the_alignment() {
    let mut handler = Alignment::new(2, Mode::ExactlyOnce);
    let verdict = handler.on_barrier(barrier(5, 0, BarrierKind::Priority));
    assert!(
        matches!(verdict, Verdict::Overtake { last: false, .. }),
        "{verdict:?}"
    );
    let verdict = handler.on_barrier(barrier(7, 1, BarrierKind::Priority));
    assert!(
        matches!(verdict, Verdict::Overtaken { last: true, .. }),
        "{verdict:?}"
    );
}

#[test]
fn barriers_that_came_in_line_before_a_last_one_that_overtakes_are_not_forgotten() {
    let mut handler = Alignment::new(2, Mode::ExactlyOnce);
    handler.on_barrier(barrier(5, 0, BarrierKind::Timeoutable));
    let verdict = handler.on_barrier(barrier(7, 1, BarrierKind::Priority));
    assert!(
        matches!(verdict, Verdict::Overtake { last: true, .. }),
        "{verdict:?}"
    );
    let arrived = handler.arrived(CheckpointId(1));
    assert_eq!(arrived, [ChannelId(0), ChannelId(1)]);
    assert_eq!(handler.arrived(CheckpointId(1)), []);
}

#[test]
fn a_barrier_of_a_cancelled_checkpoint_comes_too_late() {
    let mut handler = Alignment::new(2, Mode::ExactlyOnce);
    handler.on_barrier(barrier(5, 0, BarrierKind::Aligned));
    assert_eq!(handler.cancel(CheckpointId(1)), [ChannelId(0)]);
    assert_eq!(
        handler.on_barrier(barrier(6, 1, BarrierKind::Aligned)),
        Verdict::Late
    );
}

#[test]
fn after_the_timeout_an_aligning_task_switches_once() {
    let mut handler = Alignment::new(2, Mode::ExactlyOnce);
    assert_eq!(on_timeout(&mut handler), None, "no barrier has come yet");
    handler.on_barrier(barrier(5, 0, BarrierKind::Timeoutable));
    let span = on_timeout(&mut handler).expect("it has processed a barrier");
    assert_eq!((span.waited.as_millis(), span.processed), (4, 20));
    assert_eq!(on_timeout(&mut handler), None);
}

#[test]
fn the_timeout_does_not_concern_barriers_that_never_overtake() {
    let mut handler = Alignment::new(2, Mode::ExactlyOnce);
    handler.on_barrier(barrier(5, 0, BarrierKind::Aligned));
    assert_eq!(on_timeout(&mut handler), None);
}

fn barrier_of(checkpoint: u32, millis: u64, channel: u32) -> Arrival {
    Arrival {
        checkpoint: CheckpointId(checkpoint),
        ..barrier(millis, channel, BarrierKind::NonBlocking)
    }
}

#[test]
fn a_barrier_that_a_newer_one_has_overtaken_comes_too_late() {
    let mut handler = Alignment::new(2, Mode::ExactlyOnce);
    handler.on_barrier(barrier_of(2, 5, 0));
    assert_eq!(handler.on_barrier(barrier_of(1, 6, 1)), Verdict::Late);
    assert_eq!(handler.superseded_by(CheckpointId(2)), None);
}

#[test]
fn at_least_once_keeps_an_older_checkpoint_until_a_newer_one_is_complete() {
    let mut handler = Alignment::new(2, Mode::AtLeastOnce);
    handler.on_barrier(barrier_of(1, 5, 0));
    assert_eq!(handler.on_barrier(barrier_of(2, 6, 0)), Verdict::Aligning);
    assert!(handler.is_pending(CheckpointId(1)));
    assert!(matches!(
        handler.on_barrier(barrier_of(2, 7, 1)),
        Verdict::Aligned { .. }
    ));
    assert!(!handler.is_pending(CheckpointId(1)));
    assert_eq!(handler.on_barrier(barrier_of(1, 8, 1)), Verdict::Late);
}
