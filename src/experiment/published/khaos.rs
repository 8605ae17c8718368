//! Recovery times of the Yahoo streaming benchmark as Khaos published them: one scenario at three checkpoint intervals and
//! twelve rates.
//!
//! The recovery time is failure to "latency is back to normal"; in the simulation, until no more records wait than before.
//! The authors' repetitions differ from each other by 7.2 %.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use crate::experiment::run::{RunError, run};
use crate::measure::RecoveryRecord;
use crate::scenario::{Scenario, load};
use crate::units::SimDuration;

/// File in `scenarios/`.
pub const SCENARIO: &str = "published-khaos.toml";
const TEXT: &str = include_str!("../../../scenarios/published-khaos.toml");

/// The mean error may be at most this.
pub const BOUND: f64 = 0.08;
/// Where the figures were published.
pub const SOURCE: &str = "dos-group/khaos, data/ysb (arXiv 2109.02340)";

/// Input rates at the failures, thousands of events per second.
const RATES_K: [f64; 12] = [
    57.0, 60.5, 63.5, 66.4, 69.6, 72.9, 75.9, 79.1, 82.2, 85.0, 88.3, 91.3,
];
/// Checkpoint interval, s, and the recovery times at these rates, s.
const PUBLISHED_S: [(u32, [f64; 12]); 3] = [
    (
        10,
        [
            122.0, 114.0, 150.0, 148.0, 158.0, 148.0, 187.0, 178.0, 215.0, 202.0, 203.0, 357.0,
        ],
    ),
    (
        60,
        [
            144.0, 173.0, 174.0, 172.0, 174.0, 198.0, 245.0, 236.0, 240.0, 265.0, 272.0, 255.0,
        ],
    ),
    (
        120,
        [
            211.0, 194.0, 203.0, 277.0, 263.0, 269.0, 282.0, 298.0, 336.0, 362.0, 414.0, 423.0,
        ],
    ),
];

/// One record of the scenario stands for so many events.
const EVENTS_PER_RECORD: f64 = 50.0;
/// Where in the interval after the first checkpoint the failure lies: its `s`.
pub(super) const PHASE: f64 = 0.83;
/// Simulated after the failure, s; the slowest recovery takes 423.
const AFTER_S: f64 = 600.0;

/// The recoveries at one checkpoint interval.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The checkpoint interval, s.
    pub interval_s: u32,
    /// How many failures.
    pub failures: usize,
    /// Mean of the published recovery times, s.
    pub published_s: f64,
    /// Mean of the simulated ones, s.
    pub simulated_s: f64,
    /// Mean of |simulated - published| / published.
    pub mean_error: f64,
}

/// Simulates all failures; an interval's row by row.
pub fn compare() -> Result<Vec<Interval>, RunError> {
    PUBLISHED_S
        .iter()
        .map(|(interval_s, published)| {
            let simulated = RATES_K
                .par_iter()
                .map(|rate| recovery_s(&at(*interval_s, *rate)))
                .collect::<Result<Vec<f64>, RunError>>()?;
            let pairs = || simulated.iter().zip(published);
            Ok(Interval {
                interval_s: *interval_s,
                failures: published.len(),
                published_s: mean(published.iter().copied()),
                simulated_s: mean(simulated.iter().copied()),
                mean_error: mean(pairs().map(|(ours, theirs)| (ours / theirs - 1.0).abs())),
            })
        })
        .collect()
}

/// The mean error over all failures; `None` of none.
pub fn mean_error(intervals: &[Interval]) -> Option<f64> {
    let failures: usize = intervals.iter().map(|row| row.failures).sum();
    let sum: f64 = intervals
        .iter()
        .map(|row| row.mean_error * row.failures as f64)
        .sum();
    (failures > 0).then(|| sum / failures as f64)
}

fn at(interval_s: u32, rate_k: f64) -> Scenario {
    let rate = 1000.0 * rate_k / EVENTS_PER_RECORD;
    let failure = (1.0 + PHASE) * f64::from(interval_s);
    let changes = [
        (
            "flink.execution.checkpointing.interval",
            format!("{interval_s} s"),
        ),
        ("vertex.ad events.source.rate", format!("{rate}/s")),
        ("failures.at", format!("[\"{failure} s\"]")),
        ("job.duration", format!("{} s", failure + AFTER_S)),
    ]
    .map(|(key, value)| (key.to_owned(), value));
    load::parse(TEXT, SCENARIO, Path::new(""), &changes)
        .expect("a test simulates it")
        .scenario
}

/// Failure until no more records wait than before, s; a job that does not get there counts as far as it was simulated.
fn recovery_s(scenario: &Scenario) -> Result<f64, RunError> {
    let result = run(scenario, scenario.job.seed, 0)?;
    let recovery = result
        .recoveries
        .first()
        .and_then(RecoveryRecord::recovery_time);
    Ok(recovery.map_or(AFTER_S, SimDuration::as_secs_f64))
}

fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}
