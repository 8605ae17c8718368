//! Pictures: how near the simulation comes to what real clusters measured.

mod residuals;
mod scatter;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::experiment::validate::Compared;
use crate::measure::estimate::quantile;
use crate::recording::measured::Metric;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{KeyEntry, Shape, Swatch};
use crate::render::plot::style::Paint;

/// What the recordings of a family are about.
const SUBJECTS: [(&str, &str); 8] = [
    ("A", "async, storage"),
    ("B", "backpressure"),
    ("C", "unaligned"),
    ("D", "chains"),
    ("E", "triggers"),
    ("F", "RocksDB, sync"),
    ("G", "before failures"),
    ("H", "other modes"),
];
/// How many of the worst predictions are named.
const NAMED: usize = 3;

/// Predicted against measured, and the errors by family beside those of formula F1, for the end to end duration;
/// nothing without a recording that has both a measured and a predicted one.
pub fn pictures(compared: &[Compared], replications: u32, seed: u64) -> Vec<Picture> {
    let all = Recordings::of(compared);
    if all.points.is_empty() {
        return Vec::new();
    }
    let footer = format!(
        "ckptsim {} · {replications} runs per recording · seed {seed}",
        env!("CARGO_PKG_VERSION")
    );
    vec![
        scatter::picture(&all, footer.clone()),
        residuals::picture(&all, footer),
    ]
}

/// What the pictures show.
struct Recordings {
    families: Vec<Family>,
    points: Vec<Point>,
}

/// Recordings of one question.
struct Family {
    name: String,
    label: String,
    paint: Paint,
    shape: Shape,
}

/// The end to end duration of one recording, in seconds.
struct Point {
    id: String,
    /// Index of its family.
    family: usize,
    quiet: bool,
    machine_cpu: Option<f64>,
    measured: f64,
    predicted: f64,
    interval: Option<(f64, f64)>,
    /// Signed, as a share of what was measured, or of the metric's floor where that is more.
    error: f64,
    formula: Option<f64>,
    /// Not signed.
    formula_error: Option<f64>,
}

impl Recordings {
    fn of(compared: &[Compared]) -> Recordings {
        let names: BTreeSet<&str> = compared.iter().map(|one| one.family.as_str()).collect();
        let names: Vec<&str> = names
            .into_iter()
            .filter(|name| {
                compared
                    .iter()
                    .any(|one| one.family == *name && point(one, 0).is_some())
            })
            .collect();
        let families = names
            .iter()
            .enumerate()
            .map(|(index, name)| family(name, index))
            .collect();
        let index = |one: &Compared| names.iter().position(|name| one.family == *name);
        Recordings {
            families,
            points: compared
                .iter()
                .filter_map(|one| point(one, index(one)?))
                .collect(),
        }
    }

    /// Those that count: on quiet machines; all of them if no machine was quiet.
    fn counting(&self) -> impl Iterator<Item = &Point> {
        let any = self.points.iter().any(|point| point.quiet);
        self.points.iter().filter(move |point| point.quiet || !any)
    }

    /// `78 quiet recordings`, or `78 recordings` where no machine was busy or all were.
    fn counted(&self) -> String {
        let count = self.counting().count();
        let quiet = if count < self.points.len() {
            "quiet "
        } else {
            ""
        };
        let plural = if count == 1 { "" } else { "s" };
        format!("{count} {quiet}recording{plural}")
    }

    fn has_busy(&self) -> bool {
        self.points.iter().any(|point| !point.quiet)
    }

    /// A quantile of the errors without their signs.
    fn error(&self, q: f64) -> f64 {
        let errors: Vec<f64> = self.counting().map(|point| point.error.abs()).collect();
        quantile(&errors, q).unwrap_or(f64::NAN)
    }

    /// The worst of those that count.
    fn worst(&self) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.counting().collect();
        points.sort_by(|a, b| b.error.abs().total_cmp(&a.error.abs()));
        points.truncate(NAMED);
        points
    }

    /// The families, then what is hollow.
    fn key(&self) -> Vec<KeyEntry> {
        let mut key: Vec<KeyEntry> = self
            .families
            .iter()
            .map(|family| KeyEntry {
                label: family.label.clone(),
                swatch: Swatch::Dot(family.paint, family.shape, false),
            })
            .collect();
        if self.has_busy() {
            key.push(KeyEntry {
                label: "hollow: the machine was busy".to_owned(),
                swatch: Swatch::Dot(Paint::Grey, Shape::Circle, true),
            });
        }
        key
    }
}

fn family(name: &str, index: usize) -> Family {
    let known = SUBJECTS.iter().position(|(known, _)| *known == name);
    let label = match known {
        Some(known) => format!("{name} {}", SUBJECTS[known].1),
        None if name.is_empty() => "recordings".to_owned(),
        None => name.to_owned(),
    };
    let index = known.unwrap_or(index);
    Family {
        name: name.to_owned(),
        label,
        paint: Paint::Family(index),
        shape: if index % 8 < 4 {
            Shape::Circle
        } else {
            Shape::Diamond
        },
    }
}

fn point(one: &Compared, family: usize) -> Option<Point> {
    let duration = one
        .metrics
        .iter()
        .find(|metric| metric.name == Metric::EndToEndDuration.name() && metric.vertex.is_none())?;
    // A logarithmic axis has no place for zero.
    let drawable = |ms: f64| (ms.is_finite() && ms > 0.0).then_some(ms / 1000.0);
    let measured = drawable(duration.measured?)?;
    let predicted = drawable(duration.simulated?)?;
    Some(Point {
        id: one.id.clone(),
        family,
        quiet: one.is_quiet(),
        machine_cpu: one.machine_cpu,
        measured,
        predicted,
        interval: duration
            .low
            .and_then(drawable)
            .zip(duration.high.and_then(drawable)),
        error: duration.error?.copysign(predicted - measured),
        formula: one.f1_ms.and_then(drawable),
        formula_error: one.f1_error,
    })
}

/// Two digits of a share, in per cent.
fn percent(share: f64) -> String {
    Unit::Share.about(share)
}
