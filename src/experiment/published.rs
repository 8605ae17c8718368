//! Simulation against figures that others have published: their jobs, their clusters, their years.
//!
//! Each entry has a scenario of its own in `scenarios/`, whose header says what its source states, what follows from the
//! source, and what is assumed. Sizes and rates go in, durations come out; nothing is fitted. Left out of the same
//! sources: `ALTERNATING` of flink-benchmarks, whose meaning changed with Flink 1.16 (before, an aligned barrier that
//! waited at the sender could not time out), and the blog's window workload, which states no record sizes.

pub mod khaos;
pub mod predicted;

use std::path::Path;

use serde::Serialize;

use crate::experiment::metric::measured::counted;
use crate::experiment::run::{RunError, run};
use crate::measure::Phases;
use crate::measure::estimate::quantile;
use crate::scenario::load;

/// A published figure, and the scenario that should reproduce it.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// What was measured.
    pub name: &'static str,
    /// File in `scenarios/`.
    pub scenario: &'static str,
    text: &'static str,
    /// Which figure of the simulation stands beside it.
    pub metric: Metric,
    /// What was published, ms.
    pub published_ms: f64,
    /// How near the simulation has to come.
    pub tolerance: Tolerance,
    /// Where it was published.
    pub source: &'static str,
}

/// A figure over all completed checkpoints after warm-up, of all replications together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Metric {
    /// Trigger to committed pointer: what the caller of `triggerCheckpoint` waits for.
    #[serde(rename = "mean time to completion")]
    MeanToCompletion,
    /// `end_to_end_duration`.
    #[serde(rename = "median duration")]
    MedianDuration,
}

impl Metric {
    /// For tables.
    pub fn name(self) -> &'static str {
        match self {
            Metric::MeanToCompletion => "mean time to completion",
            Metric::MedianDuration => "median duration",
        }
    }
}

/// What counts as reproduced.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tolerance {
    /// |simulated - published| / published is at most this.
    Relative(f64),
    /// The simulated figure is at most this, ms: the published one consists of messages only.
    AtMostMs(f64),
}

/// A published figure beside the simulated one.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: &'static str,
    /// File in `scenarios/`.
    pub scenario: &'static str,
    /// Which figure of the simulation.
    pub metric: Metric,
    /// What was published.
    pub published: f64,
    /// What the simulation gives; `None` if no checkpoint completed.
    pub simulated: Option<f64>,
    /// Of both: `ms`.
    pub unit: &'static str,
    /// (simulated - published) / published.
    pub deviation: Option<f64>,
    /// How near it has to come.
    pub tolerance: Tolerance,
    /// Whether it does.
    pub holds: bool,
    /// Where the figure was published.
    pub source: &'static str,
}

const BENCHMARK: &str =
    "apache/flink-benchmarks, CheckpointingTimeBenchmark, pull request 32 (2021-09-27)";
const BLOG: &str = "flink.apache.org, blog of 2022-05-30 on the changelog, ValueState workload";

/// Everything that is compared.
pub const ALL: [Published; 4] = [
    Published {
        name: "aligned checkpoint with debloating",
        scenario: "published-debloat-aligned.toml",
        text: include_str!("../../scenarios/published-debloat-aligned.toml"),
        metric: Metric::MeanToCompletion,
        published_ms: 878.707,
        tolerance: Tolerance::Relative(0.25),
        source: BENCHMARK,
    },
    Published {
        name: "unaligned checkpoint under backpressure",
        scenario: "published-unaligned.toml",
        text: include_str!("../../scenarios/published-unaligned.toml"),
        metric: Metric::MeanToCompletion,
        published_ms: 2.465,
        tolerance: Tolerance::AtMostMs(20.0),
        source: BENCHMARK,
    },
    Published {
        name: "incremental RocksDB, changelog off",
        scenario: "published-changelog-off.toml",
        text: include_str!("../../scenarios/published-changelog-off.toml"),
        metric: Metric::MedianDuration,
        published_ms: 5000.0,
        tolerance: Tolerance::Relative(0.25),
        source: BLOG,
    },
    Published {
        name: "incremental RocksDB, changelog on",
        scenario: "published-changelog-on.toml",
        text: include_str!("../../scenarios/published-changelog-on.toml"),
        metric: Metric::MedianDuration,
        published_ms: 311.0,
        tolerance: Tolerance::Relative(0.25),
        source: BLOG,
    },
];

/// Simulates all of them; takes seconds.
pub fn compare() -> Result<Vec<Row>, RunError> {
    ALL.iter().map(Published::compare).collect()
}

impl Published {
    /// Simulates this one.
    pub fn compare(&self) -> Result<Row, RunError> {
        let loaded = load::parse(self.text, self.scenario, Path::new(""), &[])
            .expect("a test reads every scenario that ships");
        let scenario = loaded.scenario;
        let mut samples = Vec::new();
        for replication in 0..scenario.job.replications {
            let result = run(&scenario, scenario.job.seed, replication)?;
            let completed = counted(&result).filter_map(Phases::of);
            samples.extend(completed.map(|phases| self.metric.of_ms(&phases)));
        }
        Ok(self.row(self.metric.over(&samples)))
    }

    fn row(&self, simulated: Option<f64>) -> Row {
        let deviation = simulated.map(|ms| ms / self.published_ms - 1.0);
        let holds = match self.tolerance {
            Tolerance::Relative(share) => deviation.is_some_and(|by| by.abs() <= share),
            Tolerance::AtMostMs(limit) => simulated.is_some_and(|ms| ms <= limit),
        };
        Row {
            name: self.name,
            scenario: self.scenario,
            metric: self.metric,
            published: self.published_ms,
            simulated,
            unit: "ms",
            deviation,
            tolerance: self.tolerance,
            holds,
            source: self.source,
        }
    }
}

impl Metric {
    fn of_ms(self, phases: &Phases) -> f64 {
        match self {
            Metric::MeanToCompletion => phases.durable.as_millis_f64(),
            Metric::MedianDuration => phases.end_to_end.as_millis_f64(),
        }
    }

    fn over(self, samples: &[f64]) -> Option<f64> {
        match self {
            Metric::MeanToCompletion if samples.is_empty() => None,
            Metric::MeanToCompletion => Some(samples.iter().sum::<f64>() / samples.len() as f64),
            Metric::MedianDuration => quantile(samples, 0.5),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_holds_within_its_tolerance() {
        let [aligned, unaligned, ..] = ALL;
        assert!(aligned.row(Some(660.0)).holds);
        assert!(!aligned.row(Some(658.0)).holds);
        assert!(unaligned.row(Some(19.0)).holds);
        assert!(!unaligned.row(Some(21.0)).holds);
        assert!(!aligned.row(None).holds);
    }
}
