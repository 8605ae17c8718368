//! Picture: at which intervals each objective is met, and which interval is recommended.

use crate::experiment::recommend::{Candidate, Objective, Recommendation, Verdict};
use crate::render::number::{Unit, counted};
use crate::render::plot::Picture;
use crate::render::plot::chart::{
    Axis, Callouts, Cell, Chart, Dot, Dots, KeyEntry, Line, Mark, Name, Panel, Shape, Swatch,
};
use crate::render::plot::recommendation::{
    along, choices, described, every, focus, footer, interval, metric, nearest,
};
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::tick_label::exact;
use crate::render::sheet::{self, Sheet};

/// Half the width of a cell without neighbours, as a factor.
const ALONE: f64 = 1.25;
/// Height of the row above the bands, which has the names of the choice and of what is in use.
const TOP: f64 = 0.75;
/// Opacity of cells whose interval does not contain the bound, and of the others.
const SURE: f64 = 0.34;
const UNSURE: f64 = 0.13;

/// One band per objective over the interval, with the other choices as in the answer. `None` without objectives or
/// candidates.
pub fn picture(found: &Recommendation) -> Option<Picture> {
    let focus = focus(found)?;
    let columns = columns(&along(found, focus));
    if columns.is_empty() || found.objectives.is_empty() {
        return None;
    }
    let rows = found.objectives.len() as f64 + 1.0;
    let x = Span::log(columns.iter().flat_map(|one| [one.left, one.right]), 1.0);
    let mut names = vec![Name {
        at: 0.5,
        text: "all objectives".to_owned(),
        strong: true,
    }];
    let mut marks = Vec::new();
    for (index, objective) in found.objectives.iter().enumerate() {
        let middle = rows - index as f64 - 0.5;
        names.push(Name {
            at: middle,
            text: objective.text.clone(),
            strong: false,
        });
        marks.extend(
            columns
                .iter()
                .map(|column| cell(column, index, objective, middle)),
        );
    }
    marks.extend(all_objectives(&columns));
    marks.extend(choice(found, focus, &columns, rows));
    let chart = Chart {
        title: finding(found, &columns),
        subtitle: subtitle(found, focus),
        footer: footer(found),
        height: (270.0 + 62.0 * rows).min(1600.0) as u32,
        key: key(),
        panels: vec![Panel {
            heading: String::new(),
            weight: 1.0,
            x: Axis::named("Checkpoint interval (log scale)", x, ticks(&columns)),
            y: Axis::named("", Span::linear(0.0, rows + TOP), names),
            marks,
            margin: Vec::new(),
        }],
    };
    Some(Picture {
        name: "recommendation".to_owned(),
        chart,
        data: data(found, &columns),
    })
}

/// An interval that was tried, and the part of the axis that it stands for.
struct Column<'c> {
    seconds: f64,
    left: f64,
    right: f64,
    candidate: &'c Candidate,
}

/// From the middle between neighbours to the middle, on the log axis.
fn columns<'c>(all: &[(f64, &'c Candidate)]) -> Vec<Column<'c>> {
    let between = |a: usize, b: usize| (all[a].0 * all[b].0).sqrt();
    let last = all.len().saturating_sub(1);
    let column = |(index, (seconds, candidate)): (usize, &(f64, &'c Candidate))| {
        let below = (index > 0).then(|| between(index - 1, index));
        let above = (index < last).then(|| between(index, index + 1));
        let factor = above
            .map(|above| above / seconds)
            .or(below.map(|below| seconds / below))
            .unwrap_or(ALONE);
        Column {
            seconds: *seconds,
            left: below.unwrap_or(seconds / factor),
            right: above.unwrap_or_else(|| seconds * below.map_or(ALONE, |below| seconds / below)),
            candidate,
        }
    };
    all.iter().enumerate().map(column).collect()
}

fn ticks(columns: &[Column]) -> Vec<Name> {
    let tick = |column: &Column| Name {
        at: column.seconds,
        text: column
            .candidate
            .coordinates
            .first()
            .map_or_else(String::new, |at| at.label.clone()),
        strong: false,
    };
    columns.iter().map(tick).collect()
}

fn cell(column: &Column, index: usize, objective: &Objective, middle: f64) -> Mark {
    let verdict = column
        .candidate
        .verdicts
        .get(index)
        .copied()
        .unwrap_or(Verdict::Unknown);
    let (paint, opacity, word) = match verdict {
        Verdict::Met => (Paint::Met, SURE, "ok"),
        Verdict::LikelyMet => (Paint::Met, UNSURE, "ok?"),
        Verdict::LikelyMissed => (Paint::Objective, UNSURE, "no?"),
        Verdict::Missed => (Paint::Objective, SURE, "no"),
        Verdict::Unknown => (Paint::Grey, UNSURE, ""),
    };
    Mark::Cell(Cell {
        opacity,
        gutter: 1.0,
        text: [value(column.candidate, objective), word.to_owned()]
            .into_iter()
            .filter(|line| !line.is_empty())
            .collect(),
        ..Cell::filled(
            (column.left, column.right),
            (middle - 0.46, middle + 0.46),
            paint,
        )
    })
}

/// What was measured; `≥` where something was not over when the run ended.
fn value(candidate: &Candidate, objective: &Objective) -> String {
    let name = &objective.metric.name;
    let Some(estimate) = metric(candidate, name) else {
        return if candidate.failure.is_some() {
            "job fails".to_owned()
        } else {
            "no value".to_owned()
        };
    };
    let sign = if candidate.at_least.contains(name) {
        "≥ "
    } else {
        ""
    };
    format!("{sign}{}", objective.metric.unit.text(estimate.value))
}

/// The band at the bottom: neighbours that pass are one range.
fn all_objectives(columns: &[Column]) -> Vec<Mark> {
    let run = |run: &[Column]| {
        let (first, last) = (&run[0], &run[run.len() - 1]);
        let passes = first.candidate.feasible;
        let ends = [first, last].map(|column| exact(Unit::Time, column.seconds));
        let word = match (passes, run.len()) {
            (false, _) => "no".to_owned(),
            (true, 1) => "ok".to_owned(),
            (true, _) => format!("{} to {} ok", ends[0], ends[1]),
        };
        Mark::Cell(Cell {
            opacity: if passes { 0.5 } else { UNSURE },
            gutter: 1.0,
            text: vec![word],
            ..Cell::filled(
                (first.left, last.right),
                (0.04, 0.96),
                if passes { Paint::Met } else { Paint::Objective },
            )
        })
    };
    columns
        .chunk_by(|a, b| a.candidate.feasible == b.candidate.feasible)
        .map(run)
        .collect()
}

/// Star and cross above the bands, and a frame around the recommended interval.
fn choice(found: &Recommendation, focus: &Candidate, columns: &[Column], rows: f64) -> Vec<Mark> {
    let at = |index: Option<usize>| {
        let candidate = found.candidates.get(index?)?;
        (choices(candidate) == choices(focus)).then(|| interval(candidate))?
    };
    let (chosen, current) = (at(found.chosen), at(found.current));
    let middle = rows + TOP / 2.0;
    let mut marks = Vec::new();
    let mut names = Vec::new();
    let dots = |paint: Paint, shape: Shape, seconds: f64| {
        Mark::Dots(Dots {
            paint,
            shape,
            hollow: false,
            points: vec![Dot {
                at: (seconds, middle),
                interval: None,
            }],
        })
    };
    let same = chosen.is_some() && chosen == current;
    if let Some(seconds) = chosen {
        let column = columns
            .iter()
            .find(|column| column.seconds.total_cmp(&seconds).is_eq());
        marks.extend(column.map(|column| frame(column, rows)));
        marks.push(dots(Paint::Ink, Shape::Star, seconds));
        let and = if same { " and in use" } else { "" };
        names.push((
            seconds,
            format!("recommended{and}: {}", exact(Unit::Time, seconds)),
        ));
    }
    if let Some(seconds) = current.filter(|_| !same) {
        marks.push(dots(Paint::Grey, Shape::Cross, seconds));
        names.push((seconds, format!("in use: {}", exact(Unit::Time, seconds))));
    }
    let names: Vec<((f64, f64), String)> = names
        .into_iter()
        .map(|(seconds, name)| ((seconds, middle), name))
        .collect();
    let avoid = names
        .iter()
        .map(|(at, _)| Dot {
            at: *at,
            interval: None,
        })
        .collect();
    marks.push(Mark::Callouts(Callouts { names, avoid }));
    marks
}

fn frame(column: &Column, rows: f64) -> Mark {
    // The band at the bottom has a text across intervals.
    let (left, right, bottom, top) = (column.left, column.right, 1.0, rows);
    Mark::Line(Line {
        label: String::new(),
        paint: Paint::Ink,
        stroke: Stroke::Solid,
        points: vec![
            (left, bottom),
            (right, bottom),
            (right, top),
            (left, top),
            (left, bottom),
        ],
        dots: false,
    })
}

fn key() -> Vec<KeyEntry> {
    let entries = [
        ("ok: met", Swatch::Fill(Paint::Met, SURE)),
        ("no: missed", Swatch::Fill(Paint::Objective, SURE)),
        (
            "pale, with ?: the bound is in the 95 % interval",
            Swatch::Fill(Paint::Grey, UNSURE),
        ),
    ];
    entries
        .into_iter()
        .map(|(label, swatch)| KeyEntry {
            label: label.to_owned(),
            swatch,
        })
        .collect()
}

fn finding(found: &Recommendation, columns: &[Column]) -> String {
    let Some(chosen) = found.chosen.and_then(|index| found.candidates.get(index)) else {
        let all = if found.objectives.len() == 1 {
            "the objective"
        } else {
            "all objectives"
        };
        return format!("No configuration meets {all}{}", nearest(found));
    };
    let objectives = match found.objectives.len() {
        1 => "the objective".to_owned(),
        many => format!("all {many} objectives"),
    };
    let also = found
        .range
        .filter(|range| range.to_s > range.from_s && columns.len() > 1)
        .map(|range| {
            let [from, to] = [range.from_s, range.to_s].map(|end| exact(Unit::Time, end));
            format!("; so does everything tried from {from} to {to}")
        });
    format!(
        "A checkpoint every {} meets {objectives}{}",
        every(chosen),
        also.unwrap_or_default()
    )
}

fn subtitle(found: &Recommendation, focus: &Candidate) -> String {
    let mut parts = vec![described(found)];
    parts.extend(Some(choices(focus)).filter(|choices| !choices.is_empty()));
    let binding = found.binding.iter().filter_map(|binding| {
        let objective = found.objectives.get(binding.objective)?;
        Some(format!(
            "{} is missed at {} ({})",
            objective.text,
            exact(Unit::Time, binding.beyond_s),
            objective.metric.unit.text(binding.value)
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
    parts.join(" · ")
}

fn data(found: &Recommendation, columns: &[Column]) -> Sheet {
    let mut names = vec!["interval_s".to_owned(), "feasible".to_owned()];
    for objective in &found.objectives {
        let metric = &objective.metric;
        let unit = metric.unit.base().replace('/', "_per_");
        names.extend(sheet::columns(&metric.name, &unit));
        names.push(format!("verdict: {}", objective.text));
    }
    let mut sheet = Sheet::new(names);
    for column in columns {
        let candidate = column.candidate;
        let mut row = vec![sheet::cell(column.seconds), candidate.feasible.to_string()];
        for (index, objective) in found.objectives.iter().enumerate() {
            row.extend(sheet::cells(metric(candidate, &objective.metric.name)));
            let verdict = candidate.verdicts.get(index);
            row.push(verdict.map_or_else(String::new, |verdict| format!("{verdict:?}")));
        }
        sheet.push(row);
    }
    sheet
}
