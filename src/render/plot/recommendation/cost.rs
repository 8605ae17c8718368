//! Picture: what an interval costs in all, in processing that checkpoints take and work that failures repeat.

use crate::experiment::recommend::{Candidate, Recommendation};
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{
    Axis, Callouts, Cell, Chart, Dot, Dots, Flag, Line, Mark, Panel, Shape,
};
use crate::render::plot::recommendation::{
    along, choices, described, focus, footer, interval, metric,
};
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::tick_label::exact;
use crate::render::sheet::{self, Sheet};

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
    fn total(&self) -> f64 {
        self.overhead + self.rework
    }
}

/// Overhead, expected rework per unit of time, and their sum over the interval, with the other choices as in the answer.
/// `None` without a mean time between failures, or with fewer than two intervals.
pub fn picture(found: &Recommendation) -> Option<Picture> {
    let mtbf_s = found
        .mtbf_s
        .filter(|mtbf| mtbf.is_finite() && *mtbf > 0.0)?;
    let focus = focus(found)?;
    let points: Vec<Point> = along(found, focus)
        .into_iter()
        .filter_map(|(seconds, candidate)| point(seconds, candidate, mtbf_s))
        .collect();
    let lowest = points
        .iter()
        .min_by(|a, b| a.total().total_cmp(&b.total()))
        .copied()?;
    if points.len() < 2 {
        return None;
    }
    let flat = Flat::of(&points, &lowest);
    let flags = flags(found, focus);
    let x = Span::log(points.iter().map(|point| point.seconds), 1.0);
    let mut subtitle = vec![described(found)];
    subtitle.extend(Some(choices(focus)).filter(|choices| !choices.is_empty()));
    subtitle.push(format!(
        "expected rework = mean age of the newest completed checkpoint / mean time between failures of {}",
        exact(Unit::Time, mtbf_s)
    ));
    let chart = Chart {
        title: finding(&points, &lowest, &flat),
        subtitle: subtitle.join(" · "),
        footer: footer(found),
        height: 680,
        key: Vec::new(),
        panels: vec![names(&flags, x), curves(&points, &lowest, &flat, &flags, x)],
    };
    Some(Picture {
        name: "cost".to_owned(),
        chart,
        data: data(&points),
    })
}

fn point(seconds: f64, candidate: &Candidate, mtbf_s: f64) -> Option<Point> {
    let overhead = metric(candidate, "overhead")?.value;
    // Measured: what sets the pace may be something else than the interval.
    let rework = metric(candidate, "expected_rework")?.value;
    let point = Point {
        seconds,
        overhead,
        rework: rework / mtbf_s,
    };
    (point.total().is_finite() && point.total() > 0.0).then_some(point)
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
        Flat {
            from,
            to,
            open: open_below || open_above,
        }
    }
}

/// Closed forms and the answer.
fn flags(found: &Recommendation, focus: &Candidate) -> Vec<Flag> {
    let flag = |at: f64, name: &str, paint: Paint| Flag {
        at,
        label: format!("{name} {}", Unit::Time.about(at)),
        paint,
    };
    let formulas = found
        .formulas
        .iter()
        .filter_map(|formula| Some(flag(formula.interval_s?, &formula.name, Paint::Formula)));
    let chosen = interval(focus).filter(|_| found.chosen.is_some());
    let chosen = chosen.map(|at| Flag {
        label: format!("recommended {}", exact(Unit::Time, at)),
        ..flag(at, "", Paint::Ink)
    });
    formulas.chain(chosen).collect()
}

/// The names of vertical lines, above the curves.
fn names(flags: &[Flag], x: Span) -> Panel {
    Panel {
        heading: String::new(),
        weight: 0.2,
        x: Axis::shared(Unit::Time, x),
        y: Axis::named("", Span::linear(0.0, 1.0), Vec::new()),
        marks: vec![Mark::Flags(flags.to_vec())],
        margin: Vec::new(),
    }
}

fn curves(points: &[Point], lowest: &Point, flat: &Flat, flags: &[Flag], x: Span) -> Panel {
    let series = |read: fn(&Point) -> f64| -> Vec<(f64, f64)> {
        points
            .iter()
            .map(|point| (point.seconds, read(point)))
            .collect()
    };
    let values = points
        .iter()
        .flat_map(|point| [point.overhead, point.rework, point.total()]);
    let y = Span::log(values, 1.3);
    let mut marks = vec![Mark::Cell(Cell {
        opacity: 0.14,
        ..Cell::filled((flat.from, flat.to), (y.low(), y.high()), Paint::Met)
    })];
    marks.extend(flags.iter().map(|flag| {
        Mark::Line(Line {
            label: String::new(),
            paint: flag.paint,
            stroke: Stroke::Thin,
            points: vec![(flag.at, y.low()), (flag.at, y.high())],
            dots: false,
        })
    }));
    let curve = |label: &str, paint: Paint, stroke: Stroke, points: Vec<(f64, f64)>| {
        Mark::Line(Line {
            label: label.to_owned(),
            paint,
            stroke,
            points,
            dots: stroke == Stroke::Solid,
        })
    };
    let dot = Dot {
        at: (lowest.seconds, lowest.total()),
        interval: None,
    };
    let minimum = format!(
        "minimum {}, {}",
        exact(Unit::Time, lowest.seconds),
        Unit::Share.about(lowest.total())
    );
    marks.extend([
        curve(
            "overhead",
            Paint::Aligned,
            Stroke::Dashed,
            series(|point| point.overhead),
        ),
        curve(
            "expected rework",
            Paint::Series(1),
            Stroke::Dashed,
            series(|point| point.rework),
        ),
        curve("total", Paint::Ink, Stroke::Solid, series(Point::total)),
        Mark::Dots(Dots {
            paint: Paint::Met,
            shape: Shape::Diamond,
            hollow: false,
            points: vec![dot],
        }),
        Mark::Callouts(Callouts {
            names: vec![(dot.at, minimum)],
            avoid: points
                .iter()
                .map(|point| Dot {
                    at: (point.seconds, point.total()),
                    interval: None,
                })
                .collect(),
        }),
    ]);
    Panel {
        heading: String::new(),
        weight: 1.0,
        x: Axis::round("Checkpoint interval", Unit::Time, x),
        y: Axis::round("Share of the time", Unit::Share, y),
        marks,
        margin: Vec::new(),
    }
}

fn finding(points: &[Point], lowest: &Point, flat: &Flat) -> String {
    let as_low = points
        .iter()
        .filter(|point| point.total() <= lowest.total() * SAME);
    let at = as_low.map(|point| exact(Unit::Time, point.seconds));
    let best = format!(
        "The total cost is least at an interval of {}, {} of the time",
        at.collect::<Vec<String>>().join(" or "),
        Unit::Share.about(lowest.total())
    );
    let among = if flat.open { "of what was tried, " } else { "" };
    if flat.to <= flat.from {
        return best;
    }
    format!(
        "{best}; {among}{} to {} are within 5 %",
        Unit::Time.about(flat.from),
        Unit::Time.about(flat.to)
    )
}

fn data(points: &[Point]) -> Sheet {
    let mut sheet = Sheet::new([
        "interval_s",
        "overhead_share",
        "expected_rework_share",
        "total_share",
    ]);
    for point in points {
        let numbers = [point.seconds, point.overhead, point.rework, point.total()];
        sheet.push(numbers.map(sheet::cell).into());
    }
    sheet
}
