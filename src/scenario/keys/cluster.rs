//! `[cluster]` as written.

use crate::scenario::calibration::{METADATA_PER_HANDLE, ROCKSDB_FLUSH_PER_MB};
use crate::scenario::keys::kind::{Bandwidth, Count, Duration, Number, Size, Word, ns};
use crate::scenario::keys::table::{choice, table};
use crate::scenario::keys::vertex::DistributionKind;
use crate::units::SimDuration;

table! {
    /// The machines that run the job.
    pub struct Cluster {
        /// Number of TaskManagers.
        taskmanagers: Count<1, 100_000, usize> = 1;
        /// Slots of one TaskManager. Default: `taskmanager.numberOfTaskSlots` of `[flink]`, else as many as the job needs.
        slots: Count<1, 100_000, usize>;
        /// "spread" (subtask i on TaskManager i mod n) or "fill" (one TaskManager after the other).
        placement: Word<Placement> = Placement::Spread;
        /// Processors of one TaskManager, which its threads share. Default: always enough.
        cores (like "4"): Number;
        /// Garbage collections that stop all threads of a TaskManager, as its GC log or the metrics `GarbageCollector.*.Time` and
        /// `Count` say. Default: none.
        gc: Gc;
        /// Network egress of one TaskManager. Default: never the bottleneck.
        link (like "\"10 Gbit/s\""): Bandwidth;
        /// One way between two TaskManagers.
        latency: Duration<0, { ns::MINUTE }> = SimDuration::from_micros(150);
        /// Time of RocksDB to flush a megabyte (10^6 B); all instances of a TaskManager flush one after the other.
        flush_per_mb: Duration<0, { ns::MINUTE }> = ROCKSDB_FLUSH_PER_MB;
        /// How many times longer messages between JobManager and tasks, and waking their threads, take than on quiet machines (besides
        /// what they take at least). Default: drawn for every run, 1 in the median.
        control_plane_factor (like "2.0"): Number;
        /// Heap for state of one TaskManager; `check` warns when a heap backend does not fit.
        heap (like "\"4 GiB\""): Size;
        /// Time of the JobManager to handle the ack of a subtask: acks that come faster wait.
        jobmanager_per_ack: Duration<0, { ns::MINUTE }> = SimDuration::ZERO;
        /// Time of the JobManager to write a state handle into the metadata (a file, or state within the ack), after the last ack.
        jobmanager_per_handle: Duration<0, { ns::MINUTE }> = METADATA_PER_HANDLE;
        /// The same for a channel with in-flight data. Default: that of a handle before Flink 2.1, which has all channels of a
        /// subtask in one (FLINK-33734), else nothing.
        jobmanager_per_channel (like "\"8 us\""): Duration<0, { ns::MINUTE }>;
        /// Commit of the pointer to a completed checkpoint in a quorum store (high availability). Default: none.
        commit: Commit;
    }
}

table! {
    /// Garbage collections of one TaskManager.
    pub struct Gc {
        /// Mean time from one to the next.
        every (like "\"10 s\""): Duration<{ ns::MILLISECOND }>;
        /// How long each stops the threads; shorter than `every`.
        pause (like "\"200 ms\""): Duration;
    }
}

table! {
    /// A quorum store such as ZooKeeper or etcd.
    pub struct Commit one of ["sigma", "cv"] {
        /// Number of replicas.
        replicas: Count<1, 1_000, usize> = 3;
        /// Answers that are needed. Default: more than half.
        quorum (like "2"): Count;
        /// Mean round trip to one replica, disk write included.
        round_trip: Duration = SimDuration::from_millis(5);
        /// "deterministic", "exponential", "lognormal" or "uniform".
        distribution: Word<DistributionKind> = DistributionKind::Exponential;
        /// Of a lognormal distribution: standard deviation of the logarithm.
        sigma (like "0.5"): Number;
        /// Of a lognormal distribution, instead of `sigma`: standard deviation divided by mean.
        cv (like "0.5"): Number;
        /// Of a uniform distribution: half width divided by mean, at most 1.
        spread (like "0.5"): Number;
    }
}

choice! {
    /// How subtask slots are dealt to TaskManagers.
    pub enum Placement {
        /// Slot i on TaskManager i mod n (`cluster.evenly-spread-out-slots`).
        Spread = "spread",
        /// One TaskManager after the other.
        Fill = "fill",
    }
}
