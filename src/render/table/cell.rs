//! What stands in a table: a number stays one until it is printed.

use crate::experiment::Coordinate;
use crate::measure::Estimate;
use crate::render::number::{MISSING, Unit, deviation};

/// A cell.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// Words.
    Text(String),
    /// A number that is written in a way of its own.
    Written(String, f64),
    /// A number with three digits.
    Value(Unit, f64),
    /// A number with two digits.
    About(Unit, f64),
    /// An estimate without its interval.
    Estimate(Unit, Estimate),
    /// An estimate with its interval: `4.12 s [3.98, 4.26]`.
    Interval(Unit, Estimate),
    /// An estimate with half the width of its interval: `4.12 s ±0.14`.
    Margin(Unit, Estimate),
    /// A share with its sign.
    Deviation(f64),
    /// A lower bound.
    AtLeast(Box<Cell>),
    /// The best of its column.
    Best(Box<Cell>),
    /// A name that leads somewhere, where that is possible.
    Link {
        /// What is read.
        text: String,
        /// Where it leads, as in HTML.
        to: String,
    },
}

impl Cell {
    /// The sign for a number that does not exist.
    pub fn missing() -> Cell {
        Cell::from(MISSING)
    }

    /// The value of an axis, under the name that it has there.
    pub fn coordinate(name: String, at: &Coordinate) -> Cell {
        match at.value {
            Some(value) => Cell::Written(name, value),
            None => Cell::Text(name),
        }
    }

    /// A whole number.
    pub fn count(number: usize) -> Cell {
        Cell::Written(number.to_string(), number as f64)
    }

    /// For people.
    pub fn text(&self) -> String {
        match self {
            Cell::Text(text) | Cell::Written(text, _) | Cell::Link { text, .. } => text.clone(),
            Cell::Value(unit, value) => unit.text(*value),
            Cell::About(unit, value) => unit.about(*value),
            Cell::Estimate(unit, estimate) => unit.estimate(estimate),
            Cell::Interval(unit, estimate) => unit.with_interval(estimate),
            Cell::Margin(unit, estimate) => unit.with_margin(estimate),
            Cell::Deviation(share) => deviation(*share),
            Cell::AtLeast(cell) => format!("> {}", cell.text()),
            Cell::Best(cell) => format!("★ {}", cell.text()),
        }
    }

    /// What the cells of a column are sorted by, in its base unit; words and missing numbers have none.
    pub fn key(&self) -> Option<f64> {
        let key = match self {
            Cell::Text(_) | Cell::Link { .. } => return None,
            Cell::Written(_, value)
            | Cell::Value(_, value)
            | Cell::About(_, value)
            | Cell::Deviation(value) => *value,
            Cell::Estimate(_, estimate)
            | Cell::Interval(_, estimate)
            | Cell::Margin(_, estimate) => estimate.value,
            Cell::AtLeast(cell) | Cell::Best(cell) => return cell.key(),
        };
        key.is_finite().then_some(key)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Cell {
        Cell::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::Text(text)
    }
}

/// `None` is a number that does not exist.
impl From<Option<Cell>> for Cell {
    fn from(cell: Option<Cell>) -> Cell {
        cell.unwrap_or_else(Cell::missing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_sorted_by_its_number_and_not_by_its_digits() {
        let estimate = Estimate {
            value: 72.4,
            low: 68.0,
            high: 76.8,
            n: 5,
        };
        let minute = Cell::Margin(Unit::Time, estimate);
        assert_eq!(
            (minute.text().as_str(), minute.key()),
            ("1m 12s ±4 s", Some(72.4))
        );
        let bound = Cell::AtLeast(Box::new(Cell::Value(Unit::Time, 56.0)));
        assert_eq!(
            (bound.text().as_str(), bound.key()),
            ("> 56.0 s", Some(56.0))
        );
        assert_eq!(Cell::Deviation(20.0).text(), "×21");
        assert_eq!(Cell::Deviation(20.0).key(), Some(20.0));
        assert_eq!(Cell::missing().key(), None);
        assert_eq!(Cell::Value(Unit::Time, f64::NAN).key(), None);
        assert_eq!(Cell::from("3 words").key(), None);
    }
}
