//! Picture: predicted against measured.

use crate::experiment::validate::INTERVAL;
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::accuracy::{Point, Recordings, percent};
use crate::render::plot::chart::{
    Axis, Callouts, Chart, Dot, Dots, KeyEntry, Line, Mark, Panel, Swatch,
};
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::sheet::{self, Sheet};

/// Half the width of the wedge around the diagonal.
const WEDGE: f64 = 0.2;

/// One dot per recording, log-log, both axes alike.
pub fn picture(all: &Recordings, footer: String) -> Picture {
    let ends = |point: &Point| {
        let interval = point.interval.map(|(low, high)| [low, high]);
        [point.measured, point.predicted]
            .into_iter()
            .chain(interval.into_iter().flatten())
            .collect::<Vec<f64>>()
    };
    let span = Span::log(all.points.iter().flat_map(ends), 1.25);
    let mut marks = diagonal(&span);
    marks.extend(dots(all));
    marks.push(Mark::Callouts(Callouts {
        names: all
            .worst()
            .into_iter()
            .map(|point| ((point.measured, point.predicted), point.id.clone()))
            .collect(),
        avoid: all.points.iter().map(dot).collect(),
    }));
    let mut key = all.key();
    key.push(KeyEntry {
        label: format!("{:.0} % interval", 100.0 * INTERVAL),
        swatch: Swatch::Whisker(Paint::Grey),
    });
    key.push(KeyEntry {
        label: format!("±{:.0} %", 100.0 * WEDGE),
        swatch: Swatch::Fill(Paint::Formula, 0.2),
    });
    Picture {
        name: "accuracy".to_owned(),
        chart: Chart {
            title: finding(all),
            subtitle: subtitle(all),
            footer,
            height: 900,
            key,
            panels: vec![Panel {
                heading: String::new(),
                weight: 1.0,
                x: Axis::round("Measured end to end duration", Unit::Time, span),
                y: Axis::round("Predicted end to end duration", Unit::Time, span),
                marks,
                margin: Vec::new(),
            }],
        },
        data: data(all),
    }
}

fn finding(all: &Recordings) -> String {
    let count = all.counted();
    // Shares of a handful of recordings say nothing.
    if all.counting().count() < 5 {
        return format!(
            "The simulation is at most {} off in {count}",
            percent(all.error(1.0))
        );
    }
    format!(
        "Half of the {count} are predicted within {}, nine of ten within {}",
        percent(all.error(0.5)),
        percent(all.error(0.9))
    )
}

fn subtitle(all: &Recordings) -> String {
    let intervals: Vec<(f64, (f64, f64))> = all
        .counting()
        .filter_map(|point| Some((point.measured, point.interval?)))
        .collect();
    let inside = intervals
        .iter()
        .filter(|(measured, (low, high))| low <= measured && measured <= high)
        .count();
    let held = if intervals.is_empty() {
        String::new()
    } else {
        format!(
            " · {inside} of {} intervals hold the measurement: they cross the diagonal",
            intervals.len()
        )
    };
    format!("Median end to end duration of each recording{held}")
}

/// Where predicted equals measured, with the wedge around it.
fn diagonal(span: &Span) -> Vec<Mark> {
    let (low, high) = (span.low(), span.high());
    let line = |label: String, factor: f64, paint: Paint| {
        Mark::Line(Line {
            label,
            paint,
            stroke: Stroke::Thin,
            points: vec![(low, low * factor), (high, high * factor)],
            dots: false,
        })
    };
    let wedge = [low, high].map(|at| (at, at * (1.0 - WEDGE), at * (1.0 + WEDGE)));
    let edge = 100.0 * WEDGE;
    vec![
        Mark::Band(Paint::Formula, wedge.to_vec()),
        line(format!("+{edge:.0} %"), 1.0 + WEDGE, Paint::Formula),
        line("equal".to_owned(), 1.0, Paint::Ink),
        line(format!("−{edge:.0} %"), 1.0 - WEDGE, Paint::Formula),
    ]
}

/// Those on busy machines lie below the others.
fn dots(all: &Recordings) -> Vec<Mark> {
    let mut marks = Vec::new();
    for quiet in [false, true] {
        for (index, family) in all.families.iter().enumerate() {
            let points: Vec<Dot> = all
                .points
                .iter()
                .filter(|point| point.family == index && point.quiet == quiet)
                .map(dot)
                .collect();
            if !points.is_empty() {
                marks.push(Mark::Dots(Dots {
                    paint: family.paint,
                    shape: family.shape,
                    hollow: !quiet,
                    points,
                }));
            }
        }
    }
    marks
}

fn dot(point: &Point) -> Dot {
    Dot {
        at: (point.measured, point.predicted),
        interval: point.interval,
    }
}

fn data(all: &Recordings) -> Sheet {
    let mut sheet = Sheet::new([
        "recording",
        "family",
        "quiet",
        "machine_cpu_share",
        "measured_s",
        "predicted_s",
        "predicted_low_s",
        "predicted_high_s",
        "error_share",
    ]);
    for point in &all.points {
        let (low, high) = point.interval.unwrap_or((f64::NAN, f64::NAN));
        let mut row = vec![
            point.id.clone(),
            all.families[point.family].name.clone(),
            point.quiet.to_string(),
        ];
        let numbers = [
            point.machine_cpu.unwrap_or(f64::NAN),
            point.measured,
            point.predicted,
            low,
            high,
            point.error,
        ];
        row.extend(numbers.map(sheet::cell));
        sheet.push(row);
    }
    sheet
}
