//! Results made up for tests: plausible, complete, and checkable by head.

pub mod failure;
pub mod recommendation;

use crate::experiment::course::Course;
use crate::experiment::metric::MetricId;
use crate::experiment::summary::Prediction;
use crate::experiment::{
    Comparison, Coordinate, JobEnd, PointSummary, RunResult, SweepResult, VertexResult,
};
use crate::formulas::FormulaId;
use crate::measure::{
    BarrierMark, CheckpointKind, CheckpointRecord, Estimate, Occupancy, Outcome, SubtaskRecord,
};
use crate::render::plot::Origin;
use crate::units::{Bytes, SimDuration, SimTime, Unit};

pub const INTERVAL: &str = "flink.execution.checkpointing.interval";
pub const UNALIGNED: &str = "flink.execution.checkpointing.unaligned.enabled";
pub const INTERVALS: [(&str, f64); 5] = [
    ("5 s", 5.0),
    ("10 s", 10.0),
    ("30 s", 30.0),
    ("1 min", 60.0),
    ("2 min", 120.0),
];

pub fn estimate(value: f64, half: f64) -> Estimate {
    Estimate {
        value,
        low: value - half,
        high: value + half,
        n: 5,
    }
}

/// A point whose phases are fixed shares of its median.
pub fn point(coordinates: &[(&str, Option<f64>)], median: Option<f64>) -> PointSummary {
    let share = |share: f64| median.map(|median| estimate(median * share, median * share / 20.0));
    let coordinate = |(label, value): &(&str, Option<f64>)| Coordinate {
        label: (*label).to_owned(),
        value: *value,
    };
    let count = |yes: f64, no: f64| Some(estimate(if median.is_some() { yes } else { no }, 0.0));
    let mut point = PointSummary {
        coordinates: coordinates.iter().map(coordinate).collect(),
        comparisons: vec![comparison(
            FormulaId::F1,
            median.map(|median| median * 1.5),
            share(1.0),
        )],
        ..PointSummary::default()
    };
    for (id, estimate) in [
        (MetricId::DurationP50, share(1.0)),
        (MetricId::DurationP95, share(1.5)),
        (MetricId::DurationP99, share(2.0)),
        (MetricId::DurationMax, share(3.0)),
        (MetricId::StartDelay, share(0.3)),
        (MetricId::Alignment, share(0.2)),
        (MetricId::Sync, share(0.02)),
        (MetricId::Async, share(0.5)),
        (MetricId::Completion, share(0.01)),
        (MetricId::Checkpointed, Some(estimate(1_073_741_824.0, 1e7))),
        (MetricId::StateSize, Some(estimate(1e10, 0.0))),
        (MetricId::Completed, count(20.0, 0.0)),
        (MetricId::Failed, count(0.0, 4.0)),
        (MetricId::Throughput, Some(estimate(50_000.0, 100.0))),
        (MetricId::Utilisation, Some(estimate(0.7, 0.01))),
    ] {
        set(&mut point, id, estimate);
    }
    point
}

/// Sets the estimate of a metric if there is one.
pub fn set(point: &mut PointSummary, id: MetricId, estimate: Option<Estimate>) {
    if let Some(estimate) = estimate {
        point.metrics.set(id, estimate);
    }
}

pub fn comparison(id: FormulaId, value: Option<f64>, simulated: Option<Estimate>) -> Comparison {
    let prediction = Prediction {
        id,
        quantity: "End to end duration".to_owned(),
        formula: "alignment + snapshot + completion".to_owned(),
        value,
        unit: if id == FormulaId::F3 {
            Unit::Share
        } else {
            Unit::Time
        },
        broken_assumptions: vec!["queues are empty".to_owned()],
    };
    Comparison {
        prediction,
        simulated,
    }
}

pub fn sweep(axes: &[&str], points: Vec<PointSummary>) -> SweepResult {
    SweepResult {
        schema: "1".to_owned(),
        version: "0.1.0".to_owned(),
        scenario: "orders".to_owned(),
        scenario_sha256: "3fa9c1e2d0".to_owned(),
        scenario_toml: String::new(),
        seed: 42,
        replications: 5,
        axes: axes.iter().map(|axis| (*axis).to_owned()).collect(),
        points,
    }
}

/// Durations that level off at 4 s; none completes at 5 s; losses of 1 s per interval.
pub fn interval_sweep() -> SweepResult {
    let points = INTERVALS.iter().map(|(label, interval)| {
        let mut point = point(
            &[(label, Some(*interval))],
            (*interval > 5.0).then(|| 4.0 - 20.0 / interval),
        );
        let loss = point.metric(MetricId::DurationP50);
        let loss = loss.map(|_| estimate(1.0 / interval, 0.005));
        set(&mut point, MetricId::ThroughputLoss, loss);
        point.comparisons.push(comparison(
            FormulaId::F3,
            Some(4.0 / (4.0 + interval)),
            loss,
        ));
        point
    });
    sweep(&[INTERVAL], points.collect())
}

/// Every interval aligned and unaligned, unaligned ten times faster.
pub fn mode_sweep() -> SweepResult {
    let points = INTERVALS.iter().flat_map(|(label, interval)| {
        [("false", 1.0), ("true", 0.1)].map(|(mode, factor)| {
            point(
                &[(label, Some(*interval)), (mode, None)],
                Some(interval * factor / 4.0),
            )
        })
    });
    sweep(&[INTERVAL, UNALIGNED], points.collect())
}

/// A queue that fills at a rate of 50 000 per second.
pub fn rate_sweep() -> SweepResult {
    let points = [10e3, 20e3, 30e3, 40e3, 45e3, 49e3, 55e3]
        .iter()
        .map(|rate: &f64| {
            let busy = (rate / 50e3).min(1.0);
            let mut point = point(
                &[("rate", Some(*rate))],
                Some(if busy < 1.0 { 0.2 / (1.0 - busy) } else { 20.0 }),
            );
            point
                .metrics
                .set(MetricId::Utilisation, estimate(busy, 0.0));
            point
        });
    sweep(&["vertex.orders.source.rate"], points.collect())
}

pub fn origin() -> Origin {
    Origin::from(&sweep(&[], Vec::new()))
}

fn millis(millis: u64) -> SimTime {
    SimTime::ZERO + SimDuration::from_millis(millis)
}

/// One checkpoint of a source and of a join with `parallelism` subtasks; join #0 is ten times slower to align.
pub fn run(parallelism: u64, unaligned: bool) -> RunResult {
    let trigger = millis(60_000);
    let record = |start: u64, alignment: u64| {
        let end = start + 20 + 500 + if unaligned { 0 } else { alignment };
        Some(SubtaskRecord {
            ack: trigger + SimDuration::from_millis(end + 2),
            start_delay: SimDuration::from_millis(start),
            alignment: SimDuration::from_millis(alignment),
            sync: SimDuration::from_millis(20),
            r#async: SimDuration::from_millis(500),
            checkpointed: Bytes::from_mib(8),
            state_size: Bytes::from_mib(64),
            processed: Bytes::ZERO,
            persisted: Bytes::ZERO,
            unaligned,
        })
    };
    let join = (0..parallelism)
        .map(|subtask| record(100 + subtask, if subtask == 0 { 3000 } else { 300 }));
    let subtasks = vec![vec![record(3, 0), None], join.collect()];
    let latest_ack = subtasks
        .iter()
        .flatten()
        .flatten()
        .map(|record| record.ack)
        .max()
        .unwrap();
    let outcome = Outcome::Completed {
        latest_ack,
        durable: latest_ack + SimDuration::from_millis(9),
    };
    let vertex = |name: &str, parallelism: u64| VertexResult {
        name: name.to_owned(),
        parallelism: parallelism as usize,
        records_per_s: 1e4,
        subtask_records_per_s: Vec::new(),
        busy: Vec::new(),
        backpressured: Vec::new(),
        idle: Vec::new(),
    };
    RunResult {
        seed: 42,
        replication: 0,
        digest: String::new(),
        events: 0,
        buffers_processed: 0,
        end: millis(600_000),
        warmup: millis(30_000),
        job_end: JobEnd::Running,
        checkpoints: vec![CheckpointRecord {
            id: 7,
            kind: CheckpointKind::Checkpoint,
            trigger,
            outcome,
            subtasks,
        }],
        failed_in_preflight: 0,
        requests_refused: 0,
        created_share: None,
        latency: None,
        vertices: vec![vertex("orders", 2), vertex("join", parallelism)],
        recoveries: Vec::new(),
        skipped: Vec::new(),
        timeline: None,
        consistency: None,
        occupancy: Some(occupancy(true)),
        course: Course::default(),
    }
}

/// Two channels, sampled every second for ten seconds; barriers are sent at 2 s.
pub fn occupancy(aligned: bool) -> Occupancy {
    let (first, last) = if aligned { (4000, 8000) } else { (2010, 2020) };
    let mark = |row: usize, processed: u64| BarrierMark {
        row,
        checkpoint: 3,
        sent: millis(2000),
        processed: millis(processed),
        overtaken_bytes: if aligned { 0 } else { 65_536 },
    };
    Occupancy {
        start: SimTime::ZERO,
        step: SimDuration::from_secs(1),
        rows: vec![
            "join #0 ← orders #0".to_owned(),
            "join #0 ← orders #1".to_owned(),
        ],
        buffers: vec![
            vec![2.0, 2.0, 2.0, 2.0, 4.0, 6.0, 8.0, 8.0, 2.0, 2.0],
            vec![4.0; 10],
        ],
        blocked: vec![
            (0..10)
                .map(|second| aligned && (4..8).contains(&second))
                .collect(),
            vec![false; 10],
        ],
        barriers: vec![mark(0, first), mark(1, last)],
    }
}
