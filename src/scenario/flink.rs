//! `[flink]`: Flink's own options, decided. Defaults are those of Flink 2.3.0 unless a comment says otherwise.

use crate::scenario::keys::flink as keys;
use crate::units::{Bytes, SimDuration};

pub use crate::scenario::job::Overflow;
pub use crate::scenario::keys::flink::Mode;

/// Options under `execution.checkpointing` and `state`.
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpointing {
    /// `execution.checkpointing.interval`, already raised to at least `min_pause`; `None` = checkpointing off.
    pub interval: Option<SimDuration>,
    /// `execution.checkpointing.interval-during-backlog` as given; see [`Checkpointing::interval_during_backlog`].
    pub backlog_interval: Option<SimDuration>,
    /// `pipeline.sources.pause-until-first-checkpoint`.
    pub pause_sources: bool,
    /// `execution.checkpointing.min-pause`.
    pub min_pause: SimDuration,
    /// `execution.checkpointing.max-concurrent-checkpoints`, at least 1.
    pub max_concurrent: usize,
    /// `execution.checkpointing.timeout`.
    pub timeout: SimDuration,
    /// The checkpoint with this number never expires (not in Flink: to see how long it would have taken).
    pub spared: Option<u64>,
    /// `execution.checkpointing.tolerable-failed-checkpoints`.
    pub tolerable_failures: u32,
    /// `execution.checkpointing.mode`.
    pub mode: Mode,
    /// `execution.checkpointing.unaligned.enabled` and `aligned-checkpoint-timeout`; or old Flink's caching.
    pub alignment: Alignment,
    /// `execution.checkpointing.checkpoints-after-tasks-finish`.
    pub after_finish: bool,
    /// `execution.checkpointing.unaligned.interruptible-timers.enabled`; of no effect where barriers do not overtake.
    pub interruptible_timers: bool,
    /// `execution.checkpointing.unaligned.max-subtasks-per-channel-state-file`, at least 1.
    pub subtasks_per_channel_state_file: usize,
    /// `execution.checkpointing.num-retained`, at least 1.
    pub retained: usize,
    /// `execution.checkpointing.data-inline-threshold`: state up to this size travels in the ack.
    pub inline_threshold: Bytes,
    /// `execution.checkpointing.file-merging`, if it is on.
    pub file_merging: Option<FileMerging>,
    /// `execution.checkpointing.storage` / `.dir`.
    pub storage: CheckpointStorage,
    /// `state.backend.type` with its options.
    pub backend: Backend,
    /// `state.changelog.enabled` and its options.
    pub changelog: Option<Changelog>,
}

/// `execution.checkpointing.file-merging`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileMerging {
    /// `across-checkpoint-boundary`.
    pub across: bool,
    /// `max-file-size`.
    pub max_size: Bytes,
    /// `pool-blocking`.
    pub blocking: bool,
}

/// What barriers do at a task with several inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Channels whose barrier has come are blocked at the sender.
    Aligned,
    /// Barriers overtake data from the start.
    Unaligned,
    /// Aligned until the checkpoint is this old, then unaligned.
    AlignedThenUnaligned {
        /// `execution.checkpointing.aligned-checkpoint-timeout`, counted from the trigger.
        after: SimDuration,
    },
    /// Flink before credit-based flow control: the receiver keeps reading the fast channels and caches their data.
    Caching {
        /// Bytes that one subtask may cache.
        limit: Bytes,
        /// What happens beyond.
        overflow: Overflow,
    },
}

/// Where completed state goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckpointStorage {
    /// A directory: the bandwidths and latencies of `[storage]`.
    FileSystem,
    /// The JobManager's heap: state travels in the ack, at most this much per state.
    JobManager {
        /// Limit per state of a subtask (Flink: 5 MiB).
        max_state: Bytes,
    },
}

/// `state.backend.type`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Backend {
    /// Objects on the heap; every snapshot is full.
    HashMap,
    /// Embedded RocksDB.
    RocksDb(RocksDb),
}

/// Options of the RocksDB backend.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RocksDb {
    /// `execution.checkpointing.incremental`.
    pub incremental: bool,
    /// `state.backend.rocksdb.checkpoint.transfer.thread.num`, at least 1.
    pub transfer_threads: usize,
}

/// Options of the changelog (FLIP-158).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Changelog {
    /// `state.changelog.periodic-materialize.interval`; `None` = never.
    pub materialize: Option<SimDuration>,
    /// `state.changelog.dstl.dfs.preemptive-persist-threshold`.
    pub preemptive_persist: Bytes,
    /// `state.changelog.dstl.dfs.batch.persist-delay`.
    pub persist_delay: SimDuration,
}

/// Network buffers (`flink-semantics` 4.1).
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    /// `taskmanager.memory.segment-size`.
    pub segment: Bytes,
    /// Exclusive buffers per remote channel.
    pub exclusive: usize,
    /// Floating buffers per input gate, and extra segments of an output pool.
    pub floating: usize,
    /// A task is unavailable as soon as one of its subpartitions holds this many segments.
    pub max_per_channel: usize,
    /// Segments a task may take beyond its pool inside one record.
    pub overdraft: usize,
    /// `execution.buffer-timeout`.
    pub buffer_timeout: BufferTimeout,
    /// `pipeline.auto-watermark-interval`; zero = no watermarks.
    pub watermark_interval: SimDuration,
    /// `table.exec.source.idle-timeout`; zero = never.
    pub source_idle: SimDuration,
    /// `taskmanager.network.memory.buffer-debloat`.
    pub debloating: Option<Debloating>,
}

/// When a partly filled buffer is handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BufferTimeout {
    /// A flusher thread runs with this period.
    Every(SimDuration),
    /// After every record (timeout 0).
    EveryRecord,
    /// Only when full (`execution.buffer-timeout.enabled: false`).
    WhenFull,
}

/// Buffer debloating (`flink-semantics` 4.5).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Debloating {
    /// `…buffer-debloat.period`.
    pub period: SimDuration,
    /// `…buffer-debloat.target`.
    pub target: SimDuration,
    /// `…buffer-debloat.samples`, at least 1.
    pub samples: u32,
    /// `…buffer-debloat.threshold-percentages`, as a fraction.
    pub threshold: f64,
    /// `taskmanager.memory.min-segment-size`.
    pub min_segment: Bytes,
    /// `taskmanager.memory.starting-segment-size`.
    pub starting_segment: Bytes,
}

impl Checkpointing {
    /// The interval while a source reports a backlog, never shorter than the other; `None` = no checkpoints meanwhile.
    pub fn interval_during_backlog(&self) -> Option<SimDuration> {
        let interval = self.interval?;
        match self.backlog_interval {
            None => Some(interval),
            Some(given) if given.as_nanos() < keys::PERIOD_MIN => None,
            Some(given) => Some(given.max(interval)),
        }
    }

    /// Whether sources wait for the first checkpoint, if there is one to come.
    pub fn pauses_sources(&self) -> bool {
        self.pause_sources && self.interval_during_backlog().is_some()
    }

    /// Whether any in-flight data can be persisted.
    pub fn may_overtake(&self) -> bool {
        self.mode == Mode::ExactlyOnce
            && matches!(
                self.alignment,
                Alignment::Unaligned | Alignment::AlignedThenUnaligned { .. }
            )
    }
}

impl Default for Checkpointing {
    fn default() -> Self {
        Checkpointing {
            interval: None,
            backlog_interval: None,
            pause_sources: keys::PAUSE_SOURCES.default(),
            min_pause: keys::MIN_PAUSE.default(),
            max_concurrent: keys::MAX_CONCURRENT.default(),
            timeout: keys::TIMEOUT.default(),
            spared: None,
            tolerable_failures: keys::TOLERABLE_FAILURES.default(),
            mode: keys::MODE.default(),
            alignment: Alignment::Aligned,
            after_finish: keys::AFTER_FINISH.default(),
            interruptible_timers: keys::INTERRUPTIBLE_TIMERS.default(),
            subtasks_per_channel_state_file: keys::SUBTASKS_PER_FILE.default(),
            retained: keys::NUM_RETAINED.default() as usize,
            inline_threshold: keys::INLINE_THRESHOLD.default(),
            file_merging: None,
            storage: CheckpointStorage::FileSystem,
            backend: Backend::HashMap,
            changelog: None,
        }
    }
}

impl Default for RocksDb {
    fn default() -> Self {
        RocksDb {
            incremental: keys::INCREMENTAL.default(),
            transfer_threads: keys::TRANSFER_THREADS.default() as usize,
        }
    }
}

impl Default for Changelog {
    fn default() -> Self {
        Changelog {
            materialize: Some(keys::MATERIALIZE_INTERVAL.default()),
            preemptive_persist: keys::PREEMPTIVE_PERSIST.default(),
            persist_delay: keys::PERSIST_DELAY.default(),
        }
    }
}

impl Default for Network {
    /// Flink 2.3: hard-coded in `NettyShuffleEnvironmentConfiguration.fromConfiguration`.
    fn default() -> Self {
        Network {
            segment: keys::SEGMENT.default(),
            exclusive: keys::EXCLUSIVE.default(),
            floating: keys::FLOATING.default(),
            max_per_channel: keys::MAX_PER_CHANNEL.default(),
            overdraft: 20,
            buffer_timeout: BufferTimeout::Every(keys::BUFFER_TIMEOUT.default()),
            watermark_interval: keys::WATERMARK_INTERVAL.default(),
            source_idle: keys::SOURCE_IDLE.default(),
            debloating: None,
        }
    }
}

impl Default for Debloating {
    fn default() -> Self {
        Debloating {
            period: keys::DEBLOAT_PERIOD.default(),
            target: keys::DEBLOAT_TARGET.default(),
            samples: keys::DEBLOAT_SAMPLES.default(),
            threshold: f64::from(keys::DEBLOAT_THRESHOLD.default()) / 100.0,
            min_segment: keys::MIN_SEGMENT.default(),
            starting_segment: keys::STARTING_SEGMENT.default(),
        }
    }
}
