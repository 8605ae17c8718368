//! The parts of which the critical path of a checkpoint consists. The parts of a part add up to it, to the nanosecond.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::measure::Place;
use crate::scenario::Scenario;
use crate::units::SimDuration;

/// A part of the time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Part {
    /// What it was spent on.
    #[serde(flatten)]
    pub step: Step,
    /// How long it took.
    #[serde(rename = "length_ns")]
    pub length: SimDuration,
    /// Flink's metric, REST field or option under which a user meets it.
    pub in_flink: String,
    /// What it consists of; empty, or with the same sum.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What time was spent on, in the order in which a checkpoint lives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Trigger to last ack.
    EndToEnd {
        /// Who acknowledged last.
        subtask: Subtask,
    },
    /// Trigger to first barrier, or until a source read its trigger.
    StartDelay,
    /// First barrier to snapshot: with aligned barriers the last one.
    Alignment {
        /// What Flink reports, if it is something else: unaligned, it goes on beside the snapshot.
        #[serde(rename = "reported_ns")]
        reported: SimDuration,
    },
    /// The task's thread takes the snapshot.
    Sync,
    /// The rest of the snapshot.
    Async,
    /// The way of the ack to the JobManager, and its handling.
    Ack,
    /// The JobManager's trigger on its way to the sources.
    TriggerRpc,
    /// The trigger in the mailbox of a source, which had something else to do.
    Mailbox {
        /// Who.
        source: Subtask,
        /// What it did.
        doing: Doing,
    },
    /// A barrier in a channel.
    Flight(Flight),
    /// Barriers were missing, until the aligned-checkpoint-timeout let them overtake.
    UntilTimeout {
        /// Who waited.
        subtask: Subtask,
    },
    /// A subtask wrote what its operators had buffered, before its barrier left (`prepareSnapshotPreBarrier`).
    PreBarrier {
        /// Who.
        subtask: Subtask,
    },
    /// The thread for asynchronous parts still had an older checkpoint.
    OlderCheckpoint,
    /// What precedes the first byte: resources, metadata, the state that travels in the ack.
    Preparation,
    /// Files to the checkpoint directory.
    Upload(Upload),
    /// Files are created, one after another.
    Create {
        /// How many.
        files: usize,
    },
    /// Bytes flow.
    Transfer(Transfer),
    /// Files are closed, one after another.
    Close {
        /// How many.
        files: usize,
    },
    /// In-flight data was not complete: a barrier was missing, here or at a subtask with the same channel-state file.
    InFlightData {
        /// The barrier that came last, with who waited for it.
        last: Option<(Subtask, Subtask)>,
    },
}

/// A subtask by its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtask {
    /// Name of its vertex.
    pub vertex: String,
    /// Its number, from 0.
    pub subtask: usize,
}

/// A barrier on its way through a channel.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flight {
    /// Who sent it.
    pub from: Subtask,
    /// Who waited for it.
    pub to: Subtask,
    /// Between TaskManagers.
    pub remote: bool,
    /// It was sent to overtake.
    pub overtakes: bool,
    /// It had been under way in the phase before, too.
    pub continued: bool,
    /// Bytes in front of it when it was sent.
    pub bytes_ahead: u64,
    /// Records in front of it when it was sent.
    pub records_ahead: u64,
    /// Records that the receiver processed during the whole flight, of all its channels.
    pub records_meanwhile: u64,
    /// Whose data the receiver polled during the whole flight: bytes by vertex.
    pub read_meanwhile: Vec<(String, u64)>,
    /// What the receiver did during the whole flight.
    pub doing: Doing,
}

/// How a subtask spent some time, as shares of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Doing {
    /// With records and snapshots.
    pub busy: f64,
    /// Without room in its outputs.
    pub backpressured: f64,
    /// Without input.
    pub idle: f64,
    /// If it was mostly backpressured: the busiest subtask downstream, which holds it up.
    pub held_by: Option<Held>,
}

/// Who holds others up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Held {
    /// Who.
    pub subtask: Subtask,
    /// Share of the run after warm-up in which it was busy.
    pub busy: f64,
}

/// The upload of a subtask.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Upload {
    /// All files of the subtask, or the one channel-state file.
    pub files: usize,
    /// Their bytes.
    pub bytes: u64,
    /// Files that one thread wrote one after another, the last of which was the last of all: bytes.
    pub chain: Vec<u64>,
    /// The file holds in-flight data.
    pub channel_state: bool,
}

/// Bytes on the critical path.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Transfer {
    /// How many.
    pub bytes: u64,
    /// Files that flowed at the same time from the same TaskManager, on average, this one included.
    pub sharing_taskmanager: f64,
    /// Files that flowed at the same time from all TaskManagers, on average, this one included.
    pub sharing_total: f64,
    /// What bounds the rate; `None` = nothing.
    pub limit: Option<Limit>,
}

/// A bandwidth of `[storage]`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Limit {
    /// Which.
    pub kind: LimitKind,
    /// Its value.
    pub bytes_per_s: f64,
}

/// Which bandwidth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitKind {
    /// `storage.write-per-stream`.
    Stream,
    /// `storage.write-per-taskmanager`.
    TaskManager,
    /// `storage.write-total`.
    Total,
}

impl LimitKind {
    /// Its key in a scenario.
    pub fn key(self) -> &'static str {
        match self {
            LimitKind::Stream => "storage.write-per-stream",
            LimitKind::TaskManager => "storage.write-per-taskmanager",
            LimitKind::Total => "storage.write-total",
        }
    }
}

impl Part {
    /// A part without parts.
    pub fn leaf(step: Step, length: SimDuration) -> Part {
        Part::of(step, length, Vec::new())
    }

    /// A part with its parts.
    pub fn of(step: Step, length: SimDuration, parts: Vec<Part>) -> Part {
        Part {
            in_flink: step.in_flink(),
            step,
            length,
            parts,
        }
    }

    /// All parts that have no parts, from left to right.
    pub fn leaves(&self) -> Vec<&Part> {
        if self.parts.is_empty() {
            return vec![self];
        }
        self.parts.iter().flat_map(Part::leaves).collect()
    }
}

impl Step {
    /// Where Flink shows it. Names of the REST API's subtask details, of metrics, and of options.
    fn in_flink(&self) -> String {
        let text = match self {
            Step::EndToEnd { .. } => "end_to_end_duration",
            Step::StartDelay => "start_delay",
            Step::Alignment { .. } | Step::InFlightData { .. } => "alignment.duration",
            Step::Sync => "checkpoint.sync",
            Step::Async | Step::Preparation => "checkpoint.async",
            Step::Ack => "ack_timestamp",
            Step::TriggerRpc => "trigger_timestamp",
            Step::Mailbox { doing, .. } => doing.metric(),
            Step::Flight(flight) => flight.doing.metric(),
            Step::UntilTimeout { .. } => "aligned-checkpoint-timeout",
            Step::PreBarrier { .. } => "none (no phase shows it)",
            Step::OlderCheckpoint => "max-concurrent-checkpoints",
            Step::Upload(upload) if upload.channel_state => "alignment.persisted",
            Step::Upload(_) => "checkpointed_size",
            Step::Create { .. } | Step::Transfer(_) | Step::Close { .. } => "none (storage)",
        };
        text.to_owned()
    }
}

impl Doing {
    /// What was done most of the time.
    pub fn mostly(&self) -> Mostly {
        if self.backpressured > self.busy.max(self.idle) {
            Mostly::Backpressured
        } else if self.idle > self.busy {
            Mostly::Idle
        } else {
            Mostly::Busy
        }
    }

    fn metric(&self) -> &'static str {
        match self.mostly() {
            Mostly::Busy => "busyTimeMsPerSecond",
            Mostly::Backpressured => "backPressuredTimeMsPerSecond",
            Mostly::Idle => "idleTimeMsPerSecond",
        }
    }
}

/// What a subtask does most of the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mostly {
    /// Processes.
    Busy,
    /// Waits for room in its outputs.
    Backpressured,
    /// Waits for input.
    Idle,
}

impl Subtask {
    /// The subtask at a place.
    pub fn at(scenario: &Scenario, place: Place) -> Subtask {
        Subtask {
            vertex: scenario.vertices[place.vertex].name.clone(),
            subtask: place.subtask,
        }
    }
}

impl fmt::Display for Subtask {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} #{}", self.vertex, self.subtask)
    }
}
