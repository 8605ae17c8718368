//! Picture: what checkpoints take from the throughput against how long a recovery lasts, for every configuration tried.

use std::collections::BTreeSet;

use crate::experiment::recommend::{Candidate, MetricName, Objective, Recommendation, Relation};
use crate::measure::Estimate;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{
    At, Axis, Callouts, Chart, Dot, Dots, KeyEntry, Line, Mark, Panel, Rule, Shape, Swatch,
};
use crate::render::plot::recommendation::{
    choices, described, every, footer, metric, name, nearest, words,
};
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::sheet::{self, Sheet};

/// The horizontal metric, and the vertical one unless an objective asks for another kind of recovery.
const OVERHEAD: &str = "overhead";
const RECOVERY: &str = "recovery_p95";
/// Values that differ by more than this need a log axis.
const WIDE: f64 = 8.0;
/// Names on the front; more cannot be read.
const MOST_NAMES: usize = 14;

/// A configuration that has both metrics.
struct Point<'c> {
    index: usize,
    candidate: &'c Candidate,
    at: (f64, f64),
    interval: Option<(f64, f64)>,
    /// The recovery was longer than the number says.
    at_least: bool,
    on_front: bool,
}

/// Overhead against recovery; `None` if no configuration has both.
pub fn picture(found: &Recommendation) -> Option<Picture> {
    let recovery = recovery(found);
    let mut points: Vec<Point> = found
        .candidates
        .iter()
        .enumerate()
        .filter_map(|(index, candidate)| point(index, candidate, &recovery.name))
        .collect();
    let front = mark_front(&mut points);
    if points.is_empty() {
        return None;
    }
    let x = span(found, OVERHEAD, points.iter().map(|point| point.at.0));
    let y = span(found, &recovery.name, points.iter().map(|point| point.at.1));
    let view = View {
        found,
        points: &points,
        branches: branches(found),
    };
    let mut marks = vec![dominated(&front, &x, &y)];
    marks.extend(objectives(found, OVERHEAD, &x, &y, At::X));
    // Its name stands where the fewer points are.
    let to_the_right = |point: &&Point| point.at.0 > f64::midpoint(x.low(), x.high());
    let to_the_right = points.iter().filter(to_the_right).count();
    let named = if 2 * to_the_right > points.len() {
        At::LeftOfY
    } else {
        At::Y
    };
    marks.extend(objectives(found, &recovery.name, &x, &y, named));
    marks.push(Mark::Line(Line {
        label: String::new(),
        paint: Paint::Aligned,
        stroke: Stroke::Thin,
        points: front,
        dots: false,
    }));
    marks.extend(view.dots());
    marks.extend(view.change());
    marks.push(view.names());
    let chart = Chart {
        title: view.finding(&recovery),
        subtitle: subtitle(found, &points),
        footer: footer(found),
        height: 720,
        key: view.key(),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::round("Overhead, of the throughput", Unit::Share, x),
            y: Axis::round(&capital(&words(&recovery.name)), recovery.unit, y),
            marks,
            margin: Vec::new(),
        }],
    };
    Some(Picture {
        name: "pareto".to_owned(),
        chart,
        data: data(&points, &recovery),
    })
}

/// The kind of recovery that an objective asks for, else the 95th percentile.
fn recovery(found: &Recommendation) -> MetricName {
    let asked = found.objectives.iter().map(|objective| &objective.metric);
    asked
        .chain([&found.minimised])
        .find(|metric| metric.name.starts_with("recovery_"))
        .cloned()
        .unwrap_or_else(|| MetricName {
            name: RECOVERY.to_owned(),
            meaning: String::new(),
            unit: Unit::Time,
        })
}

fn subtitle(found: &Recommendation, points: &[Point]) -> String {
    let bars = if points.iter().any(|point| point.interval.is_some()) {
        " · bars are 95 % intervals of the recovery"
    } else {
        ""
    };
    format!("{}{bars}", described(found))
}

fn point<'c>(index: usize, candidate: &'c Candidate, recovery: &str) -> Option<Point<'c>> {
    let overhead: &Estimate = metric(candidate, OVERHEAD)?;
    let duration: &Estimate = metric(candidate, recovery)?;
    Some(Point {
        index,
        candidate,
        at: (overhead.value, duration.value),
        interval: duration.interval(),
        at_least: candidate.at_least.iter().any(|name| name == recovery),
        on_front: false,
    })
}

/// Finds the points than which no other is better in both; returns them from left to right.
fn mark_front(points: &mut [Point]) -> Vec<(f64, f64)> {
    let mut order: Vec<usize> = (0..points.len())
        .filter(|&index| points[index].candidate.failure.is_none())
        .collect();
    order.sort_by(|&a, &b| {
        let (a, b) = (points[a].at, points[b].at);
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    let mut lowest = f64::INFINITY;
    let mut front = Vec::new();
    for index in order {
        let point = &mut points[index];
        if point.at.1 < lowest {
            lowest = point.at.1;
            point.on_front = true;
            front.push(point.at);
        }
    }
    front
}

/// Over all values, and the bounds that are not far from them.
fn span(found: &Recommendation, metric: &str, values: impl Iterator<Item = f64>) -> Span {
    let mut values: Vec<f64> = values.collect();
    let largest = values.iter().copied().fold(0.0, f64::max);
    let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
    let near = |bound: &f64| *bound < 3.0 * largest && *bound * 3.0 > smallest;
    values.extend(bounds(found, metric).map(|one| one.bound).filter(near));
    if smallest > 0.0 && largest / smallest > WIDE {
        Span::log(values, 1.25)
    } else {
        Span::from_zero(values.into_iter().map(|value| value * 1.05))
    }
}

fn bounds<'f>(found: &'f Recommendation, metric: &str) -> impl Iterator<Item = &'f Objective> {
    found
        .objectives
        .iter()
        .filter(move |objective| objective.metric.name == metric)
}

/// Everything above and right of the front.
fn dominated(front: &[(f64, f64)], x: &Span, y: &Span) -> Mark {
    let (right, top) = (x.high(), y.high());
    let mut corners = Vec::new();
    let mut above = top;
    for &(at, value) in front {
        corners.extend([(at, above), (at, value)]);
        above = value;
    }
    if !corners.is_empty() {
        corners.extend([(right, above), (right, top)]);
    }
    Mark::Tint(Paint::Grey, corners)
}

/// Bounds as lines, tinted where they are missed.
fn objectives(
    found: &Recommendation,
    metric: &str,
    x: &Span,
    y: &Span,
    at: impl Fn(f64) -> At,
) -> Vec<Mark> {
    let across = matches!(at(0.0), At::X(_));
    let axis = if across { x } else { y };
    let mut marks = Vec::new();
    for objective in bounds(found, metric).filter(|one| axis.contains(one.bound)) {
        let missed = match objective.relation {
            Relation::AtMost | Relation::Below => (objective.bound, axis.high()),
            Relation::AtLeast | Relation::Above => (axis.low(), objective.bound),
        };
        let (zone_x, zone_y) = if across {
            (missed, (y.low(), y.high()))
        } else {
            ((x.low(), x.high()), missed)
        };
        marks.push(Mark::Zone(Paint::Objective, zone_x, zone_y));
        marks.push(Mark::Rule(Rule {
            label: format!("objective: {}", objective.text),
            paint: Paint::Objective,
            stroke: Stroke::Dashed,
            at: at(objective.bound),
        }));
    }
    marks
}

/// All combinations of the other choices, in the order of candidates.
fn branches(found: &Recommendation) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all = found.candidates.iter().map(choices);
    all.filter(|one| seen.insert(one.clone())).collect()
}

/// The points with what is needed to name them.
struct View<'v> {
    found: &'v Recommendation,
    points: &'v [Point<'v>],
    branches: Vec<String>,
}

impl View<'_> {
    fn branch(&self, point: &Point) -> usize {
        let choices = choices(point.candidate);
        let place = self.branches.iter().position(|one| *one == choices);
        place.unwrap_or_default()
    }

    fn look(&self, point: &Point) -> (Paint, Shape) {
        let branch = self.branch(point);
        let shape = match (point.at_least, branch % 2) {
            (true, _) => Shape::Above,
            (false, 0) => Shape::Circle,
            (false, _) => Shape::Diamond,
        };
        let colour = if point.on_front {
            family(branch)
        } else {
            Paint::StartDelay
        };
        (colour, shape)
    }

    fn of(&self, index: Option<usize>) -> Option<&Point<'_>> {
        self.points.iter().find(|point| Some(point.index) == index)
    }

    /// Dominated ones below, then the front, then what is in use and what is recommended.
    fn dots(&self) -> Vec<Mark> {
        let mut marks = Vec::new();
        let one = |paint, shape, hollow, dot| {
            Mark::Dots(Dots {
                paint,
                shape,
                hollow,
                points: vec![dot],
            })
        };
        for on_front in [false, true] {
            for point in self.points.iter().filter(|one| one.on_front == on_front) {
                let (paint, shape) = self.look(point);
                let dot = Dot {
                    at: point.at,
                    interval: point.interval.filter(|_| on_front),
                };
                marks.push(one(paint, shape, !point.candidate.feasible, dot));
            }
        }
        let special = [
            (self.found.current, Paint::Grey, Shape::Cross),
            (self.found.chosen, Paint::Ink, Shape::Star),
        ];
        for (index, paint, shape) in special {
            // What stays has a star only.
            if shape == Shape::Cross && self.found.current == self.found.chosen {
                continue;
            }
            let dot = self.of(index).map(|point| Dot {
                at: point.at,
                interval: None,
            });
            marks.extend(dot.map(|dot| one(paint, shape, false, dot)));
        }
        marks
    }

    fn change(&self) -> Option<Mark> {
        let (from, to) = (self.of(self.found.current)?, self.of(self.found.chosen)?);
        Some(Mark::Pointer(Paint::Ink, from.at, to.at))
    }

    fn names(&self) -> Mark {
        let text = |point: &Point| {
            if self.branches.len() > 1 {
                name(point.candidate)
            } else {
                every(point.candidate)
            }
        };
        let mut names: Vec<((f64, f64), String)> = Vec::new();
        let (chosen, current) = (self.found.chosen, self.found.current);
        if let Some(point) = self.of(chosen) {
            let and = if chosen == current { " and in use" } else { "" };
            names.push((point.at, format!("recommended{and}: {}", text(point))));
        }
        if let Some(point) = self.of(current).filter(|_| chosen != current) {
            names.push((point.at, format!("in use: {}", text(point))));
        }
        let rest = self.points.iter().filter(|point| {
            point.on_front && Some(point.index) != chosen && Some(point.index) != current
        });
        names.extend(rest.map(|point| (point.at, text(point))));
        names.truncate(MOST_NAMES);
        let avoid = self
            .points
            .iter()
            .map(|point| Dot {
                at: point.at,
                interval: point.interval.filter(|_| point.on_front),
            })
            .collect();
        Mark::Callouts(Callouts { names, avoid })
    }

    fn key(&self) -> Vec<KeyEntry> {
        let entry = |label: &str, swatch: Swatch| KeyEntry {
            label: label.to_owned(),
            swatch,
        };
        let mut key = Vec::new();
        for (index, branch) in self.branches.iter().enumerate() {
            let on_front = |one: &&Point| one.on_front && self.branch(one) == index;
            if let Some(point) = self.points.iter().find(on_front) {
                let shape = [Shape::Circle, Shape::Diamond][self.branch(point) % 2];
                let label = if branch.is_empty() {
                    "none is better in both"
                } else {
                    branch
                };
                key.push(entry(label, Swatch::Dot(family(index), shape, false)));
            }
        }
        let dot = |paint, shape, hollow| Swatch::Dot(paint, shape, hollow);
        let some = |what: fn(&Point) -> bool| self.points.iter().any(what);
        if some(|point| !point.on_front) {
            let pale = dot(Paint::StartDelay, Shape::Circle, false);
            key.push(entry("another one is better in both", pale));
        }
        if some(|point| !point.candidate.feasible) {
            let hollow = dot(Paint::Grey, Shape::Circle, true);
            key.push(entry("hollow: misses an objective", hollow));
        }
        if some(|point| point.at_least) {
            let above = dot(Paint::Grey, Shape::Above, false);
            key.push(entry("recovery not over when the run ended", above));
        }
        key
    }

    fn finding(&self, recovery: &MetricName) -> String {
        let texts = |point: &Point| (Unit::Share.text(point.at.0), recovery.unit.text(point.at.1));
        let metric = words(&recovery.name);
        let Some(chosen) = self.of(self.found.chosen) else {
            return format!(
                "No configuration meets all objectives{}",
                nearest(self.found)
            );
        };
        let (overhead, time) = texts(chosen);
        let chosen_name = name(chosen.candidate);
        match self.of(self.found.current) {
            Some(current) if current.index == chosen.index => {
                format!("{chosen_name} stays: overhead {overhead}, {metric} {time}")
            }
            Some(current) => {
                let (before, time_before) = texts(current);
                // What does not change need not be said twice.
                let same = choices(current.candidate) == choices(chosen.candidate);
                let [to, from] = [chosen.candidate, current.candidate]
                    .map(|one| if same { every(one) } else { name(one) });
                format!(
                    "{to} instead of {from}: overhead {overhead} instead of {before}, {metric} {time} instead of {time_before}",
                )
            }
            None => format!("{chosen_name}: overhead {overhead}, {metric} {time}"),
        }
    }
}

/// Without the vermillion of objectives.
fn family(branch: usize) -> Paint {
    Paint::Family([0, 2, 3, 4, 5, 6, 7][branch % 7])
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn data(points: &[Point], recovery: &MetricName) -> Sheet {
    let mut names = vec!["configuration".to_owned(), "overhead_share".to_owned()];
    names.extend(sheet::columns(&recovery.name, recovery.unit.base()));
    names.extend(["at_least", "feasible", "on_front"].map(str::to_owned));
    let mut sheet = Sheet::new(names);
    for point in points {
        let mut row = vec![name(point.candidate)];
        row.extend([point.at.0, point.at.1].map(sheet::cell));
        let (low, high) = point.interval.unzip();
        row.extend([low, high].map(|end| end.map_or_else(String::new, sheet::cell)));
        let flags = [point.at_least, point.candidate.feasible, point.on_front];
        row.extend(flags.map(|flag| flag.to_string()));
        sheet.push(row);
    }
    sheet
}
