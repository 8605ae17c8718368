use std::path::Path;

use ckptsim::experiment::RunResult;
use ckptsim::experiment::run::run;
use ckptsim::measure::checkpoint::{CheckpointRecord, Outcome, SubtaskRecord};
use ckptsim::scenario::load::parse;

/// Runs a scenario that is given as text.
#[track_caller]
fn simulate(text: &str) -> RunResult {
    let loaded = parse(text, "test", Path::new(""), &[]);
    let scenario = loaded
        .unwrap_or_else(|problems| panic!("{problems}"))
        .scenario;
    run(&scenario, 1, 0).unwrap()
}

/// One producer, one consumer of 1000 records/s, more than enough to do; a checkpoint at 40 s.
fn hop(exchange: &str, placement: usize, flink: &str) -> String {
    format!(
        "[job]\nduration = \"120 s\"\nwarmup = \"10 s\"\n\
         [[vertex]]\nname = \"source\"\nplacement = [0]\n\
         source = {{ rate = \"unlimited\", record = \"1000 B\" }}\n\
         [[vertex]]\nname = \"slow\"\nservice = \"1 ms\"\nplacement = [{placement}]\n\
         inputs = [{{ from = \"source\", exchange = \"{exchange}\" }}]\n\
         [flink]\nexecution.checkpointing.timeout = \"10 min\"\n{flink}\
         [cluster]\ntaskmanagers = 2\nslots = 1\n\
         [[trigger]]\nat = \"40 s\"\nkind = \"checkpoint\"\n"
    )
}

const UNALIGNED: &str = "execution.checkpointing.unaligned.enabled = true\n";

#[track_caller]
fn subtask(result: &RunResult, checkpoint: usize, vertex: usize, subtask: usize) -> SubtaskRecord {
    result.checkpoints[checkpoint].subtasks[vertex][subtask].expect("acknowledged")
}

#[track_caller]
fn duration_s(record: &CheckpointRecord) -> f64 {
    record.end_to_end().expect("completed").as_secs_f64()
}

#[test]
fn a_barrier_waits_behind_the_buffers_of_a_saturated_channel() {
    let full = |buffers: f64| buffers * 32_768.0 / 1_000_000.0;
    // The mean over many: a barrier meets the buffer under way at any stage.
    let often = "execution.checkpointing.interval = \"3713 ms\"\n";
    let delay = |placement| {
        let result = simulate(&hop("hash", placement, often));
        let completed = result.checkpoints.iter().filter(|record| {
            record.trigger > result.warmup && matches!(record.outcome, Outcome::Completed { .. })
        });
        let delays: Vec<f64> = completed
            .filter_map(|record| Some(record.subtasks[1][0]?.start_delay.as_secs_f64()))
            .collect();
        assert!(delays.len() > 20);
        delays.iter().sum::<f64>() / delays.len() as f64
    };
    let (local, remote) = (delay(0), delay(1));
    assert!((0.85..=1.0).contains(&(local / full(10.0))), "{local}");
    assert!((0.9..=1.0).contains(&(remote / full(20.0))), "{remote}");
}

#[test]
fn a_single_input_is_never_aligned_however_slow() {
    let record = subtask(&simulate(&hop("hash", 1, "")), 0, 1, 0);
    assert_eq!(record.alignment.as_nanos(), 0);
    assert!(record.start_delay.as_secs_f64() > 0.4);
}

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

#[test]
fn unaligned_barriers_overtake_and_persist_what_they_overtook() {
    let (aligned, unaligned) = (
        simulate(&hop("hash", 1, "")),
        simulate(&hop("hash", 1, UNALIGNED)),
    );
    let persisted = |result: &RunResult| -> f64 {
        let acknowledged = result.checkpoints[0].acknowledged();
        acknowledged
            .map(|(_, _, record)| record.persisted.as_f64())
            .sum()
    };
    assert!(persisted(&aligned) < 1.0);
    let buffers = persisted(&unaligned) / 32_768.0;
    assert!((17.0..=20.5).contains(&buffers), "{buffers}");
    assert!(subtask(&unaligned, 0, 1, 0).start_delay.as_secs_f64() < 0.01);
}

#[test]
fn forward_edges_stay_aligned() {
    let result = simulate(&hop("forward", 1, UNALIGNED));
    let record = subtask(&result, 0, 1, 0);
    assert_eq!(record.persisted.get(), 0);
    assert!(record.start_delay.as_secs_f64() > 0.4);
}

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

#[test]
fn writing_the_metadata_is_not_part_of_the_duration_but_delays_the_next_trigger() {
    let text = |commit: &str| {
        format!(
            "[job]\nduration = \"30 s\"\nwarmup = \"0 s\"\n\
             [[vertex]]\nname = \"source\"\nsource = {{ rate = \"100/s\" }}\n\
             [flink]\nexecution.checkpointing.interval = \"2 s\"\n\
             [cluster]\n{commit}"
        )
    };
    let quorum = "commit = { replicas = 1, quorum = 1, round-trip = \"3 s\", distribution = \"deterministic\" }\n";
    let (quick, slow) = (simulate(&text("")), simulate(&text(quorum)));
    let (first, second) = (&slow.checkpoints[0], &slow.checkpoints[1]);
    let change = duration_s(first) - duration_s(&quick.checkpoints[0]);
    assert!(change.abs() < 0.001, "{change}");
    let Outcome::Completed {
        latest_ack,
        durable,
    } = first.outcome
    else {
        panic!("{first:?}");
    };
    assert!((durable - latest_ack).as_secs_f64() > 2.9);
    assert!(second.trigger >= durable);
    assert!((second.trigger - durable).as_secs_f64() < 0.01);
}

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
    assert_eq!(result.job_end, ckptsim::experiment::JobEnd::Running);
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
