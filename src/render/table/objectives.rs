//! What must hold, and what was measured.

use crate::experiment::objectives::Judged;
use crate::experiment::recommend::Verdict;
use crate::render::number::{MISSING, Unit};
use crate::render::table::{Align, Table};

/// One row per objective, with a tick or a cross.
pub fn objectives(judged: &[Judged]) -> Table {
    let columns = [
        ("", Align::Left),
        ("Objective", Align::Left),
        ("Measured", Align::Right),
        ("", Align::Left),
    ];
    Table {
        title: String::new(),
        columns: columns
            .map(|(name, align)| (name.to_owned(), align))
            .to_vec(),
        rows: judged.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

fn row(one: &Judged) -> Vec<String> {
    let unit = Unit::from_base(&one.objective.metric.unit);
    let measured = one.measured.as_ref().map_or_else(
        || MISSING.to_owned(),
        |estimate| {
            let more = if one.at_least { "> " } else { "" };
            format!("{more}{}", unit.with_interval(estimate))
        },
    );
    let mark = if one.verdict.is_met() { "✓" } else { "✗" };
    let remark = match one.verdict {
        Verdict::Met => "",
        Verdict::LikelyMet | Verdict::LikelyMissed => "the interval contains the bound",
        Verdict::Missed if one.at_least => "not over at the end of the run",
        Verdict::Missed => "missed",
        Verdict::Unknown => "has no value",
    };
    vec![
        mark.to_owned(),
        one.objective.text.clone(),
        measured,
        remark.to_owned(),
    ]
}
