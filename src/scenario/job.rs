//! `[job]`, `[simulation]` and `[[trigger]]`.

use crate::scenario::keys::kind::{Count, Duration, Flag, Size, Text, Word, ns};
use crate::scenario::keys::table::{choice, table};
use crate::units::SimDuration;

table! {
    /// What is simulated, for how long, and with which random numbers.
    pub struct Job {
        /// Name in tables and pictures.
        name: Text = "job".to_owned();
        /// Simulated time, warm-up included.
        duration: Duration<0, { 366 * ns::DAY }> = SimDuration::from_secs(600);
        /// The beginning that is left out of statistics; shorter than `duration`. Without it a tenth of `duration`, at most
        /// the default.
        warmup: Duration = SimDuration::from_secs(60);
        /// Root of all random numbers.
        seed: Count = 42;
        /// Independent runs, each with its own random numbers.
        replications: Count<1, 10_000, u32> = 5;
        /// Version of Flink whose defaults hold, such as "2.3" or "1.20". Default: "2.3". Versions 1.x have fewer
        /// overdraft buffers and let `taskmanager.network.memory.buffers-per-channel` and its siblings act.
        // `None` in a scenario, which holds what the version decides.
        flink_version (like "\"2.3\""): Text;
        /// How far back completed checkpoints should reach; `check` warns if `num-retained` is too small for it.
        retention_wish (like "\"1 h\""): Duration;
    }
}

table! {
    /// How the simulation itself is done; not part of Flink.
    pub struct Simulation {
        /// A task's work on a buffer is cut into pieces of at most this, so that barriers keep their timing.
        quantum: Duration<{ ns::MICROSECOND }> = SimDuration::from_millis(5);
        /// How keys fall on subtasks: "random" (each record draws its consumer) or "even" (exact shares, in rotation).
        keys: Word<KeyDraw> = KeyDraw::Random;
        /// How long messages between JobManager and tasks take: "typical" (always the median) or "random" (with the spread
        /// from message to message and from cluster to cluster that recordings show).
        latencies: Word<LatencyDraw> = LatencyDraw::Typical;
        /// Long runs with random failures: leave the steady time between them out. The checkpoints of the first steady stretch
        /// stand for those that are left out; failures and recoveries are all simulated.
        skip_steady_time: Flag = false;
        /// A run with more events than this ends with an error; each record that a processed one gives beyond the first
        /// counts as one.
        max_events: Count<1> = 20_000_000_000;
        /// A job with more subtasks than this is refused.
        // At most, they have room for 32 bits of channels, and more.
        max_subtasks: Count<1, 100_000_000, usize> = 20_000;
        /// A job with more channels than this is refused.
        // At most, they take 350 GB; they are counted in 32 bits.
        max_channels: Count<1, 1_000_000_000, usize> = 4_000_000;
        /// Prove for every completed checkpoint that it is a consistent cut, record by record, and count what at-least-once
        /// would process twice. Takes about twice the time; a record's key and what it gives are then fixed by where its
        /// source read it.
        check_consistency: Flag = false;
        /// Measure how old records are when they have been processed at the end of the job: by marks that travel among them, as
        /// often as `pipeline.auto-watermark-interval` says. A window passes one on when it has fired.
        record_latency: Flag = false;
        /// Also trigger a checkpoint whenever the sources have emitted this many records since the last trigger
        /// (Flink cannot do this). Default: by time only.
        trigger_every_records (like "1000000"): Count<1>;
        /// What happens to the fast channels during an aligned barrier: "flink" (blocked at the sender) or "caching"
        /// (read on and kept by the receiver, as Flink did before credit-based flow control). Default: "flink".
        // All three are `None` in a scenario, which holds them as `Alignment::Caching`.
        alignment: Word<AlignmentKind>;
        /// With `alignment = "caching"`: bytes that one subtask may keep. Default: "64 MiB".
        cache_limit (like "\"64 MiB\""): Size;
        /// With `alignment = "caching"`: what happens beyond the limit, "spill" to local disk or "fail" (out of memory).
        /// Default: "spill".
        cache_overflow: Word<Overflow>;
    }
}

choice! {
    /// `simulation.alignment`.
    pub enum AlignmentKind {
        /// As the options of Flink say.
        Flink = "flink",
        /// Old Flink's caching.
        Caching = "caching",
    }
}

table! {
    /// A checkpoint or savepoint that somebody asks for.
    pub struct TriggerTable {
        /// When, since the start of the job.
        at (like "\"5 min\""): Duration;
        /// "checkpoint" or "savepoint".
        kind: Word<TriggerKind> = TriggerKind::Checkpoint;
        /// Of a savepoint: "canonical" (portable, all keys are read) or "native" (the backend's own files).
        /// Default: "canonical".
        format: Word<SavepointFormat>;
    }
}

choice! {
    /// `trigger.kind`.
    pub enum TriggerKind {
        /// A checkpoint outside of the schedule.
        Checkpoint = "checkpoint",
        /// A savepoint.
        Savepoint = "savepoint",
    }
}

choice! {
    /// How the records of a hash exchange are dealt to the consumers.
    pub enum KeyDraw {
        /// Every record draws its consumer by the weights, as independent keys do.
        Random = "random",
        /// Every consumer gets its exact share, in a fixed rotation: no luck of the draw.
        Even = "even",
    }
}

choice! {
    /// How the latencies of the control plane ([`crate::scenario::calibration::Latency`]) are drawn.
    pub enum LatencyDraw {
        /// Anew for every message.
        Random = "random",
        /// Always the median.
        Typical = "typical",
    }
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

choice! {
    /// `flink-semantics` 5.7.
    pub enum SavepointFormat {
        /// Scan of all keys in one thread; portable.
        Canonical = "canonical",
        /// The backend's own files, all of them.
        Native = "native",
    }
}

choice! {
    /// What a subtask does when its alignment cache is full.
    pub enum Overflow {
        /// Further data goes to local disk (`task.checkpoint.alignment.max-size` unset in old Flink: `BufferSpiller`).
        Spill = "spill",
        /// The subtask fails: out of memory.
        Fail = "fail",
    }
}
