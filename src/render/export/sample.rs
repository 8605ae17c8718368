//! A small saved run for the tests of this module: two checkpoints, the second one failed and unaligned.

use crate::experiment::course::Course;
use crate::experiment::run_document::RunDocument;
use crate::experiment::saved::RUN_SCHEMA;
use crate::experiment::{JobEnd, RunResult, VertexResult};
use crate::measure::timeline::Sample;
use crate::measure::{
    CheckpointKind, CheckpointRecord, Flight, Occupancy, Outcome, Place, RecoveryRecord,
    SubtaskRecord, Timeline,
};
use crate::units::{Bytes, SimDuration, SimTime};

fn at(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

/// A source of one subtask and a join of two.
pub fn run() -> RunDocument {
    RunDocument {
        schema: RUN_SCHEMA.to_owned(),
        version: "0.0.0".to_owned(),
        scenario: "two \"checkpoints\"".to_owned(),
        scenario_sha256: "abcdef".to_owned(),
        scenario_toml: String::new(),
        event_loop_ns: 0,
        result: result(),
        flights: Some(vec![
            flight(1, 0, (1_004, 1_104), true),
            flight(1, 1, (1_004, 1_005), true),
            flight(2, 0, (2_004, 2_010), true),
        ]),
        watched: Some(place(1, 0)),
        summary: crate::render::sample::point(&[], Some(0.1)),
        replications: Vec::new(),
        objectives: Vec::new(),
        explanation: None,
        queues: Vec::new(),
    }
}

fn result() -> RunResult {
    RunResult {
        seed: 7,
        replication: 0,
        digest: "0123".to_owned(),
        events: 99,
        buffers_processed: 5,
        end: at(4_000),
        warmup: at(500),
        job_end: JobEnd::Running,
        checkpoints: vec![first(), second()],
        failed_in_preflight: 0,
        requests_refused: 0,
        created_share: None,
        latency: None,
        skipped: Vec::new(),
        consistency: None,
        recoveries: vec![RecoveryRecord {
            failed: at(2_800),
            cause: "TaskManager lost".to_owned(),
            detected: Some(at(2_900)),
            restarted: Some(at(3_000)),
            checkpoint: Some(1),
            replayed_from: Some(at(1_000)),
            restored_bytes: 100,
            running: Some(at(3_200)),
            caught_up: None,
            interrupted: false,
        }],
        vertices: vec![vertex("orders", 1), vertex("join", 2)],
        timeline: Some(Timeline {
            samples: vec![Sample {
                at: at(1_000),
                unread: 3,
                in_channels: 40,
                ..Sample::default()
            }],
        }),
        course: Course::default(),
        occupancy: Some(Occupancy {
            start: at(1_000),
            step: SimDuration::from_millis(50),
            rows: vec!["orders #0 (remote)".to_owned()],
            buffers: vec![vec![1.0, 2.0, 0.5]],
            blocked: vec![vec![false, false, true]],
            barriers: Vec::new(),
        }),
    }
}

fn first() -> CheckpointRecord {
    CheckpointRecord {
        id: 1,
        kind: CheckpointKind::Checkpoint,
        trigger: at(1_000),
        outcome: Outcome::Completed {
            latest_ack: at(1_250),
            durable: at(1_300),
        },
        subtasks: vec![
            vec![Some(record(1_060, 4, 0, false))],
            vec![
                Some(record(1_250, 104, 20, false)),
                Some(record(1_062, 5, 0, false)),
            ],
        ],
    }
}

/// The first subtask of the join acknowledged, the second one never did.
fn second() -> CheckpointRecord {
    CheckpointRecord {
        id: 2,
        trigger: at(2_000),
        outcome: Outcome::Failed {
            at: at(2_800),
            reason: "Checkpoint expired before completing.".to_owned(),
        },
        subtasks: vec![
            vec![Some(record(2_060, 4, 0, false))],
            vec![Some(record(2_400, 10, 300, true)), None],
        ],
        ..first()
    }
}

fn record(ack_ms: u64, delay_ms: u64, alignment_ms: u64, unaligned: bool) -> SubtaskRecord {
    SubtaskRecord {
        ack: at(ack_ms),
        start_delay: SimDuration::from_millis(delay_ms),
        alignment: SimDuration::from_millis(alignment_ms),
        sync: SimDuration::from_micros(2_500),
        r#async: SimDuration::from_millis(40),
        checkpointed: Bytes::new(100),
        state_size: Bytes::new(1_000),
        processed: Bytes::new(20),
        persisted: Bytes::new(if unaligned { 7 } else { 0 }),
        unaligned,
    }
}

fn flight(checkpoint: u64, subtask: usize, (sent, processed): (u64, u64), last: bool) -> Flight {
    Flight {
        checkpoint,
        from: place(0, 0),
        to: place(1, subtask),
        sent: at(sent),
        processed: at(processed),
        first: true,
        last,
    }
}

fn place(vertex: usize, subtask: usize) -> Place {
    Place { vertex, subtask }
}

fn vertex(name: &str, parallelism: usize) -> VertexResult {
    VertexResult {
        name: name.to_owned(),
        parallelism,
        records_per_s: 1_000.0,
        subtask_records_per_s: vec![1_000.0 / parallelism as f64; parallelism],
        busy: vec![0.5; parallelism],
        backpressured: vec![0.125; parallelism],
        idle: vec![0.375; parallelism],
    }
}
