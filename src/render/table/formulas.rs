//! Formula beside measurement.

use crate::experiment::{Comparison, SweepResult};
use crate::formulas::FormulaId;
use crate::render::sheet::{Sheet, cell, cells, columns};
use crate::render::table::{Align, Cell, Table};

/// Every formula with its value, the simulation's, and whether its assumptions hold; broken ones are listed below.
pub fn formulas(comparisons: &[Comparison]) -> Table {
    let columns = [
        ("id", Align::Left),
        ("quantity", Align::Left),
        ("formula", Align::Right),
        ("simulated [95 % interval]", Align::Right),
        ("deviation", Align::Right),
        ("assumptions", Align::Left),
    ];
    let rows = comparisons.iter().map(|comparison| {
        let prediction = &comparison.prediction;
        let unit = prediction.unit;
        let simulated = comparison.simulated;
        let assumptions = match prediction.broken_assumptions.len() {
            0 => Cell::from("hold"),
            broken => Cell::Written(format!("{broken} broken"), broken as f64),
        };
        vec![
            prediction.id.name().into(),
            prediction.quantity.clone().into(),
            prediction
                .value
                .map(|value| Cell::Value(unit, value))
                .into(),
            simulated.map(|is| Cell::Interval(unit, is)).into(),
            comparison.deviation().map(Cell::Deviation).into(),
            assumptions,
        ]
    });
    Table {
        notes: broken(comparisons),
        ..Table::new(columns, rows)
    }
}

/// The three formulas of the documents, as they call them.
const DOCUMENTS: [(FormulaId, &str); 3] = [
    (FormulaId::F1, "T_checkpoint"),
    (FormulaId::F2, "frequency"),
    (FormulaId::F3, "throughput loss"),
];

/// All formulas, or those of the documents.
pub fn some_formulas(comparisons: &[Comparison], all: bool) -> Table {
    if all {
        formulas(comparisons)
    } else {
        documents(comparisons)
    }
}

/// What the documents' formulas say, in a line each, with the first assumption that does not hold.
pub fn documents(comparisons: &[Comparison]) -> Table {
    let columns = [
        ("by the documents", Align::Left),
        ("formula", Align::Right),
        ("simulated", Align::Right),
        ("deviation", Align::Right),
        ("but", Align::Left),
    ];
    let row = |(id, name): (FormulaId, &str)| {
        let found = comparisons.iter().find(|one| one.prediction.id == id)?;
        let unit = found.prediction.unit;
        let formula = found.prediction.value;
        Some(vec![
            name.into(),
            formula.map(|value| Cell::Value(unit, value)).into(),
            found.simulated.map(|is| Cell::Estimate(unit, is)).into(),
            found.deviation().map(Cell::Deviation).into(),
            brief(&found.prediction.broken_assumptions).into(),
        ])
    };
    Table::new(columns, DOCUMENTS.into_iter().filter_map(row))
}

/// The first one up to its first stop, and how many more there are.
fn brief(broken: &[String]) -> String {
    let Some(first) = broken.first() else {
        return String::new();
    };
    let end = first.find([',', ':']).unwrap_or(first.len());
    match broken.len() {
        1 => first[..end].to_owned(),
        all => format!("{} (+{})", &first[..end], all - 1),
    }
}

/// Which formulas break which assumptions; those that break the same ones share a line.
fn broken(comparisons: &[Comparison]) -> Vec<String> {
    let mut groups: Vec<(&[String], Vec<&str>)> = Vec::new();
    for Comparison { prediction, .. } in comparisons {
        let broken = prediction.broken_assumptions.as_slice();
        match groups.iter_mut().find(|(known, _)| *known == broken) {
            Some((_, ids)) => ids.push(prediction.id.name()),
            None if broken.is_empty() => {}
            None => groups.push((broken, vec![prediction.id.name()])),
        }
    }
    let note = |(broken, ids): &(&[String], Vec<&str>)| {
        let verb = if ids.len() == 1 { "assumes" } else { "assume" };
        let (ids, broken) = (ids.join(", "), broken.join("; "));
        format!("{ids} {verb} what does not hold here: {broken}")
    };
    groups.iter().map(note).collect()
}

/// The formulas of every point of a sweep, for programs; the first columns say which point.
pub fn sweep_formulas_sheet(sweep: &SweepResult) -> Sheet {
    let heading = formulas_sheet(&[]);
    let axes = sweep.axes.iter();
    let mut all = Sheet::new(axes.chain(heading.columns()).cloned());
    for point in &sweep.points {
        let labels = point.coordinates.iter().map(|at| &at.label);
        let labels: Vec<String> = labels.take(sweep.axes.len()).cloned().collect();
        for row in formulas_sheet(&point.comparisons).rows() {
            all.push(labels.iter().chain(row).cloned().collect());
        }
    }
    all
}

/// The same for programs.
pub fn formulas_sheet(comparisons: &[Comparison]) -> Sheet {
    let names = ["id", "quantity", "unit", "formula", "predicted"]
        .map(str::to_owned)
        .into_iter();
    let names = names.chain(columns("simulated", ""));
    let mut sheet = Sheet::new(names.chain([
        "deviation_share".to_owned(),
        "broken_assumptions".to_owned(),
    ]));
    for comparison in comparisons {
        let prediction = &comparison.prediction;
        let mut row = vec![
            prediction.id.to_string(),
            prediction.quantity.clone(),
            prediction.unit.to_string(),
            prediction.formula.clone(),
            prediction.value.map_or_else(String::new, cell),
        ];
        row.extend(cells(comparison.simulated.as_ref()));
        row.push(comparison.deviation().map_or_else(String::new, cell));
        row.push(prediction.broken_assumptions.join("; "));
        sheet.push(row);
    }
    sheet
}
