//! How long a transfer to or from storage takes while others run.

use crate::scenario::Scenario;
use crate::units::ByteRate;

/// Limits of one direction of the storage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Of one stream.
    pub stream: Option<ByteRate>,
    /// Of one TaskManager.
    pub taskmanager: Option<ByteRate>,
    /// Of the whole directory.
    pub total: Option<ByteRate>,
}

/// One transfer among those that run at the same time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transfer {
    /// Bytes of this subtask.
    pub bytes: f64,
    /// Its largest file, in bytes.
    pub largest_bytes: f64,
    /// Files at the same time, at least 1.
    pub streams: usize,
    /// Bytes of all subtasks of its TaskManager, its own included.
    pub taskmanager_bytes: f64,
    /// Bytes of the whole job.
    pub job_bytes: f64,
}

/// How long a transfer takes while all others of the checkpoint run.
///
/// Question: how long does one subtask's upload (or download) take?
/// Formula: T = max(largest/s, bytes/(k·s), bytes of the TaskManager/m, bytes of the job/t).
/// Symbols: s, m, t bandwidth in B/s of a stream, a TaskManager, the directory; k parallel streams.
/// Assumptions: all subtasks start together and share fairly; equal sizes. Unlimited bandwidth takes no time.
/// Source: max-min fairness; "largest file over stream bandwidth" measured on Flink 2.3.0 with RocksDB.
/// Fails (pessimistic) for small transfers beside large ones: they finish before the line is drained.
pub fn transfer_s(limits: Limits, transfer: Transfer) -> f64 {
    let time = |bytes: f64, rate: Option<ByteRate>| rate.map_or(0.0, |rate| bytes / rate.as_f64());
    time(transfer.largest_bytes, limits.stream)
        .max(time(
            transfer.bytes / transfer.streams as f64,
            limits.stream,
        ))
        .max(time(transfer.taskmanager_bytes, limits.taskmanager))
        .max(time(transfer.job_bytes, limits.total))
}

/// The write side of `[storage]`.
pub fn write_limits(scenario: &Scenario) -> Limits {
    let storage = &scenario.storage;
    Limits {
        stream: storage.write_per_stream,
        taskmanager: storage.write_per_taskmanager,
        total: storage.write_total,
    }
}

/// The read side of `[storage]`.
pub fn read_limits(scenario: &Scenario) -> Limits {
    let storage = &scenario.storage;
    Limits {
        stream: storage.read_per_stream,
        taskmanager: storage.read_per_taskmanager,
        total: storage.read_total,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Limits = Limits {
        stream: ByteRate::new(10),
        taskmanager: ByteRate::new(25),
        total: None,
    };

    #[test]
    fn four_streams_of_ten_into_a_line_of_25_take_as_long_as_the_line_needs() {
        // 100 B in 4 files: 25 B at 10 B/s would be 2.5 s, but 100 B at 25 B/s are 4 s
        let transfer = Transfer {
            bytes: 100.0,
            largest_bytes: 25.0,
            streams: 4,
            taskmanager_bytes: 100.0,
            job_bytes: 100.0,
        };
        assert_eq!(transfer_s(BOTH, transfer), 4.0);
    }

    #[test]
    fn one_large_file_among_small_ones_takes_its_stream_alone() {
        let transfer = Transfer {
            bytes: 100.0,
            largest_bytes: 70.0,
            streams: 4,
            taskmanager_bytes: 100.0,
            job_bytes: 100.0,
        };
        assert_eq!(transfer_s(BOTH, transfer), 7.0);
    }
}
