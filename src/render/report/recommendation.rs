//! The report of a recommendation.

use crate::experiment::metric::{Metric, MetricId};
use crate::experiment::recommend::{Candidate, Recommendation, Verdict};
use crate::render::number::{Unit, counted};
use crate::render::plot::Picture;
use crate::render::recommend::{Emitted, answer, because, candidates, emit, interval, sensitivity};
use crate::render::report::numbers::{capitalised, number};
use crate::render::report::trust::trust;
use crate::render::report::{Number, Part, Provenance, Report, Section, end, facts};
use crate::render::table::{Align, Cell, Table};

/// The report of a recommendation with these pictures of it.
pub fn recommendation(
    found: &Recommendation,
    pictures: Vec<Picture>,
    provenance: &Provenance,
) -> Report {
    let runs = usize::try_from(found.runs).unwrap_or(usize::MAX);
    let focus = found.focus();
    let change = (!found.changes.is_empty()).then(|| Part::Code(emit(found, Emitted::FlinkYaml)));
    let reasons = because(found)
        .into_iter()
        // Closed forms have a section of their own.
        .filter(|(name, sentences)| *name != "Formulas" && !sentences.is_empty())
        .map(|(name, sentences)| (name.to_owned(), sentences.join("; ")));
    let objectives = focus
        .filter(|_| !found.objectives.is_empty())
        .map(|candidate| Part::Table(objectives(found, candidate)));
    let mut tables = vec![Part::Table(candidates(found))];
    if !found.sensitivity.is_empty() {
        tables.push(Part::Table(sensitivity(found)));
    }
    let formulas = (!found.formulas.is_empty()).then(|| Part::Table(formulas(found)));
    let replications = focus.map_or(0, |candidate| candidate.evaluations as usize);
    let mut confidence = trust(replications, &[]);
    if !found.notes.is_empty() {
        confidence.insert(0, Part::List(found.notes.clone()));
    }
    let facts = facts(
        &found.version,
        (found.seed, None),
        &found.scenario_sha256,
        provenance,
    );
    let sections = [
        Section::new("Objectives", objectives),
        Section::new(
            "Headline numbers",
            focus.map(|candidate| Part::Numbers(numbers(found, candidate))),
        ),
        Section::new("Why", [Part::Facts(reasons.collect())]),
        Section::new("What to change", change),
        Section::new(
            "Pictures",
            pictures.into_iter().map(|one| Part::Picture(Box::new(one))),
        ),
        Section::new("All candidates", tables),
        Section::new("Formula beside simulation", formulas),
    ];
    let end = end(&found.scenario_toml, confidence, facts);
    Report {
        title: found.scenario.clone(),
        subtitle: format!(
            "A recommendation: {}, {}",
            counted(found.candidates.len(), "configuration"),
            counted(runs, "run")
        ),
        headline: answer(found),
        sections: sections.into_iter().chain(end).flatten().collect(),
    }
}

fn objectives(found: &Recommendation, candidate: &Candidate) -> Table {
    let rows = found
        .objectives
        .iter()
        .enumerate()
        .map(|(index, objective)| {
            let metric = &objective.metric;
            let measured = candidate.metrics.get(&metric.name);
            let verdict = candidate.verdicts.get(index).copied();
            vec![
                objective.text.clone().into(),
                metric.meaning.clone().into(),
                measured.map(|is| Cell::Interval(metric.unit, *is)).into(),
                verdict_text(verdict.unwrap_or(Verdict::Unknown)).into(),
            ]
        });
    let labels: Vec<&str> = candidate
        .coordinates
        .iter()
        .map(|at| at.label.as_str())
        .collect();
    let columns = [
        ("objective", Align::Left),
        ("means", Align::Left),
        ("simulated [95 % interval]", Align::Right),
        ("verdict", Align::Left),
    ];
    Table {
        title: format!("At {}", labels.join(", ")),
        ..Table::new(columns, rows)
    }
}

fn verdict_text(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Met => "✓ met",
        Verdict::LikelyMet => "✓ met, the interval contains the bound",
        Verdict::LikelyMissed => "✗ missed, the interval contains the bound",
        Verdict::Missed => "✗ missed",
        Verdict::Unknown => "– no number",
    }
}

/// The configuration, its cost, and its checkpoints.
fn numbers(found: &Recommendation, candidate: &Candidate) -> Vec<Number> {
    let metric =
        |name: &str, unit: Unit, title: &str| number(title, unit, candidate.metrics.get(name));
    let minimised = &found.minimised;
    let chosen = candidate.coordinates.first().map(|at| Number {
        name: "Interval".to_owned(),
        value: at.label.clone(),
        note: found.range.map_or_else(String::new, |range| {
            let ends = [range.from_s, range.to_s].map(interval);
            format!("{} to {} also pass", ends[0], ends[1])
        }),
    });
    let mut numbers: Vec<Number> = chosen.into_iter().collect();
    numbers.extend(metric(
        &minimised.name,
        minimised.unit,
        &capitalised(&minimised.name.replace('_', " ")),
    ));
    for id in [
        MetricId::DurationP50,
        MetricId::DurationP99,
        MetricId::RecoveryP95,
        MetricId::Checkpointed,
    ] {
        if id.name() != minimised.name {
            let Metric {
                name, unit, label, ..
            } = id.metric();
            numbers.extend(metric(name, *unit, &capitalised(label)));
        }
    }
    numbers
}

/// What closed forms would recommend, beside the answer.
fn formulas(found: &Recommendation) -> Table {
    let answer = found
        .focus()
        .and_then(|candidate| candidate.coordinates.first());
    let answer = Cell::from(answer.map(|at| Cell::coordinate(at.label.clone(), at)));
    let rows = found.formulas.iter().map(|formula| {
        let interval = formula
            .interval_s
            .map(|seconds| Cell::Value(Unit::Time, seconds));
        vec![
            formula.name.clone().into(),
            formula.formula.clone().into(),
            interval.into(),
            answer.clone(),
        ]
    });
    let columns = [
        ("closed form", Align::Left),
        ("formula", Align::Left),
        ("its interval", Align::Right),
        ("simulated answer", Align::Right),
    ];
    Table {
        notes: found.disagreement.clone(),
        ..Table::new(columns, rows)
    }
}
