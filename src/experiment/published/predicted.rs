//! Published experiments whose results were not known when they were simulated: the predictions stand before the comparison.
//!
//! What is known of each, and what is assumed with which reason, says the header of its scenario. Left out: an experiment with `ForSt`,
//! which is not modelled.

use std::path::Path;

use rayon::prelude::*;
use serde::Serialize;

use crate::experiment::costs;
use crate::experiment::metric::measured::{Measured, counted};
use crate::experiment::published::khaos;
use crate::experiment::run::{RunError, run};
use crate::experiment::run_result::RunResult;
use crate::measure::Phases;
use crate::measure::estimate::quantile;
use crate::scenario::{Scenario, load};

/// When the predictions were made.
pub const DATE: &str = "2026-11-30";

/// What is predicted of one case of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Prediction {
    /// File in `scenarios/`.
    pub scenario: &'static str,
    /// Which case.
    pub case: String,
    /// The figures, in order.
    pub figures: Vec<Figure>,
}

/// A predicted figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// How much; `None` if it did not come to it.
    pub value: Option<f64>,
    /// Of the value; may be empty.
    pub unit: &'static str,
}

/// A figure is rounded as far as it is worth.
impl std::fmt::Display for Figure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Figure { name, value, unit } = self;
        let space = if unit.is_empty() { "" } else { " " };
        match value {
            None => write!(f, "{name} none"),
            Some(value) if *value < 10.0 => write!(f, "{name} {value:.1}{space}{unit}"),
            Some(value) => write!(f, "{name} {value:.0}{space}{unit}"),
        }
    }
}

/// A scenario that ships.
struct File {
    name: &'static str,
    text: &'static str,
}

const S3_CLIENTS: File = File {
    name: "published-s3-clients.toml",
    text: include_str!("../../../scenarios/published-s3-clients.toml"),
};
const IOT: File = File {
    name: "published-khaos-iot.toml",
    text: include_str!("../../../scenarios/published-khaos-iot.toml"),
};
const DEMETER: File = File {
    name: "published-demeter.toml",
    text: include_str!("../../../scenarios/published-demeter.toml"),
};
const S3_BILL: File = File {
    name: "published-s3-bill.toml",
    text: include_str!("../../../scenarios/published-s3-bill.toml"),
};
const TWO_INPUTS: File = File {
    name: "published-debloat-two-inputs.toml",
    text: include_str!("../../../scenarios/published-debloat-two-inputs.toml"),
};

/// Simulates all of them; takes seconds.
pub fn predict() -> Result<Vec<Prediction>, RunError> {
    let mut all = s3_clients()?;
    all.extend(iot()?);
    all.extend(demeter()?);
    all.extend([s3_bill()?, two_inputs()?]);
    Ok(all)
}

/// The header of a scenario, unwrapped: where its prediction is stated, too.
#[cfg(feature = "internals")]
pub fn header(scenario: &str) -> Option<String> {
    let files = [&S3_CLIENTS, &IOT, &DEMETER, &S3_BILL, &TWO_INPUTS];
    let file = files.into_iter().find(|file| file.name == scenario)?;
    let comments = file.text.lines().map_while(|line| line.strip_prefix('#'));
    let lines: Vec<&str> = comments.map(str::trim).collect();
    Some(lines.join(" "))
}

impl Prediction {
    /// The figures in one line.
    pub fn text(&self) -> String {
        let figures: Vec<String> = self.figures.iter().map(Figure::to_string).collect();
        figures.join(", ")
    }
}

fn s3_clients() -> Result<Vec<Prediction>, RunError> {
    // The native client: see the header.
    let native = [
        ("storage.write-per-stream", "94 MB/s"),
        ("storage.write-per-taskmanager", "94 MB/s"),
    ];
    let cases: [(&str, &[(&str, &str)]); 2] = [("Presto client", &[]), ("native client", &native)];
    let predict = |(case, changes): (&str, &[(&str, &str)])| {
        let scenario = S3_CLIENTS.with(changes);
        let completed = completed(&run(&scenario, scenario.job.seed, 0)?);
        let seconds: Vec<f64> = completed.iter().map(duration_s).collect();
        let mut figures = vec![
            of("mean duration", mean(&seconds), "s"),
            of("p90", quantile(&seconds, 0.9), "s"),
            of("p99", quantile(&seconds, 0.99), "s"),
            of("completed", Some(completed.len() as f64), ""),
        ];
        for gigabytes in (0..20).step_by(2) {
            let range = f64::from(gigabytes) * 1e9..f64::from(gigabytes + 2) * 1e9;
            let within = |phases: &&Phases| range.contains(&phases.state_size.as_f64());
            let rates: Vec<f64> = (completed.iter().filter(within))
                .map(|phases| phases.checkpointed.as_f64() / 1e6 / duration_s(phases))
                .collect();
            figures.push(of(
                &format!("to {} GB", gigabytes + 2),
                mean(&rates),
                "MB/s",
            ));
        }
        Ok(S3_CLIENTS.prediction(case, figures))
    };
    cases.into_iter().map(predict).collect()
}

fn iot() -> Result<Vec<Prediction>, RunError> {
    const RATES_K: [f64; 12] = [
        0.4, 2.5, 5.1, 7.7, 10.3, 12.9, 15.3, 18.0, 20.4, 23.0, 25.5, 28.0,
    ];
    /// One record of the scenario stands for so many.
    const TOGETHER: f64 = 100.0;
    let predict = |interval_s: u32| {
        let recovery = |rate_k: &f64| {
            let failure_s = (1.0 + khaos::PHASE) * f64::from(interval_s);
            let rate = format!("{}/s", 1000.0 * rate_k / TOGETHER);
            let scenario = IOT.with(&[
                (
                    "flink.execution.checkpointing.interval",
                    &format!("{interval_s} s"),
                ),
                ("vertex.vehicles.source.rate", &rate),
                ("failures.at", &format!("[\"{failure_s} s\"]")),
            ]);
            let result = run(&scenario, scenario.job.seed, 0)?;
            Ok(of(&format!("{rate_k} k/s"), first_recovery_s(&result), "s"))
        };
        let figures: Result<Vec<Figure>, RunError> = RATES_K.par_iter().map(recovery).collect();
        Ok(IOT.prediction(&format!("recovery, interval {interval_s} s"), figures?))
    };
    [10, 30, 60, 90, 120].into_iter().map(predict).collect()
}

fn demeter() -> Result<Vec<Prediction>, RunError> {
    /// The detector is first asked after 20 s, then every 10.
    const FIRST_S: f64 = 20.0;
    const POLL_S: f64 = 10.0;
    let predict = |interval_s: u32| {
        // 5 s before the end of the third interval, 90 s at least after the start.
        let failure_s = 3 * interval_s.max(30) - 5;
        let scenario = DEMETER.with(&[
            (
                "flink.execution.checkpointing.interval",
                &format!("{interval_s} s"),
            ),
            ("failures.at", &format!("[\"{failure_s} s\"]")),
        ]);
        let recovery = |replication| {
            let result = run(&scenario, scenario.job.seed, replication)?;
            let polls = first_recovery_s(&result).map(|s| ((s - FIRST_S) / POLL_S).ceil());
            Ok(polls.map_or(f64::INFINITY, |polls| FIRST_S + POLL_S * polls.max(0.0)))
        };
        let all: Result<Vec<f64>, RunError> = (0..scenario.job.replications)
            .into_par_iter()
            .map(recovery)
            .collect();
        Ok(of(
            &format!("interval {interval_s} s"),
            quantile(&all?, 0.5),
            "s",
        ))
    };
    let figures: Result<Vec<Figure>, RunError> =
        [10, 30, 50, 70, 90].into_iter().map(predict).collect();
    Ok(vec![DEMETER.prediction("median recovery", figures?)])
}

fn s3_bill() -> Result<Prediction, RunError> {
    const JOBS: f64 = 7.0;
    const DAY_S: f64 = 86_400.0;
    let scenario = S3_BILL.with(&[]);
    let result = run(&scenario, scenario.job.seed, 0)?;
    let measured = Measured::of(&scenario, &result);
    let per_s = costs::requests_per_s(&measured);
    let month = costs::money_per_month(&measured);
    let figures = vec![
        of(
            "requests",
            per_s.map(|(w, r)| (w + r) * DAY_S * JOBS / 1e6),
            "million a day",
        ),
        of(
            "cost",
            month.map(|money| money * JOBS * DAY_S / costs::MONTH_S),
            "USD a day",
        ),
    ];
    Ok(S3_BILL.prediction("seven jobs", figures))
}

fn two_inputs() -> Result<Prediction, RunError> {
    let scenario = TWO_INPUTS.with(&[]);
    let mut milliseconds = Vec::new();
    for replication in 0..scenario.job.replications {
        let result = run(&scenario, scenario.job.seed, replication)?;
        let durable = |phases: &Phases| phases.durable.as_millis_f64();
        milliseconds.extend(completed(&result).iter().map(durable));
    }
    let figures = vec![of("mean time to completion", mean(&milliseconds), "ms")];
    Ok(TWO_INPUTS.prediction("aligned", figures))
}

impl File {
    fn with(&self, changes: &[(&str, &str)]) -> Scenario {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        let changes: Vec<(String, String)> = changes.iter().map(owned).collect();
        load::parse(self.text, self.name, Path::new(""), &changes)
            .expect("a test predicts it")
            .scenario
    }

    fn prediction(&self, case: &str, figures: Vec<Figure>) -> Prediction {
        Prediction {
            scenario: self.name,
            case: case.to_owned(),
            figures,
        }
    }
}

fn of(name: &str, value: Option<f64>, unit: &'static str) -> Figure {
    Figure {
        name: name.to_owned(),
        value: value.filter(|value| value.is_finite()),
        unit,
    }
}

fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

/// All completed checkpoints after warm-up.
fn completed(result: &RunResult) -> Vec<Phases> {
    counted(result).filter_map(Phases::of).collect()
}

fn duration_s(phases: &Phases) -> f64 {
    phases.end_to_end.as_secs_f64()
}

/// Failure until no more records wait than before, s.
fn first_recovery_s(result: &RunResult) -> Option<f64> {
    let recovery = result.recoveries.first()?.recovery_time()?;
    Some(recovery.as_secs_f64())
}
