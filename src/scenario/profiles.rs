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
        Profile::S3Native => s3_native(),
        Profile::Gcs => gcs(),
        Profile::Abfs => abfs(),
        Profile::LocalSsd => local_ssd(),
        Profile::JobManager => jobmanager(),
    }
}

/// A Hadoop cluster with spinning disks and three replicas.
///
/// One stream 80 MB/s: chosen, between the 40 MB/s per node that DFSIO measured for writing (66 MB/s for reading) in
/// Shvachko et al., "The Hadoop Distributed File System", MSST 2010, section IV, and the 100 to 200 MB/s of one newer
/// disk. One TaskManager: 1.25 GB/s, the port of 10 Gbit/s. The whole directory: 1.6 GB/s for writing and 5 GB/s for
/// reading (chosen: 20 DataNodes with 250 MB/s of disks each, every byte written three times). Open 10 ms, close 5 ms:
/// chosen (NameNode round trips and the last block's report). No price: own machines.
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
/// 64 MB: `fs.s3a.multipart.size`; 96 connections: `fs.s3a.connection.maximum`.
pub fn s3_hadoop() -> Storage {
    Storage {
        profile: Profile::S3Hadoop,
        writes_per_file: 6.0,
        reads_per_file: 3.0,
        part_size: Some(Bytes::from_mib(64)),
        connections: Some(96),
        ..s3()
    }
}

/// The store of [`s3`] through Presto's client.
///
/// 47 MB/s per TaskManager: the full checkpoints of the measurements of the changelog (flink.apache.org, 2022-05-30). A
/// file is written to local disk and put in one request, in parts of 5 MB from 16 MB on (`s3.multipart.min-part-size`), and
/// looked for once. 500 connections: `s3.max-connections`.
pub fn s3_presto() -> Storage {
    Storage {
        profile: Profile::S3Presto,
        write_per_stream: megabytes(47),
        write_per_taskmanager: megabytes(47),
        reads_per_file: 1.0,
        part_size: Some(Bytes::new(5 << 20)),
        connections: Some(500),
        ..s3()
    }
}

/// The store of [`s3`] through the client that came with Flink 2.3.
///
/// A file is looked for (HEAD, LIST), written to local disk and put in one request; when its checkpoint is subsumed, it is looked
/// for again (HEAD) and deleted (free): two writing and two reading requests (`NativeS3FileSystem`: `create`, `getFileStatus`,
/// `delete`; `NativeS3OutputStream`). 50 connections: the AWS SDK's own default. Its rate is that of [`s3`]: nobody has published
/// a measured one.
pub fn s3_native() -> Storage {
    Storage {
        profile: Profile::S3Native,
        writes_per_file: 2.0,
        reads_per_file: 2.0,
        connections: Some(50),
        ..s3()
    }
}

/// Google Cloud Storage (standard class, one region).
///
/// 1000 writing requests per second and bucket before it scales itself, over minutes ("Request rate and access distribution
/// guidelines" of its documentation); a file is one upload (`GSRecoverableWriter` is for sinks only), and looked for once. Rates
/// and times as those of [`s3`] (chosen). Prices: public list of us-central1, standard class, as of 2024 (0.020 USD per GiB and month;
/// 0.005 USD per 1000 operations of class A; 0.0004 USD per 1000 of class B).
pub fn gcs() -> Storage {
    Storage {
        profile: Profile::Gcs,
        requests_per_second: Some(1_000.0),
        reads_per_file: 1.0,
        prices: Prices {
            per_gib_month: 0.020,
            per_1000_writes: 0.005,
            per_1000_reads: 0.0004,
            note: "USD, Google Cloud Storage standard, us-central1, public list of 2024".to_owned(),
        },
        ..s3()
    }
}

/// Azure Data Lake Storage (hot, locally redundant) through Hadoop's `abfs`.
///
/// 20,000 requests per second and 25 Gbit/s of ingress, 50 of egress per account ("Scalability and performance targets for
/// standard storage accounts"). A file is looked for, created, appended to in blocks of 8 MB (`fs.azure.write.request.size`),
/// flushed, and deleted at the end: four writing requests and one reading one, and one for each block. Rates of a stream and times as
/// those of [`s3`] (chosen). Prices: public list of East US, hot LRS, as of 2024 (0.0184 USD per GB and month = 0.0198 per GiB;
/// 0.065 USD per 10,000 writing, 0.005 per 10,000 reading operations).
pub fn abfs() -> Storage {
    Storage {
        profile: Profile::Abfs,
        write_total: megabytes(3_125),
        read_total: megabytes(6_250),
        requests_per_second: Some(20_000.0),
        writes_per_file: 4.0,
        reads_per_file: 1.0,
        part_size: Some(Bytes::from_mib(8)),
        prices: Prices {
            per_gib_month: 0.0198,
            per_1000_writes: 0.0065,
            per_1000_reads: 0.0005,
            note: "USD, Azure Data Lake Storage hot LRS, East US, public list of 2024".to_owned(),
        },
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
