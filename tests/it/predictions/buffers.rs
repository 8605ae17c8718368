use ckptsim::experiment::RunResult;
use ckptsim::measure::checkpoint::Outcome;

use super::{UNALIGNED, duration_s, hop, near, simulate, subtask};

/// 9.1 no. 6, corrected (recordings: 10 segments are in use when the tenth has just been begun): a saturated local channel
/// holds 8.5 buffers, a remote one 18.5. At 1000 B and 1000/s one buffer of 32 768 B takes 32.8 ms.
#[test]
fn a_barrier_waits_behind_the_buffers_of_a_saturated_channel() {
    // The mean over many: a barrier meets the buffer under way at any stage.
    let often = "execution.checkpointing.interval = \"3713 ms\"\n";
    let buffers = |placement| {
        let result = simulate(&hop("hash", placement, often));
        let completed = result.checkpoints.iter().filter(|record| {
            record.trigger > result.warmup && matches!(record.outcome, Outcome::Completed { .. })
        });
        let delays: Vec<f64> = completed
            .filter_map(|record| Some(record.subtasks[1][0]?.start_delay.as_secs_f64()))
            .collect();
        assert!(delays.len() > 20);
        delays.iter().sum::<f64>() / delays.len() as f64 / 0.032_768
    };
    near(buffers(0), 8.5, 0.06);
    near(buffers(1), 18.5, 0.06);
}

/// The cluster on which the semantics were measured (`flink-semantics` 9.0): records of 21 B to `gen`, local; of 1017 B
/// to `slow`, remote, 1.08 ms each; local to `sink`. A checkpoint every 5 s.
fn reference_cluster(flink: &str) -> RunResult {
    simulate(&format!(
        "[job]\nduration = \"80 s\"\nwarmup = \"0 s\"\n\
         [[vertex]]\nname = \"src\"\nplacement = [0]\n\
         source = {{ rate = \"unlimited\", record = \"21 B\" }}\nservice = \"1 us\"\n\
         [[vertex]]\nname = \"gen\"\nplacement = [0]\nrecord = \"1017 B\"\n\
         inputs = [{{ from = \"src\", exchange = \"forward\" }}]\n\
         [[vertex]]\nname = \"slow\"\nplacement = [1]\nservice = \"1080 us\"\n\
         inputs = [{{ from = \"gen\", exchange = \"rebalance\" }}]\n\
         [[vertex]]\nname = \"sink\"\nplacement = [1]\n\
         inputs = [{{ from = \"slow\", exchange = \"forward\" }}]\n\
         [flink]\nexecution.checkpointing.interval = \"5 s\"\n{flink}\
         [cluster]\ntaskmanagers = 2\nslots = 1\n"
    ))
}

/// 9.1 no. 6 and 12, measured on real Flink 2.3.0: third checkpoint, start delays of gen and slow, persisted bytes.
/// Forward edges stay aligned: without the remote hop's 0.65 s the unaligned checkpoint still takes 15 s, and the
/// source, which shares a channel-state file with gen, waits for it, unless each has its own.
#[test]
fn the_reference_cluster_behaves_as_measured() {
    let aligned = reference_cluster("");
    let delay =
        |result: &RunResult, vertex| subtask(result, 2, vertex, 0).start_delay.as_secs_f64();
    let [gen_s, slow_s] = [1, 2].map(|vertex| delay(&aligned, vertex));
    near(gen_s, 14.516, 0.05);
    near(slow_s - gen_s, 0.655, 0.1);
    near(duration_s(&aligned.checkpoints[2]), 15.174, 0.05);

    let unaligned = reference_cluster(UNALIGNED);
    near(delay(&unaligned, 1), 15.107, 0.06);
    assert!(delay(&unaligned, 2) - delay(&unaligned, 1) < 0.01);
    near(
        subtask(&unaligned, 2, 0, 0).r#async.as_secs_f64(),
        15.101,
        0.06,
    );
    let persisted: f64 = unaligned.checkpoints[2]
        .acknowledged()
        .map(|(_, _, record)| record.persisted.as_f64())
        .sum();
    near(persisted, 615_361.0, 0.06);

    let alone = format!(
        "{UNALIGNED}execution.checkpointing.unaligned.max-subtasks-per-channel-state-file = 1\n"
    );
    assert!(
        subtask(&reference_cluster(&alone), 2, 0, 0)
            .r#async
            .as_secs_f64()
            < 0.01
    );
}

/// 9.1 no. 21 on the same cluster: debloating brings the hop of small records to its target of 1 s (measured 0.98 s);
/// the remote hop, below 1 s already, keeps its 0.63 s. The target is per hop.
#[test]
fn debloating_shortens_each_hop_to_its_target() {
    let result = reference_cluster("taskmanager.network.memory.buffer-debloat.enabled = true\n");
    let delays: Vec<[f64; 2]> = result
        .checkpoints
        .iter()
        .filter(|record| record.trigger.as_secs_f64() > 30.0)
        .filter_map(|record| {
            let delay = |vertex: usize| Some(record.subtasks[vertex][0]?.start_delay.as_secs_f64());
            Some([delay(1)?, delay(2)?])
        })
        .collect();
    let mean = |of: fn(&[f64; 2]) -> f64| delays.iter().map(of).sum::<f64>() / delays.len() as f64;
    assert!(delays.len() > 5);
    near(mean(|[forward, _]| *forward), 1.0, 0.35);
    near(mean(|[forward, slow]| slow - forward), 0.63, 0.1);
}

/// 9.1 no. 21. At 100 records/s of 1000 B the 18.5 buffers hold 6.1 s of data; debloated to 100 kB/s · 1 s / buffers in use
/// they hold about 1 s, and so they do at 50 records/s.
#[test]
fn a_debloated_hop_takes_its_target_time_at_any_rate() {
    let delay = |service: &str, flink: &str| {
        let text = hop("hash", 1, flink).replace("1 ms", service);
        subtask(&simulate(&text), 0, 1, 0).start_delay.as_secs_f64()
    };
    let debloat = "taskmanager.network.memory.buffer-debloat.enabled = true\n";
    near(delay("10 ms", ""), 6.06, 0.05);
    near(delay("10 ms", debloat), 1.0, 0.35);
    near(delay("20 ms", debloat), 1.0, 0.35);
}

/// 9.1 no. 10. Of four consumers three take 1000/s, one 100/s: as its subpartition is full the producer stops, and all of
/// them get 100/s.
#[test]
fn one_slow_consumer_stalls_all_others() {
    let result = simulate(
        "[job]\nduration = \"60 s\"\nwarmup = \"20 s\"\n\
         [[vertex]]\nname = \"source\"\nsource = { rate = \"unlimited\", record = \"1000 B\" }\n\
         [[vertex]]\nname = \"keyed\"\nparallelism = 4\nservice = \"1 ms\"\ninputs = [\"source\"]\n\
         slow = { subtask = 3, factor = 10.0 }\n\
         [cluster]\ntaskmanagers = 4\nslots = 1\n[simulation]\nkeys = \"even\"\n",
    );
    for rate in &result.vertices[1].subtask_records_per_s {
        near(*rate, 100.0, 0.03);
    }
}

#[test]
fn half_the_quantum_changes_the_median_duration_by_less_than_a_percent() {
    let median = |quantum: &str| {
        let result = simulate(&format!(
            "[job]\nduration = \"200 s\"\nwarmup = \"20 s\"\n\
             [[vertex]]\nname = \"source\"\nparallelism = 2\n\
             source = {{ rate = \"unlimited\", record = \"1000 B\" }}\n\
             [[vertex]]\nname = \"slow\"\nparallelism = 2\nservice = \"1 ms\"\ninputs = [\"source\"]\n\
             [flink]\nexecution.checkpointing.interval = \"7 s\"\n\
             [simulation]\nkeys = \"even\"\nquantum = \"{quantum}\"\n"
        ));
        let mut durations: Vec<f64> = result
            .checkpoints
            .iter()
            .filter(|record| record.trigger > result.warmup)
            .filter_map(|record| Some(record.end_to_end()?.as_secs_f64()))
            .collect();
        durations.sort_by(f64::total_cmp);
        assert!(durations.len() > 10);
        durations[durations.len() / 2]
    };
    let (whole, half) = (median("5 ms"), median("2500 us"));
    assert!((half / whole - 1.0).abs() < 0.01, "{whole} {half}");
}
