//! The report of a recommendation.

use crate::experiment::metric::{Metric, MetricId};
use crate::experiment::objectives::judged;
use crate::experiment::recommend::{Candidate, Recommendation};
use crate::render::number::{Unit, counted};
use crate::render::plot::Picture;
use crate::render::recommend::{
    Emitted, answer, candidates, emit, interval, keys, name, sensitivity,
};
use crate::render::report::numbers::{COST_PER_MONTH, capitalised, number};
use crate::render::report::trust::{fails_once_in, trust};
use crate::render::report::{
    Number, Part, Provenance, Report, Section, end, facts, objectives, pictures, reasons,
};
use crate::render::table::{self, Align, Cell, Table};

/// The report of a recommendation with these pictures of it.
pub fn recommendation(
    found: &Recommendation,
    drawn: Vec<Picture>,
    provenance: &Provenance,
) -> Report {
    let runs = usize::try_from(found.runs).unwrap_or(usize::MAX);
    let focus = found.focus();
    let at = focus.map_or_else(String::new, |candidate| format!("At {}", name(candidate)));
    let judged = focus.map_or_else(Vec::new, |candidate| judged(found, candidate));
    let mut tables = vec![Part::Table(candidates(found))];
    if !found.sensitivity.is_empty() {
        tables.push(Part::Table(sensitivity(found)));
    }
    let formulas = (!found.formulas.is_empty()).then(|| Part::Table(formulas(found)));
    let replications = focus.map_or(0, |candidate| candidate.evaluations as usize);
    let confidence = trust(&assumed(found), replications, &[]);
    let facts = facts(
        &found.version,
        (found.seed, None),
        &found.scenario_sha256,
        provenance,
    );
    let [why, help] = reasons::of_recommendation(found);
    let sections = [
        objectives(&judged, at),
        Section::new(
            "Headline numbers",
            focus.map(|candidate| Part::Numbers(numbers(found, candidate))),
        ),
        why,
        help,
        costs(found),
        changes(found),
        pictures(drawn),
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

/// What the answer costs per month, beside what is in use.
fn costs(found: &Recommendation) -> Option<Section> {
    let current = found.current.and_then(|index| found.candidates.get(index));
    let mut configurations: Vec<(String, &dyn table::Measured)> = Vec::new();
    let focus = found.focus()?;
    configurations.push((format!("at {}", name(focus)), focus));
    let other = current.filter(|current| current.coordinates != focus.coordinates);
    configurations.extend(other.map(|candidate| {
        let heading = format!("in use: {}", name(candidate));
        (heading, candidate as &dyn table::Measured)
    }));
    let table = table::monthly(&configurations)?;
    Some(Section::new(COST_PER_MONTH, [Part::Table(table)])?.in_brief())
}

/// The keys that change: for `config.yaml` with old values and reasons, for the SQL client and for `kubectl` bare.
fn changes(found: &Recommendation) -> Option<Section> {
    if found.changes.is_empty() {
        return None;
    }
    let whole = Part::Code {
        place: Emitted::FlinkYaml.place(),
        text: emit(found, Emitted::FlinkYaml),
    };
    let bare = [Emitted::SqlSet, Emitted::KubectlPatch];
    let bare = bare.into_iter().filter_map(|form| {
        let (place, text) = (form.place(), keys(found, form)?);
        Some(Part::Code { place, text })
    });
    Some(Section::new("What to change", std::iter::once(whole).chain(bare))?.in_brief())
}

/// What was taken for granted: how often the job fails, and the notes of the search.
fn assumed(found: &Recommendation) -> Vec<String> {
    let mtbf = found.mtbf_s.map(fails_once_in);
    mtbf.into_iter()
        .chain(found.notes.iter().cloned())
        .collect()
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
