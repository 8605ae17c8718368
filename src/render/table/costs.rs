//! What an interval costs, apart from the checkpoints themselves.

use crate::experiment::costs::CostEstimate;
use crate::render::number::Unit;
use crate::render::table::{Align, Table};

/// Every cost that is known; `prices` says what money is, and as of when.
pub fn costs(costs: &[CostEstimate], prices: &str) -> Table {
    let columns = [
        ("cost", Align::Left),
        ("value [95 % interval]", Align::Right),
    ];
    let row = |cost: &CostEstimate| {
        let unit = Unit::from_base(&cost.unit);
        vec![cost.quantity.clone(), unit.with_interval(&cost.value)]
    };
    let has_money = costs.iter().any(|cost| cost.unit == "money");
    Table {
        title: String::new(),
        columns: columns
            .map(|(name, align)| (name.to_owned(), align))
            .to_vec(),
        rows: costs.iter().map(row).collect(),
        notes: has_money
            .then(|| format!("price: {prices}"))
            .into_iter()
            .collect(),
    }
}
