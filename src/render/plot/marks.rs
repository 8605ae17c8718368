//! The data of a panel, in the pixels of its area.

use crate::render::plot::callout;
use crate::render::plot::canvas::{Anchor, Canvas, Pen, Text, text_width};
use crate::render::plot::chart::{At, Cell, Line, Mark, Missing, Note, Rule};
use crate::render::plot::clip::{Area, Point, thin};
use crate::render::plot::dots;
use crate::render::plot::flags;
use crate::render::plot::style::{BODY, Paint, SMALL};

/// Value to pixel.
pub type Map<'m> = &'m dyn Fn(f64) -> f64;

/// What lies below the grid.
pub fn ground(canvas: &Canvas, mark: &Mark, area: &Area, x: Map, y: Map) {
    match mark {
        Mark::Zone(paint, (left, right), (bottom, top)) => {
            if let Some(part) = rectangle(area, (x(*left), x(*right)), (y(*bottom), y(*top))) {
                canvas.rectangle(&part, *paint, 0.06);
            }
        }
        Mark::Tint(paint, corners) => {
            let corners: Vec<Point> = corners.iter().map(|&(a, b)| (x(a), y(b))).collect();
            canvas.polygon(&area.polygon(&corners), *paint, 0.06);
        }
        Mark::Band(..)
        | Mark::Line(_)
        | Mark::Rule(_)
        | Mark::Missing(..)
        | Mark::Cell(_)
        | Mark::Arrow(..)
        | Mark::Note(_)
        | Mark::Dots(_)
        | Mark::Callouts(_)
        | Mark::Flags(_)
        | Mark::Pointer(..) => {}
    }
}

/// What lies above the grid.
pub fn data(canvas: &Canvas, mark: &Mark, area: &Area, x: Map, y: Map) {
    match mark {
        Mark::Zone(..) | Mark::Tint(..) => {}
        Mark::Band(paint, points) => band(canvas, *paint, points, area, x, y),
        Mark::Line(line) => curve(canvas, line, area, x, y),
        Mark::Rule(line) => rule(canvas, line, area, x, y),
        Mark::Missing(points) => missing(canvas, points, area, x),
        Mark::Cell(one) => cell(canvas, one, area, x, y),
        Mark::Arrow(paint, from, to) => {
            let (from, to) = ((x(from.0), y(from.1)), (x(to.0), y(to.1)));
            if let Some((from, to)) = area.segment(from, to) {
                arrow(canvas, from, to, *paint);
            }
        }
        Mark::Note(note) => text(canvas, note, area, x, y),
        Mark::Dots(group) => dots::draw(canvas, group, area, x, y),
        Mark::Callouts(callouts) => callout::draw(canvas, callouts, area, x, y),
        Mark::Flags(all) => flags::draw(canvas, all, area, x),
        Mark::Pointer(paint, from, to) => {
            let (from, to) = ((x(from.0), y(from.1)), (x(to.0), y(to.1)));
            flags::pointer(canvas, from, to, *paint);
        }
    }
}

/// Where a curve leaves the area to the right: the last point of its visible part.
pub fn end(area: &Area, points: &[Point]) -> Option<Point> {
    let visible = points
        .iter()
        .rev()
        .find(|point| area.contains(**point))
        .copied();
    area.polyline(points)
        .last()
        .and_then(|piece| piece.last().copied())
        .or(visible)
}

/// A barrier on its way: open ring where it was sent, filled dot where it was processed.
pub fn arrow(canvas: &Canvas, from: Point, to: Point, paint: Paint) {
    canvas.line(&[from, to], Pen::new(paint, 2.0));
    canvas.line(
        &[(from.0, from.1 - 5.0), (from.0, from.1 + 5.0)],
        Pen::new(paint, 2.0),
    );
    canvas.dot(to, 3.5, paint);
}

/// Diagonal lines that stay visible on `ground`.
pub fn hatch(canvas: &Canvas, area: &Area, ground: Paint) {
    // Alternating colours along a heat strip would look like a pattern of its own.
    let heat = matches!(ground, Paint::Heat(_));
    let paint = if heat {
        Paint::Ink
    } else {
        canvas.text_on(ground)
    };
    canvas.hatch(
        area,
        7.0,
        Pen {
            opacity: 0.55,
            ..Pen::new(paint, 1.25)
        },
    );
}

fn rectangle(area: &Area, (x0, x1): (f64, f64), (y0, y1): (f64, f64)) -> Option<Area> {
    let part = Area {
        left: x0.min(x1),
        top: y0.min(y1),
        right: x0.max(x1),
        bottom: y0.max(y1),
    };
    part.common(area)
}

fn band(canvas: &Canvas, paint: Paint, points: &[(f64, f64, f64)], area: &Area, x: Map, y: Map) {
    // Below zero there is no place on a log axis: the band then reaches the lower edge.
    let place = |value: f64| {
        if value.is_nan() {
            f64::NAN
        } else {
            y(value).clamp(-1e6, 1e6)
        }
    };
    let whole = |(_, low, high): &(f64, f64, f64)| low.is_finite() && high.is_finite();
    for piece in points.split(|point| !whole(point)) {
        let upper = thin(
            piece
                .iter()
                .map(|&(at, _, high)| (x(at), place(high)))
                .collect(),
            area.width(),
        );
        let mut lower = thin(
            piece
                .iter()
                .map(|&(at, low, _)| (x(at), place(low)))
                .collect(),
            area.width(),
        );
        lower.reverse();
        let corners: Vec<Point> = upper.into_iter().chain(lower).collect();
        canvas.polygon(&area.polygon(&corners), paint, 0.16);
    }
}

fn curve(canvas: &Canvas, line: &Line, area: &Area, x: Map, y: Map) {
    let points: Vec<Point> = line.points.iter().map(|&(a, b)| (x(a), y(b))).collect();
    let pen = Pen {
        dashes: line.stroke.dashes(),
        ..Pen::new(line.paint, line.stroke.width())
    };
    for piece in points.split(|(a, b)| !(a.is_finite() && b.is_finite())) {
        for visible in area.polyline(&thin(piece.to_vec(), area.width())) {
            canvas.line(&visible, pen);
        }
    }
    // A point without neighbours is visible only as a dot; hundreds of dots are a thick line.
    if line.dots && points.len() <= 60 || points.len() == 1 {
        for point in points.into_iter().filter(|point| area.contains(*point)) {
            canvas.dot(point, 4.0, line.paint);
        }
    }
}

fn rule(canvas: &Canvas, rule: &Rule, area: &Area, x: Map, y: Map) {
    let ends = match rule.at {
        At::X(value) => [(x(value), area.top), (x(value), area.bottom)],
        At::Y(value) | At::LeftOfY(value) => [(area.left, y(value)), (area.right, y(value))],
    };
    let Some((from, to)) = area.segment(ends[0], ends[1]) else {
        return;
    };
    let pen = Pen {
        dashes: rule.stroke.dashes(),
        ..Pen::new(rule.paint, 2.0)
    };
    canvas.line(&[from, to], pen);
    let width = text_width(&rule.label, BODY, true);
    let (at, anchor) = match rule.at {
        // Beside the line, at the end that has room.
        At::X(_) if from.0 + width + 20.0 > area.right => {
            ((from.0 - 8.0, area.top + 14.0), Anchor::End)
        }
        At::X(_) => ((from.0 + 8.0, area.top + 14.0), Anchor::Start),
        At::Y(_) if from.1 - area.top < 24.0 => ((area.right - 10.0, from.1 + 13.0), Anchor::End),
        At::Y(_) => ((area.right - 10.0, from.1 - 12.0), Anchor::End),
        At::LeftOfY(_) => ((area.left + 10.0, from.1 - 12.0), Anchor::Start),
    };
    halo(canvas, &rule.label, at, anchor, width);
    let (size, paint) = (BODY, rule.paint);
    canvas.text(&Text {
        words: &rule.label,
        at,
        anchor,
        size,
        paint,
        bold: true,
        turned: false,
    });
}

/// White behind a text, so that grid and curves do not run through it.
pub fn halo(canvas: &Canvas, text: &str, at: Point, anchor: Anchor, width: f64) {
    if text.is_empty() {
        return;
    }
    let left = match anchor {
        Anchor::Start => at.0,
        Anchor::Middle => at.0 - width / 2.0,
        Anchor::End => at.0 - width,
    };
    let area = Area {
        left: left - 3.0,
        top: at.1 - 9.0,
        right: left + width + 3.0,
        bottom: at.1 + 9.0,
    };
    canvas.rectangle(&area, Paint::White, 0.8);
}

fn missing(canvas: &Canvas, missing: &Missing, area: &Area, x: Map) {
    let Missing {
        paint,
        at: values,
        reason,
        row,
    } = missing;
    let paint = *paint;
    let places: Vec<f64> = values
        .iter()
        .map(|value| x(*value))
        .filter(|at| at.is_finite())
        .collect();
    let y = area.top + 10.0 + 20.0 * *row as f64;
    for &at in &places {
        for (dy0, dy1) in [(-5.0, 5.0), (5.0, -5.0)] {
            canvas.line(
                &[(at - 5.0, y + dy0), (at + 5.0, y + dy1)],
                Pen::new(paint, 2.0),
            );
        }
    }
    let (Some(first), Some(last)) = (
        places.iter().copied().reduce(f64::min),
        places.iter().copied().reduce(f64::max),
    ) else {
        return;
    };
    let width = text_width(reason, BODY, false);
    let fits = last + 14.0 + width < area.right;
    let (at, anchor) = if fits {
        ((last + 14.0, y), Anchor::Start)
    } else {
        ((first - 14.0, y), Anchor::End)
    };
    halo(canvas, reason, at, anchor, width);
    canvas.text(&Text {
        words: reason,
        at,
        anchor,
        size: BODY,
        paint,
        bold: false,
        turned: false,
    });
}

fn cell(canvas: &Canvas, cell: &Cell, area: &Area, x: Map, y: Map) {
    let Some(part) = rectangle(area, (x(cell.x.0), x(cell.x.1)), (y(cell.y.0), y(cell.y.1))) else {
        return;
    };
    let part = part.inset(cell.gutter);
    let ground = cell
        .fill
        .filter(|_| cell.opacity > 0.5)
        .unwrap_or(Paint::White);
    if let Some(paint) = cell.fill {
        canvas.rectangle(&part, paint, cell.opacity);
    }
    if cell.hatched {
        hatch(canvas, &part, ground);
    }
    if cell.outlined {
        let pen = Pen::new(Paint::Objective, 1.5);
        canvas.frame(&part.inset(-1.5), pen);
    }
    cell_text(canvas, cell, &part, ground);
}

fn cell_text(canvas: &Canvas, cell: &Cell, part: &Area, ground: Paint) {
    let widest = |size: f64| {
        cell.text
            .iter()
            .map(|line| text_width(line, size, false))
            .fold(0.0, f64::max)
    };
    let Some(size) = [BODY, SMALL]
        .into_iter()
        .find(|&size| widest(size) + 4.0 <= part.width())
    else {
        return;
    };
    let step = size + 4.0;
    let lines = cell.text.iter().take((part.height() / step) as usize);
    let (middle, count) = (part.middle(), lines.len() as f64);
    for (index, line) in lines.enumerate() {
        let at = (
            middle.0,
            middle.1 + (index as f64 - (count - 1.0) / 2.0) * step,
        );
        if cell.hatched {
            let width = text_width(line, size, false);
            let behind = Area {
                left: at.0 - width / 2.0 - 3.0,
                top: at.1 - 9.0,
                right: at.0 + width / 2.0 + 3.0,
                bottom: at.1 + 9.0,
            };
            canvas.rectangle(&behind, cell.fill.unwrap_or(Paint::White), 1.0);
        }
        let (anchor, paint) = (Anchor::Middle, canvas.text_on(ground));
        canvas.text(&Text {
            words: line,
            at,
            anchor,
            size,
            paint,
            bold: false,
            turned: false,
        });
    }
}

fn text(canvas: &Canvas, note: &Note, area: &Area, x: Map, y: Map) {
    let (left, middle) = (x(note.at.0), y(note.at.1));
    if !(left.is_finite() && middle.is_finite()) {
        return;
    }
    let width = text_width(&note.text, BODY, false);
    // A note near the right edge ends there.
    let at = (
        left.min(area.right - width - 4.0).max(area.left + 2.0),
        middle.clamp(area.top + 8.0, area.bottom - 8.0),
    );
    halo(canvas, &note.text, at, Anchor::Start, width);
    let (anchor, size, paint) = (Anchor::Start, BODY, note.paint);
    canvas.text(&Text {
        words: &note.text,
        at,
        anchor,
        size,
        paint,
        bold: false,
        turned: false,
    });
}
