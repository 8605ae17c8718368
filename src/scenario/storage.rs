//! `[storage]`: what the checkpoint directory can do.

use crate::scenario::keys::kind::{Count, Duration, Limit, Number, Size, Text, Word, ns};
use crate::scenario::keys::table::{choice, table};
use crate::units::{ByteRate, SimDuration};

table! {
    /// What the checkpoint directory can do. Every key overrides a figure of the profile; `None` is never the bottleneck.
    pub struct Storage {
        /// Where the figures come from: "hdfs", "s3", "s3-hadoop", "s3-presto", "s3-native", "gcs", "abfs", "local-ssd" or
        /// "jobmanager".
        profile: Word<Profile> = Profile::Hdfs;
        /// Write bandwidth of one stream (file), or "unlimited".
        write_per_stream: Limit = megabytes(80);
        /// Write bandwidth of one TaskManager, or "unlimited".
        write_per_taskmanager: Limit = megabytes(1_250);
        /// Write bandwidth of the whole directory, or "unlimited".
        write_total: Limit = megabytes(1_600);
        /// Read bandwidth of one stream, or "unlimited".
        read_per_stream: Limit = megabytes(120);
        /// Read bandwidth of one TaskManager, or "unlimited".
        read_per_taskmanager: Limit = megabytes(1_250);
        /// Read bandwidth of the whole directory, or "unlimited".
        read_total: Limit = megabytes(5_000);
        /// Files that a TaskManager's client reads and writes at the same time (its pool of connections): others wait. Default: no
        /// limit.
        connections (like "96"): Count<1, 1_000_000, u32>;
        /// Time to create a file.
        open: Duration<0, { ns::HOUR }> = SimDuration::from_millis(10);
        /// Time to close a file after its last byte.
        close: Duration<0, { ns::HOUR }> = SimDuration::from_millis(5);
        /// Writing requests (PUT, COPY, POST, LIST) that the client makes for a file, over its life: its own, and those about
        /// directories.
        writes_per_file: Number = 1.0;
        /// Reading requests (HEAD, GET) that it makes for a file that it writes.
        reads_per_file: Number = 0.0;
        /// Larger files are uploaded in parts of this size, a request each. Default: in one.
        part_size (like "\"5 MiB\""): Size;
        /// Writing requests that the store accepts per second and prefix: beyond them it answers 503, and the client comes back
        /// later. Default: no limit.
        requests_per_second (like "3500"): Number;
        /// Prefixes over which files are spread (entropy at the begin of the keys).
        prefixes: Count<1, 1_000_000, u32> = 1;
        /// The longest first pause of a client that was told to come back; each further one is twice as long.
        backoff: Duration<{ ns::MILLISECOND }, { ns::HOUR }> = SimDuration::from_millis(500);
        /// The longest pause.
        backoff_max: Duration<{ ns::MILLISECOND }, { ns::HOUR }> = SimDuration::from_secs(20);
        /// Processor time of a TaskManager to upload or download a megabyte (10^6 B): TLS, checksums, compression. Counts only
        /// with `cluster.cores`.
        cpu_per_mb: Duration<0, { ns::MINUTE }> = SimDuration::ZERO;
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
        /// The same through Hadoop's client (`flink-s3-fs-hadoop`).
        S3Hadoop = "s3-hadoop",
        /// The same through Presto's client (`flink-s3-fs-presto`).
        S3Presto = "s3-presto",
        /// The same through the client that came with Flink 2.3 (`flink-s3-fs-native`).
        S3Native = "s3-native",
        /// Google Cloud Storage (`flink-gs-fs-hadoop`).
        Gcs = "gcs",
        /// Azure Data Lake Storage (`flink-azure-fs-hadoop`).
        Abfs = "abfs",
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

impl Storage {
    /// Writing requests for a file of so many bytes: those of the client, and if it has several parts one for each, one that
    /// begins the upload and one that completes it.
    pub fn writes_of(&self, bytes: u64) -> f64 {
        let part = self.part_size.map_or(u64::MAX, |part| part.get().max(1));
        let parts = bytes.div_ceil(part);
        let uploads = if parts > 1 { parts + 1 } else { 0 };
        self.writes_per_file + uploads as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Bytes;

    #[test]
    fn a_large_file_has_parts() {
        let storage = Storage {
            part_size: Some(Bytes::new(5_000_000)),
            writes_per_file: 6.0,
            ..Storage::default()
        };
        assert!((storage.writes_of(4_000_000) - 6.0).abs() < 1e-9);
        let parts = storage.writes_of(12_000_000);
        assert!(
            (parts - 10.0).abs() < 1e-9,
            "begin, 3 parts, complete; one put less"
        );
    }
}
