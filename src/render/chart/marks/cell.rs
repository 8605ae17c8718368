//! Rectangles with a meaning of their own.

use crate::render::chart::Cell;
use crate::render::chart::area::Area;
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::Frame;
use crate::render::chart::text::{Anchor, BODY, SMALL, Text, text_width};

pub fn draw(canvas: &Canvas, frame: &Frame, cell: &Cell) {
    let Some(part) = frame.rectangle(cell.x, cell.y) else {
        return;
    };
    let part = part.inset(cell.gutter);
    let ground = cell.fill.unwrap_or(Colour::Ground);
    if cell.fill.is_some() {
        canvas.rectangle(&part, ground, cell.opacity);
    }
    if cell.hatched {
        hatch(canvas, &part, ground);
    }
    if cell.outlined {
        canvas.frame(&part.inset(-1.5), Pen::new(Colour::Vermillion, 1.5));
    }
    text(canvas, cell, &part, ground);
}

/// Diagonal lines that stay visible on `ground`.
pub fn hatch(canvas: &Canvas, area: &Area, ground: Colour) {
    // Alternating colours along a heat strip would look like a pattern of its own.
    let heat = matches!(ground, Colour::Heat(_));
    let colour = if heat {
        Colour::Ink
    } else {
        canvas.text_on(ground, 1.0)
    };
    let pen = Pen::new(colour, 1.25);
    canvas.hatch(
        area,
        7.0,
        Pen {
            opacity: 0.55,
            ..pen
        },
    );
}

/// As many of its lines as there is room for, in the larger size that fits.
fn text(canvas: &Canvas, cell: &Cell, part: &Area, ground: Colour) {
    let fits = |size: &f64| {
        let widths = cell.text.iter().map(|line| text_width(line, *size, false));
        widths.fold(0.0, f64::max) + 4.0 <= part.width()
    };
    let Some(size) = [BODY, SMALL].into_iter().find(fits) else {
        return;
    };
    let step = size + 4.0;
    let lines = cell.text.iter().take((part.height() / step) as usize);
    let (middle, count) = (part.middle(), lines.len() as f64);
    for (index, line) in lines.enumerate() {
        let y = middle.1 + (index as f64 - (count - 1.0) / 2.0) * step;
        let text = Text::new(line, (middle.0, y)).anchor(Anchor::Middle);
        let text = text.size(size).colour(canvas.text_on(ground, cell.opacity));
        if cell.hatched {
            let area = text.area();
            let (left, right) = (area.left - 3.0, area.right + 3.0);
            let behind = cell.fill.unwrap_or(Colour::Ground);
            canvas.rectangle(
                &Area {
                    left,
                    right,
                    ..area
                },
                behind,
                1.0,
            );
        }
        canvas.text(&text);
    }
}
