//! Machine-readable tables: plain numbers, the unit in the name of the column.

use crate::measure::Estimate;

/// Rows under named columns, written as CSV.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Sheet {
    /// An empty sheet with these columns; units belong into the names (`duration_p50_s`).
    pub fn new<S: Into<String>>(columns: impl IntoIterator<Item = S>) -> Sheet {
        Sheet {
            columns: columns.into_iter().map(Into::into).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row; missing cells stay empty, surplus ones are dropped.
    pub fn push(&mut self, mut row: Vec<String>) {
        row.resize(self.columns.len(), String::new());
        self.rows.push(row);
    }

    /// Names of the columns.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// All rows.
    pub fn rows(&self) -> &[Vec<String>] {
        &self.rows
    }

    /// The sheet as CSV with a header line and `\n` line ends.
    pub fn csv(&self) -> String {
        let mut writer = csv::WriterBuilder::new().from_writer(Vec::new());
        for row in std::iter::once(&self.columns).chain(&self.rows) {
            writer
                .write_record(row)
                .expect("every row has as many cells as there are columns");
        }
        let bytes = writer
            .into_inner()
            .expect("writing into memory cannot fail");
        String::from_utf8(bytes).expect("the cells were text")
    }
}

/// A number as a cell: shortest text that reads back to the same value; empty if it does not exist.
pub fn cell(value: f64) -> String {
    if value.is_finite() {
        value.to_string()
    } else {
        String::new()
    }
}

/// Value, low and high of an estimate as three cells; the last two are empty where there is no interval.
pub fn cells(estimate: Option<&Estimate>) -> [String; 3] {
    estimate.map_or_else(Default::default, |estimate| {
        let (low, high) = estimate.interval().unzip();
        let end = |end: Option<f64>| end.map_or_else(String::new, cell);
        [cell(estimate.value), end(low), end(high)]
    })
}

/// Three column names for [`cells`]: `{name}_{unit}`, `{name}_low_{unit}`, `{name}_high_{unit}`.
pub fn columns(name: &str, unit: &str) -> [String; 3] {
    let end = if unit.is_empty() {
        String::new()
    } else {
        format!("_{unit}")
    };
    [
        format!("{name}{end}"),
        format!("{name}_low{end}"),
        format!("{name}_high{end}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_needed_and_rows_have_equal_length() {
        let mut sheet = Sheet::new(["name", "duration_s"]);
        sheet.push(vec![
            "a, \"b\"".to_owned(),
            cell(0.25),
            "surplus".to_owned(),
        ]);
        sheet.push(vec!["c".to_owned()]);
        assert_eq!(sheet.csv(), "name,duration_s\n\"a, \"\"b\"\"\",0.25\nc,\n");
    }

    #[test]
    fn a_number_that_does_not_exist_is_an_empty_cell() {
        assert_eq!(cell(f64::NAN), "");
        assert_eq!(cells(None), ["", "", ""]);
        assert_eq!(
            columns("loss", "share"),
            ["loss_share", "loss_low_share", "loss_high_share"]
        );
    }
}
