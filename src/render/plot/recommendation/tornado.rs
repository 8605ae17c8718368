//! Picture: what a fifth less and a fifth more of each input do to the answer.

use crate::experiment::recommend::{Recommendation, TornadoEntry};
use crate::render::number::{Unit, deviation};
use crate::render::plot::Picture;
use crate::render::plot::chart::{
    At, Axis, Cell, Chart, Dot, Dots, KeyEntry, Mark, Name, Panel, Rule, Shape, Swatch,
};
use crate::render::plot::recommendation::{described, footer, words};
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};
use crate::render::plot::tick_label::exact;
use crate::render::sheet::{self, Sheet};

/// Inputs that are shown; the others matter less.
const MOST_ROWS: usize = 12;
/// Room above the bars for the name of the line in the middle.
const TOP: f64 = 0.7;
/// The input a fifth smaller, and a fifth larger.
const LESS: Paint = Paint::Series(2);
const MORE: Paint = Paint::Aligned;
/// No interval meets the objectives: counts as more than any change.
const NONE: f64 = 1e9;

/// One bar per input and direction, the largest change first; `None` without sensitivities.
pub fn picture(found: &Recommendation) -> Option<Picture> {
    let mut entries: Vec<&TornadoEntry> = found.tornado.iter().collect();
    entries.sort_by(|a, b| {
        let by_interval = effect(b).total_cmp(&effect(a));
        by_interval.then(cost_effect(b).total_cmp(&cost_effect(a)))
    });
    entries.truncate(MOST_ROWS);
    let base = entries.first()?.base;
    let mut panels = vec![intervals(&entries, base)];
    panels.extend(costs(&entries, &words(&found.minimised.name)));
    let rows = entries.len() * panels.len();
    let chart = Chart {
        title: finding(&entries, base, &words(&found.minimised.name)),
        subtitle: format!(
            "{} · the same random numbers for all · largest change first",
            described(found)
        ),
        footer: footer(found),
        height: (190 + 110 * panels.len() + 36 * rows).min(1600) as u32,
        key: vec![
            KeyEntry {
                label: "input 20 % smaller".to_owned(),
                swatch: Swatch::Fill(LESS, 1.0),
            },
            KeyEntry {
                label: "input 20 % larger".to_owned(),
                swatch: Swatch::Fill(MORE, 1.0),
            },
        ],
        panels,
    };
    Some(Picture {
        name: "tornado".to_owned(),
        chart,
        data: data(&entries),
    })
}

/// The larger of both changes of the answer, on a log scale.
fn effect(entry: &TornadoEntry) -> f64 {
    let change = |interval: Option<f64>| {
        interval.map_or(NONE, |interval| libm::log(interval / entry.base).abs())
    };
    change(entry.low).max(change(entry.high))
}

fn cost_effect(entry: &TornadoEntry) -> f64 {
    let [low, high] = cost_changes(entry);
    let size = |change: Option<f64>| change.map_or(0.0, f64::abs);
    size(low).max(size(high))
}

/// Changes of what is minimised, as shares of what it is.
fn cost_changes(entry: &TornadoEntry) -> [Option<f64>; 2] {
    [entry.cost_low, entry.cost_high].map(|cost| {
        let base = entry.cost_base.filter(|base| *base != 0.0)?;
        Some(cost? / base - 1.0).filter(|change| change.is_finite())
    })
}

/// The two bars of a row, from the middle line.
fn bars(middle: f64, base: f64, ends: [Option<f64>; 2]) -> Vec<Mark> {
    let places = [
        (middle + 0.02, middle + 0.36, LESS),
        (middle - 0.36, middle - 0.02, MORE),
    ];
    ends.into_iter()
        .zip(places)
        .filter_map(|(end, (bottom, top, paint))| {
            let end = end?;
            Some(Mark::Cell(Cell::filled(
                (base.min(end), base.max(end)),
                (bottom, top),
                paint,
            )))
        })
        .collect()
}

fn panel(
    entries: &[&TornadoEntry],
    base: (f64, String),
    ends: impl Fn(&TornadoEntry) -> [Option<f64>; 2],
    text: impl Fn(&TornadoEntry) -> String,
) -> Panel {
    let rows = entries.len() as f64;
    let (mut marks, mut names, mut margin) = (Vec::new(), Vec::new(), Vec::new());
    for (index, entry) in entries.iter().enumerate() {
        let middle = rows - index as f64 - 0.5;
        marks.extend(bars(middle, base.0, ends(entry)));
        names.push(Name {
            at: middle,
            text: entry.input.clone(),
            strong: false,
        });
        margin.push((middle, text(entry)));
    }
    margin.push((rows + TOP / 2.0, "−20 % | +20 %".to_owned()));
    marks.push(Mark::Rule(Rule {
        label: base.1,
        paint: Paint::Ink,
        stroke: Stroke::Solid,
        at: At::X(base.0),
    }));
    Panel {
        heading: String::new(),
        weight: rows + TOP,
        x: Axis::named("", Span::linear(0.0, 1.0), Vec::new()),
        y: Axis::named("", Span::linear(0.0, rows + TOP), names),
        marks,
        margin,
    }
}

fn intervals(entries: &[&TornadoEntry], base: f64) -> Panel {
    let ends = |entry: &TornadoEntry| [entry.low, entry.high];
    let values = entries.iter().flat_map(|entry| ends(entry));
    let x = Span::log(values.flatten().chain([base]), 1.12);
    let text = |entry: &TornadoEntry| {
        let [low, high] = ends(entry)
            .map(|end| end.map_or_else(|| "none passes".to_owned(), |end| exact(Unit::Time, end)));
        match (entry.low, entry.high) {
            (Some(a), Some(b)) if same(a, entry.base) && same(b, entry.base) => {
                "unchanged".to_owned()
            }
            _ => format!("{low} | {high}"),
        }
    };
    let bars = panel(
        entries,
        (base, format!("as is: {}", exact(Unit::Time, base))),
        ends,
        text,
    );
    let mut marks = bars.marks;
    marks.extend(none(entries, x.high()));
    Panel {
        x: Axis::round("Recommended interval", Unit::Time, x),
        marks,
        ..bars
    }
}

/// Crosses at the edge instead of bars that do not exist: no interval passes.
fn none(entries: &[&TornadoEntry], edge: f64) -> Option<Mark> {
    let rows = entries.len() as f64;
    let dot = |at: f64| Dot {
        at: (edge, at),
        interval: None,
    };
    let points: Vec<Dot> = entries
        .iter()
        .enumerate()
        .flat_map(|(index, entry)| {
            let middle = rows - index as f64 - 0.5;
            let low = entry.low.is_none().then(|| dot(middle + 0.19));
            let high = entry.high.is_none().then(|| dot(middle - 0.19));
            low.into_iter().chain(high)
        })
        .collect();
    (!points.is_empty()).then_some(Mark::Dots(Dots {
        paint: Paint::Objective,
        shape: Shape::Cross,
        hollow: false,
        points,
    }))
}

fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * b.abs()
}

/// What is minimised, at the answers; `None` if that is not known.
fn costs(entries: &[&TornadoEntry], minimised: &str) -> Option<Panel> {
    let changes: Vec<f64> = entries
        .iter()
        .flat_map(|entry| cost_changes(entry))
        .flatten()
        .collect();
    if changes.is_empty() {
        return None;
    }
    let widest = changes
        .iter()
        .map(|change| change.abs())
        .fold(0.01, f64::max);
    let lowest = changes.iter().copied().fold(0.0, f64::min);
    let highest = changes.iter().copied().fold(0.0, f64::max);
    let room = 0.12 * widest;
    let text = |entry: &TornadoEntry| {
        let changes = cost_changes(entry);
        if changes
            .iter()
            .all(|change| change.is_some_and(|change| change.abs() < 5e-4))
        {
            return "unchanged".to_owned();
        }
        let [low, high] =
            changes.map(|change| change.map_or_else(|| "none passes".to_owned(), deviation));
        format!("{low} | {high}")
    };
    Some(Panel {
        x: Axis::round(
            &format!("Change of {minimised} at that interval"),
            Unit::Share,
            Span::linear(lowest - room, highest + room),
        ),
        ..panel(entries, (0.0, "as is".to_owned()), cost_changes, text)
    })
}

fn finding(entries: &[&TornadoEntry], base: f64, minimised: &str) -> String {
    let Some(first) = entries.first() else {
        return String::new();
    };
    let base = exact(Unit::Time, base);
    if effect(first) < 1e-9 {
        let most = entries
            .iter()
            .max_by(|a, b| cost_effect(a).total_cmp(&cost_effect(b)));
        let aside = most.filter(|entry| cost_effect(entry) > 0.0).map(|entry| {
            let size = deviation(cost_effect(entry)).replace('+', "");
            format!(
                "; {} moves the {minimised} most, by up to {size}",
                entry.input
            )
        });
        return format!(
            "The answer stays {base} if any input changes by a fifth{}",
            aside.unwrap_or_default()
        );
    }
    let end = |interval: Option<f64>| {
        interval.map_or_else(
            || "no interval passes".to_owned(),
            |interval| exact(Unit::Time, interval),
        )
    };
    format!(
        "The {} moves the answer of {base} most: with a fifth less {}, with a fifth more {}",
        first.input,
        end(first.low),
        end(first.high)
    )
}

fn data(entries: &[&TornadoEntry]) -> Sheet {
    let mut sheet = Sheet::new([
        "input",
        "interval_s",
        "interval_at_80_percent_s",
        "interval_at_120_percent_s",
        "cost",
        "cost_at_80_percent",
        "cost_at_120_percent",
    ]);
    for entry in entries {
        let optional = |value: Option<f64>| value.map_or_else(String::new, sheet::cell);
        sheet.push(vec![
            entry.input.clone(),
            sheet::cell(entry.base),
            optional(entry.low),
            optional(entry.high),
            optional(entry.cost_base),
            optional(entry.cost_low),
            optional(entry.cost_high),
        ]);
    }
    sheet
}
