//! Picture: what an interval costs in all, in processing that checkpoints take and work that failures repeat.

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
    heading: "Total cost of an interval",
    caption: "What checkpoints take, what failures repeat, and their sum. In the shaded region any interval is as good.",
    example: Some(Example::Recommendation),
    draw: Draw::Recommendation(drawing),
};

/// Costs this close to the minimum are as good.
const FLAT: f64 = 1.05;
/// Costs this close to it are the same: of intervals that are not what sets the pace.
const SAME: f64 = 1.000_001;

/// What one interval costs, as shares of the time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Point {
    seconds: f64,
    overhead: f64,
    rework: f64,
}

impl Point {
    /// `None` if the candidate has no costs. The rework is measured: what sets the pace may be something else than the
    /// interval.
    fn of(seconds: f64, candidate: &Candidate, mtbf_s: f64) -> Option<Point> {
        let point = Point {
            seconds,
            overhead: metric(candidate, "overhead")?.value,
            rework: metric(candidate, "expected_rework")?.value / mtbf_s,
        };
        (point.total().is_finite() && point.total() > 0.0).then_some(point)
    }

    fn total(&self) -> f64 {
        self.overhead + self.rework
    }
}

/// Overhead, expected rework per unit of time, and their sum over the interval, with the other choices as in the answer.
/// `None` without a mean time between failures, or with fewer than two intervals.
fn drawing(found: &Recommendation) -> Option<Vec<Drawing>> {
    let mtbf_s = found
        .mtbf_s
        .filter(|mtbf| mtbf.is_finite() && *mtbf > 0.0)?;
    let focus = focus(found)?;
    let tried = along(found, focus).into_iter();
    let points: Vec<Point> = tried
        .filter_map(|(seconds, candidate)| Point::of(seconds, candidate, mtbf_s))
        .collect();
    if points.len() < 2 {
        return None;
    }
    let by_total = |a: &&Point, b: &&Point| a.total().total_cmp(&b.total());
    let lowest = *points.iter().min_by(by_total)?;
    let flat = Flat::of(&points, &lowest);
    let flags = flags(found, focus);
    let x = Span::log(points.iter().map(|point| point.seconds), 1.0);
    let rework = format!(
        "expected rework = mean age of the newest completed checkpoint / mean time between failures of {}",
        setting(mtbf_s)
    );
    let mut subtitle = vec![described(found), choices(focus), rework];
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
        panels: vec![names, curves(&points, &lowest, &flat, &flags, x)],
        ..Chart::default()
    };
    let data = Columns::of(&points)
        .number("interval_s", |point| point.seconds)
        .number("overhead_share", |point| point.overhead)
        .number("expected_rework_share", |point| point.rework)
        .number("total_share", Point::total);
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

fn curves(points: &[Point], lowest: &Point, flat: &Flat, flags: &[Flag], x: Span) -> Panel {
    let values = points.iter();
    let values = values.flat_map(|point| [point.overhead, point.rework, point.total()]);
    let y = Span::log(values, 1.3);
    let curve = |label: &str, colour, stroke, read: fn(&Point) -> f64| {
        let points = points.iter().map(|point| (point.seconds, read(point)));
        Line::new(colour, stroke, points).labelled(label)
    };
    let at = (lowest.seconds, lowest.total());
    let minimum = format!("minimum {}, {}", setting(at.0), Unit::Share.about(at.1));
    let callout = Mark::Callouts(vec![(at, minimum)]);
    let region = Cell::filled((flat.from, flat.to), (y.low(), y.high()), role::MET);
    let lines = flags
        .iter()
        .map(|flag| Line::upright(flag.colour, flag.at, &y));
    let curves = [
        curve("overhead", role::ALIGNED, Stroke::Dashed, |point| {
            point.overhead
        }),
        curve(
            "expected rework",
            role::series(1),
            Stroke::Dashed,
            |point| point.rework,
        ),
        curve("total", Colour::Ink, Stroke::Solid, Point::total).dotted(),
    ];
    let mut marks = vec![Mark::Cell(region.opacity(0.14))];
    marks.extend(lines.chain(curves).map(Mark::Line));
    marks.extend(Mark::dots(
        Symbol::new(role::MET, Shape::Diamond),
        [at.into()],
    ));
    marks.push(callout);
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
        "The total cost is least at an interval of {}, {} of the time",
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
