//! The five numbers that most people want.

use crate::experiment::PointSummary;
use crate::experiment::metric::MetricId;
use crate::render::table::{Align, Cell, Table};

/// Durations, size, loss (utilisation where it was not measured), and how many checkpoints completed.
pub fn headline(summary: &PointSummary) -> Table {
    let cell = |id: MetricId| {
        let estimate = summary.metric(id);
        Cell::from(estimate.map(|estimate| Cell::Margin(id.metric().unit, estimate)))
    };
    let loss = summary.metric(MetricId::ThroughputLoss);
    let last = match loss {
        Some(_) => ("Throughput loss", cell(MetricId::ThroughputLoss)),
        None => ("Utilisation", cell(MetricId::Utilisation)),
    };
    let value = |id| summary.metric(id).map_or(0.0, |estimate| estimate.value);
    let (completed, failed) = (value(MetricId::Completed), value(MetricId::Failed));
    let numbers = [
        ("Duration p50", cell(MetricId::DurationP50)),
        ("Duration p99", cell(MetricId::DurationP99)),
        ("Checkpointed", cell(MetricId::Checkpointed)),
        last,
        (
            "Completed",
            format!("{completed:.1} of {:.1} per run", completed + failed).into(),
        ),
    ];
    let (names, cells): (Vec<&str>, Vec<Cell>) = numbers.into_iter().unzip();
    let columns = names.into_iter().map(|name| (name, Align::Right));
    Table::new(columns, [cells])
}
