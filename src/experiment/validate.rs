//! Simulation against recordings of real clusters: predicted, measured, error.
//!
//! A recording's keys are one random draw that nobody knows: each of several replications draws its own, and what they
//! give is an interval. Nor does anybody know how loaded the machines were: the prediction is made for typical latencies of
//! the control plane, its interval for random ones. The job is simulated from its start and cut as the recording was.

pub mod summary;

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;
use serde_json::json;

use crate::experiment::run::{self, RunError, Until, Wanted};
use crate::experiment::run_result::RunResult;
use crate::formulas::{self, FormulaId};
use crate::measure::estimate::quantile;
use crate::measure::rest;
use crate::recording::clock::Clock;
use crate::recording::file::{CheckpointDetails, Rest};
use crate::recording::measured::{self, Metric, Samples, median};
use crate::recording::{self, Answers, Recording, RecordingError, estimate, known};
use crate::scenario::{LatencyDraw, Scenario, load};
use crate::units::{SimDuration, SimTime};

/// Probability of the prediction intervals.
pub const INTERVAL: f64 = 0.9;

/// A recording that could not be compared.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The recording is of no use.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// The simulation did not get to its end.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// One recording beside its simulation.
#[derive(Clone, Debug, Serialize)]
pub struct Compared {
    /// Name of the recording.
    pub id: String,
    /// Its family.
    pub family: String,
    /// What the scenario was made of, where nobody knew the parameters: answers of the same configuration, or of another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imported_from: Option<String>,
    /// Share of the recording machine's processors that was busy.
    pub machine_cpu: Option<f64>,
    /// Documents' formula F1 for the end-to-end duration, ms.
    pub f1_ms: Option<f64>,
    /// |F1 - measured| / measured.
    pub f1_error: Option<f64>,
    /// Metric by metric.
    pub metrics: Vec<Comparison>,
}

impl Compared {
    /// Whether the recording machine had processors to spare; `true` if that is unknown.
    pub fn is_quiet(&self) -> bool {
        self.machine_cpu.is_none_or(|cpu| cpu < summary::QUIET_CPU)
    }
}

/// One metric: medians over checkpoints, or one figure of the run.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// Which metric.
    #[serde(skip)]
    pub metric: Metric,
    /// What.
    pub name: &'static str,
    /// Of which vertex; `None` = the job.
    pub vertex: Option<String>,
    /// In real Flink; ms, bytes, or per second.
    pub measured: Option<f64>,
    /// Median over all checkpoints of all replications on typical machines.
    pub simulated: Option<f64>,
    /// Of the prediction interval for the recording's median, over random keys and machines.
    pub low: Option<f64>,
    /// Of the prediction interval.
    pub high: Option<f64>,
    /// Errors below this are not relative to what was measured.
    #[serde(skip)]
    pub floor: f64,
    /// |simulated - measured| / max(measured, floor); `None` where the metric does not apply.
    pub error: Option<f64>,
}

/// The scenario of a recording: of its known parameters; without these, of what `baseline`, a recording of the same job
/// under another configuration, tells; without that, of its own REST answers.
pub fn scenario(
    recording: &Recording,
    baseline: Option<&Recording>,
) -> Result<Scenario, RecordingError> {
    let text = match baseline {
        _ if recording.is_known() => known::scenario(recording)?,
        Some(baseline) => recording::what_if(baseline, recording)?,
        None => estimate::scenario(&Answers::of_recording(recording)?, &recording.id)?.text,
    };
    let origin = format!("{} (imported)", recording.id);
    load::parse(&text, &origin, std::path::Path::new(""), &[])
        .map(|loaded| loaded.scenario)
        .map_err(|problems| RecordingError::Scenario(problems.to_string()))
}

/// Simulates the job of a recording, which `scenario` describes, `replications` times and compares.
pub fn compare(
    recording: &Recording,
    scenario: &Scenario,
    seed: u64,
    replications: u32,
) -> Result<Compared, ValidateError> {
    let failure = first_failure(recording);
    let simulate = |latencies| simulate(scenario, failure, latencies, seed, replications);
    let typical = simulate(LatencyDraw::Typical)?;
    let random = simulate(LatencyDraw::Random)?;
    let measured = measured::of_recording(recording);
    let metrics: Vec<Comparison> = measured
        .iter()
        .map(|(key, samples)| comparison(key.0, key.1.clone(), samples, &typical, &random))
        .collect();
    let duration = measured.get(&(Metric::EndToEndDuration, None));
    let duration = duration.and_then(|samples| median(samples));
    let f1 = formulas::all(scenario)
        .into_iter()
        .find(|formula| formula.id == FormulaId::F1)
        .and_then(|formula| formula.value)
        .map(|seconds| 1000.0 * seconds);
    Ok(Compared {
        id: recording.id.clone(),
        family: recording.family.clone(),
        imported_from: (!recording.is_known()).then(|| {
            let baseline = recording.params.baseline.clone();
            baseline.unwrap_or_else(|| recording.id.clone())
        }),
        machine_cpu: recording.summary.machine_cpu_fraction,
        f1_ms: f1,
        f1_error: f1
            .zip(duration)
            .map(|(f1, measured)| Metric::EndToEndDuration.error(f1, measured)),
        metrics,
    })
}

/// Simulates a scenario and compares it with what was measured, on typical machines; without a prediction interval. Failures
/// at random are left out: what is measured of a running job is a time without any.
///
/// # Errors
/// If `runner` makes no run.
pub fn against<R>(
    measured: &Samples,
    scenario: &Scenario,
    replications: u32,
    runner: R,
) -> Result<Vec<Comparison>, RunError>
where
    R: Fn(Wanted<'_>) -> Result<RunResult, RunError> + Sync,
{
    let mut quiet = scenario.clone();
    quiet.failures.random = None;
    let scenario = &quiet;
    let runs = (0..replications).into_par_iter().map(|replication| {
        let run = runner(Wanted {
            scenario,
            seed: scenario.job.seed,
            replication,
            until: Until::End,
        })?;
        Ok(of_run(scenario, &run, None))
    });
    let runs: Vec<Samples> = runs.collect::<Result<_, RunError>>()?;
    let compared = measured
        .iter()
        .map(|(key, samples)| comparison(key.0, key.1.clone(), samples, &runs, &[]));
    Ok(compared.collect())
}

/// When the recorded job failed for the first time: checkpoints are compared until then, recoveries from then on.
fn first_failure(recording: &Recording) -> Option<SimTime> {
    let clock = Clock::of(recording);
    clock
        .cut
        .then(|| SimTime::ZERO + SimDuration::from_secs_f64(clock.since_start(clock.end) / 1000.0))
}

fn simulate(
    scenario: &Scenario,
    failure: Option<SimTime>,
    latencies: LatencyDraw,
    seed: u64,
    replications: u32,
) -> Result<Vec<Samples>, RunError> {
    let mut scenario = scenario.clone();
    scenario.simulation.latencies = latencies;
    (0..replications)
        .into_par_iter()
        .map(|replication| {
            run::run(&scenario, seed, replication).map(|run| of_run(&scenario, &run, failure))
        })
        .collect()
}

fn comparison(
    metric: Metric,
    vertex: Option<String>,
    measured: &[f64],
    typical: &[Samples],
    random: &[Samples],
) -> Comparison {
    let key = (metric, vertex);
    let of = |runs: &[Samples]| -> Vec<Vec<f64>> {
        runs.iter()
            .filter_map(|run| run.get(&key).cloned())
            .collect()
    };
    let pooled = of(typical).concat();
    let medians: Vec<f64> = of(random).iter().filter_map(|run| median(run)).collect();
    let (measured, simulated) = (median(measured), median(&pooled));
    let tail = (1.0 - INTERVAL) / 2.0;
    Comparison {
        metric,
        name: metric.name(),
        vertex: key.1,
        measured,
        simulated,
        low: quantile(&medians, tail),
        high: quantile(&medians, 1.0 - tail),
        floor: metric.floor(),
        error: simulated
            .zip(measured)
            .map(|(simulated, measured)| metric.error(simulated, measured)),
    }
}

/// What a simulated run would have answered until `failure`, and its recoveries; without a failure, its counters.
fn of_run(scenario: &Scenario, run: &RunResult, failure: Option<SimTime>) -> Samples {
    let names: Vec<&str> = run
        .vertices
        .iter()
        .map(|vertex| vertex.name.as_str())
        .collect();
    let vertices: Vec<(&str, &str)> = names.iter().map(|name| (*name, *name)).collect();
    let end = failure.unwrap_or(run.end).as_secs_f64() * 1000.0;
    let mut samples = measured::of_checkpoints(
        &answers(scenario, run, &names),
        &vertices,
        run.warmup.as_secs_f64() * 1000.0,
        end,
    );
    if failure.is_some() {
        measured::of_recoveries(&run.recoveries, &mut samples);
        return samples;
    }
    let mean = |shares: &[f64]| 1000.0 * shares.iter().sum::<f64>() / shares.len() as f64;
    for vertex in &run.vertices {
        let mut add = |metric, value| {
            samples.insert((metric, Some(vertex.name.clone())), vec![value]);
        };
        add(Metric::Throughput, vertex.records_per_s);
        add(Metric::Busy, mean(&vertex.busy));
        add(Metric::Backpressured, mean(&vertex.backpressured));
    }
    samples
}

fn answers(scenario: &Scenario, run: &RunResult, names: &[&str]) -> Rest {
    let retained = scenario.checkpointing.retained;
    let details = |record| {
        let details = rest::details(record, names);
        let subtasks: BTreeMap<String, serde_json::Value> =
            serde_json::from_value(details).expect("details are an object by vertex");
        CheckpointDetails {
            detail: json!({}),
            subtasks,
        }
    };
    Rest {
        checkpoints: rest::checkpoints(&run.checkpoints, run.failed_in_preflight, retained),
        checkpoint_details: run
            .checkpoints
            .iter()
            .map(|record| (record.id.to_string(), details(record)))
            .collect(),
        ..Rest::default()
    }
}
