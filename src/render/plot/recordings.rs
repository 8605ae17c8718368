//! What the pictures of accuracy are drawn of: how near the simulation comes to what real clusters measured.

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use crate::experiment::validate::Compared;
use crate::measure::estimate::quantile;
use crate::recording::measured::Metric;
use crate::render::chart::{Colour, Dot, KeyEntry, Mark, Shape, Swatch, Symbol};
use crate::render::number::{Unit, counted};
use crate::render::plot::{Draw, Picture, all, role};

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
pub fn recording_pictures(compared: &[Compared], replications: u32, seed: u64) -> Vec<Picture> {
    let recordings = Recordings::of(compared);
    let footer = format!(
        "ckptsim {} · {replications} runs per recording · seed {seed}",
        env!("CARGO_PKG_VERSION")
    );
    all(&footer, |draw| match draw {
        Draw::Recordings(draw) if !recordings.points.is_empty() => Some(draw(&recordings)),
        _ => None,
    })
}

/// What the pictures show.
pub struct Recordings {
    pub families: Vec<Family>,
    pub points: Vec<Point>,
}

/// Recordings of one question.
pub struct Family {
    pub name: String,
    pub label: String,
    pub symbol: Symbol,
}

/// The end to end duration of one recording, in seconds.
pub struct Point {
    pub id: String,
    /// Index of its family.
    pub family: usize,
    pub quiet: bool,
    pub machine_cpu: Option<f64>,
    pub measured: f64,
    pub predicted: f64,
    pub interval: Option<(f64, f64)>,
    /// Signed, as a share of what was measured, or of the metric's floor where that is more.
    pub error: f64,
    pub formula: Option<f64>,
    /// Not signed.
    pub formula_error: Option<f64>,
}

impl Recordings {
    fn of(compared: &[Compared]) -> Recordings {
        let drawable = compared.iter().filter(|one| point(one, 0).is_some());
        let names: BTreeSet<&str> = drawable.map(|one| one.family.as_str()).collect();
        let families = names.iter().enumerate();
        let index = |one: &Compared| names.iter().position(|name| one.family == *name);
        let points = compared.iter();
        Recordings {
            families: families.map(|(index, name)| family(name, index)).collect(),
            points: points.filter_map(|one| point(one, index(one)?)).collect(),
        }
    }

    /// Those that count: on quiet machines; all of them if no machine was quiet.
    pub fn counting(&self) -> impl Iterator<Item = &Point> {
        let any = self.points.iter().any(|point| point.quiet);
        self.points.iter().filter(move |point| point.quiet || !any)
    }

    /// `78 quiet recordings`, or `78 recordings` where no machine was busy or all were.
    pub fn counted(&self) -> String {
        let count = self.counting().count();
        let quiet = if count < self.points.len() {
            "quiet "
        } else {
            ""
        };
        counted(count, &format!("{quiet}recording"))
    }

    pub fn has_busy(&self) -> bool {
        self.points.iter().any(|point| !point.quiet)
    }

    /// A quantile of the errors without their signs.
    pub fn error(&self, q: f64) -> f64 {
        let errors: Vec<f64> = self.counting().map(|point| point.error.abs()).collect();
        quantile(&errors, q).unwrap_or(f64::NAN)
    }

    /// The worst of those that count.
    pub fn worst(&self) -> Vec<&Point> {
        let mut points: Vec<&Point> = self.counting().collect();
        points.sort_by(|a, b| b.error.abs().total_cmp(&a.error.abs()));
        points.truncate(NAMED);
        points
    }

    /// Dots by family, those on busy machines hollow and below the others. `dot` says where a recording is, and its shape
    /// where that is not the family's.
    pub fn dots<'p, P>(
        &self,
        all: &'p [P],
        recording: impl Fn(&'p P) -> &'p Point,
        dot: impl Fn(&'p P) -> (Option<Shape>, Dot),
    ) -> Vec<Mark> {
        let mut marks = Vec::new();
        for quiet in [false, true] {
            for (index, family) in self.families.iter().enumerate() {
                let own = |one: &&'p P| {
                    let point = recording(one);
                    point.family == index && point.quiet == quiet
                };
                let dots: Vec<(Option<Shape>, Dot)> = all.iter().filter(own).map(&dot).collect();
                for shape in [None, Some(Shape::Below), Some(Shape::Above)] {
                    let same = dots.iter().filter(|(own, _)| *own == shape);
                    let symbol = Symbol {
                        shape: shape.unwrap_or(family.symbol.shape),
                        hollow: !quiet,
                        ..family.symbol
                    };
                    marks.extend(Mark::dots(symbol, same.map(|(_, dot)| *dot)));
                }
            }
        }
        marks
    }
}

/// The key of dots on busy machines.
pub fn hollow(label: &str) -> KeyEntry {
    let symbol = Symbol::new(Colour::Grey, Shape::Circle).hollow(true);
    KeyEntry::new(label, Swatch::Dot(symbol))
}

fn family(name: &str, index: usize) -> Family {
    let known = SUBJECTS.iter().position(|(known, _)| *known == name);
    let label = match known {
        Some(known) => format!("{name} {}", SUBJECTS[known].1),
        None if name.is_empty() => "recordings".to_owned(),
        None => name.to_owned(),
    };
    let index = known.unwrap_or(index);
    let shape = if index % 8 < 4 {
        Shape::Circle
    } else {
        Shape::Diamond
    };
    Family {
        name: name.to_owned(),
        label,
        symbol: Symbol::new(role::family(index), shape),
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
pub fn percent(share: f64) -> String {
    Unit::Share.about(share)
}
