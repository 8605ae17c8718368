//! Predicted against measured.

use std::collections::BTreeSet;

use crate::experiment::published::khaos::{self, Interval};
use crate::experiment::published::{Row, Tolerance};
use crate::experiment::validate::summary::{ALL, BUSY_MACHINE, Errors, F1, Summary};
use crate::experiment::validate::{Compared, Comparison};
use crate::render::number::{MISSING, deviation};
use crate::render::table::{Align, Table};

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
        std::iter::once((*label).to_owned())
            .chain(
                families
                    .iter()
                    .map(|group| of(group).map_or(MISSING.to_owned(), errors)),
            )
            .chain([coverage.map_or(MISSING.to_owned(), percent)])
            .collect()
    };
    Table {
        title: "Error in % by family: median/90th percentile over recordings and vertices".to_owned(),
        columns: std::iter::once(("Metric".to_owned(), Align::Left))
            .chain(families.iter().map(|group| (if *group == BUSY_MACHINE { "busy" } else { group }.to_owned(), Align::Right)))
            .chain([("cov.".to_owned(), Align::Right)])
            .collect(),
        rows: METRICS
            .iter()
            .filter(|metric| families.iter().any(|group| summary[*group].contains_key(metric.0)))
            .map(row)
            .collect(),
        notes: vec![
            "F1: the documents' formula for the duration. cov.: % of the measured values of `all` in the 90 % interval.".to_owned(),
            "busy: recordings on a machine with 60 % or more of its processors busy; they do not count in the others.".to_owned(),
        ],
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
        columns: columns
            .iter()
            .enumerate()
            .map(|(index, name)| {
                (
                    (*name).to_owned(),
                    if index < 3 { Align::Left } else { Align::Right },
                )
            })
            .collect(),
        rows: rows.collect(),
        notes: Vec::new(),
    }
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
            row.name.to_owned(),
            row.metric.name().to_owned(),
            row.simulated
                .map_or(MISSING.to_owned(), |ms| format!("{ms:.1}")),
            format!("{:.1}", row.published),
            row.deviation.map_or(MISSING.to_owned(), deviation),
            match row.tolerance {
                Tolerance::Relative(share) => format!("±{:.0} %", 100.0 * share),
                Tolerance::AtMostMs(ms) => format!("≤ {ms} ms"),
            },
            if row.holds { "yes" } else { "no" }.to_owned(),
        ]
    };
    let sources: BTreeSet<&str> = rows.iter().map(|row| row.source).collect();
    Table {
        title: "Simulated beside what others have published".to_owned(),
        columns: columns
            .iter()
            .enumerate()
            .map(|(index, name)| {
                (
                    (*name).to_owned(),
                    if index < 2 { Align::Left } else { Align::Right },
                )
            })
            .collect(),
        rows: rows.iter().map(cells).collect(),
        notes: sources
            .into_iter()
            .map(|source| format!("Source: {source}."))
            .collect(),
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
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut rows: Vec<Vec<String>> = intervals
        .iter()
        .map(|row| {
            vec![
                format!("{} s", row.interval_s),
                row.failures.to_string(),
                format!("{:.0}", row.simulated_s),
                format!("{:.0}", row.published_s),
                percent(row.mean_error),
            ]
        })
        .collect();
    if let Some(error) = khaos::mean_error(intervals) {
        let failures: usize = intervals.iter().map(|row| row.failures).sum();
        rows.push(vec![
            "all".to_owned(),
            failures.to_string(),
            String::new(),
            String::new(),
            percent(error),
        ]);
    }
    Table {
        title: "Recovery times after the loss of a TaskManager: means over 12 input rates"
            .to_owned(),
        columns: columns
            .iter()
            .map(|name| ((*name).to_owned(), Align::Right))
            .collect(),
        rows,
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
    }
}

fn row(id: &str, comparison: &Comparison) -> Vec<String> {
    let number =
        |value: Option<f64>| value.map_or(MISSING.to_owned(), |value| format!("{value:.0}"));
    vec![
        id.to_owned(),
        comparison.name.to_owned(),
        comparison.vertex.clone().unwrap_or_default(),
        number(comparison.simulated),
        comparison
            .low
            .zip(comparison.high)
            .map_or(MISSING.to_owned(), |(low, high)| {
                format!("{low:.0}..{high:.0}")
            }),
        number(comparison.measured),
        comparison.error.map_or(MISSING.to_owned(), percent),
    ]
}

fn errors(errors: &Errors) -> String {
    format!(
        "{:.1}/{:.0}",
        100.0 * errors.median_error,
        100.0 * errors.p90_error
    )
}

fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}
