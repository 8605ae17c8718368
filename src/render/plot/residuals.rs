//! Picture: the errors by family, of the simulation and of the documents' formula.

use std::collections::BTreeSet;

use crate::measure::estimate::quantile;
use crate::recording::measured::Metric;
use crate::render::chart::{
    At, Axis, Cell, Chart, Colour, Dot, KeyEntry, Line, Mark, Name, Panel, Place, Rule, Shape,
    Span, Stroke, Swatch, Symbol, ticks,
};
use crate::render::number::{Unit, deviation};
use crate::render::plot::columns::Columns;
use crate::render::plot::recordings::{Point, Recordings, hollow, percent};
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "residuals",
    heading: "Errors by kind of recording",
    caption: "What remains between prediction and measurement, of the simulation above and of formula F1 below, on the \
              same recordings. The bar of a strip is its median.",
    example: Some(Example::Recordings),
    draw: Draw::Recordings(drawing),
};

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

/// Signed errors above, the formula's prediction as a multiple of the measurement below.
fn drawing(all: &Recordings) -> Vec<Drawing> {
    let panels: Vec<Panel> = [Some(simulated(all)), formula(all)]
        .into_iter()
        .flatten()
        .collect();
    let both = panels.len() > 1;
    let floor = Metric::EndToEndDuration.floor();
    let chart = Chart {
        title: finding(all),
        subtitle: format!(
            "End to end duration of {} · errors relative to what was measured, at least to {floor:.0} ms · F1: the formula of the documents, worked by hand",
            all.counted()
        ),
        height: if both { 980 } else { 640 },
        key: key(all, both),
        panels,
        ..Chart::default()
    };
    let ratio = |point: &Point| Some(point.formula? / point.measured);
    let data = Columns::of(&all.points)
        .text("recording", |point| point.id.clone())
        .text("family", |point| all.families[point.family].name.clone())
        .text("quiet", |point| point.quiet.to_string())
        .number("measured_s", |point| point.measured)
        .number("predicted_s", |point| point.predicted)
        .number("error_share", |point| point.error)
        .optional("formula_f1_s", |point| point.formula)
        .optional("formula_f1_ratio", ratio);
    Drawing::only(chart, data.sheet())
}

fn key(all: &Recordings, both: bool) -> Vec<KeyEntry> {
    let circle = Swatch::Dot(Symbol::new(Colour::Grey, Shape::Circle));
    let busy = "recording on a busy machine, not in the medians";
    let dots = [KeyEntry::new("recording", circle), hollow(busy)];
    let dots = dots.into_iter().filter(|_| all.has_busy());
    let held = format!("for comparison: {:.0} % of the simulated", 100.0 * HELD);
    let held = KeyEntry::new(held, Swatch::Fill(role::ALIGNED, 0.3));
    let band = format!("±{:.0} %", 100.0 * BAND);
    dots.chain([
        KeyEntry::new("median", Swatch::Bar(Colour::Ink)),
        KeyEntry::new(band, Swatch::Fill(role::FORMULA, 0.2)),
    ])
    .chain(both.then_some(held))
    .collect()
}

fn finding(all: &Recordings) -> String {
    let errors = all.counting().filter_map(|point| point.formula_error);
    let formula = quantile(&errors.collect::<Vec<f64>>(), 0.5);
    let formula = formula.map(|error| format!(", formula F1 by {}", percent(error)));
    format!(
        "In the median, the simulation is off by {}{}",
        percent(all.error(0.5)),
        formula.unwrap_or_default()
    )
}

fn simulated(all: &Recordings) -> Panel {
    let values = || all.points.iter().map(|point| point.error);
    let low = values().fold(0.0, f64::min).clamp(-EDGE, -2.0 * BAND);
    let high = values().fold(0.0, f64::max).clamp(2.0 * BAND, EDGE);
    let height = (high - low) / (1.0 - ROW - 0.1);
    let (bottom, row) = (low - 0.05 * height, high + 0.05 * height);
    let strips = Strips {
        all,
        placed: placed(all, |point| Some(point.error)),
        edges: (low, high),
        values: Span::linear(bottom, row),
        top: row + ROW * height,
    };
    let band = (Colour::Silver, -BAND, BAND);
    let mut panel = strips.panel(Unit::Share, "", band, 0.0, deviation);
    panel.marks.push(Mark::Callouts(strips.names()));
    Panel {
        heading: "Simulation: error of the predicted duration".to_owned(),
        weight: 1.5,
        y: Axis {
            label: "(Predicted − measured) ÷ measured".to_owned(),
            ..panel.y
        },
        ..panel
    }
}

/// The same recordings by the formula; `None` where it predicts nothing.
fn formula(all: &Recordings) -> Option<Panel> {
    let placed = placed(all, |point| Some(point.formula? / point.measured));
    if placed.is_empty() {
        return None;
    }
    let ratios = all.counting().map(|point| point.predicted / point.measured);
    let ratios: Vec<f64> = ratios.collect();
    let tail = (1.0 - HELD) / 2.0;
    let [low, high] = [tail, 1.0 - tail].map(|q| quantile(&ratios, q).unwrap_or(1.0));
    let values = placed.iter().map(|one| one.value).chain([low, high]);
    let values = Span::log(values, 1.8);
    let row = values.high();
    let strips = Strips {
        all,
        placed,
        edges: (0.0, f64::INFINITY),
        top: row * libm::pow(row / values.low(), ROW / (1.0 - ROW)),
        values,
    };
    let text = |ratio| format!("×{}", Unit::Plain.about(ratio));
    let panel = strips.panel(Unit::Plain, "×", (role::ALIGNED, low, high), 1.0, text);
    let heading = "Formula F1 for the same recordings: predicted as a multiple of measured";
    Some(Panel {
        heading: heading.to_owned(),
        y: Axis {
            label: "F1 ÷ measured".to_owned(),
            ..panel.y
        },
        ..panel
    })
}

/// The value of one recording in a panel; its place within the strip.
struct Placed<'a> {
    point: &'a Point,
    x: f64,
    value: f64,
}

/// Neighbours in value get places far apart in their strip, the same on every run.
fn placed(all: &Recordings, value: impl Fn(&Point) -> Option<f64>) -> Vec<Placed<'_>> {
    let mut placed = Vec::new();
    for index in 0..all.families.len() {
        let of_family = all.points.iter().filter(|point| point.family == index);
        let strip = of_family.filter_map(|point| Some((point, value(point)?)));
        let mut strip: Vec<(&Point, f64)> = strip.collect();
        strip.sort_by(|a, b| a.1.total_cmp(&b.1));
        placed.extend(strip.into_iter().enumerate().map(|(rank, (point, value))| {
            let share = (0.5 + rank as f64 * STEP).fract();
            let x = index as f64 + STRIP * (2.0 * share - 1.0);
            Placed { point, x, value }
        }));
    }
    placed
}

/// One strip of dots per family.
struct Strips<'a> {
    all: &'a Recordings,
    placed: Vec<Placed<'a>>,
    /// What lies beyond is drawn there.
    edges: (f64, f64),
    /// Below the row of medians.
    values: Span,
    top: f64,
}

impl Strips<'_> {
    /// Grid, band, dots, and the medians, which `text` writes; ticks follow `sign`.
    fn panel(
        &self,
        unit: Unit,
        sign: &str,
        (colour, low, high): (Colour, f64, f64),
        zero: f64,
        text: impl Fn(f64) -> String,
    ) -> Panel {
        let (left, right) = (-0.5, self.all.families.len() as f64 - 0.5);
        let ticks = ticks(&self.values, unit, GAP);
        let grid = ticks.iter().map(|tick| {
            let ends = [(left, tick.at), (right, tick.at)];
            Line::new(Colour::Grid, Stroke::Thin, ends).into()
        });
        let mut marks: Vec<Mark> = grid.collect();
        marks.push(Mark::Band(
            colour,
            vec![(left, low, high), (right, low, high)],
        ));
        marks.push(Rule::new("", Colour::Silver, Stroke::Thin, At::Y(zero)).into());
        marks.extend(
            self.all
                .dots(&self.placed, |one| one.point, |one| self.dot(one)),
        );
        marks.extend(self.medians(text));
        let names = ticks
            .iter()
            .map(|tick| Name::new(tick.at, format!("{sign}{}", tick.label)));
        let families = self.all.families.iter().enumerate();
        let families = families.map(|(index, family)| Name::new(index as f64, &*family.label));
        let (bottom, top) = (self.values.low(), self.top);
        let span = if self.values.is_log() {
            Span::log([bottom, top], 1.0)
        } else {
            Span::linear(bottom, top)
        };
        Panel::new(
            Axis::named("", Span::linear(left, right), families.collect()),
            Axis::named("", span, names.collect()),
            marks,
        )
    }

    /// A triangle at the edge for what lies beyond.
    fn dot(&self, one: &Placed) -> (Option<Shape>, Dot) {
        let (low, high) = self.edges;
        let below = (one.value < low).then_some(Shape::Below);
        let above = (one.value > high).then_some(Shape::Above);
        let at = (one.x, one.value.clamp(low, high));
        (below.or(above), at.into())
    }

    /// A bar at the median of each family's recordings that count; its value in the row above all dots.
    fn medians(&self, text: impl Fn(f64) -> String) -> Vec<Mark> {
        let row = (self.values.high(), self.top);
        let counts: BTreeSet<&str> = self.all.counting().map(|point| &*point.id).collect();
        let mut marks: Vec<Mark> = Vec::new();
        for index in 0..self.all.families.len() {
            let own = self.placed.iter().filter(|one| one.point.family == index);
            let own = own.filter(|one| counts.contains(&*one.point.id));
            let median = quantile(&own.map(|one| one.value).collect::<Vec<f64>>(), 0.5);
            let middle = index as f64;
            marks.extend(median.map(|at| {
                let ends = [(middle - MEDIAN, at), (middle + MEDIAN, at)];
                Line::new(Colour::Ink, Stroke::Solid, ends).into()
            }));
            let words = median.map(|median| format!("median {}", text(median)));
            let cell = Cell::filled((middle - 0.5, middle + 0.5), row, Colour::Ground);
            marks.push(Mark::Cell(Cell {
                fill: None,
                text: words.into_iter().collect(),
                ..cell
            }));
        }
        marks
    }

    /// The worst ones, and what lies beyond the edges with its value.
    fn names(&self) -> Vec<(Place, String)> {
        let worst: BTreeSet<&str> = self.all.worst().iter().map(|point| &*point.id).collect();
        let name = |one: &Placed| {
            let (id, (shape, dot)) = (&one.point.id, self.dot(one));
            let beyond = shape.map(|_| format!("{id} {}", deviation(one.value)));
            let worst = worst.contains(&**id).then(|| id.clone());
            Some((dot.at, beyond.or(worst)?))
        };
        self.placed.iter().filter_map(name).collect()
    }
}
