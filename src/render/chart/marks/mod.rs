//! The data of a panel, in the pixels of its area.

mod callout;
mod cell;
mod curve;
mod dots;
mod flags;
mod rule;

pub use crate::render::chart::marks::cell::hatch;
pub use crate::render::chart::marks::curve::end;
pub use crate::render::chart::marks::dots::{draw_symbol, whisker};
pub use crate::render::chart::marks::rule::row;

use crate::render::chart::Mark;
use crate::render::chart::area::Point;
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::Frame;
use crate::render::chart::text::Text;

/// Opacity of what lies below the grid.
const FAINT: f64 = 0.06;

pub fn below_the_grid(canvas: &Canvas, frame: &Frame) {
    for mark in &frame.panel.marks {
        if let Mark::Tint(colour, corners) = mark {
            let corners = frame.area.polygon(&frame.all(corners));
            canvas.polygon(&corners, *colour, FAINT);
        }
    }
}

pub fn above_the_grid(canvas: &Canvas, frame: &Frame) {
    for mark in &frame.panel.marks {
        draw(canvas, frame, mark);
    }
}

fn draw(canvas: &Canvas, frame: &Frame, mark: &Mark) {
    match mark {
        Mark::Tint(..) | Mark::Margin(..) => {}
        Mark::Band(colour, points) => curve::band(canvas, frame, *colour, points),
        Mark::Line(line) => curve::draw(canvas, frame, line),
        Mark::Rule(line) => rule::draw(canvas, frame, line),
        Mark::Missing(colour, at, reason) => {
            let row = rule::row(frame.panel, mark);
            rule::missing(canvas, frame, *colour, at, (reason, row));
        }
        Mark::Cell(one) => cell::draw(canvas, frame, one),
        Mark::Arrow(colour, from, to) => {
            if let Some((from, to)) = frame.area.segment(frame.at(*from), frame.at(*to)) {
                arrow(canvas, from, to, *colour);
            }
        }
        Mark::Note(at, text) => note(canvas, frame, frame.at(*at), text),
        Mark::Dots(symbol, points) => dots::draw(canvas, frame, *symbol, points),
        Mark::Callouts(names) => callout::draw(canvas, frame, names),
        Mark::Flags(all) => flags::draw(canvas, frame, all),
        Mark::Pointer(colour, from, to) => {
            flags::pointer(canvas, frame.at(*from), frame.at(*to), *colour);
        }
    }
}

/// Something on its way: a short upright bar where it began, a dot where it ended.
pub fn arrow(canvas: &Canvas, from: Point, to: Point, colour: Colour) {
    let pen = Pen::new(colour, 2.0);
    canvas.line(&[from, to], pen);
    canvas.line(&[(from.0, from.1 - 5.0), (from.0, from.1 + 5.0)], pen);
    canvas.dot(to, 3.5, colour);
}

fn note(canvas: &Canvas, frame: &Frame, (left, middle): Point, text: &str) {
    if !(left.is_finite() && middle.is_finite()) {
        return;
    }
    let (area, text) = (&frame.area, Text::new(text, (left, middle)));
    // A note near the right edge ends there.
    let left = left.min(area.right - text.width() - 4.0);
    let at = (
        left.max(area.left + 2.0),
        middle.clamp(area.top + 8.0, area.bottom - 8.0),
    );
    canvas.text_on_white(&Text { at, ..text }.colour(Colour::Grey));
}
