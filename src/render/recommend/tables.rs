//! Tables of a recommendation: the candidates, and the sensitivity of the answer.

use crate::experiment::recommend::{Candidate, Recommendation, TornadoEntry};
use crate::measure::Estimate;
use crate::render::number::{MISSING, Unit};
use crate::render::table::{Align, Table};
use crate::units::SimDuration;

/// One row per candidate: coordinates, what is minimised, what objectives ask for, a few that are always of interest.
pub(super) fn candidates(recommendation: &Recommendation) -> Table {
    let mut shown: Vec<(&str, &str)> = vec![(
        &recommendation.minimised.name,
        &recommendation.minimised.unit,
    )];
    let asked = recommendation.objectives.iter();
    shown.extend(asked.map(|objective| {
        (
            objective.metric.name.as_str(),
            objective.metric.unit.as_str(),
        )
    }));
    shown.extend([
        ("duration_p50", "s"),
        ("duration_p99", "s"),
        ("checkpointed", "B"),
    ]);
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for metric in shown {
        if !seen.contains(&metric) {
            seen.push(metric);
        }
    }
    let mut columns = vec![(String::new(), Align::Left)];
    columns.extend(recommendation.axes.iter().map(|axis| {
        let short = axis.rsplit('.').next().unwrap_or(axis);
        (short.to_owned(), Align::Right)
    }));
    columns.extend(
        seen.iter()
            .map(|(name, _)| (name.replace('_', " "), Align::Right)),
    );
    columns.push(("met".to_owned(), Align::Left));
    columns.push(("runs".to_owned(), Align::Right));
    let rows = recommendation
        .candidates
        .iter()
        .enumerate()
        .map(|(index, candidate)| {
            let mark = if recommendation.chosen == Some(index) {
                "->"
            } else if recommendation.current == Some(index) {
                "in use"
            } else {
                ""
            };
            let mut row = vec![mark.to_owned()];
            row.extend(
                candidate
                    .coordinates
                    .iter()
                    .map(|coordinate| coordinate.label.clone()),
            );
            row.extend(seen.iter().map(|(name, unit)| cell(candidate, name, unit)));
            let met = if candidate.failure.is_some() {
                "job failed"
            } else if candidate.feasible {
                "yes"
            } else {
                "no"
            };
            row.extend([met.to_owned(), candidate.evaluations.to_string()]);
            row
        });
    Table {
        title: "Candidates".to_owned(),
        columns,
        rows: rows.collect(),
        notes: Vec::new(),
    }
}

pub(super) fn cell(candidate: &Candidate, name: &str, unit: &str) -> String {
    let Some(estimate) = candidate.metrics.get(name) else {
        return MISSING.to_owned();
    };
    let open = candidate.at_least.iter().any(|metric| metric == name);
    format!(
        "{}{}",
        if open { "> " } else { "" },
        quantity(unit, estimate.value)
    )
}

pub(super) fn tornado(recommendation: &Recommendation) -> Table {
    let unit = &recommendation.minimised.unit;
    let answer = |interval: Option<f64>| interval.map_or("none passes".to_owned(), time);
    let cost = |cost: Option<f64>| cost.map_or(MISSING.to_owned(), |cost| quantity(unit, cost));
    let row = |entry: &TornadoEntry| {
        vec![
            entry.input.clone(),
            answer(entry.low),
            answer(Some(entry.base)),
            answer(entry.high),
            cost(entry.cost_low),
            cost(entry.cost_base),
            cost(entry.cost_high),
        ]
    };
    let name = &recommendation.minimised.name;
    let headings = ["-20 %", "as is", "+20 %"];
    let mut columns = vec![("input".to_owned(), Align::Left)];
    columns.extend(headings.map(|heading| (heading.to_owned(), Align::Right)));
    columns.extend(headings.map(|heading| (format!("{name} {heading}"), Align::Right)));
    Table {
        title: "Sensitivity: the answer with an input a fifth smaller or larger".to_owned(),
        columns,
        rows: recommendation.tornado.iter().map(row).collect(),
        notes: Vec::new(),
    }
}

/// A time for people.
pub(super) fn time(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}

/// A value with the unit of its metric.
pub(super) fn quantity(unit: &str, value: f64) -> String {
    match unit {
        "B/h" => format!("{}/h", Unit::Bytes.text(value)),
        _ => Unit::from_base(unit).text(value),
    }
}

/// The same with its interval.
pub(super) fn quantity_with_interval(unit: &str, estimate: &Estimate) -> String {
    match unit {
        "B/h" => quantity(unit, estimate.value),
        _ => Unit::from_base(unit).with_interval(estimate),
    }
}
