//! Picture: predicted against measured.

use crate::experiment::validate::INTERVAL;
use crate::render::chart::{
    Axis, Chart, Colour, Dot, KeyEntry, Line, Mark, Panel, Span, Stroke, Swatch,
};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::recordings::{Point, Recordings, hollow, percent};
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "accuracy",
    heading: "Predicted against measured",
    caption: "One dot per recording of a real cluster. On the diagonal the simulation is right; a bar that crosses it is \
              an interval that holds the measurement.",
    example: Some(Example::Recordings),
    draw: Draw::Recordings(drawing),
};

/// Half the width of the wedge around the diagonal.
const WEDGE: f64 = 0.2;

/// One dot per recording, log-log, both axes alike.
fn drawing(all: &Recordings) -> Vec<Drawing> {
    let values = all.points.iter().flat_map(|point| {
        let (low, high) = point.interval.unzip();
        [Some(point.measured), Some(point.predicted), low, high]
    });
    let span = Span::log(values.flatten(), 1.25);
    let mut marks = diagonal(&span);
    marks.extend(all.dots(&all.points, |point| point, |point| (None, dot(point))));
    let worst = all.worst().into_iter();
    let names = worst.map(|point| (dot(point).at, point.id.clone()));
    marks.push(Mark::Callouts(names.collect()));
    let chart = Chart {
        title: finding(all),
        subtitle: subtitle(all),
        height: 900,
        key: key(all),
        panels: vec![Panel::new(
            Axis::round("Measured end to end duration", Unit::Time, span),
            Axis::round("Predicted end to end duration", Unit::Time, span),
            marks,
        )],
        ..Chart::default()
    };
    let data = Columns::of(&all.points)
        .text("recording", |point| point.id.clone())
        .text("family", |point| all.families[point.family].name.clone())
        .text("quiet", |point| point.quiet.to_string())
        .optional("machine_cpu_share", |point| point.machine_cpu)
        .number("measured_s", |point| point.measured)
        .number("predicted_s", |point| point.predicted)
        .optional("predicted_low_s", |point| Some(point.interval?.0))
        .optional("predicted_high_s", |point| Some(point.interval?.1))
        .number("error_share", |point| point.error);
    Drawing::only(chart, data.sheet())
}

fn dot(point: &Point) -> Dot {
    Dot {
        at: (point.measured, point.predicted),
        interval: point.interval,
    }
}

fn key(all: &Recordings) -> Vec<KeyEntry> {
    let families = all.families.iter();
    let families = families.map(|family| KeyEntry::new(&*family.label, Swatch::Dot(family.symbol)));
    let busy = all
        .has_busy()
        .then(|| hollow("hollow: the machine was busy"));
    let interval = format!("{:.0} % interval", 100.0 * INTERVAL);
    let wedge = format!("±{:.0} %", 100.0 * WEDGE);
    let rest = [
        KeyEntry::new(interval, Swatch::Whisker(Colour::Grey)),
        KeyEntry::new(wedge, Swatch::Fill(role::FORMULA, 0.2)),
    ];
    families.chain(busy).chain(rest).collect()
}

fn finding(all: &Recordings) -> String {
    let count = all.counted();
    // Shares of a handful of recordings say nothing.
    if all.counting().count() < 5 {
        let most = percent(all.error(1.0));
        return format!("The simulation is at most {most} off in {count}");
    }
    let [half, most] = [0.5, 0.9].map(|q| percent(all.error(q)));
    format!("Half of the {count} are predicted within {half}, nine of ten within {most}")
}

fn subtitle(all: &Recordings) -> String {
    let intervals = all.counting().filter_map(|point| {
        let (low, high) = point.interval?;
        Some((low..=high).contains(&point.measured))
    });
    let intervals: Vec<bool> = intervals.collect();
    let inside = intervals.iter().filter(|inside| **inside).count();
    let held = match intervals.len() {
        0 => String::new(),
        count => format!(
            " · {inside} of {count} intervals hold the measurement: they cross the diagonal"
        ),
    };
    format!("Median end to end duration of each recording{held}")
}

/// Where predicted equals measured, with the wedge around it.
fn diagonal(span: &Span) -> Vec<Mark> {
    let (low, high) = (span.low(), span.high());
    let line = |label: String, factor: f64, colour: Colour| {
        let ends = [(low, low * factor), (high, high * factor)];
        Line::new(colour, Stroke::Thin, ends).labelled(label).into()
    };
    let wedge = [low, high].map(|at| (at, at * (1.0 - WEDGE), at * (1.0 + WEDGE)));
    let edge = 100.0 * WEDGE;
    vec![
        Mark::Band(role::FORMULA, wedge.to_vec()),
        line(format!("+{edge:.0} %"), 1.0 + WEDGE, role::FORMULA),
        line("equal".to_owned(), 1.0, Colour::Ink),
        line(format!("−{edge:.0} %"), 1.0 - WEDGE, role::FORMULA),
    ]
}
