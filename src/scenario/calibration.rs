//! Global calibration constants: what no user can know about Flink, in one place.
//!
//! Every figure was read from recordings of real Flink 2.3.0 clusters on quiet machines (median; the spread is given),
//! or from Flink's code. None is fitted to a single recording. They stand in `scenario` because both witnesses,
//! `formulas` and `model`, start from the same physical facts.

use crate::units::SimDuration;

/// A delay of the control plane (threads, RPCs): a least time and a lognormal rest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latency {
    /// Never shorter.
    pub floor: SimDuration,
    /// Median of what comes on top.
    pub median: SimDuration,
    /// Standard deviation of the logarithm of what comes on top.
    pub sigma: f64,
}

impl Latency {
    const fn new(floor_us: u64, median_us: u64, sigma: f64) -> Latency {
        Latency {
            floor: SimDuration::from_micros(floor_us),
            median: SimDuration::from_micros(median_us),
            sigma,
        }
    }

    /// The median delay.
    pub fn typical(&self) -> SimDuration {
        self.floor + self.median
    }
}

/// `HashMap`: bytes per entry above the value bytes (exact in all recordings).
pub const HASHMAP_BYTES_PER_ENTRY: u64 = 13;
/// `HashMap`: bytes per subtask besides the entries (exact in all recordings).
pub const HASHMAP_BYTES_PER_SUBTASK: u64 = 717;
/// RocksDB: bytes per entry above the value bytes (1027 for 1000-byte values with 8-byte keys).
pub const ROCKSDB_BYTES_PER_ENTRY: u64 = 27;
/// RocksDB: MANIFEST, CURRENT, OPTIONS and the metadata stream of one checkpoint, in bytes (12 633 in all 48 snapshots with
/// nothing to upload); each is small enough to travel in the ack.
pub const ROCKSDB_MISC_BYTES: u64 = 12_633;
/// Trigger timestamp to the RPC in the sources' mailboxes. At CPU < 0.5 the first source begins its snapshot after 2 / 4 / 11
/// ms, the last after 3 / 5 / 15 ms (529 checkpoints, cut to whole ms; p10 / median / p90), half a millisecond of which the
/// mail waits.
pub const TRIGGER_RPC: Latency = Latency::new(2_000, 1_600, 0.5);
/// From there until a source's thread has woken up, each for itself: of two sources the second begins 0 / 1 / 4 ms later, 1.8 ms
/// in the mean (784 checkpoints of quiet runs, cut to whole ms), half a millisecond of which the mail waits.
pub const TRIGGER_WAKE: Latency = Latency::new(0, 400, 1.2);

/// Trigger timestamp to the beginning of a source's snapshot, typically.
pub fn trigger_typical() -> SimDuration {
    TRIGGER_RPC.typical() + TRIGGER_WAKE.typical()
}

/// End of the async part to the ack handled by the JobManager, at CPU < 0.5 (2320 acks, p10 / median / p90): 2 / 4 / 11 ms,
/// of which 1.5 ms is the rounding of its parts. Of four subtasks the first takes 3, the last 6 ms (medians), of which
/// the roundings alone make 1.3 ms of difference.
pub const ASYNC_END_TO_ACK: Latency = Latency::new(0, 2_600, 0.3);
/// Last ack to "completed", storage latency excluded: 1 / 2 / 6 ms (473 checkpoints).
pub const FINALISE: Latency = Latency::new(500, 1_500, 0.5);
/// The JobManager writes a state handle into the metadata: about 200 B (path, offsets, key groups) at 25 MB/s. A user whose
/// checkpoint had 3.0 GB of metadata saw it take "over 2 minutes", nearly all of it in `MetadataV3Serializer` (user list,
/// 2020-11-17, "Job Manager is taking very long time to finalize the Checkpointing"); an order of magnitude.
pub const METADATA_PER_HANDLE: SimDuration = SimDuration::from_micros(8);
/// "Completed" to the notification handled by the last task: 5 / 8 / 16 ms (473 checkpoints); by any task.
pub const NOTIFY: Latency = Latency::new(3_000, 3_000, 0.5);
/// Spread between runs of the same latencies, as the standard deviation of the logarithm of a factor that one run's
/// latencies have in common: the medians of 51 quiet runs, floors taken off, are 1.5 / 2.5 / 6.5 ms (p10 / median / p90)
/// from async end to ack and 0.5 / 2 / 8 ms from trigger to source: 90th percentiles of 2.6 and 4 medians.
pub const LATENCY_BETWEEN_RUNS: f64 = 0.9;
/// The same between runs of one job on one cluster, whose load is known: the medians of the start delays of its sources in 13
/// recordings of four SQL jobs, by job.
pub const LATENCY_BETWEEN_RUNS_OF_A_JOB: f64 = 0.3;
/// Spread between runs of the time for a record, as the standard deviation of its logarithm: the throughputs of 166 vertices of
/// quiet runs lie 1.3 % below to 1.1 % above what is predicted (16th and 84th percentile).
pub const SPEED_BETWEEN_RUNS: f64 = 0.01;
/// `HashMap`: async part besides open, transfer and close: 0 / 1 / 7 ms (1456 snapshots, cut to whole ms; p10 / median /
/// p90).
pub const HASHMAP_ASYNC_FIXED: Latency = Latency::new(500, 500, 0.6);
/// Async part of a subtask whose state travels in the ack: 0 / 1 / 3 ms (610 snapshots).
pub const INLINE_ASYNC: Latency = Latency::new(0, 1_000, 0.7);
/// RocksDB: async part besides the uploads (linking files, metadata): 2 / 5 / 9 ms (48 snapshots with nothing to upload).
pub const ROCKSDB_ASYNC_FIXED: Latency = Latency::new(1_000, 4_500, 0.4);
/// RocksDB flush besides its bytes: 5 ms seen, of which 1 ms is the first MB's share. All instances of a process share one flush
/// thread (`Env::Default`, pool `HIGH`, `max_background_jobs` / 4): of two subtasks on a TaskManager the second took 1.9 times
/// as long as the first (median of eight recordings), and an instance with next to nothing to flush as long as the last.
pub const ROCKSDB_FLUSH_FIXED: SimDuration = SimDuration::from_millis(4);
/// RocksDB flush per megabyte (10^6 B), less the fixed part: 4.1 ms of the subtask that is first on its TaskManager (2.6 to 4.5
/// ms, six quiet recordings), 5.9 ms of both together until the last one is done (2.5 to 9 ms, six recordings); between
/// the two.
pub const ROCKSDB_FLUSH_PER_MB: SimDuration = SimDuration::from_millis(5);
/// Spread between runs of the time to flush a megabyte, as the standard deviation of its logarithm: 4.3 to 5.9 ms in six runs and
/// 16 and 23 in two, fixed part included; the latter two are taken for half of what they are, as small flushes.
pub const FLUSH_BETWEEN_RUNS: f64 = 0.4;
/// RocksDB: entries that a rescaled subtask copies one by one, per megabyte; about twice a flush, which they need besides (chosen).
pub const ROCKSDB_COPY_PER_MB: SimDuration = SimDuration::from_millis(9);
/// Time on a processor that a checkpoint takes of a task's thread, beside its state: 1.2 to 1.3 ms with 8 input channels or none, 1.7
/// with 16 (Flink 2.3.0, three vertices of 8 and of 16 subtasks on two processors, 30 checkpoints each, by thread, less what
/// the thread took without checkpoints). The asynchronous thread took 1.8 and 1.9 ms, RPCs 1.4: as much as
/// [`HASHMAP_ASYNC_FIXED`] or [`INLINE_ASYNC`] and [`ASYNC_END_TO_ACK`] together.
pub const SNAPSHOT_WORK: SimDuration = SimDuration::from_micros(1_200);
/// The same per barrier of an input channel, what the threads of the network take included: 0.12 and 0.18 ms per remote channel
/// (the same recordings).
pub const BARRIER_WORK: SimDuration = SimDuration::from_micros(100);
/// RocksDB: time on a processor to read and serialise an entry for a canonical savepoint, and per megabyte (10^6 B): Flink
/// 2.3.0 on local disks took 0.95 to 0.96 s for 200 000 entries of 1022 B and 0.84 to 0.97 s for 1 000 000 of 122 B per
/// subtask; the first savepoint after the start took up to twice as long (1.97 and 1.08 s).
pub const ROCKSDB_SCAN_PER_ENTRY: SimDuration = SimDuration::from_nanos(370);
/// See [`ROCKSDB_SCAN_PER_ENTRY`].
pub const ROCKSDB_SCAN_PER_MB: SimDuration = SimDuration::from_micros(4_300);
/// L0 files that start a compaction (`level0_file_num_compaction_trigger`, RocksDB's default; every fourth
/// incremental checkpoint re-uploads the compacted state in all RocksDB recordings).
pub const ROCKSDB_L0_FILES: usize = 4;
/// Bytes of level 1 before it spills into level 2 (`max_bytes_for_level_base`, Flink's default for RocksDB).
pub const ROCKSDB_LEVEL_BASE_BYTES: u64 = 256 << 20;
/// Each level is this much larger than the one above (`max_bytes_for_level_multiplier`, RocksDB's default).
pub const ROCKSDB_LEVEL_MULTIPLIER: u64 = 10;
/// Size of an SST file below level 0 (`target_file_size_base`, Flink's default for RocksDB).
pub const ROCKSDB_FILE_BYTES: u64 = 64 << 20;
/// A memtable: when it is full, it is flushed in the background (`state.backend.rocksdb.writebuffer.size`, Flink's default).
pub const ROCKSDB_MEMTABLE_BYTES: u64 = 64 << 20;
/// Chance of the mailbox thread to get the checkpoint lock each time that a `SourceFunction` releases it between two records.
/// Java's monitors are not fair: the thread that waits has to be woken. Of 164 start delays of saturated legacy sources in
/// nine recordings of three SQL jobs (means of 86 to 386 ms by recording), what is beyond the wait for a buffer asks for 1.1,
/// 0.7 and 0.3 % by job.
pub const LOCK_PER_RELEASE: f64 = 0.007;
/// State of a source subtask in a checkpoint: an offset per split; travels in the ack.
pub const SOURCE_STATE_BYTES: u64 = 100;

/// An exception in a task to the decision of the JobManager: 0 to 8 ms, median 1 (10 recorded failures).
pub const FAILURE_REPORT: Latency = Latency::new(0, 1_000, 0.8);
/// How much later than its delay a restart begins: 4 to 14 ms in quiet runs.
pub const RESTART_LATE: Latency = Latency::new(4_000, 5_000, 0.5);
/// Cancelling the tasks that still run: 40 to 65 ms; runs beside the restart delay.
pub const CANCEL: Latency = Latency::new(40_000, 10_000, 0.5);
/// Job running again to the tasks' initialisation: 10 to 140 ms, typically 20 to 60.
pub const DEPLOY: Latency = Latency::new(10_000, 30_000, 0.7);
/// `HashMap`: restore besides open and transfer: 5 to 25 ms, and the start of the mailbox, 1 to 40 ms.
pub const HASHMAP_OPEN: Latency = Latency::new(6_000, 19_000, 0.6);
/// RocksDB: opening and linking the downloaded files, 18 to 39 ms, and about 50 ms besides.
pub const ROCKSDB_OPEN: Latency = Latency::new(50_000, 30_000, 0.4);
/// Initialisation of a subtask that has nothing to read: mailbox and gates, 2 to 54 ms.
pub const RESTORE_INLINE: Latency = Latency::new(2_000, 13_000, 0.8);
/// Job running again to the first attempt at a checkpoint: 45 to 110 ms.
pub const COORDINATOR_START: Latency = Latency::new(45_000, 35_000, 0.5);

/// From the opening of the readers, when their schedules begin, to the end of the job's initialisation, on a new cluster.
pub const READERS_EARLIER: SimDuration = SimDuration::from_millis(300);
/// From the first record of a source to the last task that runs, and with it the first checkpoint, where a job starts on a
/// cluster that has run others: 57 to 592 ms, median 133, in 20 recordings of SQL jobs with RocksDB. A job that is started again
/// has another one.
pub const WARM_READERS_EARLIER: SimDuration = SimDuration::from_millis(133);
