//! The numbers behind a picture: a column is its name and how it is read from a row.

use crate::measure::Estimate;
use crate::render::sheet::{self, Sheet};

/// A sheet in the making.
pub struct Columns<'r, R> {
    rows: &'r [R],
    names: Vec<String>,
    cells: Vec<Vec<String>>,
}

impl<'r, R> Columns<'r, R> {
    pub fn of(rows: &'r [R]) -> Columns<'r, R> {
        Columns {
            rows,
            names: Vec::new(),
            cells: vec![Vec::new(); rows.len()],
        }
    }

    pub fn text(mut self, name: impl Into<String>, read: impl Fn(&R) -> String) -> Self {
        self.names.push(name.into());
        for (cells, row) in self.cells.iter_mut().zip(self.rows) {
            cells.push(read(row));
        }
        self
    }

    /// A number that does not exist is an empty cell.
    pub fn number(self, name: impl Into<String>, read: impl Fn(&R) -> f64) -> Self {
        self.text(name, |row| sheet::cell(read(row)))
    }

    pub fn optional(self, name: impl Into<String>, read: impl Fn(&R) -> Option<f64>) -> Self {
        self.number(name, |row| read(row).unwrap_or(f64::NAN))
    }

    /// Value and both ends of the interval.
    pub fn estimate(
        mut self,
        name: &str,
        unit: &str,
        read: impl Fn(&R) -> Option<Estimate>,
    ) -> Self {
        self.names.extend(sheet::columns(name, unit));
        for (cells, row) in self.cells.iter_mut().zip(self.rows) {
            cells.extend(sheet::cells(read(row).as_ref()));
        }
        self
    }

    pub fn sheet(self) -> Sheet {
        let mut sheet = Sheet::new(self.names);
        for row in self.cells {
            sheet.push(row);
        }
        sheet
    }
}
