//! `[job]`, `[simulation]` and `[[trigger]]`.

use crate::units::SimDuration;

/// What is simulated, for how long, and with which random numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Job {
    /// Name in tables and pictures.
    pub name: String,
    /// Simulated time, warm-up included.
    pub duration: SimDuration,
    /// The beginning that is left out of statistics; shorter than `duration`.
    pub warmup: SimDuration,
    /// Root of all random streams.
    pub seed: u64,
    /// Independent runs per point, each with its own random numbers; at least 1.
    pub replications: u32,
}

/// How the simulation itself is done.
#[derive(Clone, Debug, PartialEq)]
pub struct Simulation {
    /// A task's work on a buffer is cut into pieces of at most this (or one record, if that is longer), so that mails
    /// and priority barriers keep their real timing.
    pub quantum: SimDuration,
    /// How the keys of a hash exchange fall on subtasks.
    pub keys: KeyDraw,
    /// How long messages between JobManager and tasks take.
    pub latencies: LatencyDraw,
    /// Leaves steady time between random failures out of long runs.
    pub skip_steady_time: bool,
    /// Upper limit on events: a run that exceeds it ends with an error instead of running for hours.
    pub max_events: u64,
    /// Upper limit on subtasks of the job.
    pub max_subtasks: usize,
    /// Upper limit on channels of the job.
    pub max_channels: usize,
    /// Every record gets an identity, by which each completed checkpoint is proved to be a consistent cut.
    pub check_consistency: bool,
}

/// How the records of a hash exchange are dealt to the consumers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyDraw {
    /// Every record draws its consumer by the weights, as independent keys do.
    Random,
    /// Every consumer gets its exact share, in a fixed rotation: no luck of the draw.
    Even,
}

/// How the latencies of the control plane ([`crate::scenario::calibration::Latency`]) are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyDraw {
    /// Anew for every message.
    Random,
    /// Always the median.
    Typical,
}

/// A checkpoint or savepoint that is asked for at a given time (REST call).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ManualTrigger {
    /// When, since the start of the job.
    pub at: SimDuration,
    /// What.
    pub kind: Trigger,
}

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A checkpoint outside the schedule.
    Checkpoint,
    /// A savepoint in this format.
    Savepoint(SavepointFormat),
}

/// `flink-semantics` 5.7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SavepointFormat {
    /// Scan of all keys in one thread; portable.
    Canonical,
    /// The backend's own files, all of them.
    Native,
}

impl Default for Job {
    fn default() -> Self {
        Job {
            name: "job".to_owned(),
            duration: SimDuration::from_secs(600),
            warmup: SimDuration::from_secs(60),
            seed: 42,
            replications: 5,
        }
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Simulation {
            quantum: SimDuration::from_millis(5),
            keys: KeyDraw::Random,
            latencies: LatencyDraw::Typical,
            skip_steady_time: false,
            max_events: 20_000_000_000,
            max_subtasks: 20_000,
            max_channels: 4_000_000,
            check_consistency: false,
        }
    }
}
