//! A small scenario and a runner that needs no model, for the tests of this layer.

use std::path::Path;

use crate::experiment::course::Course;
use crate::experiment::run::{RunError, Wanted};
use crate::experiment::{JobEnd, RunResult, VertexResult};
use crate::measure::{CheckpointKind, CheckpointRecord, Outcome, RecoveryRecord, SubtaskRecord};
use crate::scenario::Scenario;
use crate::scenario::load::{Loaded, parse};
use crate::units::{Bytes, SimDuration, SimTime};

/// One source with 1000/s, two counters with 1 ms per record; 65 s with 15 s of warm-up.
pub fn loaded(interval_s: u64) -> Loaded {
    let text = format!(
        r#"
[job]
name = "sample"
duration = "65 s"
warmup = "15 s"
seed = 7
replications = 3
[[vertex]]
name = "source"
source = {{ rate = "1000/s", record = "100 B" }}
service = "10 us"
[[vertex]]
name = "count"
parallelism = 2
inputs = [{{ from = "source", exchange = "hash" }}]
service = "1 ms"
state = {{ size = "1 MB" }}
[flink]
execution.checkpointing.interval = "{interval_s} s"
[cluster]
slots = 4
"#
    );
    parse(&text, "sample.toml", Path::new(""), &[]).unwrap_or_else(|problems| panic!("{problems}"))
}

/// The scenario of [`loaded`].
pub fn scenario(interval_s: u64) -> Scenario {
    loaded(interval_s).scenario
}

/// The run that a sweep wants.
pub fn made(wanted: Wanted<'_>) -> Result<RunResult, RunError> {
    run(wanted.scenario, wanted.seed, wanted.replication)
}

#[expect(
    clippy::unnecessary_wraps,
    reason = "it stands where a run that may fail stands"
)]
/// Stands for the model: a checkpoint at every multiple of the interval, whose duration depends on interval, seed and
/// replication, and a throughput that loses 1 s per interval.
pub fn run(scenario: &Scenario, seed: u64, replication: u32) -> Result<RunResult, RunError> {
    let interval = scenario.checkpointing.interval;
    let end = SimTime::ZERO + scenario.job.duration;
    let mut checkpoints = Vec::new();
    while let Some(interval) = interval {
        let id = checkpoints.len() as u64 + 1;
        let trigger = SimTime::ZERO + interval * id;
        if trigger > end {
            break;
        }
        let noise = (seed * 31 + u64::from(replication) * 17 + id * 13) % 101;
        let duration = SimDuration::from_millis(200 + noise) + interval.scale(0.013);
        checkpoints.push(checkpoint(id, trigger, duration));
    }
    let per_s = interval.map_or(2_000.0, |interval| {
        2_000.0 * (1.0 - 1.0 / interval.as_secs_f64())
    });
    Ok(RunResult {
        seed,
        replication,
        digest: format!("{seed}-{replication}-{}", checkpoints.len()),
        events: 1_000,
        buffers_processed: 100,
        end,
        warmup: SimTime::ZERO + scenario.job.warmup,
        job_end: JobEnd::Running,
        checkpoints,
        failed_in_preflight: 0,
        requests_refused: 0,
        created_share: None,
        latency: None,
        vertices: scenario
            .vertices
            .iter()
            .map(|vertex| busy(&vertex.name, vertex.parallelism, per_s))
            .collect(),
        recoveries: Vec::new(),
        skipped: Vec::new(),
        timeline: None,
        consistency: None,
        occupancy: None,
        // One count at the end of warm-up, one at the end.
        course: Course {
            step_s: end.since(SimTime::ZERO + scenario.job.warmup).as_secs_f64(),
            records: vec![vec![0, (1e6 * per_s) as u64]; scenario.vertices.len()],
            bottleneck: 0,
        },
    })
}

fn busy(name: &str, parallelism: usize, records_per_s: f64) -> VertexResult {
    VertexResult {
        name: name.to_owned(),
        parallelism,
        records_per_s,
        subtask_records_per_s: vec![records_per_s / parallelism as f64; parallelism],
        busy: vec![0.5; parallelism],
        backpressured: vec![0.1; parallelism],
        idle: vec![0.4; parallelism],
    }
}

/// A failure that replays the 5 s before it; all times in seconds.
pub fn recovery(failed: u64, running: u64, caught_up: u64) -> RecoveryRecord {
    let at = |seconds| SimTime::ZERO + SimDuration::from_secs(seconds);
    RecoveryRecord {
        failed: at(failed),
        cause: "test".to_owned(),
        detected: Some(at(failed)),
        restarted: Some(at(failed + 1)),
        checkpoint: Some(1),
        replayed_from: Some(at(failed - 5)),
        restored_bytes: 0,
        running: Some(at(running)),
        caught_up: Some(at(caught_up)),
        interrupted: false,
    }
}

fn checkpoint(id: u64, trigger: SimTime, duration: SimDuration) -> CheckpointRecord {
    let record = |share: f64| SubtaskRecord {
        ack: trigger + duration.scale(share),
        start_delay: duration.scale(0.1 * share),
        alignment: duration.scale(0.2 * share),
        sync: SimDuration::from_millis(3),
        r#async: duration.scale(0.5 * share),
        checkpointed: Bytes::new(500_000),
        state_size: Bytes::new(500_000),
        processed: Bytes::new(1_000),
        persisted: Bytes::ZERO,
        unaligned: false,
    };
    CheckpointRecord {
        id,
        kind: CheckpointKind::Checkpoint,
        trigger,
        outcome: Outcome::Completed {
            latest_ack: trigger + duration,
            durable: trigger + duration + SimDuration::from_millis(20),
        },
        subtasks: vec![
            vec![Some(record(0.2))],
            vec![Some(record(0.9)), Some(record(1.0))],
        ],
    }
}
