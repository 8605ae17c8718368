//! Picture: how near to its bounds a job comes as an input grows.

use crate::experiment::recommend::{Headroom, Limit, Objective, Recommendation};
use crate::render::chart::{
    At, Axis, Cell, Chart, Colour, Flag, Line, Mark, Panel, Rule, Span, Stroke, setting,
};
use crate::render::number::Unit;
use crate::render::plot::columns::Columns;
use crate::render::plot::{Draw, Drawing, Example, Kind, role};

pub const KIND: Kind = Kind {
    name: "headroom",
    heading: "Headroom",
    caption: "Every objective as a share of its bound, with the interval as it is, as the input gets harder: above 100 % it \
              is missed. The distance to the first crossing is the margin.",
    example: Some(Example::Recommendation),
    draw: Draw::Recommendation(drawing),
};

/// Further above its bound an objective is not drawn, as a share of the bound.
const HIGHEST: f64 = 2.0;

/// One curve per objective over the input; `None` if no headroom was asked for.
fn drawing(found: &Recommendation) -> Option<Vec<Drawing>> {
    let headroom = found.headroom.as_ref().filter(|one| one.tried.len() > 1)?;
    let now = headroom.now.unwrap_or(1.0);
    let x = Span::log(headroom.tried.iter().map(|one| one.factor * now), 1.05);
    let curves: Vec<(&Objective, Vec<(f64, f64)>)> = found
        .objectives
        .iter()
        .enumerate()
        .map(|(index, objective)| (objective, curve(headroom, now, index, objective)))
        .collect();
    let shares = curves.iter().flat_map(|(_, points)| points.iter());
    let highest = shares.map(|(_, share)| *share).fold(1.0, f64::max);
    let y = Span::linear(0.0, highest.min(HIGHEST) * 1.1);
    let mut marks = vec![Mark::Cell(
        Cell::filled((x.low(), x.high()), (0.0, 1.0), role::MET).opacity(0.1),
    )];
    marks.push(Mark::Rule(Rule {
        label: "bound".to_owned(),
        colour: Colour::Ink,
        stroke: Stroke::Dashed,
        at: At::Y(1.0),
    }));
    let flags = flags(headroom, now);
    let upright = |flag: &Flag| Mark::Line(Line::upright(flag.colour, flag.at, &y));
    marks.extend(flags.iter().map(upright));
    for (index, (objective, points)) in curves.iter().enumerate() {
        let points = points.iter().copied();
        let line = Line::new(role::family(index), Stroke::Solid, points);
        marks.push(Mark::Line(line.labelled(&objective.text).dotted()));
    }
    let names = Panel {
        weight: 0.2,
        ..Panel::new(
            Axis::shared(Unit::Plain, x),
            Axis::empty(),
            vec![Mark::Flags(flags)],
        )
    };
    let unit = if headroom.now.is_some() {
        ""
    } else {
        ", as a multiple of what it is"
    };
    let label = format!("{}{unit}", headroom.input);
    let chart = Chart {
        title: finding(found, headroom, now),
        subtitle: format!(
            "{} · a checkpoint every {}",
            found.scenario,
            setting(headroom.fixed.interval_s)
        ),
        height: 620,
        panels: vec![
            names,
            Panel::new(
                Axis::round(&label, Unit::Plain, x),
                Axis::round("Share of the bound", Unit::Share, y),
                marks,
            ),
        ],
        ..Chart::default()
    };
    let mut data = Columns::of(&headroom.tried).number("input", |one| one.factor * now);
    for (index, objective) in found.objectives.iter().enumerate() {
        let name = format!(
            "{}_{}",
            objective.metric.name,
            objective.metric.unit.suffix()
        );
        data = data.optional(name.trim_end_matches('_'), move |one| {
            *one.values.get(index)?
        });
    }
    Some(Drawing::only(chart, data.sheet()))
}

/// `(input, share of the bound)`; 1 is just met.
fn curve(headroom: &Headroom, now: f64, index: usize, objective: &Objective) -> Vec<(f64, f64)> {
    let share = |value: f64| {
        let share = if objective.relation.is_ceiling() {
            value / objective.bound
        } else {
            objective.bound / value
        };
        share.is_finite().then_some(share)
    };
    let tried = headroom.tried.iter();
    tried
        .filter_map(|one| Some((one.factor * now, share((*one.values.get(index)?)?)?)))
        .collect()
}

/// Where things are, and the limits.
fn flags(headroom: &Headroom, now: f64) -> Vec<Flag> {
    let flag = |name: &str, factor: Option<f64>, colour| {
        let at = factor? * now;
        let label = format!("{name} {}", Unit::Plain.text(at));
        Some(Flag { at, label, colour })
    };
    let best = (headroom.best.factor != headroom.fixed.factor).then_some(headroom.best.factor);
    let flags = [
        flag("now", Some(1.0), Colour::Ink),
        flag("limit", headroom.fixed.factor, role::OBJECTIVE),
        flag("with the best interval", best.flatten(), role::FORMULA),
    ];
    flags.into_iter().flatten().collect()
}

fn finding(found: &Recommendation, headroom: &Headroom, now: f64) -> String {
    let Limit { factor, binds, .. } = &headroom.fixed;
    let Some(factor) = factor else {
        return format!("No {} that was tried meets the objectives", headroom.input);
    };
    let size = headroom.now.map_or_else(String::new, |_| {
        format!(" ({})", Unit::Plain.text(now * factor))
    });
    let binds = binds.map_or_else(String::new, |index| {
        format!(", then {} is missed", found.objectives[index].text)
    });
    let most = if headroom.more_is_harder {
        "at most"
    } else {
        "at least"
    };
    format!(
        "The {} can be {most} {factor:.2} times what it is{size}{binds}",
        headroom.input
    )
}
