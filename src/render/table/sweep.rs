//! One row per point of a sweep.

use crate::experiment::{PointSummary, SweepResult};
use crate::measure::Estimate;
use crate::measure::estimate::REPLICATIONS_MIN;
use crate::render::key_name::{short_key, value_name};
use crate::render::number::{MISSING, Unit, optional};
use crate::render::sheet::{Sheet, cells, columns};
use crate::render::table::{Align, OVERLAP, Table, parts_overlap};

type Field = fn(&PointSummary) -> Option<Estimate>;

/// In the place of the median where nothing could be simulated.
const FAILED: &str = "failed";

/// Columns after the coordinates and the median: heading in up to two lines, unit, field.
const FIELDS: [(&str, Unit, Field); 10] = [
    ("p99", Unit::Time, |point| point.duration_p99),
    ("start\ndelay", Unit::Time, |point| point.start_delay),
    ("align-\nment", Unit::Time, |point| point.alignment),
    ("sync", Unit::Time, |point| point.sync),
    ("async", Unit::Time, |point| point.r#async),
    ("check-\npointed", Unit::Bytes, |point| point.checkpointed),
    ("com-\npleted", Unit::Plain, |point| point.completed),
    ("failed", Unit::Plain, |point| point.failed),
    ("through-\nput loss", Unit::Share, |point| {
        point.throughput_loss
    }),
    ("utili-\nsation", Unit::Share, |point| point.utilisation),
];

/// Every point with its phases and costs.
pub fn sweep(sweep: &SweepResult) -> Table {
    let mut columns: Vec<(String, Align)> = sweep
        .axes
        .iter()
        .map(|key| (heading(key), Align::Left))
        .collect();
    columns.push(("duration\np50".to_owned(), Align::Right));
    columns.extend(
        FIELDS
            .iter()
            .map(|(name, _, _)| ((*name).to_owned(), Align::Right)),
    );
    let rows = sweep.points.iter().map(|point| {
        let labels = sweep.axes.iter().zip(&point.coordinates);
        let mut row: Vec<String> = labels
            .map(|(key, coordinate)| value_name(key, &coordinate.label))
            .collect();
        row.resize(sweep.axes.len(), String::new());
        let missing = if point.failure.is_some() {
            FAILED
        } else {
            MISSING
        };
        let median = point.duration_p50.as_ref();
        row.push(median.map_or_else(
            || missing.to_owned(),
            |median| Unit::Time.with_margin(median),
        ));
        row.extend(
            FIELDS
                .iter()
                .map(|(_, unit, field)| optional(*unit, field(point).as_ref())),
        );
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
    let is_told = |point: &PointSummary| point.duration_p50.is_some() || point.failure.is_some();
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
    let all: [(&str, &str, Field); 18] = [
        ("duration_p50", "s", |point| point.duration_p50),
        ("duration_p95", "s", |point| point.duration_p95),
        ("duration_p99", "s", |point| point.duration_p99),
        ("duration_max", "s", |point| point.duration_max),
        ("start_delay", "s", |point| point.start_delay),
        ("alignment", "s", |point| point.alignment),
        ("sync", "s", |point| point.sync),
        ("async", "s", |point| point.r#async),
        ("completion", "s", |point| point.completion),
        ("checkpointed", "bytes", |point| point.checkpointed),
        ("state_size", "bytes", |point| point.state_size),
        ("persisted", "bytes", |point| point.persisted),
        ("completed", "", |point| point.completed),
        ("failed", "", |point| point.failed),
        ("frequency", "per_s", |point| point.frequency),
        ("throughput", "records_per_s", |point| point.throughput),
        ("throughput_loss", "share", |point| point.throughput_loss),
        ("utilisation", "share", |point| point.utilisation),
    ];
    let names = all.iter().flat_map(|(name, unit, _)| columns(name, unit));
    let names = names.chain(["failure".to_owned()]);
    let mut sheet = Sheet::new(sweep.axes.iter().cloned().chain(names));
    for point in &sweep.points {
        let mut row: Vec<String> = point
            .coordinates
            .iter()
            .map(|coordinate| coordinate.label.clone())
            .collect();
        row.resize(sweep.axes.len(), String::new());
        row.extend(
            all.iter()
                .flat_map(|(_, _, field)| cells(field(point).as_ref())),
        );
        row.push(point.failure.clone().unwrap_or_default());
        sheet.push(row);
    }
    sheet
}
