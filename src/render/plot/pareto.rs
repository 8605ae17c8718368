//! Picture: what checkpoints take from the throughput against how long a recovery lasts, for every configuration tried.

use std::collections::BTreeSet;

use crate::experiment::recommend::{Candidate, MetricName, Objective, Recommendation, Relation};
use crate::measure::Estimate;
use crate::render::chart::{
    At, Axis, Chart, Colour, Dot, KeyEntry, Line, Mark, Panel, Place, Rule, Shape, Span, Stroke,
    Swatch, Symbol,
};
use crate::render::key_name::capital;
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::recommended::{
    choice, choices, described, every, metric, name, none_meets, words,
};
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "pareto",
    heading: "Overhead against recovery",
    caption: "Every configuration that was tried. On the joined front one cannot be improved without worsening the \
              other; all others are worse in both.",
    example: Some(Example::Recommendation),
    draw: Draw::Recommendation(drawing),
};

/// The horizontal metric, and the vertical one unless an objective asks for another kind of recovery.
const OVERHEAD: &str = "overhead";
const RECOVERY: &str = "recovery_p95";
/// Values that differ by more than this need a log axis.
const WIDE: f64 = 8.0;
/// Names on the front; more cannot be read.
const MOST_NAMES: usize = 14;
/// A configuration than which another one is better in both.
const DOMINATED: Colour = Colour::Pale;

/// A configuration that has both metrics.
struct Point<'c> {
    index: usize,
    candidate: &'c Candidate,
    at: Place,
    recovery: Estimate,
    /// The recovery was longer than the number says.
    at_least: bool,
    on_front: bool,
    /// Which combination of the other choices, in the order of candidates.
    branch: usize,
}

/// The points with what is needed to name them.
struct View<'v> {
    found: &'v Recommendation,
    recovery: MetricName,
    points: Vec<Point<'v>>,
    branches: Vec<String>,
}

/// Overhead against recovery; `None` if no configuration has both.
fn drawing(found: &Recommendation) -> Option<Vec<Drawing>> {
    let mut view = View::of(found);
    let front = view.mark_front();
    if view.points.is_empty() {
        return None;
    }
    let name = &view.recovery.name;
    let x = span(found, OVERHEAD, view.points.iter().map(|point| point.at.0));
    let y = span(found, name, view.points.iter().map(|point| point.at.1));
    let mut marks = vec![dominated(&front, &x, &y)];
    marks.extend(objectives(found, OVERHEAD, &x, &y, At::X));
    // Its name stands where the fewer points are.
    let middle = f64::midpoint(x.low(), x.high());
    let to_the_right = view.points.iter().filter(|point| point.at.0 > middle);
    let crowded = 2 * to_the_right.count() > view.points.len();
    let named = if crowded { At::LeftOfY } else { At::Y };
    marks.extend(objectives(found, name, &x, &y, named));
    marks.push(Line::new(role::ALIGNED, Stroke::Thin, front).into());
    marks.extend(view.dots());
    let bars = view
        .points
        .iter()
        .any(|point| point.recovery.interval().is_some());
    let bars = if bars {
        " · bars are 95 % intervals of the recovery"
    } else {
        ""
    };
    let unit = view.recovery.unit;
    let chart = Chart {
        title: view.finding(unit),
        subtitle: format!("{}{bars}", described(found)),
        height: 720,
        key: view.key(),
        panels: vec![Panel::new(
            Axis::round("Overhead, of the throughput", Unit::Share, x),
            Axis::round(capital(&words(name)), unit, y),
            marks,
        )],
        ..Chart::default()
    };
    let data = Columns::of(&view.points)
        .text("configuration", |point| self::name(point.candidate))
        .number("overhead_share", |point| point.at.0)
        .estimate(name, view.recovery.unit.base(), |point| {
            Some(point.recovery)
        })
        .text("at_least", |point| point.at_least.to_string())
        .text("feasible", |point| point.candidate.feasible.to_string())
        .text("on_front", |point| point.on_front.to_string());
    Some(Drawing::only(chart, data.sheet()))
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
    let all = found.objectives.iter();
    all.filter(move |objective| objective.metric.name == metric)
}

/// Everything above and right of the front.
fn dominated(front: &[Place], x: &Span, y: &Span) -> Mark {
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
    Mark::Tint(Colour::Grey, corners)
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
    let (axis, other) = if across { (x, y) } else { (y, x) };
    let mut marks = Vec::new();
    for objective in bounds(found, metric).filter(|one| axis.contains(one.bound)) {
        let bound = objective.bound;
        let missed = match objective.relation {
            Relation::AtMost | Relation::Below => (bound, axis.high()),
            Relation::AtLeast | Relation::Above => (axis.low(), bound),
        };
        let all = (other.low(), other.high());
        let (zone_x, zone_y) = if across { (missed, all) } else { (all, missed) };
        marks.push(Mark::zone(role::OBJECTIVE, zone_x, zone_y));
        let label = format!("objective: {}", objective.text);
        marks.push(Rule::new(label, role::OBJECTIVE, Stroke::Dashed, at(bound)).into());
    }
    marks
}

impl<'v> View<'v> {
    fn of(found: &'v Recommendation) -> View<'v> {
        let mut seen = BTreeSet::new();
        let branches = found.candidates.iter().map(choices);
        let branches: Vec<String> = branches.filter(|one| seen.insert(one.clone())).collect();
        // The kind of recovery that an objective asks for, else the 95th percentile.
        let asked = found.objectives.iter().map(|objective| &objective.metric);
        let recovery = asked
            .chain([&found.minimised])
            .find(|metric| metric.name.starts_with("recovery_"))
            .cloned()
            .unwrap_or_else(|| MetricName {
                name: RECOVERY.to_owned(),
                meaning: String::new(),
                unit: Unit::Time,
            });
        let point = |(index, candidate): (usize, &'v Candidate)| {
            let overhead = metric(candidate, OVERHEAD)?.value;
            let duration = *metric(candidate, &recovery.name)?;
            let own = choices(candidate);
            Some(Point {
                index,
                candidate,
                at: (overhead, duration.value),
                recovery: duration,
                at_least: candidate.at_least.contains(&recovery.name),
                on_front: false,
                branch: branches.iter().position(|one| *one == own)?,
            })
        };
        let candidates = found.candidates.iter().enumerate();
        View {
            found,
            points: candidates.filter_map(point).collect(),
            recovery,
            branches,
        }
    }

    /// Finds the points than which no other is better in both; returns them from left to right.
    fn mark_front(&mut self) -> Vec<Place> {
        let points = self.points.iter_mut();
        let mut order: Vec<&mut Point> = points
            .filter(|point| point.candidate.failure.is_none())
            .collect();
        order.sort_by(|a, b| {
            let by_overhead = a.at.0.total_cmp(&b.at.0);
            by_overhead.then(a.at.1.total_cmp(&b.at.1))
        });
        let mut lowest = f64::INFINITY;
        let mut front = Vec::new();
        for point in order {
            if point.at.1 < lowest {
                lowest = point.at.1;
                point.on_front = true;
                front.push(point.at);
            }
        }
        front
    }

    fn point(&self, index: Option<usize>) -> Option<&Point<'_>> {
        self.points.iter().find(|point| Some(point.index) == index)
    }

    /// Dominated ones below, then the front, then what is in use and what is recommended; then their names.
    fn dots(&self) -> Vec<Mark> {
        let (on_front, dominated): (Vec<_>, Vec<_>) =
            self.points.iter().partition(|point| point.on_front);
        let points = dominated.into_iter().chain(on_front.iter().copied());
        let points = points.filter_map(|point| Mark::dots(point.symbol(), [point.dot()]));
        let text = if self.branches.len() > 1 { name } else { every };
        let place = |candidate: &Candidate| {
            let mut points = self.points.iter();
            Some(
                points
                    .find(|point| std::ptr::eq(point.candidate, candidate))?
                    .at,
            )
        };
        let (special, mut names) = choice(self.found, place, text);
        let both = [self.found.chosen, self.found.current];
        let rest = on_front
            .iter()
            .filter(|point| !both.contains(&Some(point.index)));
        names.extend(rest.map(|point| (point.at, text(point.candidate))));
        names.truncate(MOST_NAMES);
        let marks = points.chain(special).chain(self.change());
        marks.chain([Mark::Callouts(names)]).collect()
    }

    fn change(&self) -> Option<Mark> {
        let (from, to) = (
            self.point(self.found.current)?,
            self.point(self.found.chosen)?,
        );
        Some(Mark::Pointer(Colour::Ink, from.at, to.at))
    }

    fn key(&self) -> Vec<KeyEntry> {
        let branches = self.branches.iter().enumerate();
        let branches = branches.filter_map(|(index, branch)| {
            let own = |point: &&Point| point.on_front && point.branch == index;
            self.points.iter().find(own)?;
            let none = "none is better in both";
            let label = if branch.is_empty() { none } else { branch };
            Some(KeyEntry::new(label, Swatch::Dot(symbol(index))))
        });
        let some = |what: fn(&Point) -> bool| self.points.iter().any(what);
        let circle = |colour| Symbol::new(colour, Shape::Circle);
        let others = [
            (
                some(|point| !point.on_front),
                "another one is better in both",
                circle(DOMINATED),
            ),
            (
                some(|point| !point.candidate.feasible),
                "hollow: misses an objective",
                circle(Colour::Grey).hollow(true),
            ),
            (
                some(|point| point.at_least),
                "recovery not over when the run ended",
                Symbol::new(Colour::Grey, Shape::Above),
            ),
        ];
        let others = others.into_iter().filter(|(any, ..)| *any);
        let others = others.map(|(_, label, symbol)| KeyEntry::new(label, Swatch::Dot(symbol)));
        branches.chain(others).collect()
    }

    fn finding(&self, unit: Unit) -> String {
        let Some(chosen) = self.point(self.found.chosen) else {
            return none_meets(self.found, "all objectives");
        };
        let texts = |point: &Point| (Unit::Share.text(point.at.0), unit.text(point.at.1));
        let metric = words(&self.recovery.name);
        let (overhead, time) = texts(chosen);
        let own = name(chosen.candidate);
        match self.point(self.found.current) {
            Some(current) if current.index == chosen.index => {
                format!("{own} stays: overhead {overhead}, {metric} {time}")
            }
            Some(current) => {
                let (before, time_before) = texts(current);
                // What does not change need not be said twice.
                let same = choices(current.candidate) == choices(chosen.candidate);
                let text = if same { every } else { name };
                let [to, from] = [chosen, current].map(|point| text(point.candidate));
                format!(
                    "{to} instead of {from}: overhead {overhead} instead of {before}, {metric} {time} instead of {time_before}",
                )
            }
            None => format!("{own}: overhead {overhead}, {metric} {time}"),
        }
    }
}

impl Point<'_> {
    fn symbol(&self) -> Symbol {
        let own = symbol(self.branch);
        Symbol {
            colour: if self.on_front { own.colour } else { DOMINATED },
            shape: if self.at_least {
                Shape::Above
            } else {
                own.shape
            },
            hollow: !self.candidate.feasible,
        }
    }

    /// Intervals of the front only: those of all would cover each other.
    fn dot(&self) -> Dot {
        let interval = self.recovery.interval().filter(|_| self.on_front);
        Dot {
            at: self.at,
            interval,
        }
    }
}

/// Colours without the vermillion of objectives.
fn symbol(branch: usize) -> Symbol {
    let colour = role::family([0, 2, 3, 4, 5, 6, 7][branch % 7]);
    Symbol::new(colour, [Shape::Circle, Shape::Diamond][branch % 2])
}
