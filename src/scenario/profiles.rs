//! Figures of typical checkpoint directories. They are starting points: measure your own and override them.

use crate::scenario::storage::{Prices, Profile, Storage, megabytes};
use crate::units::{Bytes, SimDuration};

/// The figures of a profile.
pub fn of(profile: Profile) -> Storage {
    match profile {
        Profile::Hdfs => hdfs(),
        Profile::S3 => s3(),
        Profile::S3Hadoop => s3_hadoop(),
        Profile::S3Presto => s3_presto(),
        Profile::LocalSsd => local_ssd(),
        Profile::JobManager => jobmanager(),
    }
}

/// A Hadoop cluster with spinning disks and three replicas.
///
/// One stream 80 MB/s: chosen, between the 40 MB/s per node that DFSIO measured for writing (66 MB/s for reading) in
/// Shvachko et al., "The Hadoop Distributed File System", MSST 2010, section IV, and the 100 to 200 MB/s of one newer
/// disk. One TaskManager: 1.25 GB/s, the port of 10 Gbit/s. The whole directory: unlimited (chosen; it depends on
/// the number of DataNodes). Open 10 ms, close 5 ms: chosen (NameNode round trips and the last block's report). No
/// price: own machines.
pub fn hdfs() -> Storage {
    Storage::default()
}

/// An object store as Amazon S3 (standard class) in the same region.
///
/// One stream 90 MB/s: "Performance guidelines for Amazon S3" in the Amazon S3 User Guide recommends one concurrent
/// request per 85 to 90 MB/s of desired throughput. Open plus close 120 ms: the guide's companion "Performance design
/// patterns" gives 100 to 200 ms for small objects. One TaskManager: 1.25 GB/s, the port of 10 Gbit/s (chosen). The
/// whole directory: unlimited; 3500 writing requests per second and prefix (the same guide). Processors: 5 ms per MB for TLS and
/// the checksums of a signed upload (chosen: 1 ms AES-GCM, 4 ms for two digests, by the speeds of one core). Prices: public list of us-east-1, standard class, first 50 TB, as of 2024 (0.023 USD
/// per GB and month = 0.0247 per GiB; 0.005 USD per 1000 PUT; 0.0004 USD per 1000 GET).
pub fn s3() -> Storage {
    Storage {
        profile: Profile::S3,
        write_per_stream: megabytes(90),
        write_per_taskmanager: megabytes(1_250),
        write_total: None,
        read_per_stream: megabytes(90),
        read_per_taskmanager: megabytes(1_250),
        read_total: None,
        open: SimDuration::from_millis(60),
        close: SimDuration::from_millis(60),
        requests_per_second: Some(3_500.0),
        cpu_per_mb: SimDuration::from_millis(5),
        prices: Prices {
            per_gib_month: 0.0247,
            per_1000_writes: 0.005,
            per_1000_reads: 0.0004,
            note: "USD, Amazon S3 standard, us-east-1, public list of 2024".to_owned(),
        },
        ..Storage::default()
    }
}

/// The store of [`s3`] through Hadoop's client.
///
/// A file is looked for (HEAD, LIST), put, and the markers of its directories are deleted (POST); when its checkpoint is
/// subsumed, it is looked for again, deleted (free), and its directory is looked for and marked (HEAD, LIST, PUT): six
/// writing and three reading requests (`S3AFileSystem`: `innerCreateFile`, `innerGetFileStatus`, `finishedWrite`,
/// `deleteInternal`, `maybeCreateFakeParentDirectory`; counted in the code of Hadoop 3.3, with directory markers). Parts of
/// 64 MB: `fs.s3a.multipart.size`.
pub fn s3_hadoop() -> Storage {
    Storage {
        profile: Profile::S3Hadoop,
        writes_per_file: 6.0,
        reads_per_file: 3.0,
        part_size: Some(Bytes::from_mib(64)),
        ..s3()
    }
}

/// The store of [`s3`] through Presto's client.
///
/// 47 MB/s per TaskManager: the full checkpoints of the measurements of the changelog (flink.apache.org, 2022-05-30). A
/// file is written to local disk and put in one request, in parts of 5 MB from 16 MB on (`s3.multipart.min-part-size`), and
/// looked for once.
pub fn s3_presto() -> Storage {
    Storage {
        profile: Profile::S3Presto,
        write_per_stream: megabytes(47),
        write_per_taskmanager: megabytes(47),
        reads_per_file: 1.0,
        part_size: Some(Bytes::new(5 << 20)),
        ..s3()
    }
}

/// A disk of the machine itself (`NVMe`); it does not survive the machine.
///
/// Chosen: 1 GB/s sustained writing and 2 GB/s reading per TaskManager, which data sheets of common `NVMe` disks exceed;
/// a single stream is not slower than the disk; 100 us to open and close a file.
pub fn local_ssd() -> Storage {
    Storage {
        profile: Profile::LocalSsd,
        write_per_stream: megabytes(1_000),
        write_per_taskmanager: megabytes(1_000),
        write_total: None,
        read_per_stream: megabytes(2_000),
        read_per_taskmanager: megabytes(2_000),
        read_total: None,
        open: SimDuration::from_micros(100),
        close: SimDuration::from_micros(100),
        ..Storage::default()
    }
}

/// The JobManager's heap: state travels in the acknowledgement.
///
/// One stream and in total 125 MB/s: chosen, one connection of 1 Gbit/s to the JobManager, through which everything
/// goes. No files are opened.
pub fn jobmanager() -> Storage {
    Storage {
        profile: Profile::JobManager,
        write_per_stream: megabytes(125),
        write_per_taskmanager: megabytes(125),
        write_total: megabytes(125),
        read_per_stream: megabytes(125),
        read_per_taskmanager: megabytes(125),
        read_total: megabytes(125),
        open: SimDuration::ZERO,
        close: SimDuration::ZERO,
        prices: Prices {
            note: "heap of the JobManager".to_owned(),
            ..Prices::default()
        },
        ..Storage::default()
    }
}
