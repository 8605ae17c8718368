use ckptsim::experiment::RunResult;
use ckptsim::experiment::occupancy::{self, Window};
use ckptsim::experiment::run::run;

use super::{UNALIGNED, duration_s, hop, near, scenario, simulate, subtask};

/// 9.1 no. 7. The barrier leaves before the sync phase: 2 s of it at the source change nothing downstream.
#[test]
fn a_sync_phase_upstream_does_not_delay_the_barrier_downstream() {
    let text = |sync: &str| {
        format!(
            "[job]\nduration = \"20 s\"\nwarmup = \"0 s\"\n\
             [[vertex]]\nname = \"source\"\nsync-extra = \"{sync}\"\n\
             source = {{ rate = \"100/s\", record = \"100 B\" }}\n\
             [[vertex]]\nname = \"operator\"\ninputs = [\"source\"]\n\
             [[trigger]]\nat = \"5 s\"\nkind = \"checkpoint\"\n"
        )
    };
    let (quick, slow) = (simulate(&text("0 s")), simulate(&text("2 s")));
    let delay = |result| subtask(result, 0, 1, 0).start_delay.as_secs_f64();
    assert!((delay(&slow) - delay(&quick)).abs() < 0.01);
    assert!(delay(&slow) < 0.01);
    let longer = duration_s(&slow.checkpoints[0]) - duration_s(&quick.checkpoints[0]);
    assert!((longer - 2.0).abs() < 0.02, "{longer}");
}

/// 9.1 no. 8.
#[test]
fn a_single_input_is_never_aligned_however_slow() {
    let record = subtask(&simulate(&hop("hash", 1, "")), 0, 1, 0);
    assert_eq!(record.alignment.as_nanos(), 0);
    assert!(record.start_delay.as_secs_f64() > 0.4);
}

/// Two ways to a join: `quick` directly, and `late` through `slow`, where about 600 records of 8.3 ms lie in front of a
/// barrier: 5 s. A checkpoint at 40 s, with 1 s of sync phase at the join.
const TWO_WAYS: &str = "[job]\nduration = \"60 s\"\nwarmup = \"30 s\"\n\
     [[vertex]]\nname = \"quick\"\nplacement = [0]\n\
     source = { rate = \"1000/s\", record = \"1000 B\", log = false }\n\
     [[vertex]]\nname = \"late\"\nplacement = [0]\n\
     source = { rate = \"unlimited\", record = \"1000 B\" }\n\
     [[vertex]]\nname = \"slow\"\nplacement = [1]\nservice = \"8300 us\"\ninputs = [\"late\"]\n\
     [[vertex]]\nname = \"join\"\nplacement = [2]\ninputs = [\"quick\", \"slow\"]\nsync-extra = \"1 s\"\n\
     [cluster]\ntaskmanagers = 3\nslots = 1\n\
     [[trigger]]\nat = \"40 s\"\nkind = \"checkpoint\"\n";

/// 9.1 no. 8. The join's start delay is that of the quick way, its alignment the difference, 5 s. The quick source is
/// blocked for that long and 1 s of sync; its pool of 10 segments takes 0.3 s of its data, then it stops: 5.7 s.
#[test]
fn alignment_is_the_spread_of_the_channels_and_blocks_the_quick_ones() {
    let result = simulate(TWO_WAYS);
    let (slow, join) = (subtask(&result, 0, 2, 0), subtask(&result, 0, 3, 0));
    assert!(join.start_delay.as_secs_f64() < 0.15);
    near(slow.start_delay.as_secs_f64(), 5.03, 0.05);
    let spread_s = slow.start_delay.as_secs_f64() - join.start_delay.as_secs_f64();
    near(join.alignment.as_secs_f64(), spread_s, 0.01);
    let blocked_s = join.alignment.as_secs_f64() + 1.0;
    let stopped_s = result.vertices[0].backpressured[0] * 30.0;
    near(stopped_s, blocked_s - 0.3, 0.02);
}

/// 9.1 no. 9. While its channel is blocked the quick source's data stays with the sender, at most 10 segments; a few
/// seconds later the join has nothing of it.
#[test]
fn blocked_data_stays_at_the_sender() {
    let scenario = scenario(TWO_WAYS);
    let result = run(&scenario, 1, 0).unwrap();
    let trigger = result.checkpoints[0].trigger;
    let window = Window {
        vertex: 3,
        subtask: 0,
        from: trigger,
        until: trigger + ckptsim::units::SimDuration::from_secs(5),
    };
    let occupancy = occupancy::observe(&scenario, 1, window, None);
    let quick = occupancy.rows.iter().position(|row| row.contains("quick"));
    let (buffers, blocked) = quick
        .map(|row| (&occupancy.buffers[row], &occupancy.blocked[row]))
        .unwrap();
    let full: Vec<f32> = buffers
        .iter()
        .zip(blocked)
        .filter_map(|(buffers, blocked)| blocked.then_some(*buffers))
        .collect();
    assert!(
        full.len() * 10 > buffers.len() * 9,
        "blocked nearly all the time"
    );
    assert!(full.iter().all(|buffers| *buffers <= 11.0), "{full:?}");
    assert!(
        full.last().is_some_and(|buffers| *buffers >= 9.0),
        "{full:?}"
    );
}

fn persisted(result: &RunResult) -> f64 {
    let acknowledged = result.checkpoints[0].acknowledged();
    acknowledged
        .map(|(_, _, record)| record.persisted.as_f64())
        .sum()
}

/// 9.1 no. 11, p = q = 1: 18 to 20 buffers of 32 768 B, and a delay of one record.
#[test]
fn unaligned_barriers_overtake_and_persist_what_they_overtook() {
    let (aligned, unaligned) = (
        simulate(&hop("hash", 1, "")),
        simulate(&hop("hash", 1, UNALIGNED)),
    );
    assert!(persisted(&aligned) < 1.0);
    let buffers = persisted(&unaligned) / 32_768.0;
    assert!((17.0..=20.5).contains(&buffers), "{buffers}");
    assert!(subtask(&unaligned, 0, 1, 0).start_delay.as_secs_f64() < 0.01);
}

/// 9.1 no. 11, p = q = 3: at most 2·3 + 8 = 14 buffers per consumer and as many per producer, 84 in all. Whether the
/// consumers take 1 or 10 ms per record does not matter.
#[test]
fn persisted_bytes_are_bounded_by_the_buffers_and_duration_is_not_a_matter_of_load() {
    for service in ["1 ms", "10 ms"] {
        let result = simulate(&format!(
            "[job]\nduration = \"50 s\"\nwarmup = \"10 s\"\n\
             [[vertex]]\nname = \"source\"\nparallelism = 3\nplacement = [0, 1, 2]\n\
             source = {{ rate = \"unlimited\", record = \"1000 B\" }}\n\
             [[vertex]]\nname = \"slow\"\nparallelism = 3\nplacement = [3, 4, 5]\n\
             service = \"{service}\"\ninputs = [\"source\"]\n[flink]\n{UNALIGNED}\
             [cluster]\ntaskmanagers = 6\nslots = 1\n[storage]\nprofile = \"local-ssd\"\n\
             [[trigger]]\nat = \"40 s\"\nkind = \"checkpoint\"\n"
        ));
        let buffers = persisted(&result) / 32_768.0;
        assert!((60.0..=84.0).contains(&buffers), "{buffers}");
        assert!(duration_s(&result.checkpoints[0]) < 0.04);
    }
}

/// 9.1 no. 12.
#[test]
fn forward_edges_stay_aligned() {
    let result = simulate(&hop("forward", 1, UNALIGNED));
    let record = subtask(&result, 0, 1, 0);
    assert_eq!(record.persisted.get(), 0);
    assert!(record.start_delay.as_secs_f64() > 0.4);
}

/// 9.1 no. 12. One forward input makes all inputs of the vertex aligned, and so does a broadcast one.
#[test]
fn one_edge_that_cannot_overtake_keeps_all_inputs_of_a_vertex_aligned() {
    for exchange in ["forward", "broadcast"] {
        let text = hop("hash", 1, UNALIGNED).replace(
            "inputs = [{ from = \"source\", exchange = \"hash\" }]",
            &format!(
                "inputs = [\"source\", {{ from = \"other\", exchange = \"{exchange}\" }}]\n\
                 [[vertex]]\nname = \"other\"\nplacement = [0]\nsource = {{ rate = \"1/s\" }}"
            ),
        );
        assert!(persisted(&simulate(&text)) < 1.0, "{exchange}");
    }
}

/// 9.1 no. 13.
#[test]
fn the_aligned_timeout_counts_from_the_trigger() {
    let timeout = |after: &str| {
        let option = "execution.checkpointing.aligned-checkpoint-timeout";
        simulate(&hop(
            "hash",
            1,
            &format!("{UNALIGNED}{option} = \"{after}\"\n"),
        ))
    };
    let early = timeout("200 ms");
    let record = subtask(&early, 0, 1, 0);
    assert!(record.unaligned);
    let duration = duration_s(&early.checkpoints[0]);
    assert!((0.2..0.35).contains(&duration), "{duration}");
    let never = timeout("5 s");
    let record = subtask(&never, 0, 1, 0);
    assert!(!record.unaligned);
    assert_eq!(record.persisted.get(), 0);
}

/// 9.1 no. 13. Three hops with about 600 records each in front of 10 ms per record: aligned 3 · 6 s = 18 s. With a
/// time-out of 1 s all tasks switch after 1 s, not one after another.
#[test]
fn the_aligned_timeout_does_not_multiply_by_the_hops() {
    let duration = |flink: &str| {
        let result = simulate(&format!(
            "[job]\nduration = \"100 s\"\nwarmup = \"10 s\"\n\
             [[vertex]]\nname = \"source\"\nplacement = [0]\n\
             source = {{ rate = \"unlimited\", record = \"1000 B\" }}\n\
             [[vertex]]\nname = \"a\"\nplacement = [1]\ninputs = [\"source\"]\n\
             [[vertex]]\nname = \"b\"\nplacement = [0]\ninputs = [\"a\"]\n\
             [[vertex]]\nname = \"slow\"\nplacement = [1]\ninputs = [\"b\"]\nservice = \"10 ms\"\n\
             [flink]\n{flink}[cluster]\ntaskmanagers = 2\nslots = 1\n\
             [storage]\nprofile = \"local-ssd\"\n\
             [[trigger]]\nat = \"60 s\"\nkind = \"checkpoint\"\n"
        ));
        duration_s(&result.checkpoints[0])
    };
    near(duration(""), 18.2, 0.05);
    let switched = duration(&format!(
        "{UNALIGNED}execution.checkpointing.aligned-checkpoint-timeout = \"1 s\"\n"
    ));
    assert!((1.0..1.1).contains(&switched), "{switched}");
}
