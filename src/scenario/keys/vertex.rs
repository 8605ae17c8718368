//! `[[vertex]]` as written.

use crate::scenario::bounds::PARALLELISM_MAX;
use crate::scenario::keys::kind::{
    Count, Duration, Flag, FromShort, List, Number, OneOrMany, RecordRate, Share, ShareRate, Short,
    Size, Text, Word, ns,
};
use crate::scenario::keys::table::{choice, table};
use crate::scenario::sink::Sink;
use crate::scenario::timers::{TimersTable, Window};
use crate::scenario::vertex::{Arrivals, Reading};
use crate::units::{Bytes, SimDuration};

/// A parallelism.
pub type Parallelism = Count<1, PARALLELISM_MAX, usize>;

table! {
    /// What runs as one task per subtask: a source or an operator (chain).
    pub struct Vertex one of ["slow", "slowness"], ["window", "timers"] {
        /// Unique name.
        name (like "\"join\""): Text;
        /// Number of subtasks. Default: 1, or `parallelism.default` of `[flink]`.
        parallelism: Parallelism;
        /// Number of key groups (`setMaxParallelism`). Default: `pipeline.max-parallelism` of `[flink]`, else by Flink's rule.
        max_parallelism (like "128"): Count<1, PARALLELISM_MAX, u32>;
        /// Makes this vertex a source.
        source: Source;
        /// Names of the vertices that this one reads, or tables with an exchange. Makes this vertex an operator.
        inputs (like "[\"source\"]"): List<Short<Input>>;
        /// How several inputs are read: "union" (one input) or "alternating" (a join, record by record). Default: "union".
        reading: Word<Reading>;
        /// Records out per record in, on average. Default: 1.0.
        selectivity: Number;
        /// Time on the task's thread per record, "35 us", or a table with a distribution. Default: "1 us".
        service (like "\"35 us\""): Short<Service>;
        /// true: that time, and `sync-extra`, is spent waiting (calls to another system), and takes none of the processors of
        /// `cluster.cores`. Default: false.
        blocking (like "true"): Flag;
        /// Subtasks that are slower than the others.
        slow (like "{ subtask = 3, factor = 2.0 }"): OneOrMany<Slow>;
        /// Factor on the service time of every subtask, instead of `slow`.
        slowness: List<Number>;
        /// Bytes on the wire of one record that this vertex emits. Default: that of the first input; of a source "100 B".
        record (like "\"100 B\""): Size;
        /// Keyed state.
        state: State;
        /// Time on the task's thread before a barrier leaves (`prepareSnapshotPreBarrier`): in no phase that Flink reports, and a
        /// start delay for its consumers.
        pre_barrier: Duration = SimDuration::ZERO;
        /// Time of user code in `snapshotState`, on the task's thread.
        sync_extra: Duration = SimDuration::ZERO;
        /// A window by key: what fires at its end, and how long its state lives.
        window: Window;
        /// Timers that fire together, instead of `window`.
        timers: TimersTable;
        /// What it does for an external system at barriers, and when a checkpoint is complete.
        sink: Sink;
        /// TaskManager of every subtask. Default: by `cluster.placement`.
        placement: List<Count<0, { u64::MAX }, usize>>;
    }
}

table! {
    /// Where records come from. The rate is one of `rate`, `trace`, `curve` and `steps`.
    pub struct Source one of ["rate", "trace", "curve", "steps"], ["splits", "shares"] {
        /// Records of all subtasks together, "50000/s" or "unlimited".
        rate: RecordRate;
        /// CSV file with the columns `seconds` and `records_per_s`; relative to the scenario file.
        trace (like "\"rates.csv\""): Text;
        /// Daily curve, such as `["00:00 20000/s", "08:00 50000/s"]`; repeats every 24 hours.
        curve (like "[\"00:00 20000/s\", \"08:00 50000/s\"]"): List<Text>;
        /// Steps since the start, such as `["0 s 20000/s", "5 min 50000/s"]`.
        steps (like "[\"0 s 20000/s\", \"5 min 50000/s\"]"): List<Text>;
        /// With `steps` or `trace`: length after which they repeat. Default: the last rate stays.
        period: Duration;
        /// "regular" (equal gaps) or "poisson".
        arrivals: Word<Arrivals> = Arrivals::Regular;
        /// Bytes on the wire of one record. Default: "100 B".
        record (like "\"100 B\""): Size;
        /// true: the rate is a schedule, unread records wait and are caught up (Kafka). false: a generator, which slows
        /// down under backpressure. Default: true; with rate = "unlimited" false.
        log: Flag;
        /// The schedule begins this long after the job has started.
        start: Duration = SimDuration::ZERO;
        /// Time after the start for which the source reports that it works off a backlog, such as the snapshot of a database before its
        /// log (`setIsProcessingBacklog`): `execution.checkpointing.interval-during-backlog` counts as long as any source does.
        backlog: Duration = SimDuration::ZERO;
        /// How far the watermark is behind the records that were read (`forBoundedOutOfOrderness`).
        watermark_delay: Duration<0, { 366 * ns::DAY }> = SimDuration::ZERO;
        /// A subtask that has read no record for so long is idle: nobody waits for its watermark (`withIdleness`). Default:
        /// `table.exec.source.idle-timeout`; without that its watermark stays, and with it those of all that read it, and of a subtask without
        /// a split there is none.
        idle_after (like "\"1 min\""): Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// Readers that are ahead of the slowest one of their group wait for it (`withWatermarkAlignment`). Default: none waits.
        watermark_alignment: WatermarkAlignment;
        /// Splits (partitions of a topic) with equal parts of the rate, dealt to the subtasks in turn; who gets none reads
        /// nothing.
        /// Default: every subtask has an equal part.
        splits (like "12"): Count<1, 1_000_000_000>;
        /// Share of the rate of every subtask, in sum 1, instead of `splits`.
        shares: List<Number>;
        /// Records of all subtasks together, after which the source has read all (a bounded source). Default: it never ends.
        records (like "1000000"): Count<1>;
        /// true: a subtask that has no split, or has read all, finishes. Without
        /// `execution.checkpointing.checkpoints-after-tasks-finish` no checkpoint is triggered from then on.
        finishes: Flag = false;
        /// true: a `SourceFunction`, which emits and waits for buffers while it holds the checkpoint lock, so that a trigger
        /// waits while it is backpressured. false: a `Source` with a `SourceReader` (FLIP-27).
        legacy: Flag = false;
        /// Records that the reader emits without looking at its mailbox: a trigger waits for the last of them.
        batch: Count<1, { u32::MAX as u64 }, u32> = 1;
    }
}

table! {
    /// How far a reader may be ahead.
    pub struct WatermarkAlignment {
        /// Sources with the same group wait for each other.
        group: Text = "default".to_owned();
        /// A reader whose watermark is so much ahead of the smallest one of the group stops reading.
        max_drift (like "\"20 s\""): Duration<0, { 366 * ns::DAY }>;
        /// How often the JobManager compares them.
        update_interval: Duration<{ ns::MILLISECOND }> = SimDuration::from_secs(1);
    }
}

table! {
    /// What a vertex reads.
    pub struct Input one of ["skew", "zipf", "shares"] {
        /// Name of the producing vertex.
        from (like "\"source\""): Text;
        /// "hash" (keyBy), "rebalance", "rescale", "forward" or "broadcast".
        exchange: Word<ExchangeKind> = ExchangeKind::Hash;
        /// Of a hash exchange: one subtask gets this share of all records, the others share the rest equally.
        skew: Skew;
        /// Of a hash exchange: Zipf exponent of the key popularity, 10000 keys on 128 key groups.
        zipf (like "1.1"): Number;
        /// Of a hash exchange: share of every subtask, in sum 1.
        shares: List<Number>;
    }
}

choice! {
    /// `vertex.inputs.exchange`.
    pub enum ExchangeKind {
        /// By key.
        Hash = "hash",
        /// Round robin to all.
        Rebalance = "rebalance",
        /// Round robin to some.
        Rescale = "rescale",
        /// Subtask i to subtask i.
        Forward = "forward",
        /// Every record to everyone.
        Broadcast = "broadcast",
    }
}

table! {
    /// A hot subtask.
    pub struct Skew {
        /// Which subtask, from 0.
        subtask: Count = 0;
        /// Its share of all records.
        share: Share;
    }
}

impl FromShort for Input {
    const SHORT: &'static str = "the name of a vertex";
    const KEY: &'static str = "from";
    type Short = Text;
}

table! {
    /// Time on the task's thread per record.
    pub struct Service one of ["sigma", "cv"] {
        /// Mean. Default: "1 us".
        mean (like "\"1 us\""): Duration;
        /// "deterministic", "exponential", "lognormal" or "uniform". Default: "deterministic".
        distribution: Word<DistributionKind>;
        /// Of a lognormal distribution: standard deviation of the logarithm.
        sigma (like "0.5"): Number;
        /// Of a lognormal distribution, instead of `sigma`: standard deviation divided by mean.
        cv (like "0.5"): Number;
        /// Of a uniform distribution: half width divided by mean, at most 1.
        spread (like "0.5"): Number;
    }
}

choice! {
    /// Shape of a distribution.
    pub enum DistributionKind {
        /// Always the mean.
        Deterministic = "deterministic",
        /// Exponential.
        Exponential = "exponential",
        /// Lognormal, with `sigma` or `cv`.
        Lognormal = "lognormal",
        /// Uniform, with `spread`.
        Uniform = "uniform",
    }
}

impl FromShort for Service {
    const SHORT: &'static str = "a duration such as \"35 us\"";
    const KEY: &'static str = "mean";
    type Short = Duration;
}

table! {
    /// A slow subtask.
    pub struct Slow {
        /// Which subtask, from 0.
        subtask: Count = 0;
        /// Factor on its service time.
        factor: Number = 2.0;
    }
}

table! {
    /// Keyed state of a vertex.
    pub struct State one of ["dirty", "updates-per-record", "adds-per-record"], ["access", "accesses-per-record"] {
        /// Value bytes of all subtasks together.
        size (like "\"12 GiB\""): Size;
        /// Value bytes of one entry.
        entry: Size = Bytes::from_kib(1);
        /// Share of the entries that are overwritten per time, "3 %/min". Default: none.
        dirty: ShareRate;
        /// Entries that every record overwrites, instead of `dirty`.
        updates_per_record: Number;
        /// Entries that every record adds while as many expire (time-to-live), instead of `dirty`.
        adds_per_record: Number;
        /// Entries of new keys that every record adds, beside `dirty`, `updates-per-record` or `adds-per-record`: they stay, and
        /// the state grows from `size` on. The formulas take `size` as it is.
        inserts_per_record: Number = 0.0;
        /// Entries are deleted so long after they were written (time-to-live): what was written and deleted between two
        /// checkpoints is in neither. Default: never; of a `window` its size.
        lifetime (like "\"10 min\""): Duration<{ ns::MILLISECOND }, { 3660 * ns::DAY }>;
        /// With `lifetime`: entries that were written within the same step are deleted together, so long after its begin (the
        /// slide of a window). Default: each by itself.
        lifetime_step (like "\"1 min\""): Duration<{ ns::MILLISECOND }, { 366 * ns::DAY }>;
        /// Time on the task's thread per record for state access. Default: "0 s".
        access (like "\"0 s\""): Duration;
        /// State accesses per record, instead of `access`: each costs 0.5 us on the heap and 10 us in RocksDB.
        accesses_per_record: Number;
    }
}
