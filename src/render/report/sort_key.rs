//! The order of the cells of a table: the size of the number in a cell, in base units.

/// Units of the texts that [`number`](crate::render::number) and Flink write, longest first where one begins like another.
const UNITS: &[(&str, f64)] = &[
    ("TiB/h", 1_099_511_627_776.0),
    ("GiB/h", 1_073_741_824.0),
    ("MiB/h", 1_048_576.0),
    ("KiB/h", 1024.0),
    ("B/h", 1.0),
    ("PiB", 1_125_899_906_842_624.0),
    ("TiB", 1_099_511_627_776.0),
    ("GiB", 1_073_741_824.0),
    ("MiB", 1_048_576.0),
    ("KiB", 1024.0),
    ("B", 1.0),
    ("M/s", 1e6),
    ("k/s", 1e3),
    ("/s", 1.0),
    ("ns", 1e-9),
    ("µs", 1e-6),
    ("ms", 1e-3),
    ("min", 60.0),
    ("m", 60.0),
    ("s", 1.0),
    ("h", 3600.0),
    ("d", 86_400.0),
    ("%", 0.01),
    ("k", 1e3),
    ("M", 1e6),
    ("G", 1e9),
];

/// The number that a cell begins with, such as 72 for `1m 12s ±4 s`; `None` for words and for missing numbers.
pub fn sort_key(cell: &str) -> Option<f64> {
    let mut rest = cell.trim().trim_start_matches("> ");
    let sign = if let Some(positive) = rest.strip_prefix('−').or(rest.strip_prefix('-')) {
        rest = positive;
        -1.0
    } else {
        rest = rest.trim_start_matches(['+', '×']);
        1.0
    };
    let factor = if cell.trim().starts_with('×') {
        1.0
    } else {
        0.0
    };
    let mut total: Option<f64> = None;
    while rest.starts_with(|c: char| c.is_ascii_digit()) {
        let digits = rest
            .find(|c: char| !(c.is_ascii_digit() || c == '.'))
            .unwrap_or(rest.len());
        let value: f64 = rest[..digits].parse().ok()?;
        let after = rest[digits..].trim_start();
        let (unit, size) = UNITS
            .iter()
            .find(|(unit, _)| is_unit(after, unit))
            .copied()
            .unwrap_or(("", 1.0));
        total = Some(total.unwrap_or(0.0) + value * size);
        rest = after[unit.len()..].trim_start();
    }
    // Words after a number: `2 broken` is a number, `3a` is none.
    let ends = rest.is_empty() || !rest.starts_with(char::is_alphabetic) || cell.contains(' ');
    // A factor is told instead of a deviation beyond nine times.
    total.filter(|_| ends).map(|total| sign * (total - factor))
}

/// Whether a text begins with a unit, and not with a word.
fn is_unit(text: &str, unit: &str) -> bool {
    text.strip_prefix(unit)
        .is_some_and(|rest| !rest.starts_with(char::is_alphabetic))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_ordered_by_what_they_measure() {
        let cases = [
            ("345 ms", Some(0.345)),
            ("1.05 s ±0.01", Some(1.05)),
            ("1m 12s ±4 s", Some(72.0)),
            ("2h 3m", Some(7380.0)),
            ("10 min", Some(600.0)),
            ("2.05 GiB", Some(2.05 * 1_073_741_824.0)),
            ("−0.5 %", Some(-0.005)),
            ("+12 %", Some(0.12)),
            ("×21", Some(20.0)),
            ("> 56.0 s", Some(56.0)),
            ("4.12 s [3.98, 4.26]", Some(4.12)),
            ("50.0 k/s", Some(50_000.0)),
            ("66", Some(66.0)),
            ("2 broken", Some(2.0)),
            ("–", None),
            ("", None),
            ("aligned", None),
            ("F1", None),
        ];
        for (cell, key) in cases {
            let found = sort_key(cell);
            let same = match (found, key) {
                (Some(found), Some(key)) => (found - key).abs() < 1e-9 * key.abs().max(1.0),
                (found, key) => found == key,
            };
            assert!(same, "{cell}: {found:?}");
        }
    }
}
