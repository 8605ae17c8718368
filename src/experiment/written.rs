//! What checkpoints write to storage, and what it keeps.

use crate::measure::{CheckpointRecord, Phases};
use crate::scenario::{Backend, Scenario};

/// Bytes newly persisted per hour by completed checkpoints, over whole periods; `None` with fewer than two triggers.
pub fn per_hour(counted: &[&CheckpointRecord]) -> Option<f64> {
    let (last, periods) = counted.split_last()?;
    let seconds = last.trigger.since(periods.first()?.trigger).as_secs_f64();
    let bytes: f64 = periods
        .iter()
        .filter_map(|record| Phases::of(record))
        .map(|phases| phases.checkpointed.as_f64())
        .sum();
    (seconds > 0.0).then(|| bytes / seconds * 3600.0)
}

/// Bytes that the retained checkpoints hold at the end, at most: all of them in full, or, where files are shared, the
/// newest in full and what it has replaced since the oldest.
pub fn retained(scenario: &Scenario, completed: &[Phases]) -> Option<f64> {
    let (newest, older) = completed.split_last()?;
    let shared =
        matches!(scenario.checkpointing.backend, Backend::RocksDb(rocksdb) if rocksdb.incremental);
    let size = |phases: &Phases| {
        if shared {
            phases.checkpointed
        } else {
            phases.state_size
        }
        .as_f64()
    };
    // A short run has not yet filled the retention; older ones would be as large as those that it has.
    let missing = scenario.checkpointing.retained.max(1) - 1;
    let sample = &older[older.len().saturating_sub(missing)..];
    let mean = sample.iter().map(size).sum::<f64>() / sample.len().max(1) as f64;
    let each = if sample.is_empty() {
        size(newest)
    } else {
        mean
    };
    Some(newest.state_size.as_f64() + each * missing as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn half_a_megabyte_per_subtask_every_ten_seconds() {
        let scenario = sample::scenario(10);
        let run = sample::run(&scenario, 1, 0).unwrap();
        let counted: Vec<&CheckpointRecord> = run.checkpoints.iter().skip(1).collect();
        // 3 subtasks with 500 000 B, 360 times an hour
        assert!((per_hour(&counted).unwrap() - 540e6).abs() < 1.0);
    }

    #[test]
    fn every_retained_checkpoint_is_full_on_the_heap() {
        let mut scenario = sample::scenario(10);
        scenario.checkpointing.retained = 4;
        let run = sample::run(&scenario, 1, 0).unwrap();
        let completed: Vec<Phases> = run.checkpoints.iter().filter_map(Phases::of).collect();
        assert!((retained(&scenario, &completed).unwrap() - 6e6).abs() < 1.0);
        assert_eq!(retained(&scenario, &[]), None);
    }
}
