//! What the accuracy of a report rests on.

use crate::experiment::Comparison;
use crate::experiment::validate::summary::{ALL, F1, Summary};
use crate::measure::estimate::REPLICATIONS_MIN;
use crate::render::number::{Unit, counted};
use crate::render::report::Part;
use crate::render::table::{Align, Cell, Table};
use crate::scenario::Scenario;

/// The one statement of the accuracy, from which the table of `README.md` is made, too:
/// `ckptsim validate tests/recordings --replications 20 --out reports/gallery` writes it.
const VALIDATION: &str = include_str!("../../../reports/gallery/validation.json");
/// Metrics that a reader of a report needs, and what they are called there.
const ROWS: [(&str, &str); 7] = [
    ("end_to_end_duration", "end to end duration"),
    ("start_delay", "start delay"),
    ("alignment", "alignment"),
    ("sync", "sync"),
    ("async", "async"),
    ("throughput", "throughput"),
    (F1, "(formula F1 for the duration)"),
];
/// What Flink does and the model leaves out.
const LEFT_OUT: [&str; 5] = [
    "when garbage is collected (what a collection does is modelled)",
    "processor time of compactions between checkpoints",
    "a split that is idle while others of its subtask are not",
    "downstream tasks that finish",
    "ForSt",
];

/// The errors against recordings, as `validate` has written them.
fn validation() -> Summary {
    serde_json::from_str(VALIDATION).expect("a test reads it")
}

/// How far to trust a report.
#[derive(Clone, Debug, PartialEq)]
pub struct Trust {
    /// Everything.
    pub parts: Vec<Part>,
    /// What a single sheet has room for.
    pub brief: Vec<Part>,
}

/// How often the job is taken to fail, s.
pub fn fails_once_in(seconds: f64) -> String {
    let time = Unit::Time.text(seconds);
    format!("The job is taken to fail once in {time} on average.")
}

/// What a scenario says about failures.
pub fn failures(scenario: &Scenario) -> String {
    let failures = &scenario.failures;
    match failures.random.as_ref().map(|random| random.law.mtbf()) {
        Some(Some(mtbf)) => fails_once_in(mtbf.as_secs_f64()),
        None if failures.given.is_empty() => "The job is taken never to fail.".to_owned(),
        Some(None) | None => "Failures are those that the scenario lists.".to_owned(),
    }
}

/// What the results themselves have to say first, then replications, formulas, recordings, and what is left out.
pub fn trust(notes: &[String], replications: usize, comparisons: &[Comparison]) -> Trust {
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
    let mut sentences = notes.to_vec();
    sentences.push(spread);
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
    sentences.push(format!(
        "Not simulated: {}. Service times are taken as given: a wrong one makes a wrong answer.",
        LEFT_OUT.join(", ")
    ));
    let whole = vec![Part::List(sentences.clone()), Part::Table(accuracy())];
    sentences.extend(accurate());
    Trust {
        parts: whole,
        brief: vec![Part::List(sentences)],
    }
}

/// The table of errors as a sentence, for the duration alone.
fn accurate() -> Option<String> {
    let table = accuracy();
    let [duration, median, tail] = table.rows.into_iter().next()?.try_into().ok()?;
    Some(format!(
        "{}, median {}: {}, 90th percentile {}.",
        table.title,
        duration.text(),
        median.text(),
        tail.text()
    ))
}

/// Errors against recordings of real clusters.
fn accuracy() -> Table {
    let validation = validation();
    let all = validation.get(ALL);
    let row = |(metric, name): &(&str, &str)| {
        let errors = all?.get(*metric)?;
        let percent = |share: f64, decimals: usize| {
            Cell::Written(format!("{:.decimals$} %", 100.0 * share), share)
        };
        Some(vec![
            Cell::from(*name),
            percent(errors.median_error, 1),
            percent(errors.p90_error, 0),
        ])
    };
    let columns = [
        ("median of", Align::Left),
        ("median error", Align::Right),
        ("90th percentile", Align::Right),
    ];
    Table {
        title: "Error against recordings of real Flink 2.3.0 clusters".to_owned(),
        notes: vec![
            "each predicted from the parameters of its job alone; `ckptsim validate` repeats the comparison".to_owned(),
        ],
        ..Table::new(columns, ROWS.iter().filter_map(row))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::table;

    const README: &str = include_str!("../../../README.md");

    #[test]
    fn every_row_of_the_accuracy_has_its_numbers() {
        assert_eq!(accuracy().rows.len(), ROWS.len(), "{:?}", accuracy());
    }

    #[test]
    fn the_readme_has_the_accuracy_that_validate_wrote() {
        let table = table::accuracy(&validation()).markdown();
        assert!(README.contains(&table), "README.md lacks\n{table}");
    }

    #[test]
    fn the_readme_and_the_report_leave_the_same_out() {
        let told = README.split_once("**Left out:**").expect("it is there").1;
        let (told, _) = told.split_once('.').expect("a sentence ends");
        let told: Vec<&str> = told.split_whitespace().collect();
        assert_eq!(told.join(" "), LEFT_OUT.join(", "));
    }
}
