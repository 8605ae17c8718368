//! Errors over many recordings.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::experiment::validate::{Compared, Comparison};
use crate::measure::estimate::quantile;

/// Recordings on a machine busier than this are shown, but do not count: what they measured is waiting for a processor.
pub const QUIET_CPU: f64 = 0.6;
/// All quiet recordings together.
pub const ALL: &str = "all";
/// Recordings made on a machine that was not quiet.
pub const BUSY_MACHINE: &str = "busy_machine";
/// The documents' formula as a second predictor of the end-to-end duration.
pub const F1: &str = "end_to_end_duration_f1";

/// Errors of one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Errors {
    /// Median of the relative errors.
    pub median_error: f64,
    /// Their 90th percentile.
    pub p90_error: f64,
    /// How many.
    pub n: usize,
    /// Share of them whose measured value lies in the prediction interval.
    pub coverage: Option<f64>,
    /// Median width of the intervals, relative to what was measured (or the floor).
    pub interval_width: Option<f64>,
}

/// By family or [`ALL`] or [`BUSY_MACHINE`], then by metric.
pub type Summary = BTreeMap<String, BTreeMap<String, Errors>>;

/// One comparison's contribution.
struct Part {
    error: f64,
    covered: Option<bool>,
    width: Option<f64>,
}

/// Summarises over families; recordings on busy machines apart.
pub fn summarise(recordings: &[Compared]) -> Summary {
    let mut parts: BTreeMap<String, BTreeMap<String, Vec<Part>>> = BTreeMap::new();
    for recording in recordings {
        let groups = if recording.is_quiet() {
            vec![recording.family.as_str(), ALL]
        } else {
            vec![BUSY_MACHINE]
        };
        for group in groups {
            let by_metric = parts.entry(group.to_owned()).or_default();
            for comparison in &recording.metrics {
                if let Some(part) = part(comparison) {
                    by_metric
                        .entry(comparison.name.to_owned())
                        .or_default()
                        .push(part);
                }
            }
            if let Some(error) = recording.f1_error {
                let f1 = Part {
                    error,
                    covered: None,
                    width: None,
                };
                by_metric.entry(F1.to_owned()).or_default().push(f1);
            }
        }
    }
    parts
        .into_iter()
        .map(|(group, by_metric)| {
            let errors = by_metric
                .into_iter()
                .filter_map(|(metric, parts)| Some((metric, errors(&parts)?)));
            (group, errors.collect())
        })
        .collect()
}

fn part(comparison: &Comparison) -> Option<Part> {
    let measured = comparison.measured?;
    let interval = comparison.low.zip(comparison.high);
    Some(Part {
        error: comparison.error?,
        covered: interval.map(|(low, high)| low <= measured && measured <= high),
        width: interval.map(|(low, high)| (high - low) / measured.max(comparison.floor)),
    })
}

fn errors(parts: &[Part]) -> Option<Errors> {
    let values: Vec<f64> = parts.iter().map(|part| part.error).collect();
    let widths: Vec<f64> = parts.iter().filter_map(|part| part.width).collect();
    let covered: Vec<bool> = parts.iter().filter_map(|part| part.covered).collect();
    let inside = covered.iter().filter(|inside| **inside).count();
    Some(Errors {
        median_error: quantile(&values, 0.5)?,
        p90_error: quantile(&values, 0.9)?,
        n: values.len(),
        coverage: (!covered.is_empty()).then(|| inside as f64 / covered.len() as f64),
        interval_width: quantile(&widths, 0.5),
    })
}
