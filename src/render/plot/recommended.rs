//! What all pictures of a recommendation say alike: which candidate they are about, and what candidates are called.

#[cfg(test)]
mod tests;

use crate::experiment::recommend::{Candidate, Recommendation};
use crate::measure::Estimate;
use crate::render::chart::{Colour, Mark, Place, Shape, Symbol, setting};
use crate::render::number::{Unit, counted};

/// Scenario, how many configurations, how many runs.
pub fn described(found: &Recommendation) -> String {
    let runs = usize::try_from(found.runs).unwrap_or(usize::MAX);
    format!(
        "{} · {} · {}",
        found.scenario,
        counted(found.candidates.len(), "configuration"),
        counted(runs, "run")
    )
}

/// The candidate that the pictures are about: the answer, else the nearest miss, else what is in use.
pub fn focus(found: &Recommendation) -> Option<&Candidate> {
    let other = || found.candidates.get(found.current.unwrap_or(0));
    found.focus().or_else(other)
}

/// All intervals that were tried with the same other choices as the candidate, in order: `(seconds, candidate)`.
pub fn along<'f>(found: &'f Recommendation, candidate: &Candidate) -> Vec<(f64, &'f Candidate)> {
    let all = found.candidates.iter();
    let mut all: Vec<(f64, &Candidate)> = all
        .filter(|other| choices(other) == choices(candidate))
        .filter_map(|other| Some((interval(other)?, other)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    all
}

/// The interval in seconds, if it has a place on a log axis.
pub fn interval(candidate: &Candidate) -> Option<f64> {
    let value = candidate.coordinates.first()?.value?;
    (value.is_finite() && value > 0.0).then_some(value)
}

/// All choices but the interval, in words; empty without any.
pub fn choices(candidate: &Candidate) -> String {
    let labels = candidate.coordinates.iter().skip(1);
    let labels: Vec<&str> = labels.map(|at| at.label.as_str()).collect();
    labels.join(", ")
}

/// The interval as people write it.
pub fn every(candidate: &Candidate) -> String {
    match (interval(candidate), candidate.coordinates.first()) {
        (Some(seconds), _) => setting(seconds),
        (None, at) => at.map_or_else(String::new, |at| at.label.clone()),
    }
}

/// Interval and all other choices.
pub fn name(candidate: &Candidate) -> String {
    let choices = choices(candidate);
    let comma = if choices.is_empty() { "" } else { ", " };
    format!("{}{comma}{choices}", every(candidate))
}

/// A metric that has a number.
pub fn metric<'c>(candidate: &'c Candidate, name: &str) -> Option<&'c Estimate> {
    let estimate = candidate.metrics.get(name)?;
    estimate.value.is_finite().then_some(estimate)
}

/// Star and cross at what is recommended and at what is in use, where they have a place; their names, the more important
/// one first.
pub fn choice(
    found: &Recommendation,
    place: impl Fn(&Candidate) -> Option<Place>,
    text: impl Fn(&Candidate) -> String,
) -> (Vec<Mark>, Vec<(Place, String)>) {
    let (chosen, current) = (found.chosen, found.current);
    // What stays has a star only.
    let both = chosen.is_some() && chosen == current;
    let recommended = ["recommended", "recommended and in use"][usize::from(both)];
    let star = Symbol::new(Colour::Ink, Shape::Star);
    let cross = Symbol::new(Colour::Grey, Shape::Cross);
    let special = [
        (chosen, star, recommended),
        (current.filter(|_| !both), cross, "in use"),
    ];
    let special = special.into_iter().filter_map(|(index, symbol, word)| {
        let candidate = found.candidates.get(index?)?;
        let at = place(candidate)?;
        let name = format!("{word}: {}", text(candidate));
        Some((Mark::dots(symbol, [at.into()])?, (at, name)))
    });
    let (mut dots, names): (Vec<_>, Vec<_>) = special.unzip();
    dots.reverse();
    (dots, names)
}

/// `recovery p95`.
pub fn words(metric: &str) -> String {
    metric.replace('_', " ")
}

/// What is said where nothing meets all objectives: what is missed least.
pub fn none_meets(found: &Recommendation, all: &str) -> String {
    let nearest = found.nearest.as_ref().and_then(|nearest| {
        let objective = found.objectives.get(nearest.objective)?;
        let candidate = name(found.candidates.get(nearest.candidate)?);
        let excess = Unit::Share.about(nearest.excess);
        let text = &objective.text;
        Some(format!(
            "; the nearest, {candidate}, misses {text} by {excess}"
        ))
    });
    format!(
        "No configuration meets {all}{}",
        nearest.unwrap_or_default()
    )
}
