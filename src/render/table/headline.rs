//! The five numbers that most people want.

use crate::experiment::PointSummary;
use crate::measure::Estimate;
use crate::render::number::{MISSING, Unit};
use crate::render::table::{Align, Table};

/// Durations, size, loss (utilisation where it was not measured), and how many checkpoints completed.
pub fn headline(summary: &PointSummary) -> Table {
    let cell = |unit: Unit, estimate: Option<&Estimate>| {
        estimate.map_or_else(|| MISSING.to_owned(), |estimate| unit.with_margin(estimate))
    };
    let loss = summary.throughput_loss.as_ref();
    let last = match loss {
        Some(loss) => ("Throughput loss", cell(Unit::Share, Some(loss))),
        None => (
            "Utilisation",
            cell(Unit::Share, summary.utilisation.as_ref()),
        ),
    };
    let value = |estimate: &Option<Estimate>| estimate.map_or(0.0, |estimate| estimate.value);
    let (completed, failed) = (value(&summary.completed), value(&summary.failed));
    let numbers = [
        (
            "Duration p50",
            cell(Unit::Time, summary.duration_p50.as_ref()),
        ),
        (
            "Duration p99",
            cell(Unit::Time, summary.duration_p99.as_ref()),
        ),
        (
            "Checkpointed",
            cell(Unit::Bytes, summary.checkpointed.as_ref()),
        ),
        last,
        (
            "Completed",
            format!("{completed:.1} of {:.1} per run", completed + failed),
        ),
    ];
    let (names, cells): (Vec<&str>, Vec<String>) = numbers.into_iter().unzip();
    let columns = names
        .into_iter()
        .map(|name| (name.to_owned(), Align::Right));
    Table {
        title: String::new(),
        columns: columns.collect(),
        rows: vec![cells],
        notes: Vec::new(),
    }
}
