//! What must hold, and what was measured.

use crate::experiment::metric::Metric;
use crate::experiment::objectives::Judged;
use crate::experiment::recommend::Verdict;
use crate::render::table::{Align, Cell, Table};

/// One row per objective, with a tick or a cross.
pub fn objectives(judged: &[Judged]) -> Table {
    let columns = [
        ("", Align::Left),
        ("Objective", Align::Left),
        ("Measured", Align::Right),
        ("", Align::Left),
    ];
    Table::new(columns, judged.iter().map(row))
}

fn row(one: &Judged) -> Vec<Cell> {
    let unit = one.objective.metric.unit;
    let measured = one.measured.map(|estimate| {
        let cell = Cell::Interval(unit, estimate);
        if one.at_least {
            Cell::AtLeast(Box::new(cell))
        } else {
            cell
        }
    });
    let mark = match one.verdict {
        Verdict::Unknown => "?",
        verdict if verdict.is_met() => "✓",
        _ => "✗",
    };
    let remark = match one.verdict {
        Verdict::Met => "met",
        Verdict::LikelyMet => "met, the interval contains the bound",
        Verdict::LikelyMissed => "missed, the interval contains the bound",
        Verdict::Missed if one.at_least => "not over at the end of the run",
        Verdict::Missed => "missed",
        Verdict::Unknown if needs_failure(one) => "no value: nothing failed",
        Verdict::Unknown => "no value",
    };
    vec![
        mark.into(),
        one.objective.text.clone().into(),
        measured.into(),
        remark.into(),
    ]
}

fn needs_failure(one: &Judged) -> bool {
    Metric::find(&one.objective.metric.name).is_ok_and(Metric::needs_failure)
}
