//! Slices: checkpoints and failures at the JobManager, checkpoints and their phases at the subtasks.

use serde_json::json;

use crate::experiment::run_document::RunDocument;
use crate::measure::{CheckpointRecord, Outcome, SubtaskRecord};
use crate::render::export::columns::{kind, status};
use crate::render::export::trace::event::{Event, What};
use crate::render::export::trace::lanes::{Lanes, Span, whole};
use crate::units::SimTime;

/// All slices.
pub fn events(run: &RunDocument, lanes: &Lanes) -> Vec<Event> {
    let mut events = recoveries(run, lanes);
    for (position, checkpoint) in run.result.checkpoints.iter().enumerate() {
        let track = lanes.checkpoint(position);
        events.push(
            slice(name(checkpoint), whole(run, checkpoint), track).with(json!({
                "type": kind(checkpoint),
                "status": status(checkpoint),
                "acknowledged": checkpoint.acknowledged().count(),
                "failure": match &checkpoint.outcome {
                    Outcome::Failed { reason, .. } => Some(reason),
                    Outcome::Completed { .. } | Outcome::InProgress => None,
                },
            })),
        );
        if let Outcome::Completed {
            latest_ack,
            durable,
        } = checkpoint.outcome
        {
            events.push(slice("commit", (latest_ack, durable), track));
        }
        for (vertex, subtask, record) in checkpoint.acknowledged() {
            if let Some(track) = lanes.snapshot(position, vertex, subtask) {
                events.extend(snapshot(checkpoint, record, track));
            }
            if let Some(track) = lanes.alignment(position, vertex, subtask) {
                let first = checkpoint.trigger + record.start_delay;
                events.push(slice("alignment", (first, first + record.alignment), track));
            }
        }
    }
    events
}

fn name(checkpoint: &CheckpointRecord) -> String {
    format!("{} {}", kind(checkpoint).to_lowercase(), checkpoint.id)
}

/// A checkpoint at a subtask and its phases; phases that took no time have no slice.
fn snapshot(
    checkpoint: &CheckpointRecord,
    record: &SubtaskRecord,
    track: (usize, usize),
) -> Vec<Event> {
    let first = checkpoint.trigger + record.start_delay;
    let latest = begins_at_latest(record);
    let begins = if record.unaligned {
        // With the first barrier, or, after a timeout, as late as the ack allows.
        latest.max(first).min(first + record.alignment)
    } else {
        first + record.alignment
    };
    let synced = begins + record.sync;
    let aligned = if record.unaligned { first } else { begins };
    let phases = [
        ("start delay", (checkpoint.trigger, first)),
        ("alignment", (first, aligned)),
        ("sync", (begins, synced)),
        ("async", (synced, synced + record.r#async)),
    ];
    let around = slice(name(checkpoint), (checkpoint.trigger, record.ack), track).with(json!({
        "start_delay_ms": record.start_delay.as_millis_f64(),
        "alignment_ms": record.alignment.as_millis_f64(),
        "sync_ms": record.sync.as_millis_f64(),
        "async_ms": record.r#async.as_millis_f64(),
        "checkpointed_bytes": record.checkpointed.get(),
        "persisted_bytes": record.persisted.get(),
        "unaligned": record.unaligned,
    }));
    let inside = phases.into_iter().filter_map(|(phase, (from, until))| {
        let until = until.min(record.ack);
        (until > from).then(|| slice(phase, (from, until), track))
    });
    std::iter::once(around).chain(inside).collect()
}

/// When a snapshot began if everything after it went to the ack without a pause.
fn begins_at_latest(record: &SubtaskRecord) -> SimTime {
    let before = record.ack.since(SimTime::ZERO);
    SimTime::ZERO + before.saturating_sub(record.sync + record.r#async)
}

fn recoveries(run: &RunDocument, lanes: &Lanes) -> Vec<Event> {
    let mut events = Vec::new();
    for (position, recovery) in run.result.recoveries.iter().enumerate() {
        let track = lanes.recovery(position);
        let end = run.result.end;
        let until = recovery.caught_up.or(recovery.running).unwrap_or(end);
        events.push(
            slice("failure", (recovery.failed, until), track).with(json!({
                "cause": recovery.cause,
                "restored_checkpoint": recovery.checkpoint,
                "restored_bytes": recovery.restored_bytes,
            })),
        );
        let instants = [
            ("detect", Some(recovery.failed), recovery.detected),
            ("restart", recovery.detected, recovery.restarted),
            ("restore", recovery.restarted, recovery.running),
            ("catch up", recovery.running, recovery.caught_up),
        ];
        for (phase, from, until) in instants {
            if let (Some(from), Some(until)) = (from, until)
                && until > from
            {
                events.push(slice(phase, (from, until), track));
            }
        }
    }
    events
}

fn slice(name: impl Into<String>, (from, until): Span, track: (usize, usize)) -> Event {
    Event::new(What::Complete(until.since(from)), name, from, track)
}
