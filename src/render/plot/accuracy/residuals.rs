//! Picture: the errors by family, of the simulation and of the documents' formula.

use std::collections::BTreeSet;

use crate::measure::estimate::quantile;
use crate::recording::measured::Metric;
use crate::render::number::{Unit, deviation};
use crate::render::plot::Picture;
use crate::render::plot::accuracy::{Point, Recordings, percent};
use crate::render::plot::chart::{
    At, Axis, Callouts, Cell, Chart, Dot, Dots, KeyEntry, Line, Mark, Name, Panel, Rule, Shape,
    Swatch,
};
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::ticks::{Tick, ticks};
use crate::render::sheet::{self, Sheet};

/// Half the width of the band around no error.
const BAND: f64 = 0.05;
/// Larger errors are drawn at the edge of the panel, so that they do not press the others together.
const EDGE: f64 = 0.5;
/// Half the width of a strip of dots, and of its median; families are 1 apart.
const STRIP: f64 = 0.3;
const MEDIAN: f64 = 0.38;
/// Share of a panel's height above all dots, for the medians as text.
const ROW: f64 = 0.12;
/// Between neighbouring ticks, as a share of the height below that row.
const GAP: f64 = 0.12;
/// The share of the simulated ratios that the band beside the formula holds.
const HELD: f64 = 0.9;
/// Steps of this share of the strip put neighbours far apart (the golden ratio's fraction).
const STEP: f64 = 0.618_033_988_75;

/// The value of one recording in a panel; its place within the strip.
struct Placed<'a> {
    point: &'a Point,
    x: f64,
    value: f64,
}

/// Signed errors above, the formula's prediction as a multiple of the measurement below.
pub fn picture(all: &Recordings, footer: String) -> Picture {
    let mut panels = vec![simulated(all)];
    panels.extend(formula(all));
    let mut key = Vec::new();
    if all.has_busy() {
        key.push(KeyEntry {
            label: "recording".to_owned(),
            swatch: Swatch::Dot(Paint::Grey, Shape::Circle, false),
        });
        key.push(KeyEntry {
            label: "recording on a busy machine, not in the medians".to_owned(),
            swatch: Swatch::Dot(Paint::Grey, Shape::Circle, true),
        });
    }
    key.push(KeyEntry {
        label: "median".to_owned(),
        swatch: Swatch::Bar(Paint::Ink),
    });
    key.push(KeyEntry {
        label: format!("±{:.0} %", 100.0 * BAND),
        swatch: Swatch::Fill(Paint::Formula, 0.2),
    });
    if panels.len() > 1 {
        key.push(KeyEntry {
            label: format!("for comparison: {:.0} % of the simulated", 100.0 * HELD),
            swatch: Swatch::Fill(Paint::Aligned, 0.3),
        });
    }
    Picture {
        name: "residuals".to_owned(),
        chart: Chart {
            title: finding(all),
            subtitle: format!(
                "End to end duration of {} · errors relative to what was measured, at least to {:.0} ms · F1: the formula of the documents, worked by hand",
                all.counted(),
                Metric::EndToEndDuration.floor()
            ),
            footer,
            height: if panels.len() > 1 { 980 } else { 640 },
            key,
            panels,
        },
        data: data(all),
    }
}

fn finding(all: &Recordings) -> String {
    let errors: Vec<f64> = all
        .counting()
        .filter_map(|point| point.formula_error)
        .collect();
    let formula = quantile(&errors, 0.5).map_or_else(String::new, |error| {
        format!(", formula F1 by {}", percent(error))
    });
    format!(
        "In the median, the simulation is off by {}{formula}",
        percent(all.error(0.5))
    )
}

fn simulated(all: &Recordings) -> Panel {
    let placed = placed(all, |point| Some(point.error));
    let ends = |fold: fn(f64, f64) -> f64| {
        let worst = placed.iter().map(|one| one.value).fold(0.0, fold);
        worst.clamp(-EDGE, EDGE)
    };
    let (low, high) = (
        ends(f64::min).min(-2.0 * BAND),
        ends(f64::max).max(2.0 * BAND),
    );
    let height = (high - low) / (1.0 - ROW - 0.1);
    let (bottom, row) = (low - 0.05 * height, high + 0.05 * height);
    let top = row + ROW * height;
    let (left, right) = across(all);
    let ticks = ticks(&Span::linear(bottom, row), Unit::Share, GAP);
    let (mut marks, scale) = grid(all, &ticks, "");
    marks.extend([
        Mark::Band(
            Paint::Formula,
            vec![(left, -BAND, BAND), (right, -BAND, BAND)],
        ),
        zero_line(0.0),
    ]);
    marks.extend(strips(all, &placed, (low, high)));
    marks.extend(medians(all, &placed, (row, top), deviation));
    marks.push(Mark::Callouts(Callouts {
        names: names(all, &placed, (low, high)),
        avoid: placed.iter().map(|one| dot(one, (low, high))).collect(),
    }));
    Panel {
        heading: "Simulation: error of the predicted duration".to_owned(),
        weight: 1.5,
        x: families(all),
        y: Axis::named(
            "(Predicted − measured) ÷ measured",
            Span::linear(bottom, top),
            scale,
        ),
        marks,
        margin: Vec::new(),
    }
}

/// The same recordings by the formula; `None` where it predicts nothing.
fn formula(all: &Recordings) -> Option<Panel> {
    let placed = placed(all, |point| Some(point.formula? / point.measured));
    if placed.is_empty() {
        return None;
    }
    let ratios: Vec<f64> = all
        .counting()
        .map(|point| point.predicted / point.measured)
        .collect();
    let tail = (1.0 - HELD) / 2.0;
    let held = [tail, 1.0 - tail].map(|q| quantile(&ratios, q).unwrap_or(1.0));
    let values = placed.iter().map(|one| one.value).chain(held);
    let values = Span::log(values, 1.8);
    let row = values.high();
    let top = row * libm::pow(row / values.low(), ROW / (1.0 - ROW));
    let (left, right) = across(all);
    let (mut marks, scale) = grid(all, &ticks(&values, Unit::Plain, GAP), "×");
    marks.extend([
        Mark::Band(
            Paint::Aligned,
            vec![(left, held[0], held[1]), (right, held[0], held[1])],
        ),
        zero_line(1.0),
    ]);
    marks.extend(strips(all, &placed, (0.0, f64::INFINITY)));
    marks.extend(medians(all, &placed, (row, top), |ratio| {
        format!("×{}", Unit::Plain.about(ratio))
    }));
    Some(Panel {
        heading: "Formula F1 for the same recordings: predicted as a multiple of measured"
            .to_owned(),
        weight: 1.0,
        x: families(all),
        y: Axis::named(
            "F1 ÷ measured (log scale)",
            Span::log([values.low(), top], 1.0),
            scale,
        ),
        marks,
        margin: Vec::new(),
    })
}

fn across(all: &Recordings) -> (f64, f64) {
    (-0.5, all.families.len() as f64 - 0.5)
}

fn families(all: &Recordings) -> Axis {
    let (left, right) = across(all);
    let names = all.families.iter().enumerate().map(|(index, family)| Name {
        at: index as f64,
        text: family.label.clone(),
        strong: false,
    });
    Axis::named("", Span::linear(left, right), names.collect())
}

/// Grid lines below the row of medians, and their names.
fn grid(all: &Recordings, ticks: &[Tick], sign: &str) -> (Vec<Mark>, Vec<Name>) {
    let (left, right) = across(all);
    let line = |tick: &Tick| {
        Mark::Line(Line {
            label: String::new(),
            paint: Paint::Grid,
            stroke: Stroke::Thin,
            points: vec![(left, tick.at), (right, tick.at)],
            dots: false,
        })
    };
    let name = |tick: &Tick| Name {
        at: tick.at,
        text: format!("{sign}{}", tick.label),
        strong: false,
    };
    (
        ticks.iter().map(line).collect(),
        ticks.iter().map(name).collect(),
    )
}

fn zero_line(at: f64) -> Mark {
    Mark::Rule(Rule {
        label: String::new(),
        paint: Paint::Formula,
        stroke: Stroke::Thin,
        at: At::Y(at),
    })
}

/// Neighbours in value get places far apart in their strip, the same on every run.
fn placed(all: &Recordings, value: impl Fn(&Point) -> Option<f64>) -> Vec<Placed<'_>> {
    let mut placed = Vec::new();
    for index in 0..all.families.len() {
        let of_family = all.points.iter().filter(|point| point.family == index);
        let mut strip: Vec<(&Point, f64)> = of_family
            .filter_map(|point| Some((point, value(point)?)))
            .collect();
        strip.sort_by(|a, b| a.1.total_cmp(&b.1));
        placed.extend(strip.into_iter().enumerate().map(|(rank, (point, value))| {
            let share = (0.5 + rank as f64 * STEP).fract();
            let x = index as f64 + STRIP * (2.0 * share - 1.0);
            Placed { point, x, value }
        }));
    }
    placed
}

/// Dots within the edges, triangles at the edges for what lies beyond.
fn strips(all: &Recordings, placed: &[Placed], edges: (f64, f64)) -> Vec<Mark> {
    let mut marks = Vec::new();
    for quiet in [false, true] {
        for (index, family) in all.families.iter().enumerate() {
            for shape in [family.shape, Shape::Below, Shape::Above] {
                let points: Vec<Dot> = placed
                    .iter()
                    .filter(|one| one.point.family == index && one.point.quiet == quiet)
                    .filter(|one| beyond(one.value, edges).unwrap_or(family.shape) == shape)
                    .map(|one| dot(one, edges))
                    .collect();
                if !points.is_empty() {
                    marks.push(Mark::Dots(Dots {
                        paint: family.paint,
                        shape,
                        hollow: !quiet,
                        points,
                    }));
                }
            }
        }
    }
    marks
}

fn beyond(value: f64, (low, high): (f64, f64)) -> Option<Shape> {
    if value < low {
        Some(Shape::Below)
    } else if value > high {
        Some(Shape::Above)
    } else {
        None
    }
}

fn dot(one: &Placed, (low, high): (f64, f64)) -> Dot {
    Dot {
        at: (one.x, one.value.clamp(low, high)),
        interval: None,
    }
}

/// A bar at the median of each family's recordings that count; its value in the row above all dots.
fn medians(
    all: &Recordings,
    placed: &[Placed],
    row: (f64, f64),
    text: impl Fn(f64) -> String,
) -> Vec<Mark> {
    let mut marks = Vec::new();
    let counts: BTreeSet<&str> = all.counting().map(|point| point.id.as_str()).collect();
    for index in 0..all.families.len() {
        let values: Vec<f64> = placed
            .iter()
            .filter(|one| one.point.family == index && counts.contains(one.point.id.as_str()))
            .map(|one| one.value)
            .collect();
        let middle = index as f64;
        let mut words = Vec::new();
        if let Some(median) = quantile(&values, 0.5) {
            words.push(format!("median {}", text(median)));
            marks.push(Mark::Line(Line {
                label: String::new(),
                paint: Paint::Ink,
                stroke: Stroke::Solid,
                points: vec![(middle - MEDIAN, median), (middle + MEDIAN, median)],
                dots: false,
            }));
        }
        marks.push(Mark::Cell(Cell {
            fill: None,
            text: words,
            ..Cell::filled((middle - 0.5, middle + 0.5), row, Paint::White)
        }));
    }
    marks
}

/// The worst ones, and what lies beyond the edges with its value.
fn names(all: &Recordings, placed: &[Placed], edges: (f64, f64)) -> Vec<((f64, f64), String)> {
    let worst: BTreeSet<&str> = all.worst().iter().map(|point| point.id.as_str()).collect();
    let name = |one: &Placed| match beyond(one.value, edges) {
        Some(_) => Some(format!("{} {}", one.point.id, deviation(one.value))),
        None if worst.contains(one.point.id.as_str()) => Some(one.point.id.clone()),
        None => None,
    };
    placed
        .iter()
        .filter_map(|one| Some((dot(one, edges).at, name(one)?)))
        .collect()
}

fn data(all: &Recordings) -> Sheet {
    let mut sheet = Sheet::new([
        "recording",
        "family",
        "quiet",
        "measured_s",
        "predicted_s",
        "error_share",
        "formula_f1_s",
        "formula_f1_ratio",
    ]);
    for point in &all.points {
        let mut row = vec![
            point.id.clone(),
            all.families[point.family].name.clone(),
            point.quiet.to_string(),
        ];
        let formula = point.formula.unwrap_or(f64::NAN);
        let numbers = [
            point.measured,
            point.predicted,
            point.error,
            formula,
            formula / point.measured,
        ];
        row.extend(numbers.map(sheet::cell));
        sheet.push(row);
    }
    sheet
}
