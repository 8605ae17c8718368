//! From the last ack to the committed pointer.

use crate::formulas::quorum::{self, Replicas};
use crate::scenario::calibration::FINALISE;
use crate::scenario::{CheckpointStorage, Commit, Scenario};

/// Mean time from the last ack to the checkpoint's being finalized.
///
/// Question: how long is the end of a checkpoint that Flink's `end_to_end_duration` leaves out?
/// Formula: finalise + subtasks × time per state handle + (open + close of the metadata file) + commit of the pointer.
/// Symbols: seconds each; commit = the k-th fastest of n replica round trips, 0 without high availability.
/// Assumptions: every subtask has one state handle; the transfer of the metadata takes no time; all replicas are up.
/// Source: recordings of Flink 2.3.0 (12 ms at 5 + 5 ms of storage latency, 603 ms at 300 + 300 ms).
/// Fails where a subtask has many files (RocksDB) or many channels with in-flight data: their handles are written, too.
pub fn after_last_ack_s(scenario: &Scenario) -> f64 {
    let metadata_s = match scenario.checkpointing.storage {
        CheckpointStorage::FileSystem => {
            (scenario.storage.open + scenario.storage.close).as_secs_f64()
        }
        CheckpointStorage::JobManager { .. } => 0.0,
    };
    let handles_s =
        scenario.cluster.jobmanager_per_handle.as_secs_f64() * scenario.subtasks() as f64;
    FINALISE.typical().as_secs_f64() + handles_s + metadata_s + commit_s(&scenario.cluster.commit)
}

/// Mean time of the commit in the highly available store.
pub fn commit_s(commit: &Commit) -> f64 {
    match *commit {
        Commit::None => 0.0,
        Commit::Quorum {
            replicas,
            quorum,
            round_trip,
            law,
        } => {
            quorum::mean_commit(Replicas {
                replicas,
                quorum,
                law,
            }) * round_trip.as_secs_f64()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::scenario::Distribution;
    use crate::units::SimDuration;

    #[test]
    fn completion_is_finalise_plus_one_file() {
        // 2 ms + 5 ms + 5 ms
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        assert!((after_last_ack_s(&scenario) - 0.012).abs() < 1e-12);
        // 8 us for each of 6 subtasks
        scenario.cluster.jobmanager_per_handle = SimDuration::from_micros(8);
        assert!((after_last_ack_s(&scenario) - 0.012_048).abs() < 1e-12);
    }

    #[test]
    fn a_quorum_of_two_of_three_adds_five_sixths_of_an_exponential_round_trip() {
        let commit = Commit::Quorum {
            replicas: 3,
            quorum: 2,
            round_trip: SimDuration::from_millis(6),
            law: Distribution::Exponential,
        };
        assert!((commit_s(&commit) - 0.005).abs() < 1e-12);
    }
}
