//! What a change is worth: the keys that differ, then the metrics that do.

use crate::experiment::compare::{Compared, Difference, Verdict};
use crate::experiment::metric::Better;
use crate::measure::Estimate;
use crate::render::number::MISSING;
use crate::render::table::{Align, Cell, Table};
use crate::scenario::difference::Change;

/// The keys that differ, as `terraform plan` shows them: `~ key: old -> new`, `+ key: new`, `- key: old`.
pub fn changes(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "A and B are the same scenario\n".to_owned();
    }
    let line = |change: &Change| {
        let path = &change.path;
        match (&change.old, &change.new) {
            (Some(old), Some(new)) => format!("~ {path}: {old} -> {new}\n"),
            (None, Some(new)) => format!("+ {path}: {new}\n"),
            (Some(old), None) => format!("- {path}: {old}\n"),
            (None, None) => String::new(),
        }
    };
    changes.iter().map(line).collect()
}

/// Every metric of A beside that of B, with the interval of their difference and what follows.
pub fn differences(compared: &Compared, replications: u32) -> Table {
    let columns = [
        ("metric", Align::Left),
        ("A", Align::Right),
        ("B", Align::Right),
        ("B − A", Align::Right),
        ("95 % interval", Align::Right),
        ("change", Align::Right),
        ("verdict", Align::Left),
    ];
    Table {
        notes: notes(compared, replications),
        ..Table::new(columns, compared.differences.iter().map(row))
    }
}

fn row(difference: &Difference) -> Vec<Cell> {
    let unit = difference.unit;
    let value =
        |estimate: Option<Estimate>| Cell::from(estimate.map(|of| Cell::Value(unit, of.value)));
    let interval = difference.difference.and_then(|of| of.interval());
    let interval = interval.map(|(low, high)| {
        Cell::Written(format!("[{}, {}]", unit.text(low), unit.text(high)), low)
    });
    vec![
        difference.id.name().into(),
        value(difference.a),
        value(difference.b),
        value(difference.difference),
        interval.into(),
        difference.relative().map(Cell::Deviation).into(),
        verdict(difference).into(),
    ]
}

/// The verdict in words.
fn verdict(difference: &Difference) -> &'static str {
    match difference.verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Higher => "higher",
        Verdict::Lower => "lower",
        Verdict::NoEvidence if difference.difference.is_none() => MISSING,
        Verdict::NoEvidence => "no evidence",
    }
}

fn notes(compared: &Compared, replications: u32) -> Vec<String> {
    let (what, differences) = if compared.same_numbers {
        ("with the same random numbers and failures", "the paired")
    } else {
        ("with different random numbers: the seeds differ", "their")
    };
    let pairs = match replications {
        1 => "one pair of runs: no intervals, no verdicts; take more --replications".to_owned(),
        2 => "two pairs of runs: no intervals, no verdicts; take more --replications".to_owned(),
        n => format!(
            "{n} pairs of runs {what}; interval and verdict: Student's t of {differences} \
             differences; one metric in 40 is called better and one worse where there is no difference"
        ),
    };
    let mut notes = vec![pairs];
    notes.extend(compared.failures.iter().cloned());
    let neither = compared.differences.iter().any(|difference| {
        difference.better == Better::Neither && difference.verdict != Verdict::NoEvidence
    });
    if neither {
        notes.push("higher, lower: neither is better in itself".to_owned());
    }
    notes
}
