//! `[flink]`: the options of Flink that are simulated, with Flink's keys, units and defaults (Flink 2.3.0).
//!
//! Options that are accepted without being simulated are in `flink_options.txt`.

use crate::scenario::bounds::PARALLELISM_MAX;
use crate::scenario::keys::kind::ns;
use crate::scenario::keys::option::{
    Before2, Boolean, Decimal, INTEGER_MAX, Integer, Memory, Name, OneOf, Period, options,
};
use crate::scenario::keys::table::choice;

/// `CheckpointCoordinatorConfiguration`: smallest interval and timeout.
pub const PERIOD_MIN: u64 = 10 * ns::MILLISECOND;

/// Flink's own numbers of buffers are 2, 8, 10 and 20. So many for each of 32,768 channels are still counted in 32 bits.
const BUFFERS_MAX: i64 = 10_000;
const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;

options! {
    /// Options that a scenario holds as they are.
    pub struct Options;

    /// base period; unset = checkpointing off
    INTERVAL: Period, "execution.checkpointing.interval";
    /// base period while a source reports a backlog (`source.backlog`); unset = the same, below 10 ms = no checkpoints meanwhile
    BACKLOG_INTERVAL: Period, "execution.checkpointing.interval-during-backlog";
    /// BATCH takes no checkpoints
    RUNTIME_MODE: OneOf<RuntimeMode> = "STREAMING", "execution.runtime-mode";
    /// EXACTLY_ONCE (blocking alignment) or AT_LEAST_ONCE
    MODE: OneOf<Mode> = "EXACTLY_ONCE", "execution.checkpointing.mode";
    /// minimum time from last success to next periodic trigger
    MIN_PAUSE: Period = "0 s", "execution.checkpointing.min-pause";
    /// limit on pending checkpoints (savepoints occupy places)
    MAX_CONCURRENT: Integer<1, INTEGER_MAX> = "1", "execution.checkpointing.max-concurrent-checkpoints";
    /// abort a pending checkpoint after this
    TIMEOUT: Period<PERIOD_MIN> = "10 min", "execution.checkpointing.timeout";
    /// consecutive counted failures tolerated before the job fails
    TOLERABLE_FAILURES: Integer<0, INTEGER_MAX, u32> = "0", "execution.checkpointing.tolerable-failed-checkpoints";
    /// completed checkpoints kept
    NUM_RETAINED: Integer<{ i64::MIN }, INTEGER_MAX, i64> = "1", "execution.checkpointing.num-retained"
        or "state.checkpoints.num-retained";
    /// barriers may overtake
    UNALIGNED: Boolean = "false", "execution.checkpointing.unaligned.enabled" or "execution.checkpointing.unaligned";
    /// start aligned, switch when checkpoint age exceeds this; 0 = unaligned from the start
    ALIGNED_TIMEOUT: Period = "0 s", "execution.checkpointing.aligned-checkpoint-timeout"
        or "execution.checkpointing.alignment-timeout";
    /// checkpoints go on when tasks have finished; false before Flink 1.15
    AFTER_FINISH: Boolean = "true", "execution.checkpointing.checkpoints-after-tasks-finish"
        or "execution.checkpointing.checkpoints-after-tasks-finish.enabled";
    /// mail, and with it an unaligned barrier, is read between event-time timers (with unaligned barriers only)
    INTERRUPTIBLE_TIMERS: Boolean = "false", "execution.checkpointing.unaligned.interruptible-timers.enabled";
    /// subtasks per TM sharing a channel-state file
    SUBTASKS_PER_FILE: Integer<1, INTEGER_MAX> = "5",
        "execution.checkpointing.unaligned.max-subtasks-per-channel-state-file";
    /// state ≤ this goes inline into ack/_metadata
    INLINE_THRESHOLD: Memory<0, MIB> = "20 kb", "execution.checkpointing.data-inline-threshold"
        or "state.storage.fs.memory-threshold", "state.backend.fs.memory-threshold";
    /// several states share a file (since Flink 1.20)
    FILE_MERGING: Boolean = "false", "execution.checkpointing.file-merging.enabled";
    /// files go on growing from checkpoint to checkpoint
    FILE_MERGING_ACROSS: Boolean = "false", "execution.checkpointing.file-merging.across-checkpoint-boundary";
    /// a merged file is closed when it is as large
    FILE_MERGING_SIZE: Memory<1> = "32 mb", "execution.checkpointing.file-merging.max-file-size";
    /// writers wait for the file of their pool instead of creating another one
    FILE_MERGING_BLOCKING: Boolean = "false", "execution.checkpointing.file-merging.pool-blocking";
    /// jobmanager / filesystem; unset = filesystem iff a dir is set
    STORAGE: Name, "execution.checkpointing.storage" or "state.checkpoint-storage";
    /// checkpoint directory
    DIR: Name, "execution.checkpointing.dir" or "state.checkpoints.dir", "state.backend.fs.checkpointdir";
    /// hashmap / rocksdb / forst
    BACKEND: Name = "hashmap", "state.backend.type" or "state.backend";
    /// incremental snapshots (RocksDB, ForSt)
    INCREMENTAL: Boolean = "false", "execution.checkpointing.incremental" or "state.backend.incremental";
    /// up/download threads per operator
    TRANSFER_THREADS: Integer<{ i64::MIN }, 1_000, i64> = "4", "state.backend.rocksdb.checkpoint.transfer.thread.num";
    /// FLIP-158
    CHANGELOG: Boolean = "false", "state.changelog.enabled" or "state.backend.changelog.enabled";
    /// materialise inner backend periodically
    MATERIALIZE: Boolean = "true", "state.changelog.periodic-materialize.enabled"
        or "state.backend.changelog.periodic-materialize.enabled";
    /// materialisation period
    MATERIALIZE_INTERVAL: Period = "10 min", "state.changelog.periodic-materialize.interval"
        or "state.backend.changelog.periodic-materialize.interval";
    /// early log upload
    PREEMPTIVE_PERSIST: Memory = "5 mb", "state.changelog.dstl.dfs.preemptive-persist-threshold"
        or "dstl.dfs.preemptive-persist-threshold";
    /// batching delay
    PERSIST_DELAY: Period = "10 ms", "state.changelog.dstl.dfs.batch.persist-delay" or "dstl.dfs.batch.persist-delay";

    /// network buffer size
    SEGMENT: Memory<KIB, { 64 * MIB }> = "32 kb", "taskmanager.memory.segment-size";
    /// exclusive buffers per channel; fixed in 2.x
    EXCLUSIVE: Before2<Integer<0, BUFFERS_MAX>> = "2", "taskmanager.network.memory.buffers-per-channel";
    /// floating buffers per gate; fixed in 2.x
    FLOATING: Before2<Integer<1, BUFFERS_MAX>> = "8", "taskmanager.network.memory.floating-buffers-per-gate";
    /// segments one subpartition may hold; fixed in 2.x
    MAX_PER_CHANNEL: Before2<Integer<1, BUFFERS_MAX>> = "10", "taskmanager.network.memory.max-buffers-per-channel";
    /// segments beyond the pool inside one record; fixed at 20 in 2.x
    OVERDRAFT: Before2<Integer<0, BUFFERS_MAX>> = "5", "taskmanager.network.memory.max-overdraft-buffers-per-gate";
    /// flush timer on/off
    BUFFER_TIMEOUT_ENABLED: Boolean = "true", "execution.buffer-timeout.enabled";
    /// flush partial buffers
    BUFFER_TIMEOUT: Period = "100 ms", "execution.buffer-timeout.interval" or "execution.buffer-timeout";
    /// sources wait for the trigger of the first checkpoint after each start
    PAUSE_SOURCES: Boolean = "false", "pipeline.sources.pause-until-first-checkpoint";
    /// how often sources emit a watermark; 0 = never
    WATERMARK_INTERVAL: Period = "200 ms", "pipeline.auto-watermark-interval";
    /// of SQL: a source's subtask without a record for so long is idle, unless `source.idle-after` says otherwise; 0 = never
    SOURCE_IDLE: Period = "0 ms", "table.exec.source.idle-timeout";
    /// debloating
    DEBLOAT: Boolean = "false", "taskmanager.network.memory.buffer-debloat.enabled";
    /// recalculation period
    DEBLOAT_PERIOD: Period<1> = "200 ms", "taskmanager.network.memory.buffer-debloat.period";
    /// target time of in-flight data
    DEBLOAT_TARGET: Period<1> = "1 s", "taskmanager.network.memory.buffer-debloat.target";
    /// EMA samples
    DEBLOAT_SAMPLES: Integer<1, INTEGER_MAX, u32> = "20", "taskmanager.network.memory.buffer-debloat.samples";
    /// announce threshold
    DEBLOAT_THRESHOLD: Integer<1, 100, u32> = "25", "taskmanager.network.memory.buffer-debloat.threshold-percentages";
    /// debloat floor
    MIN_SEGMENT: Memory = "256 bytes", "taskmanager.memory.min-segment-size";
    /// debloat start
    STARTING_SEGMENT: Memory = "1 kb", "taskmanager.memory.starting-segment-size";

    /// unset = exponential-delay if checkpointing is on (1.x: fixed-delay, 1 s, unlimited attempts), else none
    RESTART: OneOf<Strategy>, "restart-strategy.type" or "restart-strategy";
    /// first delay before a restart
    EXPONENTIAL_INITIAL: Period<{ ns::MILLISECOND }> = "1 s", "restart-strategy.exponential-delay.initial-backoff";
    /// longest delay before a restart
    EXPONENTIAL_MAX: Period = "1 min", "restart-strategy.exponential-delay.max-backoff";
    /// factor from one delay to the next
    EXPONENTIAL_MULTIPLIER: Decimal<1, 1_000_000> = "1.5", "restart-strategy.exponential-delay.backoff-multiplier";
    /// ± share of the delay
    EXPONENTIAL_JITTER: Decimal<0, 1> = "0.1", "restart-strategy.exponential-delay.jitter-factor";
    /// stable time that resets
    EXPONENTIAL_RESET: Period = "1 h", "restart-strategy.exponential-delay.reset-backoff-threshold";
    /// after so many restarts without a reset the job fails
    EXPONENTIAL_ATTEMPTS: Integer<1, INTEGER_MAX, u32> = "2147483647",
        "restart-strategy.exponential-delay.attempts-before-reset-backoff";
    /// restarts before the job fails
    FIXED_ATTEMPTS: Integer<0, INTEGER_MAX, u32> = "1", "restart-strategy.fixed-delay.attempts";
    /// delay before each restart
    FIXED_DELAY: Period = "1 s", "restart-strategy.fixed-delay.delay";
    /// failures within the interval that are restarted
    RATE_FAILURES: Integer<1, INTEGER_MAX, u32> = "1", "restart-strategy.failure-rate.max-failures-per-interval";
    /// length of the interval
    RATE_INTERVAL: Period<1> = "1 min", "restart-strategy.failure-rate.failure-rate-interval";
    /// delay before each restart
    RATE_DELAY: Period = "1 s", "restart-strategy.failure-rate.delay";
    /// region / full
    FAILOVER: OneOf<Failover> = "region", "jobmanager.execution.failover-strategy";
    /// between two heartbeats
    HEARTBEAT: Period<1> = "10 s", "heartbeat.interval";
    /// silence after which a TaskManager or the JobManager counts as lost
    HEARTBEAT_TIMEOUT: Period = "50 s", "heartbeat.timeout";
    /// use local copies at recovery
    LOCAL_RECOVERY: Boolean = "false", "execution.state-recovery.from-local" or "state.backend.local-recovery";
    /// write local copies; unset = as execution.state-recovery.from-local
    LOCAL_BACKUP: Boolean, "execution.checkpointing.local-backup.enabled";

    /// parallelism of vertices that give none
    PARALLELISM: Integer<1, { PARALLELISM_MAX.cast_signed() }> = "1", "parallelism.default";
    /// number of key groups of keyed operators; unset = by Flink's rule from their parallelism
    MAX_PARALLELISM: Integer<1, { PARALLELISM_MAX.cast_signed() }, u32> = "-1", "pipeline.max-parallelism" => max_parallelism;
    /// slots of a TaskManager, unless `cluster.slots` is given
    SLOTS: Integer<1, 100_000> = "1", "taskmanager.numberOfTaskSlots";
}

choice! {
    /// `execution.runtime-mode`.
    pub enum RuntimeMode {
        /// Records come without end.
        Streaming = "STREAMING",
        /// What fails is made again from its beginning.
        Batch = "BATCH",
        /// Batch if all sources end.
        Automatic = "AUTOMATIC",
    }
}

choice! {
    /// `restart-strategy.type`.
    pub enum Strategy {
        /// The first failure ends the job.
        None = "none" | "off" | "disable",
        /// Always the same delay.
        FixedDelay = "fixed-delay" | "fixeddelay",
        /// Until failures come too fast.
        FailureRate = "failure-rate" | "failurerate",
        /// Longer and longer delays.
        ExponentialDelay = "exponential-delay" | "exponentialdelay",
    }
}

choice! {
    /// `execution.checkpointing.mode`.
    pub enum Mode {
        /// Barriers are aligned (or overtake); each record counts once.
        ExactlyOnce = "EXACTLY_ONCE",
        /// Barriers never block.
        AtLeastOnce = "AT_LEAST_ONCE",
    }
}

choice! {
    /// `jobmanager.execution.failover-strategy`.
    pub enum Failover {
        /// The tasks that are connected to the failed one.
        Region = "region",
        /// All tasks.
        Full = "full",
    }
}
