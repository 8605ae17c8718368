//! What belongs to a whole panel: lines across it, and crosses at its upper edge for values that do not exist.

use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::{Frame, LINE};
use crate::render::chart::text::{Anchor, Text};
use crate::render::chart::{At, Mark, Panel, Rule};

pub fn draw(canvas: &Canvas, frame: &Frame, rule: &Rule) {
    let area = &frame.area;
    let ends = match rule.at {
        At::X(value) => [(frame.x(value), area.top), (frame.x(value), area.bottom)],
        At::Y(value) | At::LeftOfY(value) => {
            [(area.left, frame.y(value)), (area.right, frame.y(value))]
        }
    };
    let Some((from, to)) = area.segment(ends[0], ends[1]) else {
        return;
    };
    canvas.line(&[from, to], rule.stroke.with_width(rule.colour, 2.0));
    let label = Text::new(&rule.label, from).bold(true).colour(rule.colour);
    let (at, anchor) = match rule.at {
        // Beside the line, at the end that has room.
        At::X(_) if from.0 + label.width() + 20.0 > area.right => {
            ((from.0 - 8.0, area.top + 14.0), Anchor::End)
        }
        At::X(_) => ((from.0 + 8.0, area.top + 14.0), Anchor::Start),
        At::Y(_) if from.1 - area.top < 24.0 => ((area.right - 10.0, from.1 + 13.0), Anchor::End),
        At::Y(_) => ((area.right - 10.0, from.1 - 12.0), Anchor::End),
        At::LeftOfY(_) => ((area.left + 10.0, from.1 - 12.0), Anchor::Start),
    };
    canvas.text_on_white(&Text {
        at,
        anchor,
        ..label
    });
}

/// The line below the upper edge in which these crosses are, from 0, so that several curves do not cover each other.
pub fn row(panel: &Panel, missing: &Mark) -> f64 {
    let others = panel.marks.iter();
    let others = others.filter(|mark| matches!(mark, Mark::Missing(..)));
    others.take_while(|other| *other != missing).count() as f64
}

pub fn missing(
    canvas: &Canvas,
    frame: &Frame,
    colour: Colour,
    at: &[f64],
    (reason, row): (&str, f64),
) {
    let places = at.iter().map(|value| frame.x(*value));
    let places: Vec<f64> = places.filter(|at| at.is_finite()).collect();
    let y = frame.area.top + 10.0 + LINE * row;
    for &at in &places {
        for (dy0, dy1) in [(-5.0, 5.0), (5.0, -5.0)] {
            let stroke = [(at - 5.0, y + dy0), (at + 5.0, y + dy1)];
            canvas.line(&stroke, Pen::new(colour, 2.0));
        }
    }
    let first = places.iter().copied().fold(f64::INFINITY, f64::min);
    let last = places.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let reason = Text::new(reason, (last + 14.0, y)).colour(colour);
    if places.is_empty() {
        return;
    }
    let fits = last + 14.0 + reason.width() < frame.area.right;
    canvas.text_on_white(&if fits {
        reason
    } else {
        let (at, anchor) = ((first - 14.0, y), Anchor::End);
        Text {
            at,
            anchor,
            ..reason
        }
    });
}
