//! What many runs give: estimates by metric, formulas beside them, points of a sweep.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::experiment::metric::replicate::Replication;
use crate::experiment::metric::{self, Metric, MetricId};
use crate::formulas::FormulaId;
use crate::measure::Estimate;
use crate::units::Unit;

/// A grid of points, each with all its replications summarised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepResult {
    /// Format of this file.
    pub schema: String,
    /// Version of the program.
    pub version: String,
    /// Name of the job.
    pub scenario: String,
    /// SHA-256 of the effective scenario text.
    pub scenario_sha256: String,
    /// The effective scenario, as TOML.
    pub scenario_toml: String,
    /// Root seed.
    pub seed: u64,
    /// Runs per point.
    pub replications: u32,
    /// Swept keys, such as `flink.execution.checkpointing.interval`.
    pub axes: Vec<String>,
    /// In grid order: the last axis varies fastest.
    pub points: Vec<PointSummary>,
}

/// The value of one axis at one point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Coordinate {
    /// As written in the scenario (`"30 s"`).
    pub label: String,
    /// As a number, in the base unit (seconds, bytes, bytes/s, plain), if it is one.
    pub value: Option<f64>,
}

/// One point: statistics over checkpoints after warm-up within each replication, then intervals over replications.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "SavedPoint", into = "SavedPoint")]
#[non_exhaustive]
pub struct PointSummary {
    /// One per axis.
    pub coordinates: Vec<Coordinate>,
    /// By metric, in base units; absent where no replication has it.
    pub metrics: Estimates,
    /// Metrics that are larger than the number says: something was not over when a run ended.
    pub at_least: Vec<MetricId>,
    /// Digests of the replications.
    pub digests: Vec<String>,
    /// Formula beside measurement.
    pub comparisons: Vec<Comparison>,
    /// Why some or all replications could not be simulated; the estimates are those of the others.
    pub failure: Option<String>,
}

impl PointSummary {
    /// Estimates over replications, without formulas and throughput loss.
    pub fn of(replications: &[Replication]) -> PointSummary {
        let mut summary = PointSummary {
            digests: replications.iter().map(|r| r.digest.clone()).collect(),
            ..PointSummary::default()
        };
        for metric in metric::all() {
            if let Some(reading) = metric.summary(replications) {
                summary.metrics.set(metric.id, reading.estimate);
                summary
                    .at_least
                    .extend(reading.at_least.then_some(metric.id));
            }
        }
        summary
    }

    /// The estimate of a metric.
    pub fn metric(&self, id: MetricId) -> Option<Estimate> {
        self.metrics.get(id)
    }

    /// What the interval costs besides the checkpoints: rework, downtime, visibility, storage, money.
    pub fn costs(&self) -> impl Iterator<Item = (&'static Metric, Estimate)> {
        let costs = metric::all().iter().filter(|metric| metric.is_cost());
        costs.filter_map(|metric| Some((metric, self.metric(metric.id)?)))
    }
}

/// Estimates by metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Estimates(BTreeMap<MetricId, Estimate>);

impl Estimates {
    /// The estimate of this metric.
    pub fn get(&self, id: MetricId) -> Option<Estimate> {
        self.0.get(&id).copied()
    }

    /// Sets the estimate of this metric.
    pub fn set(&mut self, id: MetricId, estimate: Estimate) {
        self.0.insert(id, estimate);
    }
}

/// Every metric under its name, in the order of the table; `null` where there is no estimate.
impl Serialize for Estimates {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metrics = metric::all().iter();
        serializer.collect_map(metrics.map(|metric| (metric.name, self.get(metric.id))))
    }
}

/// What another version calls by another name is left out.
impl<'de> Deserialize<'de> for Estimates {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let saved = BTreeMap::<String, Option<Estimate>>::deserialize(deserializer)?;
        let known = saved
            .into_iter()
            .filter_map(|(name, estimate)| Some((MetricId::named(&name)?, estimate?)));
        Ok(Estimates(known.collect()))
    }
}

/// A point as files have it: with its costs once more, as a list with words.
#[derive(Serialize, Deserialize)]
struct SavedPoint {
    coordinates: Vec<Coordinate>,
    #[serde(flatten)]
    metrics: Estimates,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    at_least: Vec<MetricId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    costs: Vec<SavedCost>,
    digests: Vec<String>,
    comparisons: Vec<Comparison>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

/// The list of costs names means without it.
const MEAN: &str = "_mean";

#[derive(Serialize, Deserialize)]
struct SavedCost {
    id: String,
    quantity: String,
    unit: Unit,
    value: Estimate,
}

impl From<PointSummary> for SavedPoint {
    fn from(point: PointSummary) -> SavedPoint {
        let cost = |(metric, value): (&Metric, Estimate)| SavedCost {
            id: metric.name.trim_end_matches(MEAN).to_owned(),
            quantity: metric.label.to_owned(),
            unit: metric.unit,
            value,
        };
        SavedPoint {
            costs: point.costs().map(cost).collect(),
            coordinates: point.coordinates,
            metrics: point.metrics,
            at_least: point.at_least,
            digests: point.digests,
            comparisons: point.comparisons,
            failure: point.failure,
        }
    }
}

impl From<SavedPoint> for PointSummary {
    fn from(saved: SavedPoint) -> PointSummary {
        let mut metrics = saved.metrics;
        // Version 0.1 has costs in the list only.
        for SavedCost { id, value, .. } in saved.costs {
            let mean = || MetricId::named(&format!("{id}{MEAN}"));
            if let Some(id) = MetricId::named(&id).or_else(mean) {
                metrics.0.entry(id).or_insert(value);
            }
        }
        PointSummary {
            coordinates: saved.coordinates,
            metrics,
            at_least: saved.at_least,
            digests: saved.digests,
            comparisons: saved.comparisons,
            failure: saved.failure,
        }
    }
}

/// What a formula says, from the scenario alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prediction {
    /// Which formula.
    pub id: FormulaId,
    /// What it predicts, in Flink's words.
    pub quantity: String,
    /// The formula, as one line of text.
    pub formula: String,
    /// Value in the base unit (seconds, 1/s, share, bytes, records/s); `None` if undefined for this scenario.
    pub value: Option<f64>,
    /// Base unit.
    pub unit: Unit,
    /// Assumptions that this scenario breaks; empty = all hold.
    pub broken_assumptions: Vec<String>,
}

/// A prediction beside what the simulation measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The formula's side.
    pub prediction: Prediction,
    /// The simulation's side, in the same unit.
    pub simulated: Option<Estimate>,
}

impl Comparison {
    /// (prediction − simulated) / simulated; `None` without both or at zero.
    pub fn deviation(&self) -> Option<f64> {
        let (predicted, simulated) = (self.prediction.value?, self.simulated?.value);
        (simulated != 0.0).then(|| (predicted - simulated) / simulated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    #[test]
    fn a_run_without_checkpoints_still_has_throughput() {
        let scenario = sample::scenario(10);
        let mut run = sample::run(&scenario, 1, 0).unwrap();
        run.checkpoints.clear();
        let point = PointSummary::of(&[Replication::of(&scenario, &run)]);
        assert_eq!(point.metric(MetricId::DurationP50), None);
        let throughput = point.metric(MetricId::Throughput);
        assert!(throughput.is_some_and(|throughput| throughput.value > 0.0));
    }

    #[test]
    fn costs_of_version_0_1_are_read_from_their_list() {
        let saved = r#"{"coordinates": [], "digests": [], "comparisons": [], "costs": [
            {"id": "downtime", "quantity": "", "unit": "s", "value": {"value": 2.0, "low": 2.0, "high": 2.0, "n": 1}},
            {"id": "retained_bytes", "quantity": "", "unit": "B", "value": {"value": 3.0, "low": 3.0, "high": 3.0, "n": 1}}]}"#;
        let point: PointSummary = serde_json::from_str(saved).unwrap();
        let value = |id| point.metric(id).map(|estimate| estimate.value);
        assert_eq!(value(MetricId::DowntimeMean), Some(2.0));
        assert_eq!(value(MetricId::RetainedBytes), Some(3.0));
        let written = serde_json::to_value(&point).unwrap();
        assert_eq!(written["costs"][0]["id"], "downtime");
        assert_eq!(written["downtime_mean"]["value"], 2.0);
    }
}
