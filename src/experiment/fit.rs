//! Does the scenario that was made of a job give what the job measured? And if not, which estimate is to blame?
//!
//! Nothing is fitted: what is compared are figures of which only the storage's bandwidth was estimated from durations.

use crate::experiment::run::{RunError, Wanted};
use crate::experiment::run_result::RunResult;
use crate::experiment::validate::{Comparison, against};
use crate::recording::measured::{Metric, Samples};
use crate::scenario::Scenario;

/// Runs of the scenario.
pub const REPLICATIONS: u32 = 3;
/// Misfits below this are none: recordings of the same job differ by as much.
const SMALL: f64 = 0.1;

/// What came out beside what was measured.
#[derive(Clone, Debug)]
pub struct Fit {
    /// Metric by metric; those of the job first.
    pub rows: Vec<Comparison>,
}

/// Simulates the scenario and compares.
///
/// # Errors
/// If `runner` makes no run.
pub fn fit<R>(measured: &Samples, scenario: &Scenario, runner: R) -> Result<Fit, RunError>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let mut rows = against(measured, scenario, REPLICATIONS, runner)?;
    rows.sort_by_key(|row| row.vertex.is_some());
    Ok(Fit { rows })
}

impl Fit {
    /// Trigger to last ack, if the job has completed checkpoints.
    pub fn duration(&self) -> Option<&Comparison> {
        let mut rows = self.rows.iter();
        rows.find(|row| row.metric == Metric::EndToEndDuration)
    }

    /// The part of the job that is farthest from what was measured; `None` if all are near. A duration is no part: its
    /// phases are, and one that is a small part of it is as near as the whole is.
    pub fn worst(&self) -> Option<&Comparison> {
        let duration = self.duration().and_then(|row| row.measured).unwrap_or(0.0);
        let error = |row: &Comparison| {
            let (measured, simulated) = row.measured.zip(row.simulated)?;
            let least = if row.metric.is_phase() { duration } else { 0.0 };
            Some((simulated - measured).abs() / measured.max(row.floor).max(least))
        };
        let parts = self.rows.iter().filter(|row| {
            !matches!(
                row.metric,
                Metric::EndToEndDuration | Metric::TriggerInterval
            )
        });
        let missed = parts.filter(|row| error(row).is_some_and(|error| error > SMALL));
        missed.max_by(|a, b| {
            let error = |row| error(row).unwrap_or(0.0);
            error(a).total_cmp(&error(b))
        })
    }
}

/// Which estimates a figure of the simulation rests on.
pub fn rests_on(metric: Metric) -> &'static str {
    match metric {
        Metric::EndToEndDuration => "all that follows",
        Metric::StartDelay | Metric::Alignment => {
            "`service`, `source.rate` and the exchanges of what is upstream: barriers wait behind records"
        }
        Metric::Sync => "`sync-extra` and how much of the state is `dirty`",
        Metric::Async => "`storage.write-per-stream` and how much of the state is `dirty`",
        Metric::CheckpointedSize => "`state.size` and how much of it is `dirty`",
        Metric::PersistedData => {
            "the buffers in front of unaligned barriers: `service` and `source.rate`"
        }
        Metric::Throughput => "`source.rate` and the `selectivity` of what is upstream",
        Metric::Busy => "`service`",
        Metric::Backpressured => "`service` of what is downstream",
        Metric::Completed | Metric::Failed | Metric::TriggerInterval => {
            "`execution.checkpointing.interval` and `min-pause`"
        }
        Metric::RestartDelay | Metric::RestoreTime | Metric::Downtime | Metric::CatchUp => {
            "`[failures]` and the bandwidth of reading"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    fn measured(duration_ms: f64, rate: f64) -> Samples {
        [
            ((Metric::EndToEndDuration, None), vec![duration_ms]),
            ((Metric::Throughput, Some("source".to_owned())), vec![rate]),
        ]
        .into()
    }

    #[test]
    fn what_is_near_has_no_worst_part_and_what_is_far_names_its_estimate() {
        let scenario = sample::scenario(10);
        let source = scenario.vertices[0].name.clone();
        let compared = |rate: f64| {
            let mut all = measured(400.0, rate);
            let rate = all.remove(&(Metric::Throughput, Some("source".to_owned())));
            all.insert((Metric::Throughput, Some(source.clone())), rate.unwrap());
            fit(&all, &scenario, sample::made).unwrap()
        };
        let simulated = compared(1.0).rows[1].simulated.unwrap();
        assert!(compared(simulated).worst().is_none());
        let far = compared(2.0 * simulated);
        assert_eq!(far.worst().unwrap().metric, Metric::Throughput);
        assert!(rests_on(Metric::Throughput).contains("source.rate"));
        assert!(far.duration().is_some());
    }
}
