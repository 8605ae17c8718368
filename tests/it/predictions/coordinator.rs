use ckptsim::experiment::JobEnd;
use ckptsim::measure::checkpoint::Outcome;
use ckptsim::model::checkpoint::coordinator::{Ack, Admission, CheckpointRequest, Coordinator};
use ckptsim::model::ids::CheckpointId;
use ckptsim::scenario::Checkpointing;
use ckptsim::units::SimTime;

use super::{at_times, durable_s, duration_s, near, simulate, triggers_s};

/// One operator whose sync phase takes `sync`, a checkpoint every 10 s; the first trigger comes min-pause after the
/// last task runs (recordings; the prediction's first tick at 10 s is a shift of the clock).
fn every_10_s(duration: &str, sync: &str, flink: &str, rest: &str) -> String {
    format!(
        "[job]\nduration = \"{duration}\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"source\"\nsource = {{ rate = \"10/s\" }}\n\
         [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\nsync-extra = \"{sync}\"\n{rest}\
         [flink]\nexecution.checkpointing.interval = \"10 s\"\n{flink}"
    )
}

/// 9.1 no. 1. The first checkpoint uploads 540 MB at 10 MB/s: 54 s, plus 1 s of sync; the later ones upload nothing.
/// The ticks of 10, 20, … 50 s wait, and are replayed back to back; that of 60 s comes while the last of them runs.
#[test]
fn a_long_checkpoint_is_followed_by_a_burst_one_per_missed_trigger() {
    let result = simulate(&every_10_s(
        "85 s",
        "1 s",
        "state.backend.type = \"rocksdb\"\nexecution.checkpointing.incremental = true\n\
         state.backend.rocksdb.checkpoint.transfer.thread.num = 1\n\
         [storage]\nprofile = \"local-ssd\"\nwrite-per-stream = \"10 MB/s\"\n",
        "state = { size = \"525.8 MB\", entry = \"1000 B\" }\n",
    ));
    near(duration_s(&result.checkpoints[0]), 55.0, 0.005);
    let expected = [0.0, 55.0, 56.0, 57.0, 58.0, 59.0, 60.0, 70.0, 80.0];
    at_times(&triggers_s(&result), &expected, 0.4);
}

/// 9.1 no. 2. Interval 10 s, min-pause 5 s, duration 7 s: period 7 + 5 = 12 s. Duration 3 s: 3 + 5 < 10, period 10 s.
#[test]
fn min_pause_shifts_the_phase_of_the_schedule() {
    let triggers = |sync: &str| {
        let pause = "execution.checkpointing.min-pause = \"5 s\"\n";
        triggers_s(&simulate(&every_10_s("45 s", sync, pause, "")))
    };
    at_times(&triggers("7 s"), &[5.0, 17.0, 29.0, 41.0], 0.2);
    at_times(&triggers("3 s"), &[5.0, 15.0, 25.0, 35.0], 0.001);
}

/// 750 records of 60 ms come in the first moment, 45 s of work; as many as fit, about 600, are in front of the first
/// barrier.
fn choked(flink: &str) -> String {
    format!(
        "[job]\nduration = \"100 s\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"source\"\nplacement = [0]\n\
         [vertex.source]\nsteps = [\"0 s 7500/s\", \"100 ms 0.1/s\"]\nrecord = \"1000 B\"\n\
         [[vertex]]\nname = \"slow\"\nservice = \"60 ms\"\nplacement = [1]\ninputs = [\"source\"]\n\
         [flink]\nexecution.checkpointing.interval = \"10 s\"\n{flink}\
         [cluster]\ntaskmanagers = 2\nslots = 1\n"
    )
}

/// 9.1 no. 3. The first checkpoint, triggered at 5 s, expires after 25 s: the next one is triggered at 30 s at once, and
/// completes at about 45 s, behind the last of the records; the third one comes 5 s after that.
#[test]
fn min_pause_is_not_observed_after_a_failure() {
    let result = simulate(&choked(
        "execution.checkpointing.min-pause = \"5 s\"\nexecution.checkpointing.timeout = \"25 s\"\n\
         execution.checkpointing.tolerable-failed-checkpoints = 9\n",
    ));
    let third = durable_s(&result.checkpoints[1]) + 5.0;
    at_times(&triggers_s(&result), &[5.0, 30.0, third], 0.001);
}

/// 9.1 no. 4, corrected: the random delay is used up while the tasks deploy. The first trigger comes min-pause after the
/// last task runs, whatever the seed; with min-pause 0 an attempt before that has failed. (What follows a failover stands
/// in `failures`.)
#[test]
fn the_first_trigger_comes_min_pause_after_the_last_task_runs() {
    let first = |pause: &str| {
        let pause = format!("execution.checkpointing.min-pause = \"{pause}\"\n");
        let result = simulate(&every_10_s("5 s", "0 s", &pause, ""));
        (triggers_s(&result)[0], result.failed_in_preflight)
    };
    assert_eq!(first("2 s"), (2.0, 0));
    assert_eq!(first("0 s"), (0.0, 1));
}

/// 9.1 no. 5. Every barrier needs longer than the timeout of 5 s: each checkpoint fails 5 s after its trigger. With two
/// tolerable failures the job fails with the third in a row, with none at the first.
#[test]
fn a_checkpoint_expires_timeout_after_its_trigger_and_one_too_many_fails_the_job() {
    for (tolerable, failures) in [(0, 1), (2, 3)] {
        let result = simulate(&choked(&format!(
            "execution.checkpointing.min-pause = \"3 s\"\nexecution.checkpointing.timeout = \"5 s\"\n\
             execution.checkpointing.tolerable-failed-checkpoints = {tolerable}\n"
        )));
        let failed = result.recoveries[0].failed;
        let before = result
            .checkpoints
            .iter()
            .filter(|record| record.trigger < failed);
        let before: Vec<_> = before.collect();
        assert_eq!(before.len(), failures);
        for record in before {
            let Outcome::Failed { at, reason } = &record.outcome else {
                panic!("{record:?}");
            };
            near((*at - record.trigger).as_secs_f64(), 5.0, 0.002);
            assert_eq!(reason, "Checkpoint expired before completing.");
        }
        assert_eq!(
            result.recoveries[0].cause,
            "Exceeded checkpoint tolerable failure threshold."
        );
    }
}

/// 9.1 no. 16. Committing the pointer takes 3 s: the duration does not show it, but the next queued trigger comes 3 s
/// later, and min-pause counts from after it.
#[test]
fn writing_the_metadata_is_not_part_of_the_duration_but_delays_the_next_trigger() {
    let text = |commit: &str, pause: &str| {
        format!(
            "[job]\nduration = \"30 s\"\nwarmup = \"0 s\"\n\
             [[vertex]]\nname = \"source\"\nsource = {{ rate = \"100/s\" }}\n\
             [flink]\nexecution.checkpointing.interval = \"2 s\"\n\
             execution.checkpointing.min-pause = \"{pause}\"\n[cluster]\n{commit}"
        )
    };
    let quorum = "commit = { replicas = 1, quorum = 1, round-trip = \"3 s\", distribution = \"deterministic\" }\n";
    let (quick, slow) = (simulate(&text("", "0 s")), simulate(&text(quorum, "0 s")));
    let (first, second) = (&slow.checkpoints[0], &slow.checkpoints[1]);
    let change = duration_s(first) - duration_s(&quick.checkpoints[0]);
    assert!(change.abs() < 0.001, "{change}");
    let Outcome::Completed { latest_ack, .. } = first.outcome else {
        panic!("{first:?}");
    };
    near(durable_s(first) - latest_ack.as_secs_f64(), 3.0, 0.02);
    let wait = second.trigger.as_secs_f64() - durable_s(first);
    assert!((0.0..0.01).contains(&wait), "{wait}");

    let paused = simulate(&text(quorum, "1 s"));
    let wait = paused.checkpoints[1].trigger.as_secs_f64() - durable_s(&paused.checkpoints[0]);
    near(wait, 1.0, 0.001);
}

/// 9.1 no. 22. Checkpoint 2 completes while checkpoint 1 is pending: 1 fails, that is not counted, and it does not
/// complete later. No. 15 says why this cannot come from a slow upload: the async parts of a subtask queue, so that
/// what holds up 1 holds up 2 as well. It takes acks that overtake each other.
#[test]
fn a_completed_checkpoint_subsumes_older_pending_ones() {
    use ckptsim::model::checkpoint::coordinator::Tolerance;
    use ckptsim::model::observe::FailureReason;
    let options = Checkpointing {
        max_concurrent: 2,
        tolerable_failures: 0,
        ..Checkpointing::default()
    };
    let mut coordinator = Coordinator::new(options, 1);
    let [older, newer] = [CheckpointId(1), CheckpointId(2)];
    for expected in [older, newer] {
        coordinator.enqueue(SimTime::ZERO, CheckpointRequest::Checkpoint);
        let admitted = coordinator.choose_request(SimTime::ZERO);
        assert!(matches!(admitted, Admission::Trigger(id, _) if id == expected));
        coordinator.triggered();
    }
    assert_eq!(coordinator.on_ack(newer), Ack::Complete);
    let subsumed = coordinator.on_finalized(SimTime::ZERO, newer);
    assert_eq!(subsumed, Some(vec![older]));
    let consequence = coordinator.abort(older, FailureReason::Subsumed);
    assert_eq!(consequence, Some(Tolerance::Tolerated));
    assert_eq!(coordinator.on_ack(older), Ack::Late);
}

/// 9.1 no. 22, the other side of it.
#[test]
fn concurrent_checkpoints_complete_in_order() {
    let text = "[job]\nduration = \"60 s\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"source\"\nsource = { rate = \"2000/s\", record = \"100 B\" }\n\
         [[vertex]]\nname = \"operator\"\nparallelism = 2\ninputs = [\"source\"]\n\
         state = { size = \"64 MiB\", entry = \"1 KiB\", dirty = \"50 %/min\" }\n\
         [flink]\nexecution.checkpointing.interval = \"1 s\"\n\
         execution.checkpointing.max-concurrent-checkpoints = 2\n\
         [storage]\nprofile = \"hdfs\"\nwrite-per-stream = \"16 MB/s\"\n";
    let result = simulate(text);
    let mut newest = None;
    for record in &result.checkpoints {
        if let Outcome::Completed { durable, .. } = record.outcome {
            assert!(newest < Some(durable), "checkpoints complete in order");
            newest = Some(durable);
        }
    }
    assert!(newest.is_some());
    assert_eq!(result.job_end, JobEnd::Running);
}
