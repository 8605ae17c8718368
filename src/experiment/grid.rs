//! The points of a sweep: the Cartesian product of its axes, the last axis fastest.

use crate::experiment::result::Coordinate;
use crate::scenario::Scenario;
use crate::scenario::axis::Axis;
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::load::Loaded;
use crate::units::{ByteRate, Bytes, SimDuration, parse};

/// One point.
#[derive(Clone, Debug)]
pub struct Point {
    /// One per axis.
    pub coordinates: Vec<Coordinate>,
    /// Swept keys, one per axis.
    pub paths: Vec<String>,
    /// The scenario at this point.
    pub scenario: Scenario,
}

impl Point {
    /// The point in words.
    pub fn label(&self) -> String {
        if self.paths.is_empty() {
            return "the scenario".to_owned();
        }
        let parts = self
            .paths
            .iter()
            .zip(&self.coordinates)
            .map(|(path, at)| format!("{path} = {}", at.label));
        parts.collect::<Vec<_>>().join(", ")
    }
}

/// All points; without axes the scenario itself. Every point passes the same checks as a file.
pub fn points(loaded: &Loaded, axes: &[Axis]) -> Result<Vec<Point>, Diagnostics> {
    let paths: Vec<String> = axes.iter().map(|axis| axis.path.clone()).collect();
    let mut combinations: Vec<Vec<&str>> = vec![Vec::new()];
    for axis in axes {
        combinations = combinations
            .into_iter()
            .flat_map(|before| {
                axis.values.iter().map(move |value| {
                    let mut point = before.clone();
                    point.push(value.as_str());
                    point
                })
            })
            .collect();
    }
    combinations
        .into_iter()
        .map(|values| {
            let changes: Vec<(String, String)> = paths
                .iter()
                .cloned()
                .zip(values.iter().map(|value| (*value).to_owned()))
                .collect();
            let at = loaded.at(&changes)?;
            let coordinates = values
                .iter()
                .map(|value| Coordinate {
                    label: (*value).to_owned(),
                    value: number(value),
                })
                .collect();
            Ok(Point {
                coordinates,
                paths: paths.clone(),
                scenario: at.scenario,
            })
        })
        .collect()
}

/// A value as a number in its base unit: seconds, bytes, bytes per second, records per second, a share, or plain.
fn number(text: &str) -> Option<f64> {
    if let Ok(plain) = text.trim().parse::<f64>() {
        return Some(plain);
    }
    let duration = parse::duration(text).ok().map(SimDuration::as_secs_f64);
    let size = || parse::size(text).ok().map(Bytes::as_f64);
    let byte_rate = || parse::byte_rate(text).ok().map(ByteRate::as_f64);
    let record_rate = || parse::record_rate(text).ok();
    let share = || parse::share(text).ok();
    duration
        .or_else(size)
        .or_else(byte_rate)
        .or_else(record_rate)
        .or_else(share)
}
