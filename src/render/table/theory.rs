//! Closed forms beside the simulation.

use crate::experiment::theory::Row;
use crate::render::table::{Align, Cell, Table};

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
        vec![
            row.law.into(),
            row.case.clone().into(),
            Cell::Value(row.unit, row.closed_form),
            row.simulated.map(|is| Cell::Interval(row.unit, is)).into(),
            if row.agrees { "yes" } else { "no" }.into(),
        ]
    };
    let agree = rows.iter().filter(|row| row.agrees).count();
    Table {
        title: "Closed forms beside the simulation".to_owned(),
        notes: vec![format!(
            "{agree} of {} agree; {replications} replications; the intervals hold all together with 95 %",
            rows.len()
        )],
        ..Table::new(columns, rows.iter().map(cells))
    }
}
