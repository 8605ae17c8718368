//! The points of a sweep: the Cartesian product of its axes, the last axis fastest.

use crate::experiment::summary::Coordinate;
use crate::scenario::Scenario;
use crate::scenario::axis::Axis;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics, Severity};
use crate::scenario::flink_options::{self, Kind, Lookup};
use crate::scenario::key_path::KeyPath;
use crate::scenario::load::Loaded;
use crate::units::{ByteRate, Bytes, SimDuration, flink, parse};

/// More points than this are a slip of the pen.
const POINTS_MAX: usize = 100_000;
/// Of a sweep with more points than this not every one is looked at before it is run.
const CHECKED_MAX: usize = 500;

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

/// All points; without axes the scenario itself. Every point passes the same checks as a file; all errors of all points
/// are reported, each once.
pub fn points(loaded: &Loaded, axes: &[Axis]) -> Result<Vec<Point>, Diagnostics> {
    few_enough(loaded, axes)?;
    resolved(loaded, axes, combinations(axes))
}

/// Whether `points` would find something to report, as far as that can be told in a moment: of a large sweep every value
/// of every axis is looked at, and points here and there.
pub fn check(loaded: &Loaded) -> Result<(), Diagnostics> {
    let axes = &loaded.axes;
    few_enough(loaded, axes)?;
    let all = combinations(axes);
    if all.len() <= CHECKED_MAX {
        return resolved(loaded, axes, all).map(|_| ());
    }
    let first: Vec<&str> = axes.iter().map(|axis| axis.values[0].as_str()).collect();
    let of_axis = |position: usize| {
        let first = first.clone();
        axes[position].values.iter().map(move |value| {
            let mut point = first.clone();
            point[position] = value.as_str();
            point
        })
    };
    let stride = all.len().div_ceil(CHECKED_MAX);
    let mut some: Vec<Vec<&str>> = (0..axes.len()).flat_map(of_axis).collect();
    some.extend(all.into_iter().rev().step_by(stride));
    resolved(loaded, axes, some).map(|_| ())
}

fn few_enough(loaded: &Loaded, axes: &[Axis]) -> Result<(), Diagnostics> {
    let size = axes
        .iter()
        .try_fold(1_usize, |size, axis| size.checked_mul(axis.values.len()))
        .filter(|size| *size <= POINTS_MAX);
    if size.is_some() {
        return Ok(());
    }
    let written = (axes == loaded.axes).then(|| loaded.place(&KeyPath::top("sweep")));
    let problem = Diagnostic::error(format!("the sweep has more than {POINTS_MAX} points"))
        .at(written.flatten())
        .help("take fewer values per axis, or fewer axes");
    Err(Diagnostics(vec![problem]))
}

/// The scenarios at some points, or all that is wrong with them.
fn resolved(
    loaded: &Loaded,
    axes: &[Axis],
    combinations: Vec<Vec<&str>>,
) -> Result<Vec<Point>, Diagnostics> {
    let paths: Vec<String> = axes.iter().map(|axis| axis.path.clone()).collect();
    let mut points = Vec::new();
    let mut problems: Vec<Diagnostic> = Vec::new();
    for values in combinations {
        let setting: Vec<(String, String)> = paths
            .iter()
            .cloned()
            .zip(values.iter().map(|value| (*value).to_owned()))
            .collect();
        match loaded.at(&setting) {
            Ok(at) => points.push(Point {
                coordinates: setting.iter().map(coordinate).collect(),
                paths: paths.clone(),
                scenario: at.scenario,
            }),
            Err(Diagnostics(wrong)) => {
                for problem in wrong {
                    let error = problem.severity == Severity::Error;
                    if error && !problems.contains(&problem) {
                        problems.push(problem);
                    }
                }
            }
        }
    }
    if problems.is_empty() {
        Ok(points)
    } else {
        Err(Diagnostics(problems))
    }
}

fn combinations(axes: &[Axis]) -> Vec<Vec<&str>> {
    axes.iter().fold(vec![Vec::new()], |combinations, axis| {
        combinations
            .into_iter()
            .flat_map(|before| {
                axis.values.iter().map(move |value| {
                    let mut point = before.clone();
                    point.push(value.as_str());
                    point
                })
            })
            .collect()
    })
}

fn coordinate((path, value): &(String, String)) -> Coordinate {
    Coordinate {
        label: value.clone(),
        value: number(path, value),
    }
}

/// A value as a number in its base unit: seconds, bytes, bytes per second, records per second, a share, or plain.
/// Flink's options are read by Flink's rules, where a bare number is milliseconds or bytes.
fn number(path: &str, text: &str) -> Option<f64> {
    match path.strip_prefix("flink.") {
        Some(key) => match flink_options::lookup(key.trim_matches(['"', '\''])) {
            Lookup::Known(option) | Lookup::Older(option) => flink_number(&option.kind, text),
            Lookup::Foreign | Lookup::Unknown(_) => None,
        },
        None => own_number(text),
    }
}

fn flink_number(kind: &Kind, text: &str) -> Option<f64> {
    match kind {
        Kind::Duration => flink::duration(text).ok().map(SimDuration::as_secs_f64),
        Kind::Size => flink::size(text).ok().map(Bytes::as_f64),
        Kind::Integer | Kind::Number => plain(text),
        Kind::Boolean | Kind::Text | Kind::Choice(_) => None,
    }
}

fn own_number(text: &str) -> Option<f64> {
    plain(text)
        .or_else(|| parse::duration(text).ok().map(SimDuration::as_secs_f64))
        .or_else(|| parse::size(text).ok().map(Bytes::as_f64))
        .or_else(|| parse::byte_rate(text).ok().map(ByteRate::as_f64))
        .or_else(|| parse::record_rate(text).ok())
        .or_else(|| parse::share(text).ok())
        .or_else(|| parse::share_rate(text).ok())
}

/// Infinity and NaN are numbers to Rust, but not to JSON.
fn plain(text: &str) -> Option<f64> {
    let number = text.trim().parse::<f64>().ok();
    number.filter(|number| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::sample;

    const INTERVAL: &str = "flink.execution.checkpointing.interval";

    fn axis(path: &str, values: &[&str]) -> Axis {
        Axis {
            path: path.to_owned(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    #[test]
    fn the_last_axis_varies_fastest() {
        let axes = [
            axis(INTERVAL, &["10 s", "1 min"]),
            axis("vertex.count.parallelism", &["2", "4"]),
        ];
        let points = points(&sample::loaded(10), &axes).unwrap();
        let labels: Vec<(&str, &str)> = points
            .iter()
            .map(|point| {
                let at = &point.coordinates;
                (at[0].label.as_str(), at[1].label.as_str())
            })
            .collect();
        let expected = [("10 s", "2"), ("10 s", "4"), ("1 min", "2"), ("1 min", "4")];
        assert_eq!(labels, expected);
        assert_eq!(points[3].scenario.vertices[1].parallelism, 4);
        assert_eq!(points[3].coordinates[0].value, Some(60.0));
    }

    #[test]
    fn problems_that_points_share_are_reported_once() {
        let axes = [
            axis("vertex.count.parallelism", &["0", "2"]),
            axis(INTERVAL, &["10 s", "20 s"]),
        ];
        let Diagnostics(problems) = points(&sample::loaded(10), &axes).unwrap_err();
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn a_grid_of_a_billion_points_is_refused_before_it_fills_the_memory() {
        let many: Vec<String> = (1..=1000).map(|number| number.to_string()).collect();
        let axes = ["a", "b", "c"].map(|path| Axis {
            path: path.to_owned(),
            values: many.clone(),
        });
        assert!(points(&sample::loaded(10), &axes).is_err());
    }

    #[test]
    fn a_bad_value_is_found_before_the_sweep_is_run_however_many_points_it_has() {
        let mut loaded = sample::loaded(10);
        let many = Axis {
            path: "job.seed".to_owned(),
            values: (1..=100).map(|n| n.to_string()).collect(),
        };
        loaded.axes = vec![axis(INTERVAL, &["10 s", "20 s"]), many.clone()];
        assert!(check(&loaded).is_ok());
        let bad = axis("job.replications", &["1", "2", "3", "0", "5", "6"]);
        loaded.axes = vec![bad, many.clone()];
        let problems = check(&loaded).unwrap_err();
        assert_eq!(problems.0, points(&loaded, &loaded.axes).unwrap_err().0);
        loaded.axes = vec![many.clone(), many.clone(), many];
        let problems = check(&loaded).unwrap_err();
        assert!(problems.0[0].message.contains("more than 100000 points"));
    }

    #[test]
    fn coordinates_are_numbers_in_base_units() {
        let cases = [
            (INTERVAL, "500", Some(0.5)),
            (INTERVAL, "2 min", Some(120.0)),
            ("vertex.a.source.rate", "3000/min", Some(50.0)),
            ("vertex.a.state.size", "1 KiB", Some(1024.0)),
            ("storage.write-per-stream", "80 MB/s", Some(80e6)),
            ("vertex.a.skew.share", "30 %", Some(0.3)),
            ("vertex.a.parallelism", "4", Some(4.0)),
            ("vertex.a.parallelism", "inf", None),
            ("flink.state.backend.type", "rocksdb", None),
        ];
        for (path, text, value) in cases {
            assert_eq!(number(path, text), value, "{path} = {text}");
        }
    }
}
