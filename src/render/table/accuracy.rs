//! Predicted against measured.

use std::collections::BTreeSet;

use crate::experiment::published::khaos::{self, Interval};
use crate::experiment::published::predicted::{self, Prediction};
use crate::experiment::published::{Row, Tolerance};
use crate::experiment::validate::summary::{ALL, BUSY_MACHINE, Errors, F1, Summary};
use crate::experiment::validate::{Compared, Comparison};
use crate::render::table::{Align, Cell, Table};

/// Metrics and their headings, in order.
const METRICS: [(&str, &str); 18] = [
    ("end_to_end_duration", "duration"),
    (F1, "F1"),
    ("start_delay", "start delay"),
    ("alignment", "alignment"),
    ("sync", "sync"),
    ("async", "async"),
    ("checkpointed_size", "size"),
    ("persisted_data", "persisted"),
    ("throughput", "throughput"),
    ("busy", "busy"),
    ("backpressured", "backpr."),
    ("completed", "completed"),
    ("failed", "failed"),
    ("trigger_interval", "triggers"),
    ("restart_delay", "restart"),
    ("restore_time", "restore"),
    ("downtime", "downtime"),
    ("catch_up", "catch-up"),
];

/// One row per metric, one column per family: median / 90th percentile of the error, in per cent.
pub fn accuracy(summary: &Summary) -> Table {
    let families: Vec<&str> = [ALL]
        .into_iter()
        .chain(
            summary
                .keys()
                .map(String::as_str)
                .filter(|group| ![ALL, BUSY_MACHINE].contains(group)),
        )
        .chain([BUSY_MACHINE])
        .filter(|group| summary.contains_key(*group))
        .collect();
    let row = |(metric, label): &(&str, &str)| {
        let of = |group: &&str| summary[*group].get(*metric);
        let coverage = summary.get(ALL).and_then(|all| all.get(*metric)?.coverage);
        let errors = families
            .iter()
            .map(|group| Cell::from(of(group).map(errors)));
        std::iter::once(Cell::from(*label))
            .chain(errors)
            .chain([coverage.map(percent).into()])
            .collect()
    };
    let names = families.iter().map(|group| match *group {
        BUSY_MACHINE => "busy",
        family => family,
    });
    let columns = std::iter::once(("Metric", Align::Left))
        .chain(names.map(|name| (name, Align::Right)))
        .chain([("cov.", Align::Right)]);
    let is_known = |(metric, _): &&(&str, &str)| {
        families
            .iter()
            .any(|group| summary[*group].contains_key(*metric))
    };
    Table {
        title: "Error in % by family: median/90th percentile over recordings and vertices".to_owned(),
        notes: vec![
            "F1: the documents' formula for the duration. cov.: % of the measured values of `all` in the 90 % interval.".to_owned(),
            "busy: recordings on a machine with 60 % or more of its processors busy; they do not count in the others.".to_owned(),
        ],
        ..Table::new(columns, METRICS.iter().filter(is_known).map(row))
    }
}

/// One row per recording and metric.
pub fn comparisons(recordings: &[Compared]) -> Table {
    let columns = [
        "Recording",
        "Metric",
        "Vertex",
        "Predicted",
        "90 % interval",
        "Measured",
        "Error %",
    ];
    let rows = recordings.iter().flat_map(|recording| {
        recording
            .metrics
            .iter()
            .map(|comparison| row(&recording.id, comparison))
    });
    Table {
        title: "Predicted and measured (ms, bytes, records/s, ms/s)".to_owned(),
        ..Table::new(first_left(&columns, 3), rows)
    }
}

/// The first columns are names, the others numbers.
fn first_left<'a>(columns: &'a [&'a str], left: usize) -> impl Iterator<Item = (&'a str, Align)> {
    let columns = columns.iter().enumerate();
    columns.map(move |(index, name)| {
        let align = if index < left {
            Align::Left
        } else {
            Align::Right
        };
        (*name, align)
    })
}

/// Simulated beside what others have published.
pub fn published(rows: &[Row]) -> Table {
    let columns = [
        "Published",
        "Figure",
        "Simulated ms",
        "Published ms",
        "Deviation",
        "Bound",
        "Holds",
    ];
    let cells = |row: &Row| {
        vec![
            row.name.into(),
            row.metric.name().into(),
            row.simulated.map(|ms| rounded(ms, 1)).into(),
            rounded(row.published, 1),
            row.deviation.map(Cell::Deviation).into(),
            match row.tolerance {
                Tolerance::Relative(share) => {
                    Cell::Written(format!("±{:.0} %", 100.0 * share), share)
                }
                Tolerance::AtMostMs(ms) => Cell::Written(format!("≤ {ms} ms"), ms),
            },
            if row.holds { "yes" } else { "no" }.into(),
        ]
    };
    let sources: BTreeSet<&str> = rows.iter().map(|row| row.source).collect();
    Table {
        title: "Simulated beside what others have published".to_owned(),
        notes: sources
            .into_iter()
            .map(|source| format!("Source: {source}."))
            .collect(),
        ..Table::new(first_left(&columns, 2), rows.iter().map(cells))
    }
}

/// Recovery times beside those of Khaos, by checkpoint interval.
pub fn khaos(intervals: &[Interval]) -> Table {
    let columns = [
        "Interval",
        "Failures",
        "Simulated s",
        "Published s",
        "Mean error",
    ];
    let percent = |share: f64| Cell::Written(format!("{:.1} %", 100.0 * share), share);
    let row = |row: &Interval| {
        vec![
            Cell::Written(format!("{} s", row.interval_s), f64::from(row.interval_s)),
            Cell::count(row.failures),
            rounded(row.simulated_s, 0),
            rounded(row.published_s, 0),
            percent(row.mean_error),
        ]
    };
    let mut rows: Vec<Vec<Cell>> = intervals.iter().map(row).collect();
    if let Some(error) = khaos::mean_error(intervals) {
        let failures: usize = intervals.iter().map(|row| row.failures).sum();
        rows.push(vec![
            "all".into(),
            Cell::count(failures),
            "".into(),
            "".into(),
            percent(error),
        ]);
    }
    Table {
        title: "Recovery times after the loss of a TaskManager: means over 12 input rates"
            .to_owned(),
        notes: vec![
            format!(
                "Source: {}; their repetitions differ by 7.2 %.",
                khaos::SOURCE
            ),
            format!(
                "Bound: a mean error of {:.0} %. Scenario: scenarios/{}.",
                100.0 * khaos::BOUND,
                khaos::SCENARIO
            ),
        ],
        ..Table::new(columns.map(|name| (name, Align::Right)), rows)
    }
}

/// What was predicted before anybody compared it.
pub fn predicted(predictions: &[Prediction]) -> Table {
    let columns = ["Scenario", "Case", "Predicted"];
    let row = |prediction: &Prediction| {
        vec![
            prediction.scenario.into(),
            prediction.case.as_str().into(),
            prediction.text().into(),
        ]
    };
    Table {
        title: format!("Predicted on {}, not compared yet", predicted::DATE),
        notes: vec![
            "What is known, and what is assumed with which reason, says the header of each scenario; one of them is \
             not blind, and says so."
                .to_owned(),
        ],
        ..Table::new(columns.map(|name| (name, Align::Left)), predictions.iter().map(row))
    }
}

fn row(id: &str, comparison: &Comparison) -> Vec<Cell> {
    let number = |value: Option<f64>| Cell::from(value.map(|value| rounded(value, 0)));
    let interval = comparison.low.zip(comparison.high);
    vec![
        id.into(),
        comparison.name.into(),
        comparison.vertex.clone().unwrap_or_default().into(),
        number(comparison.simulated),
        interval
            .map(|(low, high)| Cell::Written(format!("{low:.0}..{high:.0}"), low))
            .into(),
        number(comparison.measured),
        comparison.error.map(percent).into(),
    ]
}

fn errors(errors: &Errors) -> Cell {
    let Errors {
        median_error,
        p90_error,
        ..
    } = errors;
    let text = format!("{:.1}/{:.0}", 100.0 * median_error, 100.0 * p90_error);
    Cell::Written(text, *median_error)
}

fn percent(share: f64) -> Cell {
    Cell::Written(format!("{:.1}", 100.0 * share), share)
}

fn rounded(value: f64, decimals: usize) -> Cell {
    Cell::Written(format!("{value:.decimals$}"), value)
}
