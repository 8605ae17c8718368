//! Columns of numbers from a CSV file beside the scenario.

use crate::scenario::input_file;
use crate::scenario::key_path::KeyPath;
use crate::scenario::resolve::problems::Problems;

/// Longer traces are not read.
const ROWS_MAX: usize = 1_000_000;

/// The rows of the columns with these names, all numbers at least 0. `name` is relative to the scenario file and was
/// given at `path`.
pub(super) fn read<const N: usize>(
    name: &str,
    columns: [&str; N],
    path: &KeyPath,
    problems: &mut Problems<'_>,
) -> Option<Vec<[f64; N]>> {
    let file = problems.document().base.join(name);
    match rows(&file, columns) {
        Ok(rows) => Some(rows),
        Err(message) => {
            let plural = if N == 1 { "column" } else { "columns" };
            let quoted = columns.map(|column| format!("`{column}`"));
            problems
                .error(path, format!("cannot use the trace `{name}`: {message}"))
                .help(format!(
                    "a trace is a CSV file with the {plural} {}",
                    quoted.join(" and ")
                ));
            None
        }
    }
}

fn rows<const N: usize>(
    file: &std::path::Path,
    columns: [&str; N],
) -> Result<Vec<[f64; N]>, String> {
    let text = input_file::text(file).map_err(|error| error.to_string())?;
    let mut reader = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let headers = reader.headers().map_err(|error| error.to_string())?.clone();
    let mut positions = [0; N];
    for (position, name) in positions.iter_mut().zip(columns) {
        let found = headers.iter().position(|header| header == name);
        *position = found.ok_or_else(|| format!("it has no column `{name}`"))?;
    }
    let mut rows = Vec::new();
    for row in reader.records() {
        let row = row.map_err(|error| error.to_string())?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut numbers = [0.0; N];
        for (number, column) in numbers.iter_mut().zip(positions) {
            let text = row.get(column).unwrap_or_default();
            *number = text
                .parse::<f64>()
                .ok()
                .filter(|number| (0.0..=1e15).contains(number))
                .ok_or_else(|| format!("line {line}: `{text}` is no number of at least 0"))?;
        }
        rows.push(numbers);
        if rows.len() > ROWS_MAX {
            return Err(format!("it has more than {ROWS_MAX} rows"));
        }
    }
    Ok(rows)
}
