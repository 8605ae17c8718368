//! Simulation against closed forms, where the assumptions of the closed forms hold.
//!
//! Each experiment is a scenario so simple that pencil and paper give its answer: exponential times, one queue, one
//! failure. The simulator is told nothing of the law; a closed form agrees if it lies in the interval of the simulated
//! mean. All intervals hold together with 95 % (Bonferroni), so that a table of thirty rows does not reject a true law
//! by chance.
//!
//! Rates and times scale freely: the scenarios have tens of records per second where the laws speak of thousands.

mod barriers;
mod catch_up;
mod failures;
mod mechanisms;
mod queues;

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use crate::experiment::run::{RunError, run};
use crate::experiment::run_result::RunResult;
use crate::measure::{CheckpointRecord, Estimate, Scale};
use crate::scenario::{Scenario, load};
use crate::units::Unit;

/// Confidence of all intervals of the table together.
const CONFIDENCE: f64 = 0.95;

/// A closed form beside the simulation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Whose law, or which.
    pub law: &'static str,
    /// What it says, and for which numbers.
    pub case: String,
    /// Base unit of the values.
    pub unit: Unit,
    /// What the closed form says.
    pub closed_form: f64,
    /// What the simulation says; its interval holds together with those of all other rows.
    pub simulated: Option<Estimate>,
    /// Whether the closed form lies in the interval.
    pub agrees: bool,
}

/// A scenario whose answer is known.
struct Experiment {
    /// Scenario file.
    text: String,
    readings: Vec<Reading>,
}

/// Where a run has an answer; `None` if it has not.
type Reader = Box<dyn Fn(&RunResult) -> Option<f64> + Send + Sync>;

/// One known answer, and where a run has it.
struct Reading {
    law: &'static str,
    case: String,
    unit: Unit,
    closed_form: f64,
    read: Reader,
}

/// Makes all experiments, each this many times, and compares.
pub fn compare(seed: u64, replications: u32) -> Result<Vec<Row>, RunError> {
    let experiments: Vec<Experiment> = [
        queues::experiments(),
        barriers::experiments(),
        catch_up::experiments(),
        failures::experiments(),
        mechanisms::experiments(),
    ]
    .into_iter()
    .flatten()
    .collect();
    let readings: usize = experiments.iter().map(|one| one.readings.len()).sum();
    let confidence = 1.0 - (1.0 - CONFIDENCE) / readings as f64;
    let mut rows = Vec::new();
    for experiment in &experiments {
        let scenario = experiment.scenario();
        let samples = (0..replications)
            .into_par_iter()
            .map(|replication| {
                let result = run(&scenario, seed, replication)?;
                let read = |reading: &Reading| (reading.read)(&result);
                Ok(experiment.readings.iter().map(read).collect())
            })
            .collect::<Result<Vec<Vec<Option<f64>>>, RunError>>()?;
        for (index, reading) in experiment.readings.iter().enumerate() {
            let samples: Vec<f64> = samples.iter().filter_map(|sample| sample[index]).collect();
            rows.push(reading.row(&samples, confidence));
        }
    }
    Ok(rows)
}

impl Experiment {
    fn scenario(&self) -> Scenario {
        let loaded = load::parse(&self.text, "theory", Path::new(""), &[]);
        loaded
            .expect("the scenarios of this module are valid; a test reads them all")
            .scenario
    }
}

impl Reading {
    fn row(&self, samples: &[f64], confidence: f64) -> Row {
        let simulated = Estimate::with_confidence(samples, Scale::of_unit(self.unit), confidence);
        Row {
            law: self.law,
            case: self.case.clone(),
            unit: self.unit,
            closed_form: self.closed_form,
            simulated,
            agrees: simulated
                .is_some_and(|is| (is.low..=is.high).contains(&self.closed_form) && is.n > 1),
        }
    }
}

/// The mean of a figure of all completed checkpoints after warm-up; `None` without any.
fn mean_of_checkpoints(
    run: &RunResult,
    read: impl Fn(&CheckpointRecord) -> Option<f64>,
) -> Option<f64> {
    let figures: Vec<f64> = run
        .checkpoints
        .iter()
        .filter(|record| record.trigger >= run.warmup && record.end_to_end().is_some())
        .filter_map(read)
        .collect();
    (!figures.is_empty()).then(|| figures.iter().sum::<f64>() / figures.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_experiment_is_a_valid_scenario() {
        let all = [
            queues::experiments(),
            barriers::experiments(),
            catch_up::experiments(),
            failures::experiments(),
        ];
        for experiment in all.into_iter().flatten() {
            let loaded = load::parse(&experiment.text, "theory", Path::new(""), &[]);
            loaded.unwrap_or_else(|problems| panic!("{}\n{problems}", experiment.text));
        }
    }

    #[test]
    fn a_closed_form_outside_the_interval_does_not_agree() {
        let reading = |closed_form| Reading {
            law: "test",
            case: String::new(),
            unit: Unit::Time,
            closed_form,
            read: Box::new(|_| None),
        };
        let samples = [1.0, 1.1, 0.9, 1.05];
        assert!(reading(1.0).row(&samples, 0.95).agrees);
        assert!(!reading(1.5).row(&samples, 0.95).agrees);
        assert!(!reading(1.0).row(&[1.0], 0.95).agrees, "no interval");
        assert!(!reading(1.0).row(&[], 0.95).agrees);
    }
}
