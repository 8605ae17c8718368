//! Order statistics: the slowest of n subtasks, the first to the last of n barriers, the k-th of n replicas; and the
//! visibility of what a checkpoint commits.
//!
//! A source that is always busy with records of exponential length sends its barrier at the end of one: the rest of an
//! exponential time is exponential again, so that barriers come after independent exponential times.

use crate::experiment::commit_latency::Waits;
use crate::experiment::theory::{Experiment, Reading, mean_of_checkpoints};
use crate::formulas::order_statistics::{Order, alignment_spread, expected};
use crate::formulas::quorum::{Replicas, mean_commit};
use crate::formulas::visibility::two_phase_commit;
use crate::measure::{CheckpointRecord, Outcome};
use crate::scenario::Distribution;
use crate::scenario::calibration::{
    ASYNC_END_TO_ACK, FINALISE, INLINE_ASYNC, NOTIFY, trigger_typical,
};
use crate::units::Unit;

/// Mean length of a record at the sources, s.
const RECORD_S: f64 = 0.1;
/// Mean round trip to a replica, s.
const ROUND_TRIP_S: f64 = 0.5;

/// Four and sixteen subtasks; four quorums.
pub(super) fn experiments() -> Vec<Experiment> {
    let sources = [4, 16].map(slowest);
    let quorums = [(2, 3), (3, 5), (4, 7), (5, 5)].map(|(k, n)| quorum(k, n));
    sources.into_iter().chain(quorums).collect()
}

fn slowest(n: usize) -> Experiment {
    let text = format!(
        r#"
[job]
duration = "630 s"
warmup = "30 s"
[[vertex]]
name = "sources"
parallelism = {n}
service = {{ mean = "100 ms", distribution = "exponential" }}
source = {{ rate = "unlimited", record = "100 B" }}
[[vertex]]
name = "join"
inputs = [{{ from = "sources", exchange = "hash" }}]
service = "1 ns"
[flink]
execution.checkpointing.interval = "3 s"
execution.buffer-timeout.interval = "1 s"
[storage]
open = "0 s"
close = "0 s"
[simulation]
quantum = "10 us"
"#
    );
    let trigger_s = trigger_typical().as_secs_f64();
    let slowest = move |record: &CheckpointRecord| {
        let sources = record.subtasks.first()?.iter().flatten();
        let delays = sources.map(|source| source.start_delay.as_secs_f64());
        Some(delays.fold(0.0, f64::max) - trigger_s)
    };
    let alignment = |record: &CheckpointRecord| {
        let join = record.subtasks.get(1)?.first()?.as_ref()?;
        Some(join.alignment.as_secs_f64())
    };
    Experiment {
        text,
        readings: vec![
            Reading {
                law: "order statistics",
                case: format!("slowest of {n}, exponential"),
                unit: Unit::Time,
                closed_form: RECORD_S * expected(Distribution::Exponential, Order::largest(n)),
                read: Box::new(move |run| mean_of_checkpoints(run, slowest)),
            },
            Reading {
                law: "order statistics",
                case: format!("alignment (max − min) of {n} channels"),
                unit: Unit::Time,
                closed_form: RECORD_S * alignment_spread(Distribution::Exponential, n),
                read: Box::new(move |run| mean_of_checkpoints(run, alignment)),
            },
        ],
    }
}

fn quorum(quorum: usize, replicas: usize) -> Experiment {
    let text = format!(
        r#"
[job]
duration = "4010 s"
warmup = "10 s"
[[vertex]]
name = "source"
source = {{ rate = "1/s", record = "100 B" }}
[flink]
execution.checkpointing.interval = "10 s"
execution.buffer-timeout.interval = "10 s"
[cluster]
jobmanager-per-handle = "0 s"
commit = {{ replicas = {replicas}, quorum = {quorum}, round-trip = "500 ms", distribution = "exponential" }}
[storage]
open = "0 s"
close = "0 s"
"#
    );
    let commit_s = ROUND_TRIP_S
        * mean_commit(Replicas {
            replicas,
            quorum,
            law: Distribution::Exponential,
        });
    let finalise_s = FINALISE.typical().as_secs_f64();
    let commit = move |record: &CheckpointRecord| match record.outcome {
        Outcome::Completed {
            latest_ack,
            durable,
        } => Some(durable.since(latest_ack).as_secs_f64() - finalise_s),
        Outcome::Failed { .. } | Outcome::InProgress => None,
    };
    let mut readings = vec![Reading {
        law: "quorum",
        case: format!("commit, {quorum} of {replicas}, exponential"),
        unit: Unit::Time,
        closed_form: commit_s,
        read: Box::new(move |run| mean_of_checkpoints(run, commit)),
    }];
    if (quorum, replicas) == (5, 5) {
        readings.push(visibility(commit_s));
    }
    Experiment { text, readings }
}

/// The stateless source acknowledges at once, so that nearly all of d is the commit.
fn visibility(commit_s: f64) -> Reading {
    let (before, after) = (trigger_typical(), FINALISE.typical() + NOTIFY.typical());
    let ack = INLINE_ASYNC.typical() + ASYNC_END_TO_ACK.typical();
    let d = (before + ack + after).as_secs_f64() + commit_s;
    Reading {
        law: "two-phase commit",
        case: "visible after U(0, 10 s) + d, mean".to_owned(),
        unit: Unit::Time,
        closed_form: two_phase_commit(10.0, d).mean_s,
        read: Box::new(|run| Waits::of(run).mean()),
    }
}
