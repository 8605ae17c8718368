//! Picture: at which intervals each objective is met, and which interval is recommended.

use crate::experiment::recommend::{Candidate, Objective, Recommendation, Verdict};
use crate::render::chart::{
    Axis, Cell, Chart, Colour, KeyEntry, Line, Mark, Name, Panel, Span, Stroke, Swatch, setting,
};
use crate::render::number::counted;
use crate::render::plot::columns::Columns;
use crate::render::plot::recommended::{
    along, choice, choices, described, every, focus, metric, none_meets,
};
use crate::render::plot::{Draw, Drawing, Example, Kind, role};
use crate::render::sheet::Sheet;

pub const KIND: Kind = Kind {
    name: "recommendation",
    heading: "Which intervals meet which objective",
    caption: "One band per objective over the interval, with the limiting value where it is missed; the last band is \
              their intersection.",
    example: Some(Example::Recommendation),
    draw: Draw::Recommendation(drawing),
};

/// Height of the row above the bands, which has the names of the choice and of what is in use.
const TOP: f64 = 0.75;
/// Opacity of cells whose interval does not contain the bound, and of the others.
const SURE: f64 = 0.34;
const UNSURE: f64 = 0.13;

/// One band per objective over the intervals that were tried, with the other choices as in the answer. `None` without
/// objectives or candidates.
fn drawing(found: &Recommendation) -> Option<Vec<Drawing>> {
    let focus = focus(found)?;
    let columns = along(found, focus);
    if columns.is_empty() || found.objectives.is_empty() {
        return None;
    }
    let rows = found.objectives.len() as f64 + 1.0;
    let mut names = vec![Name::strong(0.5, "all objectives")];
    let mut marks = Vec::new();
    for (index, objective) in found.objectives.iter().enumerate() {
        let middle = rows - index as f64 - 0.5;
        names.push(Name::new(middle, objective.text.clone()));
        for (column, (_, candidate)) in columns.iter().enumerate() {
            marks.push(cell(candidate, (index, objective), (column, middle)));
        }
    }
    marks.extend(all_objectives(&columns));
    marks.extend(chosen(found, &columns, rows));
    let ticks = columns
        .iter()
        .enumerate()
        .filter_map(|(index, (_, candidate))| {
            let interval = candidate.coordinates.first()?;
            Some(Name::new(middle(index), interval.label.clone()))
        });
    let panel = Panel::new(
        Axis::named(
            "Checkpoint interval",
            Span::linear(0.0, columns.len() as f64),
            ticks.collect(),
        ),
        Axis::named("", Span::linear(0.0, rows + TOP), names),
        marks,
    );
    let chart = Chart {
        title: finding(found, columns.len()),
        subtitle: subtitle(found, focus),
        height: (270.0 + 62.0 * rows).min(1600.0) as u32,
        key: key(),
        panels: vec![panel],
        ..Chart::default()
    };
    Some(Drawing::only(chart, data(found, &columns)))
}

/// An interval that was tried, in seconds. All columns are equally wide: there is room for each verdict.
type Column<'c> = (f64, &'c Candidate);

fn middle(column: usize) -> f64 {
    column as f64 + 0.5
}

fn cell(
    candidate: &Candidate,
    (index, objective): (usize, &Objective),
    (column, middle): (usize, f64),
) -> Mark {
    let verdict = candidate.verdicts.get(index);
    let (colour, opacity, word) = match verdict.unwrap_or(&Verdict::Unknown) {
        Verdict::Met => (role::MET, SURE, "ok"),
        Verdict::LikelyMet => (role::MET, UNSURE, "ok?"),
        Verdict::LikelyMissed => (role::OBJECTIVE, UNSURE, "no?"),
        Verdict::Missed => (role::OBJECTIVE, SURE, "no"),
        Verdict::Unknown => (Colour::Grey, UNSURE, ""),
    };
    let mut text = vec![value(candidate, objective), word.to_owned()];
    text.retain(|line| !line.is_empty());
    let x = (column as f64, column as f64 + 1.0);
    let cell = Cell::filled(x, (middle - 0.46, middle + 0.46), colour);
    cell.opacity(opacity).text(text).into()
}

/// What was measured; `≥` where something was not over when the run ended.
fn value(candidate: &Candidate, objective: &Objective) -> String {
    let name = &objective.metric.name;
    match metric(candidate, name) {
        Some(estimate) => {
            let at_least = candidate.at_least.contains(name);
            let sign = if at_least { "≥ " } else { "" };
            let value = objective.metric.unit.text(estimate.value);
            format!("{sign}{value}")
        }
        None if candidate.failure.is_some() => "job fails".to_owned(),
        None => "no value".to_owned(),
    }
}

/// The band at the bottom: neighbours that pass are one range.
fn all_objectives(columns: &[Column]) -> Vec<Mark> {
    let mut left = 0.0;
    let runs = columns.chunk_by(|(_, a), (_, b)| a.feasible == b.feasible);
    let band = |run: &[Column]| {
        let x = (left, left + run.len() as f64);
        left = x.1;
        let ((from, first), (to, _)) = (run[0], run[run.len() - 1]);
        let (colour, opacity, word) = match (first.feasible, run.len()) {
            (false, _) => (role::OBJECTIVE, UNSURE, "no".to_owned()),
            (true, 1) => (role::MET, 0.5, "ok".to_owned()),
            (true, _) => (
                role::MET,
                0.5,
                format!("{} to {} ok", setting(from), setting(to)),
            ),
        };
        let cell = Cell::filled(x, (0.04, 0.96), colour);
        cell.opacity(opacity).text(vec![word]).into()
    };
    runs.map(band).collect()
}

/// Star and cross above the bands, and a frame around the recommended interval.
fn chosen(found: &Recommendation, columns: &[Column], rows: f64) -> Vec<Mark> {
    let column = |candidate: &Candidate| {
        let mut columns = columns.iter();
        columns.position(|(_, own)| std::ptr::eq(*own, candidate))
    };
    let place = |candidate: &Candidate| Some((middle(column(candidate)?), rows + TOP / 2.0));
    let (dots, names) = choice(found, place, every);
    let chosen = found.chosen.and_then(|index| found.candidates.get(index));
    let frame = chosen.and_then(column).map(|column| {
        // The band at the bottom has a text across intervals.
        let (left, right) = (column as f64, column as f64 + 1.0);
        let corners = [(left, 1.0), (right, 1.0), (right, rows), (left, rows)];
        let around = corners.into_iter().chain([corners[0]]);
        Line::new(Colour::Ink, Stroke::Solid, around).into()
    });
    let marks = frame.into_iter().chain(dots);
    marks.chain([Mark::Callouts(names)]).collect()
}

fn key() -> Vec<KeyEntry> {
    let unsure = "pale, with ?: the bound is in the 95 % interval";
    vec![
        KeyEntry::new("ok: met", Swatch::Fill(role::MET, SURE)),
        KeyEntry::new("no: missed", Swatch::Fill(role::OBJECTIVE, SURE)),
        KeyEntry::new(unsure, Swatch::Fill(Colour::Grey, UNSURE)),
    ]
}

fn finding(found: &Recommendation, columns: usize) -> String {
    let one = found.objectives.len() == 1;
    let Some(chosen) = found.chosen.and_then(|index| found.candidates.get(index)) else {
        let all = if one {
            "the objective"
        } else {
            "all objectives"
        };
        return none_meets(found, all);
    };
    let objectives = match found.objectives.len() {
        1 => "the objective".to_owned(),
        2 => "both objectives".to_owned(),
        many => format!("all {many} objectives"),
    };
    let range = found.range.as_ref();
    let wide = range.filter(|range| range.to_s > range.from_s && columns > 1);
    let also = wide.map(|range| {
        let [from, to] = [range.from_s, range.to_s].map(setting);
        format!("; so does everything tried from {from} to {to}")
    });
    let also = also.unwrap_or_default();
    format!(
        "A checkpoint every {} meets {objectives}{also}",
        every(chosen)
    )
}

fn subtitle(found: &Recommendation, focus: &Candidate) -> String {
    let mut parts = vec![described(found), choices(focus)];
    let binding = found.binding.iter().filter_map(|binding| {
        let objective = found.objectives.get(binding.objective)?;
        let value = objective.metric.unit.text(binding.value);
        let beyond = setting(binding.beyond_s);
        Some(format!(
            "{} is missed at {beyond} ({value})",
            objective.text
        ))
    });
    parts.extend(binding);
    let failing = found.candidates.iter();
    let failing = failing
        .filter(|candidate| candidate.failure.is_some())
        .count();
    if failing > 0 {
        parts.push(format!(
            "the job fails in {}",
            counted(failing, "configuration")
        ));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

fn data(found: &Recommendation, all: &[Column]) -> Sheet {
    let columns = Columns::of(all)
        .number("interval_s", |(seconds, _)| *seconds)
        .text("feasible", |(_, candidate)| candidate.feasible.to_string());
    let objectives = found.objectives.iter().enumerate();
    let columns = objectives.fold(columns, |columns, (index, objective)| {
        let (name, unit) = (&objective.metric.name, &objective.metric.unit);
        let value = |(_, candidate): &Column| metric(candidate, name).copied();
        columns
            .estimate(name, &unit.base().replace('/', "_per_"), value)
            .text(format!("verdict: {}", objective.text), |(_, candidate)| {
                let verdict = candidate.verdicts.get(index);
                verdict.map_or_else(String::new, |verdict| format!("{verdict:?}"))
            })
    });
    columns.sheet()
}
