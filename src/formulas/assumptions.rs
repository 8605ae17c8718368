//! What formulas like to assume, checked against a scenario. Each answers with a sentence if the assumption is broken.

use crate::formulas::in_flight::scv;
use crate::formulas::refined::Refined;
use crate::formulas::utilisation::Load;
use crate::scenario::calibration::ROCKSDB_MEMTABLE_BYTES;
use crate::scenario::{Backend, CheckpointStorage, Mode, Rate, Scenario, Vertex, VertexKind};
use crate::units::{ByteRate, print};

/// "No backpressure": buffers hold what one buffer timeout leaves in them.
pub fn backpressured(scenario: &Scenario, load: &Load) -> Option<String> {
    let (vertex, subtask, utilisation) = load.hottest?;
    (utilisation >= 1.0).then(|| {
        let name = &scenario.vertex(vertex).name;
        if has_unlimited_source(scenario) {
            format!("the job is backpressured: sources are unlimited, {name} #{subtask} is the bottleneck")
        } else {
            let percent = utilisation * 100.0;
            format!("the job is backpressured: utilisation of {name} #{subtask} is {percent:.0} %")
        }
    })
}

fn has_unlimited_source(scenario: &Scenario) -> bool {
    scenario.vertices.iter().any(
        |vertex| matches!(&vertex.work, VertexKind::Source(source) if source.rate == Rate::Unlimited),
    )
}

/// "A barrier waits for records only": timers that fire in one go hold it up, too.
pub fn timers_fire(scenario: &Scenario) -> Option<String> {
    let fires = scenario
        .vertices
        .iter()
        .find(|vertex| vertex.timers.is_some())?;
    Some(format!(
        "timers of {} fire in one go, and barriers wait for the last",
        fires.name
    ))
}

/// "A trigger is read at once": a source that waits for buffers under the checkpoint lock, or that reads in batches, reads it later.
pub fn sources_hold_on(scenario: &Scenario) -> Option<String> {
    let holds = |vertex: &&Vertex| matches!(&vertex.work, VertexKind::Source(source) if source.legacy || source.batch > 1);
    let source = scenario.vertices.iter().find(holds)?;
    Some(format!(
        "{} does not look at its mailbox between any two records",
        source.name
    ))
}

/// "No queues": random arrivals or service times below, but near, saturation.
pub fn queues_form(scenario: &Scenario, load: &Load) -> Option<String> {
    let (vertex, subtask, utilisation) = load.hottest?;
    let name = &scenario.vertex(vertex).name;
    let is_random = scv(scenario.vertex(vertex).service.law) > 0.0;
    (is_random && (0.8..1.0).contains(&utilisation)).then(|| {
        format!(
            "service times are random and {name} #{subtask} is busy for {:.0} %: queues form",
            utilisation * 100.0
        )
    })
}

/// "Rates are constant".
pub fn rate_varies(scenario: &Scenario) -> Option<String> {
    let varies = scenario
        .vertices
        .iter()
        .any(|vertex| matches!(&vertex.work, VertexKind::Source(source) if matches!(source.rate, Rate::Steps { .. })));
    varies.then(|| "the input rate varies over time; its mean is used".to_owned())
}

/// "Barriers wait for the data in front of them".
pub fn barriers_overtake(scenario: &Scenario) -> Option<String> {
    scenario
        .checkpointing
        .may_overtake()
        .then(|| "unaligned barriers overtake the data in front of them".to_owned())
}

/// "A snapshot saves the whole state".
pub fn saves_only_changes(scenario: &Scenario) -> Option<String> {
    if scenario.checkpointing.changelog.is_some() {
        return Some(
            "the changelog is on: a checkpoint uploads only the end of the log".to_owned(),
        );
    }
    match scenario.checkpointing.backend {
        Backend::RocksDb(rocksdb) if rocksdb.incremental => Some(
            "checkpoints are incremental: only new files are uploaded, not the whole state"
                .to_owned(),
        ),
        Backend::RocksDb(_) | Backend::HashMap => None,
    }
}

/// "Every upload has a stream to itself, and one stream per subtask".
pub fn uploads_share(scenario: &Scenario, stateful: usize) -> Option<String> {
    let storage = &scenario.storage;
    if scenario.checkpointing.storage != CheckpointStorage::FileSystem {
        return Some("state travels in the ack to the JobManager, not to files".to_owned());
    }
    if let (Backend::RocksDb(rocksdb), true) = (scenario.checkpointing.backend, stateful > 0)
        && rocksdb.transfer_threads > 1
    {
        return Some(format!(
            "RocksDB uploads {} files of a subtask at the same time",
            rocksdb.transfer_threads
        ));
    }
    let stream = storage
        .write_per_stream
        .map_or(f64::INFINITY, ByteRate::as_f64);
    let together = stateful as f64 * stream;
    let of_machine = together / scenario.cluster.taskmanagers as f64;
    let limited = storage
        .write_total
        .is_some_and(|rate| rate.as_f64() < together)
        || storage
            .write_per_taskmanager
            .is_some_and(|rate| rate.as_f64() < of_machine);
    (limited && stateful > 0).then(|| {
        "the uploads of the subtasks share a bandwidth below the sum of their streams".to_owned()
    })
}

/// "The cut is consistent": nothing behind a barrier is in the state.
pub fn counts_twice(scenario: &Scenario) -> Option<String> {
    (scenario.checkpointing.mode == Mode::AtLeastOnce)
        .then(|| "AT_LEAST_ONCE does not block channels: the states also hold records from behind the barrier".to_owned())
}

/// "Checkpoints complete": none expires.
pub fn expires(scenario: &Scenario, refined: &Refined) -> Option<String> {
    let timeout_s = scenario.checkpointing.timeout.as_secs_f64();
    let needed_s = refined.slowest.end_to_end_s;
    (needed_s > timeout_s).then(|| {
        let (needed, timeout) = print::unequal_seconds(needed_s, timeout_s);
        format!("the checkpoint needs {needed} and expires after {timeout}: none completes")
    })
}

/// "One checkpoint at a time, with rest in between".
pub fn back_to_back(scenario: &Scenario, refined: &Refined) -> Option<String> {
    let interval_s = scenario.checkpointing.interval?.as_secs_f64();
    (refined.durable_s() > interval_s).then(|| {
        let (takes, interval) = print::unequal_seconds(refined.durable_s(), interval_s);
        format!(
            "a checkpoint takes {takes}, longer than the interval of {interval}: checkpoints run back to back"
        )
    })
}

/// "The run measures a steady state": buffers are full before statistics begin.
pub fn still_fills(scenario: &Scenario, refined: &Refined) -> Option<String> {
    let (vertex, subtask, utilisation) = refined
        .load
        .hottest
        .filter(|(_, _, utilisation)| *utilisation >= 1.0)?;
    let drain_s = refined.travel.last_s[vertex.0][subtask];
    // A queue that takes `drain_s` to empty at the full rate fills at the excess of the input over that rate.
    let fill_s = drain_s / (utilisation - 1.0).max(1e-6);
    let warmup_s = scenario.job.warmup.as_secs_f64();
    (fill_s > warmup_s).then(|| {
        format!(
            "buffers need about {fill_s:.0} s to fill, longer than the warm-up of {warmup_s:.0} s"
        )
    })
}

/// "A checkpoint falls between two compactions": not with many large RocksDB instances, each elsewhere in its cycle.
pub fn compactions_take_turns(scenario: &Scenario) -> Option<String> {
    let Backend::RocksDb(rocksdb) = scenario.checkpointing.backend else {
        return None;
    };
    let large = scenario.vertices.iter().find(|vertex| {
        let state = vertex.state.as_ref().map_or(0, |state| state.size.get());
        vertex.parallelism > 1 && state / vertex.parallelism as u64 > ROCKSDB_MEMTABLE_BYTES
    })?;
    rocksdb.incremental.then(|| {
        format!(
            "the {} subtasks of {} compact in different checkpoints: most wait for one of them (R1.max)",
            large.parallelism, large.name
        )
    })
}

/// Drops the assumptions that hold.
pub fn broken<const N: usize>(checks: [Option<String>; N]) -> Vec<String> {
    checks.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formulas::scenarios_for_tests::keyed;
    use crate::scenario::RocksDb;
    use crate::units::{ByteRate, SimDuration};

    #[test]
    fn an_overloaded_operator_is_named_with_its_utilisation() {
        let scenario = keyed(1200.0, SimDuration::from_millis(4));
        assert_eq!(
            backpressured(&scenario, &Load::offered(&scenario)).unwrap(),
            "the job is backpressured: utilisation of count #0 is 120 %"
        );
    }

    #[test]
    fn a_quiet_job_breaks_nothing() {
        let scenario = keyed(600.0, SimDuration::from_millis(4));
        let load = Load::offered(&scenario);
        let refined = Refined::of(&scenario);
        let checks = [
            backpressured(&scenario, &load),
            queues_form(&scenario, &load),
            rate_varies(&scenario),
            barriers_overtake(&scenario),
            saves_only_changes(&scenario),
            uploads_share(&scenario, 4),
            counts_twice(&scenario),
            expires(&scenario, &refined),
            back_to_back(&scenario, &refined),
            still_fills(&scenario, &refined),
        ];
        assert_eq!(broken(checks), Vec::<String>::new());
    }

    #[test]
    fn incremental_checkpoints_and_shared_lines_are_noticed() {
        let mut scenario = keyed(600.0, SimDuration::from_millis(4));
        scenario.storage.write_total = ByteRate::new(20_000_000);
        assert!(uploads_share(&scenario, 4).unwrap().contains("share"));
        scenario.checkpointing.backend = Backend::RocksDb(RocksDb {
            incremental: true,
            transfer_threads: 1,
        });
        assert!(
            saves_only_changes(&scenario)
                .unwrap()
                .contains("incremental")
        );
    }
}
