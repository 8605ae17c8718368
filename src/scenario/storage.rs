//! `[storage]`: what the checkpoint directory can do.

use crate::scenario::keys::kind::{Duration, Limit, Number, Text, Word, ns};
use crate::scenario::keys::table::{choice, table};
use crate::units::{ByteRate, SimDuration};

table! {
    /// What the checkpoint directory can do. Every key overrides a figure of the profile; `None` is never the bottleneck.
    pub struct Storage {
        /// Where the figures come from: "hdfs", "s3", "local-ssd" or "jobmanager".
        profile: Word<Profile> = Profile::Hdfs;
        /// Write bandwidth of one stream (file), or "unlimited".
        write_per_stream: Limit = megabytes(80);
        /// Write bandwidth of one TaskManager, or "unlimited".
        write_per_taskmanager: Limit = megabytes(1_250);
        /// Write bandwidth of the whole directory, or "unlimited".
        write_total: Limit = None;
        /// Read bandwidth of one stream, or "unlimited".
        read_per_stream: Limit = megabytes(120);
        /// Read bandwidth of one TaskManager, or "unlimited".
        read_per_taskmanager: Limit = megabytes(1_250);
        /// Read bandwidth of the whole directory, or "unlimited".
        read_total: Limit = None;
        /// Time to create a file.
        open: Duration<0, { ns::HOUR }> = SimDuration::from_millis(10);
        /// Time to close a file after its last byte.
        close: Duration<0, { ns::HOUR }> = SimDuration::from_millis(5);
        /// What it costs.
        prices: Prices = Prices::default();
    }
}

choice! {
    /// `storage.profile`.
    pub enum Profile {
        /// A Hadoop cluster.
        Hdfs = "hdfs",
        /// An object store.
        S3 = "s3",
        /// A disk of the machine itself.
        LocalSsd = "local-ssd",
        /// The JobManager's heap.
        JobManager = "jobmanager",
    }
}

table! {
    /// Price list of a storage.
    pub struct Prices {
        /// Per GiB and month.
        per_gib_month: Number = 0.0;
        /// Per 1000 writing requests.
        per_1000_writes: Number = 0.0;
        /// Per 1000 reading requests.
        per_1000_reads: Number = 0.0;
        /// Currency, source and date.
        note: Text = "own machines".to_owned();
    }
}

/// Millions of bytes per second.
pub(super) fn megabytes(per_second: u64) -> Option<ByteRate> {
    ByteRate::new(per_second * 1_000_000)
}
