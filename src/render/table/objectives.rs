//! What must hold, and what was measured.

use crate::experiment::metric::Metric;
use crate::experiment::objectives::Judged;
use crate::experiment::recommend::Verdict;
use crate::render::number::MISSING;
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
    let unit = one.objective.metric.unit;
    let measured = one.measured.as_ref().map_or_else(
        || MISSING.to_owned(),
        |estimate| {
            let more = if one.at_least { "> " } else { "" };
            format!("{more}{}", unit.with_interval(estimate))
        },
    );
    let mark = match one.verdict {
        Verdict::Unknown => "?",
        verdict if verdict.is_met() => "✓",
        _ => "✗",
    };
    let remark = match one.verdict {
        Verdict::Met => "",
        Verdict::LikelyMet | Verdict::LikelyMissed => "the interval contains the bound",
        Verdict::Missed if one.at_least => "not over at the end of the run",
        Verdict::Missed => "missed",
        Verdict::Unknown if needs_failure(one) => "no value: nothing failed",
        Verdict::Unknown => "no value",
    };
    vec![
        mark.to_owned(),
        one.objective.text.clone(),
        measured,
        remark.to_owned(),
    ]
}

fn needs_failure(one: &Judged) -> bool {
    Metric::find(&one.objective.metric.name).is_ok_and(Metric::needs_failure)
}
