//! What an operator pays per month for checkpoints and failures, by line item.

use crate::experiment::PointSummary;
use crate::experiment::metric::{Metric, MetricId};
use crate::experiment::recommend::Candidate;
use crate::measure::Estimate;
use crate::render::table::{Align, Cell, Table};

/// The total, and what it consists of.
const TOTAL: MetricId = MetricId::CostPerMonth;
const ITEMS: [MetricId; 5] = [
    MetricId::CostOverhead,
    MetricId::CostRework,
    MetricId::CostCatchUp,
    MetricId::CostOutage,
    MetricId::MoneyPerMonth,
];
/// Where the prices stand.
pub const WEIGHED_BY: &str = "[cost] and storage.prices weigh them";

/// What the line item is called beside the others.
pub fn item(id: MetricId) -> &'static str {
    match id {
        MetricId::MoneyPerMonth => "storage",
        id => id.metric().label,
    }
}

/// Estimates by metric, whoever has them.
pub trait Measured {
    /// The estimate of a metric.
    fn estimate(&self, id: MetricId) -> Option<Estimate>;
}

impl Measured for PointSummary {
    fn estimate(&self, id: MetricId) -> Option<Estimate> {
        self.metric(id)
    }
}

impl Measured for Candidate {
    fn estimate(&self, id: MetricId) -> Option<Estimate> {
        self.metrics.get(id.name()).copied()
    }
}

/// One column per configuration, each with a heading; `None` where the first costs nothing, or nobody
/// knows what.
pub fn monthly(configurations: &[(String, &dyn Measured)]) -> Option<Table> {
    let (_, first) = configurations.first()?;
    first.estimate(TOTAL).filter(|total| total.value > 0.0)?;
    let has_value = |id: &MetricId| {
        let mut all = configurations.iter();
        all.any(|(_, one)| one.estimate(*id).is_some())
    };
    let rows = ITEMS
        .into_iter()
        .filter(has_value)
        .chain([TOTAL])
        .map(|id| {
            let Metric { unit, .. } = id.metric();
            let value = |one: &dyn Measured| one.estimate(id).map(|is| Cell::Interval(*unit, is));
            let values = configurations.iter().map(|(_, one)| value(*one).into());
            std::iter::once(Cell::from(item(id)))
                .chain(values)
                .collect()
        });
    let headings = configurations
        .iter()
        .map(|(heading, _)| (heading.clone(), Align::Right));
    let columns = std::iter::once(("per month".to_owned(), Align::Left)).chain(headings);
    Some(Table {
        notes: vec![WEIGHED_BY.to_owned()],
        ..Table::new(columns, rows)
    })
}
