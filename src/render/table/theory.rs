//! Closed forms beside the simulation.

use crate::experiment::theory::Row;
use crate::render::number::MISSING;
use crate::render::table::{Align, Table};

/// Every closed form with what the simulation says, and whether it lies in its interval.
pub fn theory(rows: &[Row], replications: u32) -> Table {
    let columns = [
        ("law", Align::Left),
        ("case", Align::Left),
        ("closed form", Align::Right),
        ("simulated [95 % interval]", Align::Right),
        ("agrees", Align::Left),
    ];
    let cells = |row: &Row| {
        let unit = row.unit;
        vec![
            row.law.to_owned(),
            row.case.clone(),
            unit.text(row.closed_form),
            row.simulated
                .as_ref()
                .map_or_else(|| MISSING.to_owned(), |is| unit.with_interval(is)),
            if row.agrees { "yes" } else { "no" }.to_owned(),
        ]
    };
    let agree = rows.iter().filter(|row| row.agrees).count();
    Table {
        title: "Closed forms beside the simulation".to_owned(),
        columns: columns
            .map(|(name, align)| (name.to_owned(), align))
            .to_vec(),
        rows: rows.iter().map(cells).collect(),
        notes: vec![format!(
            "{agree} of {} agree; {replications} replications; the intervals hold all together with 95 %",
            rows.len()
        )],
    }
}
