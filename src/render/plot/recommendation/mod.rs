//! Pictures: which interval, and why. All are drawn from a saved recommendation.

pub mod cost;
pub mod pareto;
pub mod strip;
#[cfg(test)]
mod tests;
pub mod tornado;

use crate::experiment::recommend::{Candidate, Recommendation};
use crate::measure::Estimate;
use crate::render::number::{Unit, counted};
use crate::render::plot::Picture;
use crate::render::plot::origin::Origin;
use crate::render::plot::tick_label::exact;

/// Every picture that a recommendation has the numbers for: where objectives are met, overhead against recovery, the total
/// cost of an interval, and what the inputs do to the answer.
pub fn pictures(found: &Recommendation) -> Vec<Picture> {
    let pictures = [
        strip::picture(found),
        pareto::picture(found),
        cost::picture(found),
        tornado::picture(found),
    ];
    pictures.into_iter().flatten().collect()
}

fn footer(found: &Recommendation) -> String {
    let origin = Origin {
        scenario: found.scenario.clone(),
        version: found.version.clone(),
        sha256: found.scenario_sha256.clone(),
        seed: found.seed,
    };
    origin.footer()
}

/// Scenario, how many configurations, how many runs.
fn described(found: &Recommendation) -> String {
    let runs = usize::try_from(found.runs).unwrap_or(usize::MAX);
    format!(
        "{} · {} · {}",
        found.scenario,
        counted(found.candidates.len(), "configuration"),
        counted(runs, "run")
    )
}

/// The candidate that the pictures are about: the answer, else the nearest miss, else what is in use.
fn focus(found: &Recommendation) -> Option<&Candidate> {
    let nearest = found.nearest.as_ref().map(|nearest| nearest.candidate);
    let index = found.chosen.or(nearest).or(found.current).unwrap_or(0);
    found.candidates.get(index)
}

/// All intervals that were tried with the same other choices as the candidate, in order: `(seconds, candidate)`.
fn along<'f>(found: &'f Recommendation, candidate: &Candidate) -> Vec<(f64, &'f Candidate)> {
    let mut all: Vec<(f64, &Candidate)> = found
        .candidates
        .iter()
        .filter(|other| choices(other) == choices(candidate))
        .filter_map(|other| Some((interval(other)?, other)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// The interval in seconds, if it has a place on a log axis.
fn interval(candidate: &Candidate) -> Option<f64> {
    let value = candidate.coordinates.first()?.value?;
    (value.is_finite() && value > 0.0).then_some(value)
}

/// All choices but the interval, in words; empty without any.
fn choices(candidate: &Candidate) -> String {
    let labels = candidate.coordinates.iter().skip(1);
    let labels: Vec<&str> = labels.map(|at| at.label.as_str()).collect();
    labels.join(", ")
}

/// The interval as people write it.
fn every(candidate: &Candidate) -> String {
    match (interval(candidate), candidate.coordinates.first()) {
        (Some(seconds), _) => exact(Unit::Time, seconds),
        (None, Some(at)) => at.label.clone(),
        (None, None) => String::new(),
    }
}

/// Interval and all other choices.
fn name(candidate: &Candidate) -> String {
    let choices = choices(candidate);
    let every = every(candidate);
    if choices.is_empty() {
        every
    } else {
        format!("{every}, {choices}")
    }
}

/// A metric that has a number.
fn metric<'c>(candidate: &'c Candidate, name: &str) -> Option<&'c Estimate> {
    let estimate = candidate.metrics.get(name)?;
    estimate.value.is_finite().then_some(estimate)
}

/// `recovery p95`.
fn words(metric: &str) -> String {
    metric.replace('_', " ")
}

/// What is missed least, when nothing meets all objectives.
fn nearest(found: &Recommendation) -> String {
    let Some(nearest) = &found.nearest else {
        return String::new();
    };
    let (Some(candidate), Some(objective)) = (
        found.candidates.get(nearest.candidate),
        found.objectives.get(nearest.objective),
    ) else {
        return String::new();
    };
    format!(
        "; the nearest, {}, misses {} by {}",
        name(candidate),
        objective.text,
        Unit::Share.about(nearest.excess)
    )
}
