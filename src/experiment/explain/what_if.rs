//! What the checkpoint would have taken with another option: the same seed once more, one key changed.
//!
//! Common random numbers: records, keys and service times are those of the run that is explained, so that a difference
//! is the option's.

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::experiment::RunResult;
use crate::experiment::explain::slowest;
use crate::experiment::guard::guarded;
use crate::experiment::levers::Lever;
use crate::experiment::run;
use crate::measure::{CheckpointRecord, Outcome};
use crate::units::SimDuration;

/// One change, and what would come of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// In words.
    pub name: String,
    /// Keys of the scenario to set.
    pub settings: Vec<Setting>,
    /// The checkpoint with the same number.
    pub checkpoint: Outlook,
    /// The slowest completed checkpoint after warm-up.
    #[serde(rename = "slowest_ns")]
    pub slowest: Option<SimDuration>,
}

/// A key with its new value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Path in a scenario; `flink.` and Flink's own name for options of Flink.
    pub key: String,
    /// As it is written.
    pub value: String,
}

/// How a checkpoint ends under another option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outlook {
    /// It completes in this time.
    #[serde(rename = "duration_ns")]
    Completed(SimDuration),
    /// It does not complete, for this reason.
    Not(String),
}

impl Outlook {
    /// The duration, if it completes.
    pub fn duration(&self) -> Option<SimDuration> {
        match self {
            Outlook::Completed(duration) => Some(*duration),
            Outlook::Not(_) => None,
        }
    }
}

/// Simulates all of them at the same time; the largest win first.
pub fn simulate(levers: &[Lever], (seed, checkpoint): (u64, u64)) -> Vec<Counterfactual> {
    let mut found: Vec<Counterfactual> = levers
        .par_iter()
        .map(|lever| {
            let run = guarded(|| run::run(&lever.scenario, seed, 0));
            let (outlook, slowest) = match &run {
                Ok(run) => (
                    outlook(run, checkpoint),
                    slowest(run).and_then(CheckpointRecord::end_to_end),
                ),
                Err(error) => (Outlook::Not(error.to_string()), None),
            };
            let settings = lever.settings.iter();
            Counterfactual {
                name: lever.name.to_owned(),
                settings: settings
                    .map(|(key, value)| Setting {
                        key: key.clone(),
                        value: value.clone(),
                    })
                    .collect(),
                checkpoint: outlook,
                slowest,
            }
        })
        .collect();
    let order = |found: &Counterfactual| found.checkpoint.duration().unwrap_or(SimDuration::MAX);
    found.sort_by_key(order);
    found
}

fn outlook(run: &RunResult, checkpoint: u64) -> Outlook {
    let record = run.checkpoints.iter().find(|one| one.id == checkpoint);
    match record.map(|record| (record.end_to_end(), &record.outcome)) {
        Some((Some(duration), _)) => Outlook::Completed(duration),
        Some((None, Outcome::Failed { reason, .. })) => Outlook::Not(reason.clone()),
        Some((None, _)) => Outlook::Not("In progress at the end of the run.".to_owned()),
        None => Outlook::Not("There is no checkpoint of this number.".to_owned()),
    }
}
