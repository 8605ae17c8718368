//! Picture: what a fifth less and a fifth more of each input do to the answer.

use crate::experiment::recommend::{Recommendation, SensitivityEntry};
use crate::render::chart::{
    At, Axis, Cell, Chart, Colour, Dot, KeyEntry, Mark, Name, Panel, Rule, Shape, Span, Stroke,
    Swatch, Symbol, setting,
};
use crate::render::number::{Unit, deviation};
use crate::render::plot::columns::Columns;
use crate::render::plot::recommended::{described, words};
use crate::render::plot::{Draw, Drawing, Kind, role};

pub const KIND: Kind = Kind {
    name: "sensitivity",
    heading: "What moves the answer",
    caption: "The recommended interval when one input is a fifth smaller or larger, largest effect first: measure that \
              input first.",
    // It would take the gallery many more runs.
    example: None,
    draw: Draw::Recommendation(drawing),
};

/// Inputs that are shown; the others matter less.
const MOST_ROWS: usize = 12;
/// Room above the bars for the name of the line in the middle.
const TOP: f64 = 0.7;
/// The input a fifth smaller, and a fifth larger.
const LESS: Colour = Colour::Sky;
const MORE: Colour = Colour::Blue;
/// No interval meets the objectives: counts as more than any change.
const NONE: f64 = 1e9;

/// An input with what its changes do.
type Entry<'f> = &'f SensitivityEntry;

/// One bar per input and direction, the largest change first; `None` without sensitivities.
fn drawing(found: &Recommendation) -> Option<Vec<Drawing>> {
    let mut entries: Vec<Entry> = found.sensitivity.iter().collect();
    entries.sort_by(|a, b| {
        let by_interval = effect(b).total_cmp(&effect(a));
        by_interval.then(cost_effect(b).total_cmp(&cost_effect(a)))
    });
    entries.truncate(MOST_ROWS);
    let base = entries.first()?.base;
    let minimised = words(&found.minimised.name);
    let panels: Vec<Panel> = [Some(intervals(&entries, base)), costs(&entries, &minimised)]
        .into_iter()
        .flatten()
        .collect();
    let rows = entries.len() * panels.len();
    let chart = Chart {
        title: finding(&entries, base, &minimised),
        subtitle: format!(
            "{} · the same random numbers for all · largest change first",
            described(found)
        ),
        height: (190 + 110 * panels.len() + 36 * rows).min(1600) as u32,
        key: vec![
            KeyEntry::new("input 20 % smaller", Swatch::Fill(LESS, 1.0)),
            KeyEntry::new("input 20 % larger", Swatch::Fill(MORE, 1.0)),
        ],
        panels,
        ..Chart::default()
    };
    let data = Columns::of(&entries)
        .text("input", |entry| entry.input.clone())
        .number("interval_s", |entry| entry.base)
        .optional("interval_at_80_percent_s", |entry| entry.low)
        .optional("interval_at_120_percent_s", |entry| entry.high)
        .optional("cost", |entry| entry.cost_base)
        .optional("cost_at_80_percent", |entry| entry.cost_low)
        .optional("cost_at_120_percent", |entry| entry.cost_high);
    Some(Drawing::only(chart, data.sheet()))
}

/// The larger of both changes of the answer, on a log scale.
fn effect(entry: Entry) -> f64 {
    let change = |interval: Option<f64>| match interval {
        Some(interval) => libm::log(interval / entry.base).abs(),
        None => NONE,
    };
    change(entry.low).max(change(entry.high))
}

fn cost_effect(entry: Entry) -> f64 {
    let changes = cost_changes(entry).into_iter().flatten();
    changes.map(f64::abs).fold(0.0, f64::max)
}

/// Changes of what is minimised, as shares of what it is.
fn cost_changes(entry: Entry) -> [Option<f64>; 2] {
    [entry.cost_low, entry.cost_high].map(|cost| {
        let base = entry.cost_base.filter(|base| *base != 0.0)?;
        Some(cost? / base - 1.0).filter(|change| change.is_finite())
    })
}

/// The two bars of each row, from the line in the middle; their numbers in the margin.
fn panel(
    entries: &[Entry],
    x: Axis,
    (base, name): (f64, String),
    ends: impl Fn(Entry) -> [Option<f64>; 2],
    text: impl Fn(Entry) -> String,
) -> Panel {
    let rows = entries.len() as f64;
    let (mut marks, mut names) = (Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let middle = rows - index as f64 - 0.5;
        let places = [
            ((middle + 0.02, middle + 0.36), LESS),
            ((middle - 0.36, middle - 0.02), MORE),
        ];
        marks.extend(
            ends(entry)
                .into_iter()
                .zip(places)
                .filter_map(|(end, (y, colour))| {
                    let end = end?;
                    Some(Cell::filled((base.min(end), base.max(end)), y, colour).into())
                }),
        );
        names.push(Name::new(middle, entry.input.clone()));
        marks.push(Mark::Margin(middle, text(entry)));
    }
    let columns = "−20 % | +20 %".to_owned();
    marks.push(Mark::Margin(rows + TOP / 2.0, columns));
    marks.push(Rule::new(name, Colour::Ink, Stroke::Solid, At::X(base)).into());
    let y = Axis::named("", Span::linear(0.0, rows + TOP), names);
    Panel {
        weight: rows + TOP,
        ..Panel::new(x, y, marks)
    }
}

fn answers(entry: Entry) -> [Option<f64>; 2] {
    [entry.low, entry.high]
}

fn intervals(entries: &[Entry], base: f64) -> Panel {
    let values = entries.iter().flat_map(|entry| answers(entry));
    let span = Span::log(values.flatten().chain([base]), 1.12);
    let text = |entry: Entry| {
        let same = |end: Option<f64>| {
            end.is_some_and(|end| (end - entry.base).abs() <= 1e-9 * entry.base.abs())
        };
        if answers(entry).into_iter().all(same) {
            return "unchanged".to_owned();
        }
        let [low, high] =
            answers(entry).map(|end| end.map_or_else(|| "none passes".to_owned(), setting));
        format!("{low} | {high}")
    };
    let x = Axis::round("Recommended interval", Unit::Time, span);
    let line = (base, format!("as is: {}", setting(base)));
    let mut panel = panel(entries, x, line, answers, text);
    panel.marks.extend(none(entries, span.high()));
    panel
}

/// Crosses at the edge instead of bars that do not exist: no interval passes.
fn none(entries: &[Entry], edge: f64) -> Option<Mark> {
    let rows = entries.len() as f64;
    let points = entries.iter().enumerate().flat_map(|(index, entry)| {
        let middle = rows - index as f64 - 0.5;
        let places = [middle + 0.19, middle - 0.19];
        let missing = answers(entry).into_iter().zip(places);
        let missing = missing.filter(|(answer, _)| answer.is_none());
        missing.map(|(_, at)| Dot::from((edge, at)))
    });
    Mark::dots(Symbol::new(role::OBJECTIVE, Shape::Cross), points)
}

/// What is minimised, at the answers; `None` if that is not known.
fn costs(entries: &[Entry], minimised: &str) -> Option<Panel> {
    let changes = entries.iter().flat_map(|entry| cost_changes(entry));
    let changes: Vec<f64> = changes.flatten().collect();
    if changes.is_empty() {
        return None;
    }
    let lowest = changes.iter().copied().fold(0.0, f64::min);
    let highest = changes.iter().copied().fold(0.0, f64::max);
    let room = 0.12 * highest.max(-lowest).max(0.01);
    let text = |entry: Entry| {
        let changes = cost_changes(entry);
        let same = |change: Option<f64>| change.is_some_and(|change| change.abs() < 5e-4);
        if changes.into_iter().all(same) {
            return "unchanged".to_owned();
        }
        let [low, high] =
            changes.map(|change| change.map_or_else(|| "none passes".to_owned(), deviation));
        format!("{low} | {high}")
    };
    let span = Span::linear(lowest - room, highest + room);
    let label = format!("Change of {minimised} at that interval");
    let x = Axis::round(label, Unit::Share, span);
    Some(panel(
        entries,
        x,
        (0.0, "as is".to_owned()),
        cost_changes,
        text,
    ))
}

fn finding(entries: &[Entry], base: f64, minimised: &str) -> String {
    let Some(first) = entries.first() else {
        return String::new();
    };
    let base = setting(base);
    if effect(first) < 1e-9 {
        let most = entries
            .iter()
            .max_by(|a, b| cost_effect(a).total_cmp(&cost_effect(b)));
        let aside = most.filter(|entry| cost_effect(entry) > 0.0).map(|entry| {
            let size = deviation(cost_effect(entry)).replace('+', "");
            let input = &entry.input;
            format!("; {input} moves the {minimised} most, by up to {size}")
        });
        let aside = aside.unwrap_or_default();
        return format!("The answer stays {base} if any input changes by a fifth{aside}");
    }
    let [low, high] =
        answers(first).map(|end| end.map_or_else(|| "no interval passes".to_owned(), setting));
    format!(
        "The {} moves the answer of {base} most: with a fifth less {low}, with a fifth more {high}",
        first.input
    )
}
