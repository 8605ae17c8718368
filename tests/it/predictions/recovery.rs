use ckptsim::experiment::RunResult;
use ckptsim::formulas::catch_up::{Outage, rework};
use ckptsim::formulas::restart::{Restart, exponential_backoff_s};
use ckptsim::formulas::visibility::two_phase_commit;

use super::{durable_s, near, simulate, subtask, triggers_s};

/// One heap state of 100 MB: 2.03 s at 50 MB/s; a checkpoint every 10 s.
fn steady() -> RunResult {
    simulate(
        "[job]\nduration = \"60 s\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"source\"\nsource = { rate = \"100/s\" }\n\
         [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\n\
         state = { size = \"100 MB\", entry = \"1000 B\" }\n\
         [flink]\nexecution.checkpointing.interval = \"10 s\"\n\
         [storage]\nprofile = \"local-ssd\"\nwrite-per-stream = \"50 MB/s\"\n",
    )
}

/// 9.1 no. 17. A failure at t restores checkpoint n − 1 and replays t − its trigger. That is longest just before n is
/// durable: a period and a duration, 10 + 2.03 s; and shortest just after: a duration.
#[test]
fn a_failure_replays_from_the_trigger_of_the_newest_completed_checkpoint() {
    let result = steady();
    let triggers = triggers_s(&result);
    let durable = durable_s(&result.checkpoints[3]);
    let law = rework(10.0, durable - triggers[3]);
    near(durable - triggers[2], law.worst_s, 1e-6);
    near(law.worst_s, 12.03, 0.002);
    let mean = f64::midpoint(durable - triggers[2], durable - triggers[3]);
    near(mean, law.mean_s, 1e-6);
}

/// 9.1 no. 18. Detection 0, backoff 2 s beside 0.05 s of cancelling, no new slots, deployment 0.06 s, 5.07 MB at 10 MB/s.
/// Recorded: 2 s of delay, then 0.58 to 0.80 s until all tasks had restored.
#[test]
fn a_restart_is_a_sum_in_which_cancelling_runs_beside_the_backoff() {
    let restart = Restart {
        detection_s: 0.0,
        backoff_s: 2.0,
        cancel_s: 0.05,
        slots_s: 0.0,
        deploy_s: 0.06,
        restore_s: 0.512,
        in_flight_s: 0.0,
    };
    near(restart.down_s(), 2.572, 1e-9);
    let slow_cancel = Restart {
        cancel_s: 30.0,
        ..restart
    };
    near(slow_cancel.down_s(), 30.572, 1e-9);
}

/// 9.1 no. 18. After 10 s without processing 10 000 records wait; the job takes 2000/s of which 1000/s are new: the lag is
/// gone 10 s later. Until then its channel is saturated: a checkpoint 4 s into the catch-up waits behind 18.5 buffers of
/// 32.8 records, 0.3 s; one after it behind next to nothing.
#[test]
fn a_catch_up_takes_backlog_over_reserve_and_its_checkpoints_are_slow() {
    let outage = Outage {
        input_per_s: 1000.0,
        capacity_per_s: 2000.0,
        down_s: 10.0,
        rework_s: 0.0,
    };
    let text = |until: &str| {
        format!(
            "[job]\nduration = \"{until}\"\nwarmup = \"0 s\"\n\
             [[vertex]]\nname = \"source\"\nplacement = [0]\n\
             [vertex.source]\nsteps = [\"0 s 10000000/s\", \"1 ms 1000/s\"]\nrecord = \"1000 B\"\n\
             [[vertex]]\nname = \"operator\"\nplacement = [1]\nservice = \"500 us\"\ninputs = [\"source\"]\n\
             [cluster]\ntaskmanagers = 2\nslots = 1\n\
             [[trigger]]\nat = \"4 s\"\nkind = \"checkpoint\"\n\
             [[trigger]]\nat = \"15 s\"\nkind = \"checkpoint\"\n"
        )
    };
    let result = simulate(&text("20 s"));
    let busy_s = result.vertices[1].busy[0] * 20.0;
    let drain_s = outage.drain_s().unwrap();
    near(drain_s, 10.0, 1e-9);
    // Busy all the time until the lag is gone, half of the time afterwards.
    near(busy_s, drain_s + (20.0 - drain_s) / 2.0, 0.01);
    near(
        subtask(&result, 0, 1, 0).start_delay.as_secs_f64(),
        0.303,
        0.06,
    );
    assert!(subtask(&result, 1, 1, 0).start_delay.as_secs_f64() < 0.11);
}

/// 9.1 no. 19. 1 s · 1.5^n, at most 60 s.
#[test]
fn the_backoff_grows_by_half_until_a_minute() {
    let expected = [
        1.0, 1.5, 2.25, 3.4, 5.1, 7.6, 11.4, 17.1, 25.6, 38.4, 57.7, 60.0, 60.0,
    ];
    for (n, seconds) in expected.into_iter().enumerate() {
        near(
            exponential_backoff_s(u32::try_from(n).unwrap()),
            seconds,
            0.01,
        );
    }
}

/// 9.1 no. 20. A record is visible when its checkpoint is complete: one that comes just before the trigger after a
/// duration, one just after it a period later. 10 s and 2.03 s: 2.03 to 12.03 s, 7.03 s on average.
#[test]
fn results_behind_a_transactional_sink_are_visible_after_half_a_period_and_a_duration() {
    let result = steady();
    let triggers = triggers_s(&result);
    let durable = durable_s(&result.checkpoints[3]);
    let (shortest, longest) = (durable - triggers[3], durable - triggers[2]);
    let law = two_phase_commit(10.0, shortest);
    near(longest, law.worst_s, 1e-6);
    near(f64::midpoint(shortest, longest), law.mean_s, 1e-6);
    near(law.mean_s, 7.03, 0.003);
}
