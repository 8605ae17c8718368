//! The numbers of a point that a reader remembers, and its phases.

use crate::experiment::PointSummary;
use crate::experiment::metric::{Metric, MetricId};
use crate::measure::Estimate;
use crate::render::number::{Unit, counted};
use crate::render::report::{Number, Part, Section};
use crate::render::table::{self, Align, Cell, OVERLAP, Table, parts_overlap};

/// An estimate as a number to remember; `None` without it.
pub fn number(name: &str, unit: Unit, estimate: Option<&Estimate>) -> Option<Number> {
    let estimate = estimate.filter(|estimate| estimate.value.is_finite())?;
    let note = match unit.ends(estimate) {
        Some([low, high]) => format!("95 % interval {low} to {high}"),
        None => String::new(),
    };
    Some(Number {
        name: name.to_owned(),
        value: unit.estimate(estimate),
        note,
    })
}

/// Duration, size, frequency and cost of the checkpoints of a point.
pub fn headline(point: &PointSummary) -> Vec<Number> {
    let ids = [
        MetricId::DurationP50,
        MetricId::DurationP99,
        MetricId::ThroughputLoss,
        MetricId::Checkpointed,
        MetricId::Utilisation,
    ];
    let shown = |id: MetricId| {
        let Metric { label, unit, .. } = id.metric();
        number(&capitalised(label), *unit, point.metric(id).as_ref())
    };
    let mut numbers: Vec<Number> = ids.into_iter().filter_map(shown).collect();
    numbers.extend(point.metric(MetricId::Completed).map(|completed| {
        let failed = point.metric(MetricId::Failed);
        let failed = failed.map_or(0.0, |failed| failed.value);
        Number {
            name: capitalised(MetricId::Completed.metric().label),
            value: Unit::Plain.text(completed.value),
            note: format!(
                "{} failed, per replication after warm-up",
                Unit::Plain.text(failed)
            ),
        }
    }));
    numbers
}

/// Heading of what an operator pays.
pub const COST_PER_MONTH: &str = "Cost per month";

/// What an operator pays at a point, if failures are so frequent that it is known.
pub fn cost_per_month(point: &PointSummary) -> Option<Section> {
    let table = table::monthly(&[("value [95 % interval]".to_owned(), point)])?;
    Some(Section::new(COST_PER_MONTH, [Part::Table(table)])?.in_brief())
}

/// The phases of a point in time order, over all replications.
pub fn phases(point: &PointSummary) -> Table {
    let rows = [
        ("end to end, p50", MetricId::DurationP50),
        ("end to end, p95", MetricId::DurationP95),
        ("end to end, p99", MetricId::DurationP99),
        ("end to end, max", MetricId::DurationMax),
        ("start delay", MetricId::StartDelay),
        ("alignment", MetricId::Alignment),
        ("sync", MetricId::Sync),
        ("async", MetricId::Async),
    ];
    let rows = rows.into_iter().filter_map(|(name, id)| {
        let estimate = point.metric(id)?;
        Some(vec![name.into(), Cell::Interval(Unit::Time, estimate)])
    });
    let replications = counted(point.digests.len(), "replication");
    let overlap = parts_overlap(point).then(|| OVERLAP.to_owned());
    let columns = [
        ("phase", Align::Left),
        ("value [95 % interval]", Align::Right),
    ];
    let over =
        format!("over {replications}; phases: median over checkpoints of the slowest subtask");
    Table {
        notes: std::iter::once(over).chain(overlap).collect(),
        ..Table::new(columns, rows)
    }
}

/// Checkpoints of a point as the end of a sentence: `11 completed, none failed`.
pub fn outcome(point: &PointSummary) -> String {
    let count = |id| {
        let estimate = point.metric(id).filter(|estimate| estimate.value > 0.0);
        estimate.map_or_else(
            || "none".to_owned(),
            |estimate| Unit::Plain.text(estimate.value),
        )
    };
    format!(
        "{} completed, {} failed",
        count(MetricId::Completed),
        count(MetricId::Failed)
    )
}

/// With a capital letter.
pub fn capitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}
