//! Overhead without a second run: how much of the busiest subtask's time its sync phases take.
//!
//! The throughput loss of [`loss`](crate::experiment::loss) is what a user means by overhead, but it takes two more runs
//! at saturation, and below a per cent its noise is larger than the loss. In both the simulation and Flink almost
//! nothing else of a checkpoint takes a task's thread, so measured sync phases tell intervals apart that paired runs
//! cannot. Alignment is left out: buffers usually bridge it.

use crate::experiment::metric::measured::Measured;
use crate::experiment::run_result::RunResult;
use crate::measure::CheckpointRecord;
use crate::scenario::Scenario;
use crate::scenario::flow::flows;

/// Subtasks whose shares of time differ by less are equally busy: they differ by rounding.
const EQUALLY_BUSY: f64 = 1.0 - 1e-9;

/// Share of the saturated throughput that sync phases take: `1 - min((1 - b/P)/u) / min(1/u)` over all subtasks; b sync
/// phase per checkpoint, P period, u share of time that records take. `None` with fewer than two triggers.
pub fn share(run: &Measured<'_>) -> Option<f64> {
    let (periods, seconds) = run.periods()?;
    let (mut without, mut with) = (f64::INFINITY, f64::INFINITY);
    for (vertex, shares) in work(run.scenario, run.run).iter().enumerate() {
        for (subtask, utilisation) in shares.iter().enumerate().filter(|(_, u)| **u > 0.0) {
            let stopped: f64 = syncs(periods, vertex, subtask).sum();
            let works = (1.0 - stopped / seconds).max(0.0);
            without = without.min(1.0 / utilisation);
            with = with.min(works / utilisation);
        }
    }
    without
        .is_finite()
        .then(|| (1.0 - with / without).clamp(0.0, 1.0))
}

/// Time that one completed checkpoint takes from the thread of the subtask that decides the throughput, s: the mean of its
/// sync phases. It is measured at the checkpoints themselves, so that neither their distance nor downtime and cut-off
/// checkpoints are in it. `None` without a completed checkpoint, or without work that could be stopped.
pub fn each(run: &Measured<'_>) -> Option<f64> {
    let completed = run.counted.iter().copied();
    let completed: Vec<&CheckpointRecord> = completed
        .filter(|record| record.end_to_end().is_some())
        .collect();
    let work = work(run.scenario, run.run);
    let busiest = work.iter().flatten().copied().fold(0.0, f64::max);
    let mut longest: Option<f64> = None;
    for (vertex, shares) in work.iter().enumerate() {
        // Of equally busy subtasks the one that is stopped for longest decides.
        for (subtask, _) in shares
            .iter()
            .enumerate()
            .filter(|(_, u)| busiest > 0.0 && **u >= busiest * EQUALLY_BUSY)
        {
            let syncs: Vec<f64> = syncs(&completed, vertex, subtask).collect();
            if !syncs.is_empty() {
                let mean = syncs.iter().sum::<f64>() / syncs.len() as f64;
                longest = Some(longest.map_or(mean, |longest| longest.max(mean)));
            }
        }
    }
    longest
}

/// Share of its time that the busiest subtask needs for records.
pub fn busiest(run: &Measured<'_>) -> f64 {
    let work = work(run.scenario, run.run);
    work.iter().flatten().copied().fold(0.0, f64::max)
}

/// Sync phases of one subtask, s.
fn syncs(
    records: &[&CheckpointRecord],
    vertex: usize,
    subtask: usize,
) -> impl Iterator<Item = f64> {
    records
        .iter()
        .filter_map(move |record| record.subtasks.get(vertex)?.get(subtask)?.as_ref())
        .map(|record| record.sync.as_secs_f64())
}

/// Share of time that records take, by vertex and subtask: demanded, or measured where demand has no limit.
fn work(scenario: &Scenario, run: &RunResult) -> Vec<Vec<f64>> {
    let demanded: Vec<Vec<f64>> = flows(scenario)
        .into_iter()
        .map(|flow| flow.utilisation)
        .collect();
    if demanded.iter().flatten().all(|share| share.is_finite()) {
        demanded
    } else {
        run.vertices
            .iter()
            .map(|vertex| vertex.busy.clone())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn sync_phases_of_the_busiest_subtask_are_the_overhead() {
        let scenario = sample::scenario(10);
        let run = sample::run(&scenario, 1, 0).unwrap();
        // 3 ms every 10 s
        let share = share(&Measured::of(&scenario, &run)).unwrap();
        assert!((share - 0.0003).abs() < 1e-12, "{share}");
    }

    #[test]
    fn one_checkpoint_has_no_period() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        for kept in [2, 0] {
            // The first is triggered within warm-up.
            run.checkpoints.truncate(kept);
            assert_eq!(share(&Measured::of(&scenario, &run)), None);
        }
    }
}
