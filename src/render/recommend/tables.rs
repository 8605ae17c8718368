//! Tables of a recommendation: the candidates, and the sensitivity of the answer.

use crate::experiment::metric::MetricId;
use crate::experiment::recommend::{Candidate, Recommendation, TornadoEntry};
use crate::render::number::{MISSING, Unit};
use crate::render::table::{Align, Table};
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
        let mut row = vec![mark(recommendation, index).to_owned()];
        let labels = candidate.coordinates.iter();
        row.extend(labels.map(|coordinate| coordinate.label.clone()));
        row.extend(
            shown
                .iter()
                .map(|(name, unit)| cell(candidate, name, *unit)),
        );
        let met = if candidate.is_unknown() {
            "not simulated"
        } else if candidate.failure.is_some() {
            "job failed"
        } else if candidate.feasible {
            "yes"
        } else {
            "no"
        };
        row.extend([met.to_owned(), candidate.evaluations.to_string()]);
        row
    };
    Table {
        title: "Candidates".to_owned(),
        columns,
        rows: recommendation
            .candidates
            .iter()
            .enumerate()
            .map(row)
            .collect(),
        notes: Vec::new(),
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

pub(super) fn cell(candidate: &Candidate, name: &str, unit: Unit) -> String {
    let Some(estimate) = candidate.metrics.get(name) else {
        return MISSING.to_owned();
    };
    let open = candidate.at_least.iter().any(|metric| metric == name);
    format!(
        "{}{}",
        if open { "> " } else { "" },
        unit.text(estimate.value)
    )
}

/// How the answer moves with its inputs.
pub fn tornado(recommendation: &Recommendation) -> Table {
    let unit = recommendation.minimised.unit;
    let answer = |found: Option<f64>| found.map_or("none passes".to_owned(), interval);
    let cost = |cost: Option<f64>| cost.map_or(MISSING.to_owned(), |cost| unit.text(cost));
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

/// An interval as Flink spells it, so that it can be pasted.
pub fn interval(seconds: f64) -> String {
    flink::write_duration(SimDuration::from_secs_f64(seconds))
}

/// A time for people.
pub fn time(seconds: f64) -> String {
    SimDuration::from_secs_f64(seconds).to_string()
}
