//! Axes of a panel: ticks, their labels, titles, and the labels in the right margin.

use crate::render::plot::canvas::{Anchor, Canvas, Pen, Text, text_width};
use crate::render::plot::chart::{Axis, Line, Mark, Panel, Ticks};
use crate::render::plot::clip::{Area, Point};
use crate::render::plot::figure::{BORDER, GAP, LINE, MARGIN_TEXT, label};
use crate::render::plot::labels::{apart, cut};
use crate::render::plot::marks;
use crate::render::plot::style::{BODY, Paint, SMALL, Stroke};
use crate::render::plot::ticks::{Tick, ticks};

/// Ticks of a horizontal axis; labels are as wide as they are.
pub fn across(axis: &Axis, width: f64) -> Vec<Tick> {
    match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => {
            ticks(&axis.span, *unit, 72.0 / width.max(100.0))
        }
        Ticks::Named(names) => {
            let mut shown: Vec<Tick> = Vec::new();
            let mut free = f64::NEG_INFINITY;
            for name in names {
                let label = cut(&name.text, BODY, false, MARGIN_TEXT);
                let half = text_width(&label, BODY, false) / 2.0;
                let middle = axis.span.position(name.at) * width;
                if middle - half > free {
                    free = middle + half + GAP;
                    shown.push(Tick { at: name.at, label });
                }
            }
            shown
        }
    }
}

/// Ticks of a vertical axis of this height.
pub fn vertical(axis: &Axis, height: f64) -> Vec<Tick> {
    match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => {
            // A low panel still needs more than its zero.
            let gap = if axis.span.is_log() || height < 220.0 {
                34.0
            } else {
                50.0
            };
            ticks(&axis.span, *unit, gap / height.max(60.0))
        }
        Ticks::Named(names) => names
            .iter()
            .map(|name| Tick {
                at: name.at,
                label: name.text.clone(),
            })
            .collect(),
    }
}

/// Line, ticks and title below the area.
pub fn horizontal_axis(canvas: &Canvas, panel: &Panel, area: &Area, ticks: &[Tick]) {
    let pen = Pen::new(Paint::Formula, 1.0);
    canvas.line(&[(area.left, area.bottom), (area.right, area.bottom)], pen);
    if matches!(panel.x.ticks, Ticks::Shared(_)) {
        return;
    }
    for tick in ticks {
        let x = area.left + panel.x.span.position(tick.at) * area.width();
        if matches!(panel.x.ticks, Ticks::Round(_)) {
            canvas.line(&[(x, area.bottom), (x, area.bottom + 5.0)], pen);
        }
        let at = (x, area.bottom + 17.0);
        let (anchor, paint) = (Anchor::Middle, Paint::Ink);
        canvas.text(&Text {
            words: &tick.label,
            at,
            anchor,
            size: BODY,
            paint,
            bold: false,
            turned: false,
        });
    }
    let text = cut(&panel.x.label, BODY, false, area.width());
    let at = (area.middle().0, area.bottom + 17.0 + LINE + 6.0);
    let (anchor, paint) = (Anchor::Middle, Paint::Ink);
    canvas.text(&Text {
        words: &text,
        at,
        anchor,
        size: BODY,
        paint,
        bold: false,
        turned: false,
    });
}

/// Ticks and title left of the area.
pub fn vertical_axis(canvas: &Canvas, panel: &Panel, area: &Area, ticks: &[Tick]) {
    let pen = Pen::new(Paint::Formula, 1.0);
    let strong = |at: f64| match &panel.y.ticks {
        Ticks::Named(names) => names
            .iter()
            .any(|name| name.strong && name.at.total_cmp(&at).is_eq()),
        Ticks::Round(_) | Ticks::Shared(_) => false,
    };
    let mut free = f64::INFINITY;
    let mut from_bottom: Vec<&Tick> = ticks.iter().collect();
    from_bottom.sort_by(|a, b| a.at.total_cmp(&b.at));
    for tick in from_bottom {
        let y = area.bottom - panel.y.span.position(tick.at) * area.height();
        // Names may be too many for the height: the upper one of two that touch is left out.
        if y > free {
            continue;
        }
        free = y - 14.0;
        if matches!(panel.y.ticks, Ticks::Round(_)) {
            canvas.line(&[(area.left - 5.0, y), (area.left, y)], pen);
        }
        let bold = strong(tick.at);
        let text = cut(&tick.label, BODY, bold, MARGIN_TEXT);
        let (at, anchor, paint) = ((area.left - 10.0, y), Anchor::End, Paint::Ink);
        canvas.text(&Text {
            words: &text,
            at,
            anchor,
            size: BODY,
            paint,
            bold,
            turned: false,
        });
    }
    let text = cut(&panel.y.label, BODY, false, area.height().max(120.0));
    let at = (BORDER + 4.0, area.middle().1);
    let (anchor, paint) = (Anchor::Middle, Paint::Ink);
    canvas.text(&Text {
        words: &text,
        at,
        anchor,
        size: BODY,
        paint,
        bold: false,
        turned: true,
    });
}

/// Direct labels of curves, moved apart, and the notes of the right margin.
pub fn right_labels(
    canvas: &Canvas,
    panel: &Panel,
    area: &Area,
    x: &dyn Fn(f64) -> f64,
    y: &dyn Fn(f64) -> f64,
) {
    let left = area.right + GAP;
    for (at, text) in &panel.margin {
        let text = cut(text, SMALL, false, MARGIN_TEXT);
        label(canvas, &text, (left, y(*at)), SMALL, Paint::Grey, false);
    }
    let labelled: Vec<(&Line, Point)> = panel
        .marks
        .iter()
        .filter_map(|mark| match mark {
            Mark::Line(line) if !line.label.is_empty() => {
                let points: Vec<Point> = line.points.iter().map(|&(a, b)| (x(a), y(b))).collect();
                Some((line, marks::end(area, &points)?))
            }
            _ => None,
        })
        .collect();
    // A curve that leaves through the upper edge is labelled there.
    let leaves = |end: &Point| end.1 < area.top + 1.0 && end.0 + MARGIN_TEXT < area.right;
    for (line, end) in labelled.iter().filter(|(_, end)| leaves(end)) {
        label(
            canvas,
            &line.label,
            (end.0 + 8.0, area.top + 10.0),
            BODY,
            line.paint,
            false,
        );
    }
    let labelled: Vec<(&Line, Point)> = labelled
        .into_iter()
        .filter(|(_, end)| !leaves(end))
        .collect();
    let wanted: Vec<f64> = labelled.iter().map(|(_, end)| end.1).collect();
    let placed = apart(&wanted, LINE - 1.0, area.top, area.bottom);
    for ((line, _), y) in labelled.iter().zip(placed) {
        let bold = line.stroke == Stroke::Solid;
        let text = cut(&line.label, BODY, bold, MARGIN_TEXT);
        let paint = if line.paint == Paint::Formula {
            Paint::Grey
        } else {
            line.paint
        };
        label(canvas, &text, (left, y), BODY, paint, bold);
    }
}
