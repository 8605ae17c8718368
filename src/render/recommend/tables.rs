//! Tables of a recommendation: the candidates, and the sensitivity of the answer.

use crate::experiment::metric::MetricId;
use crate::experiment::recommend::{Candidate, Recommendation, SensitivityEntry};
use crate::render::number::Unit;
use crate::render::table::{Align, Cell, Table};
use crate::units::{SimDuration, flink};

/// One row per candidate: coordinates, what is minimised, what objectives ask for, a few that are always of interest.
pub fn candidates(recommendation: &Recommendation) -> Table {
    let shown = shown(recommendation);
    let mut columns = vec![(String::new(), Align::Left)];
    columns.extend(recommendation.axes.iter().map(|axis| {
        let short = axis.rsplit('.').next().unwrap_or(axis);
        (short.to_owned(), Align::Right)
    }));
    let metrics = shown
        .iter()
        .map(|(name, _)| (name.replace('_', " "), Align::Right));
    columns.extend(metrics);
    columns.push(("met".to_owned(), Align::Left));
    columns.push(("runs".to_owned(), Align::Right));
    let row = |(index, candidate): (usize, &Candidate)| {
        let mut row = vec![Cell::from(mark(recommendation, index))];
        let coordinates = candidate.coordinates.iter();
        row.extend(coordinates.map(|at| Cell::coordinate(at.label.clone(), at)));
        let shown = shown.iter();
        row.extend(shown.map(|(name, unit)| cell(candidate, name, *unit)));
        let met = if candidate.is_unknown() {
            "not simulated"
        } else if candidate.failure.is_some() {
            "job failed"
        } else if candidate.feasible {
            "yes"
        } else {
            "no"
        };
        let runs = candidate.evaluations;
        row.extend([met.into(), Cell::Written(runs.to_string(), f64::from(runs))]);
        row
    };
    let candidates = recommendation.candidates.iter().enumerate();
    Table {
        title: "Candidates".to_owned(),
        ..Table::new(columns, candidates.map(row))
    }
}

/// Metrics of the table with their units, each once.
fn shown(recommendation: &Recommendation) -> Vec<(&str, Unit)> {
    let asked = recommendation
        .objectives
        .iter()
        .map(|objective| &objective.metric);
    let asked = std::iter::once(&recommendation.minimised)
        .chain(asked)
        .map(|metric| (metric.name.as_str(), metric.unit));
    let always = [
        MetricId::DurationP50,
        MetricId::DurationP99,
        MetricId::Checkpointed,
    ];
    let always = always.map(|id| (id.name(), id.metric().unit));
    let mut shown: Vec<(&str, Unit)> = Vec::new();
    for metric in asked.chain(always) {
        if !shown.contains(&metric) {
            shown.push(metric);
        }
    }
    shown
}

fn mark(recommendation: &Recommendation, index: usize) -> &'static str {
    if recommendation.chosen == Some(index) {
        "->"
    } else if recommendation.current == Some(index) {
        "in use"
    } else {
        ""
    }
}

pub(super) fn cell(candidate: &Candidate, name: &str, unit: Unit) -> Cell {
    let Some(estimate) = candidate.metrics.get(name) else {
        return Cell::missing();
    };
    let cell = Cell::Value(unit, estimate.value);
    if candidate.at_least.iter().any(|metric| metric == name) {
        Cell::AtLeast(Box::new(cell))
    } else {
        cell
    }
}

/// How the answer moves with its inputs.
pub fn sensitivity(recommendation: &Recommendation) -> Table {
    let unit = recommendation.minimised.unit;
    let answer = |found: Option<f64>| match found {
        Some(seconds) => Cell::Written(interval(seconds), seconds),
        None => "none passes".into(),
    };
    let cost = |cost: Option<f64>| Cell::from(cost.map(|cost| Cell::Value(unit, cost)));
    let row = |entry: &SensitivityEntry| {
        vec![
            entry.input.clone().into(),
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
        ..Table::new(columns, recommendation.sensitivity.iter().map(row))
    }
}

/// An interval as Flink spells it, so that it can be pasted.
pub fn interval(seconds: f64) -> String {
    flink::write_duration(SimDuration::from_secs_f64(seconds))
}

/// A time for people.
pub fn time(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}
