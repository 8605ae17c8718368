//! What the accuracy of a report rests on.

use crate::experiment::Comparison;
use crate::measure::estimate::REPLICATIONS_MIN;
use crate::render::number::counted;
use crate::render::report::Part;
use crate::render::table::{Align, Table};

/// The one statement of the accuracy: the table that `validate` prints.
const README: &str = include_str!("../../../README.md");
/// Rows of it that a reader of a report needs, and what they are called there.
const ROWS: [(&str, &str); 7] = [
    ("duration", "end to end duration"),
    ("start delay", "start delay"),
    ("alignment", "alignment"),
    ("sync", "sync"),
    ("async", "async"),
    ("throughput", "throughput"),
    ("F1", "(formula F1 for the duration)"),
];
const LEFT_OUT: &str = "Not simulated: contention for processors between subtasks, garbage collection, watermarks and \
                        timers, finished tasks. Service times are taken as given: a wrong one makes a wrong answer.";

/// Replications, formulas, recordings, and what is left out.
pub fn trust(replications: usize, comparisons: &[Comparison]) -> Vec<Part> {
    let spread = match replications {
        0 | 1 => {
            "One replication: nothing is known about the spread; --replications 5 gives intervals."
                .to_owned()
        }
        n if n < REPLICATIONS_MIN => format!(
            "{n} replications are too few for intervals: they would say nothing; --replications 5 gives some."
        ),
        n => format!(
            "Intervals are those of 95 % over {n} replications, each with its own random numbers; they do not contain \
             errors of the model."
        ),
    };
    let mut sentences = vec![spread];
    let broken = comparisons
        .iter()
        .filter(|comparison| !comparison.prediction.broken_assumptions.is_empty());
    let broken = broken.count();
    if !comparisons.is_empty() {
        let of = counted(comparisons.len(), "formula");
        sentences.push(format!(
            "This scenario breaks an assumption of {broken} of {of}: there a deviation is expected. Where all hold, \
             formula and simulation are two independent witnesses."
        ));
    }
    sentences.push(LEFT_OUT.to_owned());
    vec![Part::List(sentences), Part::Table(accuracy())]
}

/// Errors against recordings of real clusters.
fn accuracy() -> Table {
    let rows = ROWS.iter().filter_map(|(metric, name)| {
        let (median, high) = errors(metric)?;
        Some(vec![
            (*name).to_owned(),
            format!("{median} %"),
            format!("{high} %"),
        ])
    });
    Table {
        title: "Error against recordings of real Flink 2.3.0 clusters".to_owned(),
        columns: vec![
            ("median of".to_owned(), Align::Left),
            ("median error".to_owned(), Align::Right),
            ("90th percentile".to_owned(), Align::Right),
        ],
        rows: rows.collect(),
        notes: vec![
            "each predicted from the parameters of its job alone; `ckptsim validate` repeats the comparison".to_owned(),
        ],
    }
}

/// Median and 90th percentile over all recordings, as the table has them.
fn errors(metric: &str) -> Option<(&'static str, &'static str)> {
    let row = |line: &&'static str| {
        let mut cells = line.split('|').map(str::trim);
        cells.next() == Some("") && cells.next() == Some(metric)
    };
    README
        .lines()
        .find(row)?
        .split('|')
        .nth(2)?
        .trim()
        .split_once('/')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_the_accuracy_is_found() {
        let table = accuracy();
        assert_eq!(table.rows.len(), ROWS.len(), "{table:?}");
        for row in &table.rows {
            for cell in &row[1..] {
                let number = cell.trim_end_matches(" %").parse::<f64>();
                assert!(number.is_ok_and(|error| error >= 0.0), "{row:?}");
            }
        }
    }
}
