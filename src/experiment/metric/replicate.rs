//! The figures of one run, and the samples that it shares with others.
//!
//! Within a replication: completed checkpoints (not savepoints) triggered after warm-up. Over replications:
//! [`PointSummary`](crate::experiment::PointSummary).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::experiment::commit_latency::Waits;
use crate::experiment::course::Course;
use crate::experiment::metric::measured::Measured;
use crate::experiment::metric::{self, MetricId};
use crate::experiment::recoveries::Recoveries;
use crate::experiment::run_result::{JobEnd, RunResult};
use crate::experiment::spans::Spans;
use crate::scenario::Scenario;
use crate::units::SimDuration;

/// The figures of one run, and the samples that are pooled with those of other runs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Replication {
    /// Digest of the run.
    pub digest: String,
    /// Events handled.
    pub events: u64,
    /// Why the job failed, if it did.
    pub failure: Option<String>,
    /// By metric.
    pub figures: Figures,
    /// Every end-to-end duration.
    pub durations: Spans,
    /// Until a record's result is visible behind an exactly-once sink.
    pub visibility: Waits,
    /// What followed failures.
    pub recoveries: Recoveries,
    /// Records over time: for losses, which a document has already.
    #[serde(default, skip_serializing_if = "Course::is_empty")]
    pub course: Course,
}

/// Figures of one run by metric, in base units; those that the run says nothing about are absent.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figures(BTreeMap<MetricId, f64>);

impl Figures {
    /// The figure of this metric.
    pub fn get(&self, id: MetricId) -> Option<f64> {
        self.0.get(&id).copied()
    }
}

impl FromIterator<(MetricId, f64)> for Figures {
    fn from_iter<T: IntoIterator<Item = (MetricId, f64)>>(figures: T) -> Self {
        Figures(figures.into_iter().collect())
    }
}

/// One replication of one scenario.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Its figures.
    #[serde(flatten)]
    pub replication: Replication,
    /// Share of the saturated throughput that checkpoints cost, if it was measured.
    pub loss: Option<f64>,
}

/// How the reason begins why there is no run; all other reasons are those of a simulated job.
pub const NOT_SIMULATED: &str = "not simulated";

impl Replication {
    /// A run that could not be made: no figures, only why.
    pub fn not_simulated(why: &str) -> Self {
        Replication {
            failure: Some(format!("{NOT_SIMULATED}: {why}")),
            ..Replication::default()
        }
    }

    /// The figures of a job of which one subtask in `fold` was simulated: what sums over subtasks is so many times as much.
    #[must_use]
    pub fn of_whole(mut self, fold: usize) -> Self {
        for (id, figure) in &mut self.figures.0 {
            if id.sums() {
                *figure *= fold as f64;
            }
        }
        self
    }

    /// Whether there was a run; every one has a digest.
    pub fn is_simulated(&self) -> bool {
        self.failure.is_none() || !self.digest.is_empty()
    }

    /// The figures of a run of this scenario.
    pub fn of(scenario: &Scenario, run: &RunResult) -> Self {
        Replication::read(Measured::of(scenario, run))
    }

    /// The figures of a run that was measured already.
    pub fn read(measured: Measured<'_>) -> Self {
        let run = measured.run;
        let figure = |metric: &metric::Metric| Some((metric.id, metric.figure(&measured)?));
        Replication {
            digest: run.digest.clone(),
            events: run.events,
            failure: match &run.job_end {
                JobEnd::Running => None,
                JobEnd::Failed { reason, .. } => Some(reason.clone()),
            },
            figures: metric::all().iter().filter_map(figure).collect(),
            durations: durations(&measured),
            course: course(run),
            visibility: measured.visibility,
            recoveries: measured.recoveries,
        }
    }
}

fn durations(run: &Measured<'_>) -> Spans {
    let completed = run.completed.iter().map(|phases| phases.end_to_end);
    let expired = run
        .counted
        .iter()
        .filter_map(|record| record.expired_after());
    Spans {
        ended: completed.map(SimDuration::as_secs_f64).collect(),
        open: expired.map(SimDuration::as_secs_f64).collect(),
    }
}

fn course(run: &RunResult) -> Course {
    let mut course = run.course.clone();
    course.busiest(
        run.vertices
            .iter()
            .map(|vertex| vertex.busy.iter().copied().fold(0.0, f64::max)),
    );
    course
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;
    use crate::measure::CheckpointKind;

    #[test]
    fn savepoints_and_warm_up_are_left_out_of_statistics() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints[2].kind = CheckpointKind::Savepoint;
        // Triggers at 10, 20, …, 60 s; the first is warm-up, the third a savepoint.
        let replication = Replication::of(&scenario, &run);
        let figure = |id| replication.figures.get(id);
        assert_eq!(figure(MetricId::Completed), Some(4.0));
        assert_eq!(figure(MetricId::Failed), Some(0.0));
    }

    #[test]
    fn a_replication_survives_the_journal_to_the_last_bit() {
        for seed in 0..50 {
            let scenario = sample::scenario(7);
            let run = sample::run(&scenario, seed, 1).unwrap();
            let replication = Replication::of(&scenario, &run);
            let text = serde_json::to_string(&replication).unwrap();
            assert_eq!(
                serde_json::from_str::<Replication>(&text).unwrap(),
                replication
            );
        }
    }
}
