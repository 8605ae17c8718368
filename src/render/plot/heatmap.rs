//! Picture: two settings at once, the median duration printed in every cell.

use crate::experiment::metric::MetricId;
use crate::experiment::{PointSummary, SweepResult};
use crate::render::chart::{Axis, Cell, Chart, Colour, KeyEntry, Mark, Name, Panel, Span, Swatch};
use crate::render::key_name::{capital, short_key, value_name};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::curve::{described, groups, interval_axis};
use crate::render::plot::{Draw, Drawing, Example, Kind};
use crate::units::SimDuration;

pub const KIND: Kind = Kind {
    name: "heatmap",
    heading: "Two axes at once",
    caption: "One cell per point. Compare along a row and along a column to see which of the two keys matters.",
    example: Some(Example::Plane),
    draw: Draw::Sweep(drawings),
};

/// One picture per combination of further axes, at most this many.
const MOST_PICTURES: usize = 4;
/// Columns or rows with numbers in their cells; beyond, cells are too small for them.
const MOST_NUMBERS: usize = 20;
/// Ground of cells without a duration.
const NOTHING: Colour = Colour::Grid;

/// A key of the sweep with its values.
struct Axes<'s> {
    key: &'s str,
    /// In the order of their values, where they are numbers, else of the grid.
    labels: Vec<&'s str>,
}

/// A plane of the sweep: two axes free, the others fixed.
struct Plane<'s> {
    /// Values of the fixed axes, in words; empty if there are none.
    fixed: String,
    /// From left to right.
    across: &'s Axes<'s>,
    /// From bottom to top.
    up: &'s Axes<'s>,
    /// `(column, row, point)`.
    cells: Vec<(usize, usize, &'s PointSummary)>,
}

/// The first two axes against each other; none if there is only one.
fn drawings(sweep: &SweepResult, _: Option<SimDuration>) -> Option<Vec<Drawing>> {
    let indices = choose(sweep)?;
    let [across, up] = indices.map(|index| Axes {
        key: &sweep.axes[index],
        labels: labels(sweep, index),
    });
    let place = |axes: &Axes, point: &PointSummary, axis: usize| {
        let label = &point.coordinates.get(axis)?.label;
        axes.labels.iter().position(|other| other == label)
    };
    let groups = groups(sweep, &indices).into_iter();
    let planes = groups.map(|(fixed, points)| {
        let cells = points.into_iter().filter_map(|point| {
            let column = place(&across, point, indices[0])?;
            let row = place(&up, point, indices[1])?;
            Some((column, row, point))
        });
        Plane {
            fixed,
            across: &across,
            up: &up,
            cells: cells.collect(),
        }
    });
    let mut planes: Vec<Plane> = planes.collect();
    planes.retain(|plane| !plane.cells.is_empty());
    let many = planes.len() > 1;
    let drawings = planes.iter().take(MOST_PICTURES).enumerate();
    let drawings = drawings.map(|(index, plane)| Drawing {
        suffix: if many {
            format!("-{}", index + 1)
        } else {
            String::new()
        },
        ..plane.draw(sweep)
    });
    Some(drawings.collect())
}

/// The interval lies across if it is swept, otherwise the axis with the most values.
fn choose(sweep: &SweepResult) -> Option<[usize; 2]> {
    let count = |axis: usize| labels(sweep, axis).len();
    let mut axes: Vec<usize> = (0..sweep.axes.len())
        .filter(|axis| count(*axis) > 1)
        .collect();
    let interval = interval_axis(sweep);
    axes.sort_by_key(|axis| {
        (
            Some(*axis) != interval,
            std::cmp::Reverse(count(*axis)),
            *axis,
        )
    });
    Some([*axes.first()?, *axes.get(1)?])
}

fn labels(sweep: &SweepResult, axis: usize) -> Vec<&str> {
    let mut seen: Vec<(&str, Option<f64>)> = Vec::new();
    for coordinate in sweep
        .points
        .iter()
        .filter_map(|point| point.coordinates.get(axis))
    {
        if !seen.iter().any(|(label, _)| *label == coordinate.label) {
            seen.push((&coordinate.label, coordinate.value));
        }
    }
    if seen.iter().all(|(_, value)| value.is_some()) {
        seen.sort_by(|a, b| a.1.unwrap_or(0.0).total_cmp(&b.1.unwrap_or(0.0)));
    }
    seen.into_iter().map(|(label, _)| label).collect()
}

impl Plane<'_> {
    fn medians(&self) -> impl Iterator<Item = f64> {
        let points = self.cells.iter().map(|(_, _, point)| point);
        points.filter_map(|point| Some(point.metric(MetricId::DurationP50)?.value))
    }

    fn draw(&self, sweep: &SweepResult) -> Drawing {
        let (columns, rows) = (&self.across.labels, &self.up.labels);
        let colours = Span::log(self.medians(), 1.0);
        // Numbers in some cells only would look like a selection.
        let numbers = columns.len() <= MOST_NUMBERS && rows.len() <= MOST_NUMBERS;
        let cells = self.cells.iter();
        let marks = cells.map(|cell| mark(cell, &colours, numbers)).collect();
        let chart = Chart {
            title: self.finding(),
            subtitle: self.subtitle(sweep),
            height: (230 + 56 * rows.len() as u32).clamp(400, 1000),
            key: self.key(),
            panels: vec![Panel::new(self.across.axis(), self.up.axis(), marks)],
            ..Chart::default()
        };
        let data = Columns::of(&self.cells)
            .text(self.across.key, |(column, ..)| columns[*column].to_owned())
            .text(self.up.key, |(_, row, _)| rows[*row].to_owned())
            .text("fixed", |_| self.fixed.clone())
            .estimate("duration_p50", "s", |cell| {
                cell.2.metric(MetricId::DurationP50)
            })
            .optional("completed", |cell| {
                Some(cell.2.metric(MetricId::Completed)?.value)
            })
            .optional("failed", |cell| {
                Some(cell.2.metric(MetricId::Failed)?.value)
            });
        Drawing {
            suffix: String::new(),
            chart,
            data: data.sheet(),
        }
    }

    fn subtitle(&self, sweep: &SweepResult) -> String {
        let dot = if self.fixed.is_empty() { "" } else { " · " };
        let range = extremes(self.medians()).map_or_else(String::new, |ends| {
            let [low, high] = ends.map(|end| Unit::Time.text(end));
            format!(", dark = {low}, yellow = {high}, log scale")
        });
        format!(
            "{}{dot}{} · cells: median end to end duration{range}",
            described(sweep),
            self.fixed
        )
    }

    /// Explains the hatching where there is any.
    fn key(&self) -> Vec<KeyEntry> {
        let label = "hatched: checkpoints fail, share of failures printed";
        let entry = KeyEntry::new(label, Swatch::Hatched(NOTHING));
        let any = self
            .cells
            .iter()
            .any(|(_, _, point)| failed(point).is_some());
        any.then_some(entry).into_iter().collect()
    }

    /// Which of the two settings moves the duration more, seen from the corner that both share.
    fn finding(&self) -> String {
        let medians = self.cells.iter().filter_map(|(column, row, point)| {
            Some(([*column, *row], point.metric(MetricId::DurationP50)?.value))
        });
        let medians: Vec<([usize; 2], f64)> = medians.filter(|(_, median)| *median > 0.0).collect();
        let Some([shortest, longest]) = extremes(medians.iter().map(|(_, median)| *median)) else {
            return "No checkpoint completes at any point".to_owned();
        };
        // The widest factor among cells that have one of their places in common.
        let spread = |side: usize| {
            let most = medians.iter().map(|(place, _)| place[side]).max();
            let factors = (0..=most.unwrap_or(0)).filter_map(|index| {
                let same = medians.iter().filter(|(place, _)| place[side] == index);
                let [low, high] = extremes(same.map(|(_, median)| *median))?;
                Some(high / low)
            });
            factors.fold(1.0, f64::max)
        };
        let (by_column, by_row) = (spread(1), spread(0));
        let [across, up] = [self.across.key, self.up.key].map(short_key);
        let [from, to] = [shortest, longest].map(|end| Unit::Time.text(end));
        let times = |factor: f64| format!("×{}", Unit::Plain.about(factor));
        let [column_times, row_times] = [by_column, by_row].map(times);
        let verdict = if by_column > 1.25 * by_row {
            let across = capital(&across);
            format!("{across} matters more than {up} ({column_times} against {row_times})")
        } else if by_row > 1.25 * by_column {
            let up = capital(&up);
            format!("{up} matters more than {across} ({row_times} against {column_times})")
        } else {
            let across = capital(&across);
            format!(
                "{across} and {up} matter alike ({})",
                times(by_column.max(by_row))
            )
        };
        format!("{verdict}: {from} to {to}")
    }
}

impl Axes<'_> {
    fn axis(&self) -> Axis {
        let labels = self.labels.iter().enumerate();
        let names =
            labels.map(|(index, label)| Name::new(index as f64 + 0.5, value_name(self.key, label)));
        let span = Span::linear(0.0, self.labels.len() as f64);
        Axis::named(capital(&short_key(self.key)), span, names.collect())
    }
}

fn mark(
    (column, row, point): &(usize, usize, &PointSummary),
    colours: &Span,
    numbers: bool,
) -> Mark {
    let (left, bottom) = (*column as f64, *row as f64);
    let failed = failed(point);
    let (fill, mut text) = match point.metric(MetricId::DurationP50) {
        Some(median) => (
            Colour::Viridis(colours.position(median.value)),
            vec![Unit::Time.estimate(&median)],
        ),
        None => (NOTHING, vec!["none".to_owned(), "completed".to_owned()]),
    };
    let share = failed.filter(|_| point.metric(MetricId::DurationP50).is_some());
    text.extend(share.map(|share| format!("{:.0} % fail", share * 100.0)));
    let cell = Cell::filled((left, left + 1.0), (bottom, bottom + 1.0), fill);
    Mark::Cell(Cell {
        hatched: failed.is_some() || point.metric(MetricId::DurationP50).is_none(),
        ..cell.text(if numbers { text } else { Vec::new() })
    })
}

/// Share of checkpoints that failed, if any did.
fn failed(point: &PointSummary) -> Option<f64> {
    let failed = point.metric(MetricId::Failed)?.value;
    let completed = point
        .metric(MetricId::Completed)
        .map_or(0.0, |completed| completed.value);
    (failed > 0.0).then(|| failed / (failed + completed))
}

/// Smallest and largest.
fn extremes(values: impl Iterator<Item = f64>) -> Option<[f64; 2]> {
    values.fold(None, |range: Option<[f64; 2]>, value| {
        let [low, high] = range.unwrap_or([value, value]);
        Some([low.min(value), high.max(value)])
    })
}
