//! What an interval costs, apart from the checkpoints themselves.

use crate::experiment::PointSummary;
use crate::experiment::metric::{Metric, MetricId};
use crate::measure::Estimate;
use crate::render::table::{Align, Cell, Table};

/// Every cost that is known, `None` without any; `prices` says what money is, and as of when.
pub fn costs(point: &PointSummary, prices: &str) -> Option<Table> {
    let columns = [
        ("cost", Align::Left),
        ("value [95 % interval]", Align::Right),
    ];
    let row = |(metric, value): (&Metric, Estimate)| {
        vec![metric.label.into(), Cell::Interval(metric.unit, value)]
    };
    let rows: Vec<Vec<Cell>> = point.costs().map(row).collect();
    let has_money = point.metric(MetricId::MoneyPerMonth).is_some();
    (!rows.is_empty()).then(|| Table {
        notes: has_money
            .then(|| format!("price: {prices}"))
            .into_iter()
            .collect(),
        ..Table::new(columns, rows)
    })
}
