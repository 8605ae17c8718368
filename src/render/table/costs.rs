//! What an interval costs, apart from the checkpoints themselves.

use crate::experiment::PointSummary;
use crate::experiment::metric::MetricId;
use crate::render::table::{Align, Table};

/// Every cost that is known, `None` without any; `prices` says what money is, and as of when.
pub fn costs(point: &PointSummary, prices: &str) -> Option<Table> {
    let columns = [
        ("cost", Align::Left),
        ("value [95 % interval]", Align::Right),
    ];
    let rows = point
        .costs()
        .map(|(metric, value)| vec![metric.label.to_owned(), metric.unit.with_interval(&value)]);
    let rows: Vec<Vec<String>> = rows.collect();
    let has_money = point.metric(MetricId::MoneyPerMonth).is_some();
    (!rows.is_empty()).then(|| Table {
        title: String::new(),
        columns: columns
            .map(|(name, align)| (name.to_owned(), align))
            .to_vec(),
        rows,
        notes: has_money
            .then(|| format!("price: {prices}"))
            .into_iter()
            .collect(),
    })
}
