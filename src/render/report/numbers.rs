//! The numbers of a point that a reader remembers, and its phases.

use crate::experiment::PointSummary;
use crate::measure::Estimate;
use crate::render::number::{Unit, counted};
use crate::render::report::Number;
use crate::render::table::{Align, OVERLAP, Table, parts_overlap};

/// An estimate as a number to remember; `None` without it.
pub fn number(name: &str, unit: Unit, estimate: Option<&Estimate>) -> Option<Number> {
    let estimate = estimate.filter(|estimate| estimate.value.is_finite())?;
    let whole = unit.with_interval(estimate);
    let note = whole
        .split_once(" [")
        .map_or_else(String::new, |(_, ends)| {
            let ends = ends.trim_end_matches(']').replace(", ", " to ");
            format!("95 % interval {ends}")
        });
    Some(Number {
        name: name.to_owned(),
        value: unit.estimate(estimate),
        note,
    })
}

/// Duration, size, frequency and cost of the checkpoints of a point.
pub fn headline(point: &PointSummary) -> Vec<Number> {
    let estimates = [
        (
            "End to end duration, median",
            Unit::Time,
            &point.duration_p50,
        ),
        ("End to end duration, p99", Unit::Time, &point.duration_p99),
        ("Throughput loss", Unit::Share, &point.throughput_loss),
        ("Checkpointed size", Unit::Bytes, &point.checkpointed),
        ("Busiest subtask", Unit::Share, &point.utilisation),
    ];
    let mut numbers: Vec<Number> = estimates
        .into_iter()
        .filter_map(|(name, unit, estimate)| number(name, unit, estimate.as_ref()))
        .collect();
    numbers.extend(point.completed.as_ref().map(|completed| {
        let failed = point.failed.as_ref().map_or(0.0, |failed| failed.value);
        Number {
            name: "Checkpoints completed".to_owned(),
            value: Unit::Plain.text(completed.value),
            note: format!(
                "{} failed, per replication after warm-up",
                Unit::Plain.text(failed)
            ),
        }
    }));
    numbers
}

/// The phases of a point in time order, over all replications.
pub fn phases(point: &PointSummary) -> Table {
    let rows = [
        ("end to end, p50", &point.duration_p50),
        ("end to end, p95", &point.duration_p95),
        ("end to end, p99", &point.duration_p99),
        ("end to end, max", &point.duration_max),
        ("start delay", &point.start_delay),
        ("alignment", &point.alignment),
        ("sync", &point.sync),
        ("async", &point.r#async),
    ];
    let rows = rows.into_iter().filter_map(|(name, estimate)| {
        let estimate = estimate.as_ref()?;
        Some(vec![name.to_owned(), Unit::Time.with_interval(estimate)])
    });
    let replications = counted(point.digests.len(), "replication");
    let overlap = parts_overlap(point).then(|| OVERLAP.to_owned());
    Table {
        title: String::new(),
        columns: vec![
            ("phase".to_owned(), Align::Left),
            ("value [95 % interval]".to_owned(), Align::Right),
        ],
        rows: rows.collect(),
        notes: std::iter::once(format!(
            "over {replications}; phases: median over checkpoints of the slowest subtask"
        ))
        .chain(overlap)
        .collect(),
    }
}

/// Checkpoints of a point as the end of a sentence: `11 completed, none failed`.
pub fn outcome(point: &PointSummary) -> String {
    let count = |estimate: &Option<Estimate>| {
        estimate
            .as_ref()
            .filter(|estimate| estimate.value > 0.0)
            .map_or_else(
                || "none".to_owned(),
                |estimate| Unit::Plain.text(estimate.value),
            )
    };
    format!(
        "{} completed, {} failed",
        count(&point.completed),
        count(&point.failed)
    )
}
