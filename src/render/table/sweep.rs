//! One row per point of a sweep.

use crate::experiment::metric::{self, Metric, MetricId};
use crate::experiment::{PointSummary, SweepResult};
use crate::measure::estimate::REPLICATIONS_MIN;
use crate::render::key_name::{short_key, value_name};
use crate::render::number::{MISSING, Unit};
use crate::render::sheet::{Sheet, cells, columns};
use crate::render::table::{Align, Cell, OVERLAP, Table, parts_overlap};

/// In the place of the median where nothing could be simulated.
const FAILED: &str = "failed";

/// Columns after the coordinates and the median, each with a heading in up to two lines.
const COLUMNS: [(&str, MetricId); 10] = [
    ("p99", MetricId::DurationP99),
    ("start\ndelay", MetricId::StartDelay),
    ("align-\nment", MetricId::Alignment),
    ("sync", MetricId::Sync),
    ("async", MetricId::Async),
    ("check-\npointed", MetricId::Checkpointed),
    ("com-\npleted", MetricId::Completed),
    ("failed", MetricId::Failed),
    ("through-\nput loss", MetricId::ThroughputLoss),
    ("utili-\nsation", MetricId::Utilisation),
];

/// Last metric of version 0.1, where the reason of a failure came last: later metrics stand behind it.
const LAST: MetricId = MetricId::Utilisation;

/// Every point with its phases and costs.
pub fn sweep(sweep: &SweepResult) -> Table {
    let mut columns: Vec<(String, Align)> = sweep
        .axes
        .iter()
        .map(|key| (heading(key), Align::Left))
        .collect();
    columns.push(("duration\np50".to_owned(), Align::Right));
    columns.extend(
        COLUMNS
            .iter()
            .map(|(name, _)| ((*name).to_owned(), Align::Right)),
    );
    let rows = sweep.points.iter().map(|point| {
        let labels = sweep.axes.iter().zip(&point.coordinates);
        let mut row: Vec<Cell> = labels
            .map(|(key, at)| Cell::coordinate(value_name(key, &at.label), at))
            .collect();
        row.resize(sweep.axes.len(), Cell::from(""));
        let missing = if point.failure.is_some() {
            FAILED
        } else {
            MISSING
        };
        let median = point.metric(MetricId::DurationP50);
        row.push(median.map_or_else(
            || Cell::from(missing),
            |median| Cell::Margin(Unit::Time, median),
        ));
        row.extend(COLUMNS.iter().map(|(_, id)| {
            let estimate = point.metric(*id);
            Cell::from(estimate.map(|estimate| Cell::Estimate(id.metric().unit, estimate)))
        }));
        row
    });
    let replications = match sweep.replications {
        1 => "1 replication per point: no intervals".to_owned(),
        n if (n as usize) < REPLICATIONS_MIN => format!(
            "{n} replications per point: too few for intervals; phases: median of the slowest subtask; counts: per replication"
        ),
        n => format!(
            "{n} replications per point, ± = half the 95 % interval; phases: median of the slowest subtask; counts: per replication"
        ),
    };
    let mut table = Table {
        title: String::new(),
        columns,
        rows: rows.collect(),
        notes: vec![replications],
    };
    let is_told = |point: &PointSummary| {
        point.metric(MetricId::DurationP50).is_some() || point.failure.is_some()
    };
    if !sweep.points.iter().any(is_told) {
        table.notes.push("no checkpoint completed".to_owned());
    }
    table.notes.extend(failures(sweep));
    if sweep.points.iter().any(parts_overlap) {
        table.notes.push(OVERLAP.to_owned());
    }
    table.without_empty_columns(sweep.axes.len() + 1)
}

/// Every point that could not be simulated, or not in all its replications, with the reason.
pub fn failures(sweep: &SweepResult) -> Vec<String> {
    let failures = sweep.points.iter().filter_map(|point| {
        let why = point.failure.as_ref()?;
        let labels = sweep.axes.iter().zip(&point.coordinates);
        let labels: Vec<String> = labels
            .map(|(key, at)| {
                let key = heading(key).replace('\n', " ");
                format!("{key} = {}", at.label)
            })
            .collect();
        let at = if labels.is_empty() {
            "the only point".to_owned()
        } else {
            labels.join(", ")
        };
        Some(format!("{FAILED}: {at}: {why}"))
    });
    failures.collect()
}

/// The short name of an axis, broken at its first space so that the column stays narrow.
fn heading(key: &str) -> String {
    if key.ends_with("checkpointing.interval") {
        return "interval".to_owned();
    }
    short_key(key).replacen(' ', "\n", 1)
}

/// Every point with every estimate, for programs.
pub fn sweep_sheet(sweep: &SweepResult) -> Sheet {
    let is_first = |metric: &&Metric| metric.id <= LAST;
    let first = || metric::all().iter().filter(is_first);
    let others = || metric::all().iter().filter(|metric| !is_first(metric));
    let names = |metric: &Metric| columns(metric.name, metric.suffix());
    let names = first()
        .flat_map(names)
        .chain(["failure".to_owned()])
        .chain(others().flat_map(names))
        .chain(["at_least".to_owned()]);
    let mut sheet = Sheet::new(sweep.axes.iter().cloned().chain(names));
    for point in &sweep.points {
        let mut row: Vec<String> = point
            .coordinates
            .iter()
            .map(|coordinate| coordinate.label.clone())
            .collect();
        row.resize(sweep.axes.len(), String::new());
        let estimates = |metric: &Metric| cells(point.metric(metric.id).as_ref());
        row.extend(first().flat_map(estimates));
        row.push(point.failure.clone().unwrap_or_default());
        row.extend(others().flat_map(estimates));
        let at_least: Vec<&str> = point.at_least.iter().map(|id| id.name()).collect();
        row.push(at_least.join(" "));
        sheet.push(row);
    }
    sheet
}
