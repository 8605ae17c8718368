//! The rules: code, title, and why they matter.

/// A rule: what it warns about, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// `CK001` and so on; never used for another rule later.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// Why it matters and what to do, for `explain`.
    pub explanation: &'static str,
}

/// A subtask has more work than time.
pub const SATURATED: Rule = Rule {
    code: "CK001",
    title: "a subtask has more work than time",
    explanation: "The rate that arrives at a subtask, times its time per record, is 100 % or more. The backlog grows, \
                  buffers stay full, and every aligned checkpoint waits behind them. Raise the parallelism, reduce the \
                  skew, or make the record cheaper.",
};
/// A subtask is saturated at the peak only.
pub const SATURATED_AT_PEAK: Rule = Rule {
    code: "CK002",
    title: "a subtask has more work than time at the peak",
    explanation: "On average the subtask keeps up, but not at the highest rate of the schedule: a backlog builds up \
                  then, and checkpoints are slow until it is worked off.",
};
/// State does not fit into the heap.
pub const HEAP: Rule = Rule {
    code: "CK003",
    title: "state does not fit into the heap",
    explanation: "A heap backend keeps all state as objects, which need several times the bytes of their values. \
                  When the values alone exceed the heap of a TaskManager, it will run out of memory. Use RocksDB, more \
                  TaskManagers, or more heap.",
};
/// State does not fit into the JobManager's checkpoint storage.
pub const JOB_MANAGER_STATE: Rule = Rule {
    code: "CK004",
    title: "state is too large for checkpoints on the JobManager",
    explanation: "With checkpoint storage `jobmanager` a single state may have 5 MiB at most; a larger one fails every \
                  checkpoint. Set `execution.checkpointing.dir`.",
};
/// The pause, not the interval, sets the pace.
pub const PAUSE: Rule = Rule {
    code: "CK005",
    title: "the pause is as long as the interval",
    explanation: "Flink raises the interval to `execution.checkpointing.min-pause` silently. The next checkpoint then \
                  begins a pause after the end of the last one, so that the distance of checkpoints is the pause plus \
                  their duration.",
};
/// Retained checkpoints do not reach back far enough.
pub const RETENTION: Rule = Rule {
    code: "CK006",
    title: "retained checkpoints do not reach back far enough",
    explanation: "`execution.checkpointing.num-retained` checkpoints at this interval cover less time than wished. \
                  Raise the number, or use savepoints for what must be kept long. Each retained checkpoint keeps its \
                  files.",
};
/// A savepoint outside of the run.
pub const TRIGGER_TOO_LATE: Rule = Rule {
    code: "CK007",
    title: "something is asked for after the end",
    explanation: "A [[trigger]] lies at or after `job.duration`: it will never happen.",
};
/// Unaligned barriers cannot overtake on some edges.
pub const UNALIGNED_EDGE: Rule = Rule {
    code: "CK008",
    title: "unaligned barriers wait on some edges",
    explanation: "Unaligned checkpoints overtake data on hash and rebalance exchanges only. On forward, rescale and \
                  broadcast edges barriers stay aligned, so that a slow consumer there still delays the checkpoint.",
};
/// Several unaligned checkpoints at once.
pub const UNALIGNED_CONCURRENT: Rule = Rule {
    code: "CK009",
    title: "unaligned checkpoints do not overlap",
    explanation: "Flink does not run unaligned checkpoints concurrently: a newer barrier aborts the pending checkpoint. \
                  Set `execution.checkpointing.max-concurrent-checkpoints` to 1.",
};
/// The run is too short to say anything.
pub const FEW_CHECKPOINTS: Rule = Rule {
    code: "CK010",
    title: "hardly any checkpoint falls into the run",
    explanation: "After the warm-up the run holds fewer than three intervals: medians and intervals of confidence \
                  will say little. Make `job.duration` longer.",
};
/// Slots stay empty.
pub const EMPTY_SLOTS: Rule = Rule {
    code: "CK011",
    title: "a TaskManager has nothing to do",
    explanation: "Subtask i of every vertex shares slot i, so a job needs as many slots as its highest parallelism. \
                  With this placement some TaskManagers get none.",
};
/// Debloating does not help without backpressure, and hurts with large records.
pub const DEBLOATED_RECORDS: Rule = Rule {
    code: "CK012",
    title: "records are larger than debloated buffers",
    explanation: "Buffer debloating shrinks buffers down to `taskmanager.memory.min-segment-size`. A record that \
                  spans many such buffers blocks its producer in the middle (FLINK-33077): raise the minimum.",
};
/// A canonical savepoint of much state.
pub const CANONICAL_SAVEPOINT: Rule = Rule {
    code: "CK013",
    title: "a canonical savepoint reads all keys in one thread",
    explanation: "A canonical savepoint scans every key of a RocksDB state in one thread per subtask. Native \
                  savepoints copy the files instead; use them unless the backend changes.",
};

/// Failures come faster than checkpoints.
pub const NO_PROGRESS: Rule = Rule {
    code: "CK014",
    title: "failures come faster than checkpoints",
    explanation: "The mean time between failures is shorter than the checkpoint interval: most failures throw away more \
                  work than was done since the one before, and the job hardly advances. Make \
                  `execution.checkpointing.interval` much shorter than the time between failures.",
};
/// The restart strategy gives up.
pub const GIVES_UP: Rule = Rule {
    code: "CK015",
    title: "the restart strategy gives up early",
    explanation: "More failures are to be expected in the run than the restart strategy restarts: the job ends in state \
                  FAILED, and what comes after that is not simulated. `none` ends at the first failure, `fixed-delay` \
                  after its attempts, which are never counted anew, `failure-rate` when too many fall into its \
                  interval. Flink's default with checkpoints, `exponential-delay`, does not give up.",
};
/// The JobManager is lost for good.
pub const JOB_MANAGER_LOST: Rule = Rule {
    code: "CK016",
    title: "the loss of the JobManager is the end of the job",
    explanation: "Without high availability nobody knows the newest checkpoint once the JobManager is gone: the job is \
                  lost. With a quorum store (ZooKeeper, etcd, Kubernetes), here `cluster.commit`, a new JobManager \
                  goes on from it.",
};
/// Failures without checkpoints.
pub const NOTHING_TO_RESTORE: Rule = Rule {
    code: "CK017",
    title: "failures are expected, and there are no checkpoints",
    explanation: "Without `execution.checkpointing.interval` there is nothing to restore: every failure loses all state, \
                  and Flink's default restart strategy is then `none`.",
};
/// A failure outside of the run.
pub const FAILURE_TOO_LATE: Rule = Rule {
    code: "CK018",
    title: "something goes wrong after the end",
    explanation: "A [[failure]], an [[outage]], or every instant of `failures.trace` lies at or after `job.duration`: it \
                  will never happen.",
};
/// Some subtasks own more key groups than others.
pub const UNEVEN_KEY_GROUPS: Rule = Rule {
    code: "CK019",
    title: "some subtasks own more key groups than others",
    explanation: "Flink deals keys in key groups (`pipeline.max-parallelism`; by default 1.5 times the parallelism, rounded \
                  up to a power of two, at least 128), and every subtask owns a range of them. If their number is no \
                  multiple of the parallelism, some own one more: with 2 and 3 the second have 50 % more records and \
                  state than the first, saturate first, and take their snapshots last. Choose a parallelism that \
                  divides the number of key groups, or, for a new job, many more key groups.",
};

/// Flink has no such option.
pub const NO_SUCH_OPTION: Rule = Rule {
    code: "CK020",
    title: "no option of Flink",
    explanation: "Flink ignores what it does not know, without a word: a misspelt option leaves its default in place.",
};
/// The option belongs to another version.
pub const OTHER_VERSION: Rule = Rule {
    code: "CK021",
    title: "an option of another version of Flink",
    explanation: "The version that the configuration is for ignores it. Options were renamed with Flink 1.20 and 2.0; the \
                  old names of many are gone in 2.x.",
};
/// The value is refused.
pub const REFUSED_VALUE: Rule = Rule {
    code: "CK022",
    title: "a value that Flink refuses, or that cannot be simulated",
    explanation: "A wrong unit, a word that is no choice, a number outside of its limits: the cluster or the job does not \
                  start with it.",
};
/// Said twice, a placeholder, a line that is skipped.
pub const DOUBTFUL_LINE: Rule = Rule {
    code: "CK023",
    title: "a line that is not read as it seems to be",
    explanation: "Of an option that is given twice the last line holds, of several spellings the newest; Flink 1.x skips \
                  lines without `key: value`, and placeholders are replaced by the start scripts, or not at all.",
};
/// The option does not do what is documented.
pub const TRAP: Rule = Rule {
    code: "CK024",
    title: "an option that does not do what is documented",
    explanation: "Documentation and program differ: what the jars hold is what happens.",
};
/// The timeout is close to the duration.
pub const SHORT_TIMEOUT: Rule = Rule {
    code: "CK025",
    title: "checkpoints take nearly as long as their timeout",
    explanation: "A checkpoint that expires is lost with all its work, and the next one has more to do. Give \
                  `execution.checkpointing.timeout` twice the usual duration at least.",
};
/// A failed checkpoint is a failed job.
pub const NO_FAILURE_TOLERATED: Rule = Rule {
    code: "CK026",
    title: "one failed checkpoint restarts the job",
    explanation: "`execution.checkpointing.tolerable-failed-checkpoints` is 0 by default: a checkpoint that expires or \
                  cannot be written restarts the job from the one before, at the moment at which it is slow already.",
};
/// Few checkpoints are kept.
pub const FEW_RETAINED: Rule = Rule {
    code: "CK027",
    title: "one checkpoint is retained",
    explanation: "`execution.checkpointing.num-retained` is 1 by default. A checkpoint with a lost or broken file is the end \
                  of the state; with 2 or 3 there is an older one to restore.",
};
/// The JobManager keeps checkpoints.
pub const NO_DIRECTORY: Rule = Rule {
    code: "CK028",
    title: "checkpoints in the JobManager's memory",
    explanation: "Without `execution.checkpointing.dir` (`state.checkpoints.dir`) the JobManager keeps checkpoints in its \
                  heap: they are lost with it, and a state above 5 MiB fails each of them.",
};
/// An option without another.
pub const IDLE_OPTION: Rule = Rule {
    code: "CK029",
    title: "an option that does nothing here",
    explanation: "It acts only together with another option, which is not set so.",
};
/// Uneven key groups by the default parallelism.
pub const KEY_GROUPS_OF_DEFAULT: Rule = Rule {
    code: "CK030",
    title: "the default parallelism deals key groups unevenly",
    explanation: UNEVEN_KEY_GROUPS.explanation,
};
/// A subtask of a source has nothing to read.
pub const NO_WATERMARK: Rule = Rule {
    code: "CK031",
    title: "a watermark that never comes",
    explanation: "The watermark of a task is the smallest of its inputs'. A subtask of a source without a split (more subtasks than \
                  partitions) emits none: windows in event time do not fire, their state grows, and so do checkpoints. \
                  Give the source no more subtasks than splits, or its `WatermarkStrategy` a `withIdleness`.",
};

/// All rules, in the order of their codes.
pub const RULES: &[Rule] = &[
    SATURATED,
    SATURATED_AT_PEAK,
    HEAP,
    JOB_MANAGER_STATE,
    PAUSE,
    RETENTION,
    TRIGGER_TOO_LATE,
    UNALIGNED_EDGE,
    UNALIGNED_CONCURRENT,
    FEW_CHECKPOINTS,
    EMPTY_SLOTS,
    DEBLOATED_RECORDS,
    CANONICAL_SAVEPOINT,
    NO_PROGRESS,
    GIVES_UP,
    JOB_MANAGER_LOST,
    NOTHING_TO_RESTORE,
    FAILURE_TOO_LATE,
    UNEVEN_KEY_GROUPS,
    NO_SUCH_OPTION,
    OTHER_VERSION,
    REFUSED_VALUE,
    DOUBTFUL_LINE,
    TRAP,
    SHORT_TIMEOUT,
    NO_FAILURE_TOLERATED,
    FEW_RETAINED,
    NO_DIRECTORY,
    IDLE_OPTION,
    KEY_GROUPS_OF_DEFAULT,
    NO_WATERMARK,
];
