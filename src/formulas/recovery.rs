//! How long does a restore take? (F6)

use crate::formulas::refined::Refined;
use crate::formulas::transfer::{Transfer, read_limits, transfer_s};
use crate::formulas::{Formula, FormulaId, Symbol, assumptions};
use crate::scenario::{Backend, Scenario, VertexId};
use crate::units::Unit;

/// F6 of the documents: `R_max = max(R_1, …, R_n)`.
///
/// Question: how long does the slowest subtask need to restore its state?
/// Formula: max over subtasks of `R_i = open + max(largest/s, bytes/(k·s), bytes of the TaskManager/m, bytes/t)`.
/// Symbols: full bytes of the newest checkpoint; s, m, t read bandwidth in B/s of a stream, a TaskManager, the
/// directory; k parallel streams.
/// Assumptions: all subtasks restore together; nothing is found locally; opening the state costs nothing.
/// Source: document 001, section 4.3; 5.07 MB at 10 MB/s took 516 to 545 ms on Flink 2.3.0 (law: 512 ms).
/// Fails to include detection, restart delay, deployment and catch-up, which are not part of R.
pub fn longest_restore(scenario: &Scenario, refined: &Refined) -> Formula {
    let from_ack = |bytes: f64| bytes <= scenario.checkpointing.inline_threshold.as_f64();
    let mut taskmanagers = vec![0.0; scenario.cluster.taskmanagers];
    let subtasks = || {
        refined
            .snapshots
            .iter()
            .enumerate()
            .flat_map(|(vertex, snapshots)| {
                snapshots
                    .iter()
                    .enumerate()
                    .map(move |(subtask, snapshot)| (VertexId(vertex), subtask, snapshot))
            })
    };
    for (vertex, subtask, snapshot) in
        subtasks().filter(|(_, _, snapshot)| !from_ack(snapshot.full_bytes))
    {
        taskmanagers[scenario.taskmanager_of(vertex, subtask)] += snapshot.full_bytes;
    }
    let job_bytes: f64 = taskmanagers.iter().sum();
    let streams = match scenario.checkpointing.backend {
        Backend::RocksDb(rocksdb) => rocksdb.transfer_threads,
        Backend::HashMap => 1,
    };
    let longest = subtasks()
        .filter(|(_, _, snapshot)| !from_ack(snapshot.full_bytes))
        .map(|(vertex, subtask, snapshot)| {
            let transfer = Transfer {
                bytes: snapshot.full_bytes,
                largest_bytes: snapshot.largest_file_bytes,
                streams,
                taskmanager_bytes: taskmanagers[scenario.taskmanager_of(vertex, subtask)],
                job_bytes,
            };
            scenario.storage.open.as_secs_f64() + transfer_s(read_limits(scenario), transfer)
        })
        .fold(0.0, f64::max);
    let logged = scenario
        .checkpointing
        .changelog
        .map(|_| "the changelog has to be replayed, too".to_owned());
    Formula {
        id: FormulaId::F6,
        quantity: "longest restore time of a subtask",
        question: "How long does the slowest subtask need to restore its state?",
        expression: "R_max = max(R_1, ..., R_n)",
        value: Some(longest),
        unit: Unit::Time,
        symbols: vec![Symbol::new(
            "bytes",
            "full state of the job",
            job_bytes,
            "B",
        )],
        broken_assumptions: assumptions::broken([logged]),
        source: "document 001, section 4.3",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::units::{ByteRate, SimDuration};

    #[test]
    fn a_restore_reads_the_full_state_of_the_slowest_subtask() {
        // 10 130 717 B at 20 MB/s = 506.5 ms, + 5 ms to open
        let scenario = keyed(600.0, SimDuration::from_millis(4));
        let formula = longest_restore(&scenario, &Refined::of(&scenario));
        assert!((formula.value.unwrap() - 0.511_535_85).abs() < 1e-9);
    }

    #[test]
    fn all_subtasks_share_the_directory() {
        // 40 522 868 B at 20 MB/s = 2.026 s
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.storage.read_total = ByteRate::new(20_000_000);
        let formula = longest_restore(&scenario, &Refined::of(&scenario));
        assert!((formula.value.unwrap() - 2.031_143_4).abs() < 1e-9);
    }

    #[test]
    fn a_job_without_state_restores_at_once() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.vertices[1].state = None;
        assert_eq!(
            longest_restore(&scenario, &Refined::of(&scenario)).value,
            Some(0.0)
        );
    }
}
