//! Picture: the time that an interval costs, as those who restart from checkpoints draw it: what checkpoints take, what
//! failures repeat, what is caught up with, and what stands still, stacked; and where the closed forms expect the least.

use crate::experiment::metric::MetricId;
use crate::experiment::recommend::{Candidate, Recommendation};
use crate::render::chart::{
    Axis, Cell, Chart, Colour, Flag, Line, Mark, Panel, Shape, Span, Stroke, Symbol, setting,
};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::recommended::{along, choices, described, focus, interval, metric};
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "cost",
    heading: "Time that an interval costs",
    caption: "What checkpoints take, what failures repeat, what is caught up with and what stands still, on top of each \
              other; the rest is useful. In the shaded region any interval is as good.",
    example: Some(Example::Recommendation),
    draw: Draw::Recommendation(drawing),
};

/// Costs this close to the minimum are as good.
const FLAT: f64 = 1.05;
/// Costs this close to it are the same: of intervals that are not what sets the pace.
const SAME: f64 = 1.000_001;

/// Room above the highest point.
const HEADROOM: f64 = 1.12;
/// Parts that take at least this share of the height have their name at the right.
const NAMED: f64 = 0.03;

/// The parts from the bottom to the top, with their names and colours.
const PARTS: [(MetricId, &str, Colour); 4] = [
    (MetricId::TimeOutage, "outage", Colour::Pink),
    (MetricId::TimeCatchUp, "catch-up", Colour::Sky),
    (MetricId::TimeRework, "rework", Colour::Orange),
    (MetricId::TimeOverhead, "checkpoints", role::ALIGNED),
];

/// What one interval costs, as shares of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    seconds: f64,
    /// As [`PARTS`].
    parts: [f64; 4],
}

impl Point {
    /// `None` if the candidate's time is not known.
    fn of(seconds: f64, candidate: &Candidate) -> Option<Point> {
        let mut parts = [0.0; 4];
        for (part, (id, ..)) in parts.iter_mut().zip(&PARTS) {
            *part = metric(candidate, id.name())?.value;
        }
        let point = Point { seconds, parts };
        (point.total().is_finite() && point.total() > 0.0).then_some(point)
    }

    fn total(&self) -> f64 {
        self.below(PARTS.len())
    }

    /// The first `count` parts together.
    fn below(&self, count: usize) -> f64 {
        self.parts[..count].iter().sum()
    }
}

/// The parts of the time over the interval, with the other choices as in the answer. `None` if the time is not known, or
/// with fewer than two intervals.
fn drawing(found: &Recommendation) -> Option<Vec<Drawing>> {
    let focus = focus(found)?;
    let tried = along(found, focus).into_iter();
    let points: Vec<Point> = tried
        .filter_map(|(seconds, candidate)| Point::of(seconds, candidate))
        .collect();
    if points.len() < 2 {
        return None;
    }
    let by_total = |a: &&Point, b: &&Point| a.total().total_cmp(&b.total());
    let lowest = *points.iter().min_by(by_total)?;
    let flat = Flat::of(&points, &lowest);
    let flags = flags(found, focus);
    let x = Span::log(points.iter().map(|point| point.seconds), 1.0);
    let failures = found.mtbf_s.map_or_else(String::new, |mtbf_s| {
        format!("a failure every {} on average", setting(mtbf_s))
    });
    let mut subtitle = vec![described(found), choices(focus), failures];
    subtitle.retain(|part| !part.is_empty());
    // The names of vertical lines stand above the curves.
    let names = vec![Mark::Flags(flags.clone())];
    let names = Panel {
        weight: 0.2,
        ..Panel::new(Axis::shared(Unit::Time, x), Axis::empty(), names)
    };
    let chart = Chart {
        title: finding(&points, &lowest, &flat),
        subtitle: subtitle.join(" · "),
        height: 680,
        panels: vec![names, stack(&points, &lowest, &flat, &flags, x)],
        ..Chart::default()
    };
    let mut data = Columns::of(&points).number("interval_s", |point| point.seconds);
    for (index, (id, ..)) in PARTS.iter().enumerate() {
        data = data.number(format!("{}_share", id.name()), move |point| {
            point.parts[index]
        });
    }
    let data = data.number("total_share", Point::total);
    Some(Drawing::only(chart, data.sheet()))
}

/// The intervals that cost hardly more than the best, s.
struct Flat {
    from: f64,
    to: f64,
    /// The intervals that were tried end before the costs rise.
    open: bool,
}

impl Flat {
    fn of(points: &[Point], lowest: &Point) -> Flat {
        let level = lowest.total() * FLAT;
        let at = points
            .iter()
            .position(|point| point == lowest)
            .unwrap_or_default();
        // Where the straight line between two neighbours crosses the level, on the log axis.
        let crossing = |inside: &Point, outside: &Point| {
            let share = (level - inside.total()) / (outside.total() - inside.total());
            inside.seconds * libm::pow(outside.seconds / inside.seconds, share)
        };
        let end = |towards: &mut dyn Iterator<Item = &Point>| {
            let mut inside = *lowest;
            for next in towards {
                if next.total() > level {
                    return (crossing(&inside, next), false);
                }
                inside = *next;
            }
            (inside.seconds, true)
        };
        let (from, open_below) = end(&mut points[..at].iter().rev());
        let (to, open_above) = end(&mut points[at + 1..].iter());
        let open = open_below || open_above;
        Flat { from, to, open }
    }
}

/// Closed forms and the answer.
fn flags(found: &Recommendation, focus: &Candidate) -> Vec<Flag> {
    let formulas = found.formulas.iter().filter_map(|formula| {
        let at = formula.interval_s?;
        let label = format!("{} {}", formula.name, Unit::Time.about(at));
        let colour = role::FORMULA;
        Some(Flag { at, label, colour })
    });
    let chosen = interval(focus).filter(|_| found.chosen.is_some());
    let chosen = chosen.map(|at| Flag {
        at,
        label: format!("recommended {}", setting(at)),
        colour: Colour::Ink,
    });
    formulas.chain(chosen).collect()
}

fn stack(points: &[Point], lowest: &Point, flat: &Flat, flags: &[Flag], x: Span) -> Panel {
    let highest = points.iter().map(Point::total).fold(0.0, f64::max);
    let y = Span::linear(0.0, highest * HEADROOM);
    let edge = |count: usize| {
        points
            .iter()
            .map(move |point| (point.seconds, point.below(count)))
    };
    let at = (lowest.seconds, lowest.total());
    let minimum = format!("least {}, {}", setting(at.0), Unit::Share.about(at.1));
    let region = Cell::filled((flat.from, flat.to), (y.low(), y.high()), role::MET);
    let mut marks = vec![Mark::Cell(region.opacity(0.14))];
    for (index, (_, name, colour)) in PARTS.iter().enumerate() {
        let (low, high) = (edge(index), edge(index + 1));
        let band = low.zip(high).map(|((x, low), (_, high))| (x, low, high));
        marks.push(Mark::Band(*colour, band.collect()));
        // A part without any width has no name: it would stand on its neighbour's.
        let width = points.last().map_or(0.0, |point| point.parts[index]);
        let name = if width > highest * NAMED { *name } else { "" };
        marks.push(Mark::Line(
            Line::new(*colour, Stroke::Thin, edge(index + 1)).labelled(name),
        ));
    }
    let lines = flags
        .iter()
        .map(|flag| Line::upright(flag.colour, flag.at, &y));
    marks.extend(lines.map(Mark::Line));
    let total = Line::new(Colour::Ink, Stroke::Solid, edge(PARTS.len())).dotted();
    marks.push(Mark::Line(total));
    marks.extend(Mark::dots(
        Symbol::new(role::MET, Shape::Diamond),
        [at.into()],
    ));
    marks.push(Mark::Callouts(vec![(at, minimum)]));
    Panel::new(
        Axis::round("Checkpoint interval", Unit::Time, x),
        Axis::round("Share of the time", Unit::Share, y),
        marks,
    )
}

fn finding(points: &[Point], lowest: &Point, flat: &Flat) -> String {
    let as_low = points
        .iter()
        .filter(|point| point.total() <= lowest.total() * SAME);
    let at: Vec<String> = as_low.map(|point| setting(point.seconds)).collect();
    let best = format!(
        "The least time is lost at an interval of {}: {}",
        at.join(" or "),
        Unit::Share.about(lowest.total())
    );
    if flat.to <= flat.from {
        return best;
    }
    let among = if flat.open { "of what was tried, " } else { "" };
    let [from, to] = [flat.from, flat.to].map(|end| Unit::Time.about(end));
    format!("{best}; {among}{from} to {to} are within 5 %")
}
