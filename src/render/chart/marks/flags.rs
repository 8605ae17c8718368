//! Named vertical lines, in as many rows of names as they need, and arrows with a head.

use crate::render::chart::Flag;
use crate::render::chart::area::Point;
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::Frame;
use crate::render::chart::text::Text;

/// Height of a row of names.
const ROW: f64 = 19.0;
/// Between a line and its name, and between a name and the next line.
const BESIDE: f64 = 6.0;
/// Length and half the width of the head of an arrow.
const HEAD: (f64, f64) = (11.0, 5.0);
/// What an arrow leaves free around its ends.
const CLEAR: f64 = 11.0;

/// Draws lines from their names down to the lower edge. Those that lie outside the area are left out.
pub fn draw(canvas: &Canvas, frame: &Frame, flags: &[Flag]) {
    let area = &frame.area;
    let text = |flag: &Flag| {
        let at = (frame.x(flag.at), area.top);
        Text::new(flag.label.clone(), at)
            .bold(true)
            .colour(flag.colour)
    };
    let mut shown: Vec<Text> = flags.iter().map(text).collect();
    shown.retain(|text| (area.left - 0.5..=area.right + 0.5).contains(&text.at.0));
    shown.sort_by(|a, b| a.at.0.total_cmp(&b.at.0));
    let widths: Vec<(f64, f64)> = shown.iter().map(|text| (text.at.0, text.width())).collect();
    let rows = rows(&widths);
    let highest = rows.iter().copied().max().unwrap_or(0);
    for ((text, row), (at, width)) in shown.into_iter().zip(&rows).zip(widths) {
        let middle = area.top + ROW * ((highest - row) as f64 + 0.5);
        let line = [(at, middle - ROW / 2.0 + 2.0), (at, area.bottom)];
        canvas.line(&line, Pen::new(text.colour, 2.0));
        // Beyond the right edge there may be no margin.
        let at = ((at + BESIDE).min(area.right - width), middle);
        canvas.text(&Text { at, ..text });
    }
}

/// The row of each name, 0 = lowest, for `(position of the line, width of the name)` in order of positions: a name that
/// reaches the next line stands above that line's name.
fn rows(flags: &[(f64, f64)]) -> Vec<usize> {
    let mut rows = vec![0; flags.len()];
    for index in (0..flags.len()).rev() {
        let (at, width) = flags[index];
        let end = at + BESIDE + width + BESIDE;
        let covered = (index + 1..flags.len()).filter(|&other| flags[other].0 < end);
        rows[index] = covered.map(|other| rows[other] + 1).max().unwrap_or(0);
    }
    rows
}

/// An arrow between two points that leaves both of them visible; nothing if they touch.
pub fn pointer(canvas: &Canvas, from: Point, to: Point, colour: Colour) {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let length = libm::hypot(dx, dy);
    if !length.is_finite() || length < 2.0 * CLEAR + HEAD.0 {
        return;
    }
    let (dx, dy) = (dx / length, dy / length);
    let along = |distance: f64, aside: f64| {
        (
            from.0 + dx * distance - dy * aside,
            from.1 + dy * distance + dx * aside,
        )
    };
    let tip = length - CLEAR;
    let neck = tip - HEAD.0;
    canvas.line(
        &[along(CLEAR, 0.0), along(neck, 0.0)],
        Pen::new(colour, 2.0),
    );
    canvas.polygon(
        &[along(tip, 0.0), along(neck, HEAD.1), along(neck, -HEAD.1)],
        colour,
        1.0,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_cross_the_next_line_goes_above_its_name() {
        assert_eq!(rows(&[(0.0, 50.0), (100.0, 50.0)]), [0, 0]);
        assert_eq!(rows(&[(0.0, 50.0), (10.0, 50.0), (20.0, 50.0)]), [2, 1, 0]);
        assert_eq!(
            rows(&[(0.0, 200.0), (10.0, 20.0), (100.0, 50.0)]),
            [1, 0, 0]
        );
        assert_eq!(rows(&[]), Vec::<usize>::new());
    }
}
