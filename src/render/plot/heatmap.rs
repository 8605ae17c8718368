//! Picture: two settings at once, the median duration printed in every cell.

use crate::experiment::metric::MetricId;
use crate::experiment::{PointSummary, SweepResult};
use crate::render::number::Unit;
use crate::render::plot::Picture;
use crate::render::plot::chart::{Axis, Cell, Chart, KeyEntry, Mark, Name, Panel, Swatch};
use crate::render::plot::grid;
use crate::render::plot::origin::Origin;
use crate::render::plot::span::Span;
use crate::render::plot::style::Paint;
use crate::render::sheet::{self, Sheet};

/// One picture per combination of further axes, at most this many.
const MOST_PICTURES: usize = 4;
/// Columns or rows with numbers in their cells; beyond, cells are too small for them.
const MOST_NUMBERS: usize = 20;
/// Ground of cells without a duration.
const NOTHING: Paint = Paint::Grid;

/// A plane of the sweep: two axes free, the others fixed.
struct Plane<'s> {
    /// Values of the fixed axes, in words; empty if there are none.
    fixed: String,
    /// Labels along the horizontal axis.
    columns: Vec<&'s str>,
    /// Labels along the vertical axis, from bottom to top.
    rows: Vec<&'s str>,
    /// `(column, row, point)`.
    cells: Vec<(usize, usize, &'s PointSummary)>,
}

impl Plane<'_> {
    fn medians(&self) -> impl Iterator<Item = f64> {
        self.cells
            .iter()
            .filter_map(|(_, _, point)| Some(point.metric(MetricId::DurationP50)?.value))
    }
}

/// The first two axes against each other; none if there is only one.
pub fn pictures(sweep: &SweepResult) -> Vec<Picture> {
    let Some((horizontal, vertical)) = choose(sweep) else {
        return Vec::new();
    };
    let planes = planes(sweep, horizontal, vertical);
    let many = planes.len() > 1;
    let pictures = planes.iter().take(MOST_PICTURES).enumerate();
    pictures
        .map(|(index, plane)| {
            let name = if many {
                format!("heatmap-{}", index + 1)
            } else {
                "heatmap".to_owned()
            };
            draw(sweep, plane, (horizontal, vertical), name)
        })
        .collect()
}

/// The interval lies across if it is swept, otherwise the axis with the most values.
fn choose(sweep: &SweepResult) -> Option<(usize, usize)> {
    let count = |axis: usize| labels(sweep, axis).len();
    let mut axes: Vec<usize> = (0..sweep.axes.len())
        .filter(|axis| count(*axis) > 1)
        .collect();
    axes.sort_by_key(|axis| {
        (
            Some(*axis) != grid::interval_axis(sweep),
            std::cmp::Reverse(count(*axis)),
            *axis,
        )
    });
    Some((*axes.first()?, *axes.get(1)?))
}

/// Labels of an axis in the order of its values, where they are numbers, else of the grid.
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

fn planes(sweep: &SweepResult, horizontal: usize, vertical: usize) -> Vec<Plane<'_>> {
    let (columns, rows) = (labels(sweep, horizontal), labels(sweep, vertical));
    let mut planes: Vec<Plane> = Vec::new();
    for point in &sweep.points {
        let label = |axis: usize| {
            point
                .coordinates
                .get(axis)
                .map(|coordinate| coordinate.label.as_str())
        };
        let place = |labels: &[&str], axis: usize| {
            labels.iter().position(|other| Some(*other) == label(axis))
        };
        let (Some(column), Some(row)) = (place(&columns, horizontal), place(&rows, vertical))
        else {
            continue;
        };
        let others = (0..sweep.axes.len()).filter(|axis| *axis != horizontal && *axis != vertical);
        let fixed: Vec<String> = others
            .filter_map(|axis| Some(grid::coordinate_name(&sweep.axes[axis], label(axis)?)))
            .collect();
        let fixed = fixed.join(", ");
        let index = planes
            .iter()
            .position(|plane| plane.fixed == fixed)
            .unwrap_or_else(|| {
                planes.push(Plane {
                    fixed,
                    columns: columns.clone(),
                    rows: rows.clone(),
                    cells: Vec::new(),
                });
                planes.len() - 1
            });
        planes[index].cells.push((column, row, point));
    }
    planes
}

fn draw(
    sweep: &SweepResult,
    plane: &Plane,
    (horizontal, vertical): (usize, usize),
    name: String,
) -> Picture {
    let colours = Span::log(plane.medians(), 1.0);
    // Numbers in some cells only would look like a selection.
    let numbers = plane.columns.len() <= MOST_NUMBERS && plane.rows.len() <= MOST_NUMBERS;
    let marks: Vec<Mark> = plane
        .cells
        .iter()
        .map(|cell| mark(cell, &colours, numbers))
        .collect();
    let (x, y) = (
        names(&sweep.axes[horizontal], &plane.columns),
        names(&sweep.axes[vertical], &plane.rows),
    );
    let chart = Chart {
        title: finding(sweep, plane, (horizontal, vertical)),
        subtitle: subtitle(sweep, plane),
        footer: Origin::of(sweep).footer(),
        height: (230 + 56 * plane.rows.len() as u32).clamp(400, 1000),
        key: key(plane),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::named(
                &capital(&grid::short_key(&sweep.axes[horizontal])),
                span(&plane.columns),
                x,
            ),
            y: Axis::named(
                &capital(&grid::short_key(&sweep.axes[vertical])),
                span(&plane.rows),
                y,
            ),
            marks,
            margin: Vec::new(),
        }],
    };
    Picture {
        name,
        chart,
        data: data(sweep, plane, (horizontal, vertical)),
    }
}

fn subtitle(sweep: &SweepResult, plane: &Plane) -> String {
    let fixed = if plane.fixed.is_empty() {
        String::new()
    } else {
        format!(" · {}", plane.fixed)
    };
    let range = extremes(plane.medians()).map_or_else(String::new, |(low, high)| {
        format!(
            ", dark = {}, yellow = {}, log scale",
            Unit::Time.text(low),
            Unit::Time.text(high)
        )
    });
    format!(
        "{}{fixed} · cells: median end to end duration{range}",
        grid::described(sweep)
    )
}

/// Explains the hatching where there is any.
fn key(plane: &Plane) -> Vec<KeyEntry> {
    if plane
        .cells
        .iter()
        .all(|(_, _, point)| failed(point).is_none())
    {
        return Vec::new();
    }
    let label = "hatched: checkpoints fail, share of failures printed".to_owned();
    vec![KeyEntry {
        label,
        swatch: Swatch::Hatched(NOTHING),
    }]
}

fn span(labels: &[&str]) -> Span {
    Span::linear(0.0, labels.len() as f64)
}

fn names(key: &str, labels: &[&str]) -> Vec<Name> {
    let name = |(index, label): (usize, &&str)| Name {
        at: index as f64 + 0.5,
        text: grid::value_name(key, label),
        strong: false,
    };
    labels.iter().enumerate().map(name).collect()
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

fn mark(
    (column, row, point): &(usize, usize, &PointSummary),
    colours: &Span,
    numbers: bool,
) -> Mark {
    let (left, bottom) = (*column as f64, *row as f64);
    let median = point.metric(MetricId::DurationP50);
    let fill = median.map_or(NOTHING, |median| {
        Paint::Viridis(colours.position(median.value))
    });
    let mut text = median.map_or_else(
        || vec!["none".to_owned(), "completed".to_owned()],
        |median| vec![Unit::Time.estimate(&median)],
    );
    let failed = failed(point);
    if let Some(share) = failed.filter(|_| median.is_some()) {
        text.push(format!("{:.0} % fail", share * 100.0));
    }
    let mut cell = Cell::filled((left, left + 1.0), (bottom, bottom + 1.0), fill);
    cell.hatched = failed.is_some() || median.is_none();
    cell.gutter = 1.0;
    cell.text = if numbers { text } else { Vec::new() };
    Mark::Cell(cell)
}

/// Share of checkpoints that failed, if any did.
fn failed(point: &PointSummary) -> Option<f64> {
    let (failed, completed) = (
        point.metric(MetricId::Failed)?.value,
        point
            .metric(MetricId::Completed)
            .map_or(0.0, |completed| completed.value),
    );
    (failed > 0.0).then(|| failed / (failed + completed))
}

/// Which of the two settings moves the duration more, seen from the corner that both share.
fn finding(sweep: &SweepResult, plane: &Plane, (horizontal, vertical): (usize, usize)) -> String {
    let medians: Vec<(usize, usize, f64)> = plane
        .cells
        .iter()
        .filter_map(|(column, row, point)| {
            Some((*column, *row, point.metric(MetricId::DurationP50)?.value))
        })
        .filter(|(_, _, median)| *median > 0.0)
        .collect();
    let Some((shortest, longest)) = extremes(medians.iter().map(|(_, _, median)| *median)) else {
        return "No checkpoint completes at any point".to_owned();
    };
    let spread = |same: &dyn Fn(&(usize, usize, f64)) -> usize| -> f64 {
        let most = medians.iter().map(same).max().unwrap_or(0);
        (0..=most)
            .filter_map(|index| {
                extremes(
                    medians
                        .iter()
                        .filter(|cell| same(cell) == index)
                        .map(|cell| cell.2),
                )
            })
            .map(|(low, high)| high / low)
            .fold(1.0, f64::max)
    };
    let (by_column, by_row) = (spread(&|cell| cell.1), spread(&|cell| cell.0));
    let [across, up] = [horizontal, vertical].map(|axis| grid::short_key(&sweep.axes[axis]));
    let range = format!(
        "{} to {}",
        Unit::Time.text(shortest),
        Unit::Time.text(longest)
    );
    let times = |factor: f64| Unit::Plain.about(factor);
    if by_column > 1.25 * by_row {
        format!(
            "{} matters more than {up} (×{} against ×{}): {range}",
            capital(&across),
            times(by_column),
            times(by_row)
        )
    } else if by_row > 1.25 * by_column {
        format!(
            "{} matters more than {across} (×{} against ×{}): {range}",
            capital(&up),
            times(by_row),
            times(by_column)
        )
    } else {
        format!(
            "{} and {up} matter alike (×{}): {range}",
            capital(&across),
            times(by_column.max(by_row))
        )
    }
}

fn extremes(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    values.fold(None, |range, value| {
        Some(range.map_or((value, value), |(low, high): (f64, f64)| {
            (low.min(value), high.max(value))
        }))
    })
}

fn data(sweep: &SweepResult, plane: &Plane, (horizontal, vertical): (usize, usize)) -> Sheet {
    let mut columns = vec![
        sweep.axes[horizontal].clone(),
        sweep.axes[vertical].clone(),
        "fixed".to_owned(),
    ];
    columns.extend(sheet::columns("duration_p50", "s"));
    columns.extend(["completed".to_owned(), "failed".to_owned()]);
    let mut sheet = Sheet::new(columns);
    for (column, row, point) in &plane.cells {
        let mut cells = vec![
            plane.columns[*column].to_owned(),
            plane.rows[*row].to_owned(),
            plane.fixed.clone(),
        ];
        cells.extend(sheet::cells(point.metric(MetricId::DurationP50).as_ref()));
        for count in [
            point.metric(MetricId::Completed),
            point.metric(MetricId::Failed),
        ] {
            cells.push(count.map_or_else(String::new, |count| sheet::cell(count.value)));
        }
        sheet.push(cells);
    }
    sheet
}
