//! CSV: one row per checkpoint and subtask.

use crate::experiment::run_document::RunDocument;
use crate::render::export::columns::{Cells, columns};
use crate::render::sheet::{Sheet, cell};

/// The rows as text; what is missing is an empty cell.
pub fn csv(run: &RunDocument) -> String {
    let columns = columns(run);
    let mut sheet = Sheet::new(columns.iter().map(|column| column.name));
    let rows = columns.first().map_or(0, |column| column.cells.count());
    for row in 0..rows {
        sheet.push(
            columns
                .iter()
                .map(|column| text(&column.cells, row))
                .collect(),
        );
    }
    sheet.csv()
}

fn text(cells: &Cells, row: usize) -> String {
    match cells {
        Cells::Text(cells) => cells[row].clone(),
        Cells::Whole(cells) => cells[row].map(|value| value.to_string()),
        Cells::Decimal(cells) => cells[row].map(cell),
        Cells::Flag(cells) => cells[row].map(|value| value.to_string()),
    }
    .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::export::sample;

    #[test]
    fn every_checkpoint_has_a_row_for_every_subtask() {
        insta::assert_snapshot!(csv(&sample::run()));
    }
}
