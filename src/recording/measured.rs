//! What is compared: figures of Flink's REST answers, recorded or simulated, cut alike.
//!
//! Only periodic checkpoints count that were triggered after the warm-up and ended before the first failure; of a job that
//! failed, its recoveries are compared instead of its counters. Per vertex the largest figure of its subtasks is
//! taken: which subtask is "the slowest" of a checkpoint is a matter of chance when several end within milliseconds.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::measure::RecoveryRecord;
use crate::measure::estimate::quantile;
use crate::recording::answers::{Answers, Files};
use crate::recording::clock::Clock;
use crate::recording::estimate::rates::Rates;
use crate::recording::file::{CheckpointDetails, Recording, Rest};
use crate::recording::recovery;
use crate::units::SimDuration;

/// A figure that is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Metric {
    /// Trigger to last ack, ms.
    EndToEndDuration,
    /// Largest of a vertex, ms.
    StartDelay,
    /// Largest of a vertex, ms.
    Alignment,
    /// Largest of a vertex, ms.
    Sync,
    /// Largest of a vertex, ms.
    Async,
    /// Of the job, bytes.
    CheckpointedSize,
    /// Of the job, bytes.
    PersistedData,
    /// Records per second of a vertex: written by sources, read by others.
    Throughput,
    /// Mean over the subtasks of a vertex, ms per second.
    Busy,
    /// Mean over the subtasks of a vertex, ms per second.
    Backpressured,
    /// Completed checkpoints.
    Completed,
    /// Failed checkpoints.
    Failed,
    /// Between successive triggers, ms.
    TriggerInterval,
    /// Failure until tasks are deployed anew, ms.
    RestartDelay,
    /// Deployment until all tasks run, ms.
    RestoreTime,
    /// Failure until all tasks run, ms.
    Downtime,
    /// All tasks run until no more records wait than before the failure, ms.
    CatchUp,
}

impl Metric {
    /// In JSON and tables.
    pub fn name(self) -> &'static str {
        match self {
            Metric::EndToEndDuration => "end_to_end_duration",
            Metric::StartDelay => "start_delay",
            Metric::Alignment => "alignment",
            Metric::Sync => "sync",
            Metric::Async => "async",
            Metric::CheckpointedSize => "checkpointed_size",
            Metric::PersistedData => "persisted_data",
            Metric::Throughput => "throughput",
            Metric::Busy => "busy",
            Metric::Backpressured => "backpressured",
            Metric::Completed => "completed",
            Metric::Failed => "failed",
            Metric::TriggerInterval => "trigger_interval",
            Metric::RestartDelay => "restart_delay",
            Metric::RestoreTime => "restore_time",
            Metric::Downtime => "downtime",
            Metric::CatchUp => "catch_up",
        }
    }

    /// Below this, an error is not relative to what was measured: 50 ms (per second for shares of time), 64 KiB, one
    /// checkpoint, one record per second.
    pub fn floor(self) -> f64 {
        match self {
            Metric::CheckpointedSize | Metric::PersistedData => 65536.0,
            Metric::Completed | Metric::Failed | Metric::Throughput => 1.0,
            Metric::EndToEndDuration
            | Metric::StartDelay
            | Metric::Alignment
            | Metric::Sync
            | Metric::Async
            | Metric::Busy
            | Metric::Backpressured
            | Metric::TriggerInterval
            | Metric::RestartDelay
            | Metric::RestoreTime
            | Metric::Downtime
            | Metric::CatchUp => 50.0,
        }
    }

    /// Whether it is a part of a checkpoint's duration at one vertex.
    pub fn is_phase(self) -> bool {
        matches!(
            self,
            Metric::StartDelay | Metric::Alignment | Metric::Sync | Metric::Async
        )
    }

    /// |simulated - measured| / max(measured, floor).
    pub fn error(self, simulated: f64, measured: f64) -> f64 {
        (simulated - measured).abs() / measured.max(self.floor())
    }
}

/// A metric, and the vertex it belongs to; `None` = the job.
pub type Key = (Metric, Option<String>);
/// One value per checkpoint, or one per run.
pub type Samples = BTreeMap<Key, Vec<f64>>;

/// Everything that was measured.
pub fn of_recording(recording: &Recording) -> Samples {
    let clock = Clock::of(recording);
    let ids = &recording.params.vertex_ids;
    let vertices: Vec<(&str, &str)> = recording
        .params
        .explicit
        .nodes
        .iter()
        .filter_map(|node| Some((node.id.as_str(), ids.get(&node.id)?.as_str())))
        .collect();
    let mut samples = of_checkpoints(&recording.rest, &vertices, clock.warmup, clock.end);
    if clock.cut {
        of_recoveries(&recovery::of_recording(recording), &mut samples);
    } else {
        of_counters(recording, &mut samples);
    }
    samples
}

/// What the answers about a running job measure: its checkpoints since it was restored, and its counters. How many
/// checkpoints there were is not among it: Flink keeps the last ten.
pub fn of_answers(files: &Files, answers: &Answers) -> Samples {
    let vertices = answers.vertices.iter();
    let names: Vec<(&str, &str)> = vertices
        .map(|vertex| (vertex.node.name.as_str(), vertex.node.id.as_str()))
        .collect();
    let details = |id: u64| {
        let subtasks = names.iter().map(|(_, vertex)| {
            let answer = files.get(&format!("checkpoints/{id}/{vertex}"));
            ((*vertex).to_owned(), answer.clone())
        });
        CheckpointDetails {
            detail: files.get(&format!("checkpoints/{id}")).clone(),
            subtasks: subtasks.collect(),
        }
    };
    let ids = files.checkpoints().into_iter();
    let rest = Rest {
        checkpoints: files.get("checkpoints").clone(),
        checkpoint_details: ids.map(|id| (id.to_string(), details(id))).collect(),
        ..Rest::default()
    };
    let mut samples = of_checkpoints(&rest, &names, answers.from_ms, f64::INFINITY);
    for unknown in [Metric::Completed, Metric::Failed] {
        samples.remove(&(unknown, None));
    }
    for (position, (name, _)) in names.iter().enumerate() {
        let rates = Rates::of(answers, position);
        let is_source = answers.vertices[position].node.inputs.is_empty();
        let mean = |shares: &[Option<f64>]| {
            let known: Option<Vec<f64>> = shares.iter().copied().collect();
            let known = known.filter(|known| !known.is_empty())?;
            Some(1000.0 * known.iter().sum::<f64>() / known.len() as f64)
        };
        let records: f64 = if is_source {
            rates.records_out.iter().sum()
        } else {
            rates.records_in.iter().sum()
        };
        let figures = [
            (Metric::Throughput, (records > 0.0).then_some(records)),
            // Flink's busy time of a source is not meaningful.
            (Metric::Busy, mean(&rates.busy).filter(|_| !is_source)),
            (Metric::Backpressured, mean(&rates.backpressured)),
        ];
        for (metric, figure) in figures {
            if let Some(figure) = figure {
                samples.insert((metric, Some((*name).to_owned())), vec![figure]);
            }
        }
    }
    samples.retain(|_, values| !values.is_empty());
    samples
}

/// Spans after failures; one that was not over at the end is no sample.
pub fn of_recoveries(recoveries: &[RecoveryRecord], samples: &mut Samples) {
    type Span = fn(&RecoveryRecord) -> Option<SimDuration>;
    let spans: [(Metric, Span); 4] = [
        (Metric::RestartDelay, RecoveryRecord::restart_delay),
        (Metric::RestoreTime, RecoveryRecord::restore_time),
        (Metric::Downtime, RecoveryRecord::downtime),
        (Metric::CatchUp, RecoveryRecord::catch_up),
    ];
    for (metric, span) in spans {
        let ms = recoveries.iter().filter_map(span);
        let ms: Vec<f64> = ms.map(|span| 1000.0 * span.as_secs_f64()).collect();
        if !ms.is_empty() {
            samples.insert((metric, None), ms);
        }
    }
}

/// Figures of the checkpoints triggered from `warmup` on and finished by `end` (ms on the clock of the answers).
/// `vertices`: (name, vertex id).
pub fn of_checkpoints(rest: &Rest, vertices: &[(&str, &str)], warmup: f64, end: f64) -> Samples {
    let mut samples = Samples::new();
    let (mut completed, mut failed) = (0.0, 0.0);
    let mut triggers = Vec::new();
    for entry in history(rest) {
        let trigger = number(entry, "trigger_timestamp");
        if trigger < warmup || trigger > end || entry["is_savepoint"] == true {
            continue;
        }
        triggers.push(trigger);
        match entry["status"].as_str() {
            Some("FAILED") if number(entry, "failure_timestamp") <= end => failed += 1.0,
            Some("COMPLETED") if number(entry, "latest_ack_timestamp") <= end => {
                completed += 1.0;
                // Not every version has all of them.
                for (metric, field) in [
                    (Metric::EndToEndDuration, "end_to_end_duration"),
                    (Metric::CheckpointedSize, "checkpointed_size"),
                    (Metric::PersistedData, "persisted_data"),
                ] {
                    if let Some(value) = entry[field].as_f64() {
                        samples.entry((metric, None)).or_default().push(value);
                    }
                }
                let details = rest.checkpoint_details.get(&entry["id"].to_string());
                if let Some(details) = details {
                    of_subtasks(details, vertices, &mut samples);
                }
            }
            _ => {}
        }
    }
    triggers.sort_by(f64::total_cmp);
    let intervals = triggers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    samples.insert((Metric::TriggerInterval, None), intervals);
    samples.insert((Metric::Completed, None), vec![completed]);
    samples.insert((Metric::Failed, None), vec![failed]);
    samples
}

/// The median of samples; `None` if there are none.
pub fn median(samples: &[f64]) -> Option<f64> {
    quantile(samples, 0.5)
}

fn of_subtasks(details: &CheckpointDetails, vertices: &[(&str, &str)], samples: &mut Samples) {
    for (name, id) in vertices {
        let subtasks = details.subtasks.get(*id).map(|vertex| &vertex["subtasks"]);
        let Some(subtasks) = subtasks.and_then(Value::as_array) else {
            continue;
        };
        let mut add = |metric, read: &dyn Fn(&Value) -> f64| {
            let largest = subtasks.iter().map(read).fold(0.0, f64::max);
            let key = (metric, Some((*name).to_owned()));
            samples.entry(key).or_default().push(largest);
        };
        add(Metric::StartDelay, &|subtask| {
            number(subtask, "start_delay")
        });
        add(Metric::Alignment, &|subtask| {
            number(&subtask["alignment"], "duration")
        });
        add(Metric::Sync, &|subtask| {
            number(&subtask["checkpoint"], "sync")
        });
        add(Metric::Async, &|subtask| {
            number(&subtask["checkpoint"], "async")
        });
    }
}

fn of_counters(recording: &Recording, samples: &mut Samples) {
    let summary = &recording.summary;
    for node in &recording.params.explicit.nodes {
        let source = node.kind == "source";
        let mut add = |metric, value: Option<f64>| {
            if let Some(value) = value {
                samples.insert((metric, Some(node.id.clone())), vec![value]);
            }
        };
        if let Some(throughput) = summary.throughput_after_warmup.get(&node.id) {
            let records = if source {
                &throughput.out_rps
            } else {
                &throughput.in_rps
            };
            add(Metric::Throughput, sum(records));
        }
        if let Some(occupancy) = summary.occupancy_after_warmup.get(&node.id) {
            let mean = |values: &[Option<f64>]| Some(sum(values)? / values.len() as f64);
            // Flink's busy time of a source is not meaningful.
            if !source {
                add(Metric::Busy, mean(&occupancy.busy_ms_per_s));
            }
            add(
                Metric::Backpressured,
                mean(&occupancy.backpressured_ms_per_s),
            );
        }
    }
}

fn sum(values: &[Option<f64>]) -> Option<f64> {
    let values: Option<Vec<f64>> = values.iter().copied().collect();
    values
        .filter(|values| !values.is_empty())
        .map(|values| values.iter().sum())
}

fn history(rest: &Rest) -> impl Iterator<Item = &Value> {
    rest.checkpoints["history"].as_array().into_iter().flatten()
}

fn number(value: &Value, key: &str) -> f64 {
    value[key].as_f64().unwrap_or(0.0)
}
