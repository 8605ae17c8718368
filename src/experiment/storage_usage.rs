//! What checkpoints write to storage, and what it keeps.

use crate::experiment::metric::measured::Measured;
use crate::measure::Phases;
use crate::scenario::Backend;

/// Bytes newly persisted per hour by completed checkpoints, over whole periods; `None` with fewer than two triggers.
pub fn per_hour(run: &Measured<'_>) -> Option<f64> {
    let (periods, seconds) = run.periods()?;
    let completed = periods.iter().filter_map(|record| Phases::of(record));
    let bytes: f64 = completed.map(|phases| phases.checkpointed.as_f64()).sum();
    Some(bytes / seconds * 3600.0)
}

/// Bytes that the retained checkpoints hold at the end, at most: all of them in full, or, where files are shared, the
/// newest in full and what it has replaced since the oldest.
pub fn retained(run: &Measured<'_>) -> Option<f64> {
    let checkpointing = &run.scenario.checkpointing;
    let (newest, older) = run.completed.split_last()?;
    let shared = matches!(checkpointing.backend, Backend::RocksDb(rocksdb) if rocksdb.incremental);
    let size = |phases: &Phases| {
        if shared {
            phases.checkpointed
        } else {
            phases.state_size
        }
        .as_f64()
    };
    // A short run has not yet filled the retention; older ones would be as large as those that it has.
    let missing = checkpointing.retained.max(1) - 1;
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
        // 3 subtasks with 500 000 B, 360 times an hour
        assert!((per_hour(&Measured::of(&scenario, &run)).unwrap() - 540e6).abs() < 1.0);
    }

    #[test]
    fn every_retained_checkpoint_is_full_on_the_heap() {
        let mut scenario = sample::scenario(10);
        scenario.checkpointing.retained = 4;
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        let kept = retained(&Measured::of(&scenario, &run));
        assert!((kept.unwrap() - 6e6).abs() < 1.0);
        run.checkpoints.clear();
        assert_eq!(retained(&Measured::of(&scenario, &run)), None);
    }
}
