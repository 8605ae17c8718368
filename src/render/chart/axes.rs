//! Axes of a panel: ticks, their labels, titles, and the labels in the right margin.

use crate::render::chart::area::Point;
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::{BORDER, Frame, GAP, LINE, MARGIN_TEXT};
use crate::render::chart::labels::apart;
use crate::render::chart::marks;
use crate::render::chart::text::{Anchor, BODY, SMALL, Text, cut, text_width};
use crate::render::chart::ticks::{Tick, ticks};
use crate::render::chart::{Axis, Line, Mark, Stroke, Ticks};

/// Ticks of a horizontal axis; labels are as wide as they are.
pub fn across(axis: &Axis, width: f64) -> Vec<Tick> {
    let names = match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => {
            return ticks(&axis.span, *unit, 72.0 / width.max(100.0));
        }
        Ticks::Named(names) => names,
    };
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

/// Ticks of a vertical axis of this height.
pub fn vertical(axis: &Axis, height: f64) -> Vec<Tick> {
    match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => {
            // A low panel still needs more than its zero.
            let low = axis.span.is_log() || height < 220.0;
            let gap = if low { 34.0 } else { 50.0 };
            ticks(&axis.span, *unit, gap / height.max(60.0))
        }
        Ticks::Named(names) => {
            let tick = |(at, label)| Tick { at, label };
            let names = names.iter().map(|name| (name.at, name.text.clone()));
            names.map(tick).collect()
        }
    }
}

/// Line, ticks and title below the area.
pub fn horizontal_axis(canvas: &Canvas, frame: &Frame, ticks: &[Tick]) {
    let (area, axis) = (&frame.area, &frame.panel.x);
    let pen = Pen::new(Colour::Silver, 1.0);
    canvas.line(&[(area.left, area.bottom), (area.right, area.bottom)], pen);
    if matches!(axis.ticks, Ticks::Shared(_)) {
        return;
    }
    for tick in ticks {
        let x = frame.x(tick.at);
        if matches!(axis.ticks, Ticks::Round(_)) {
            canvas.line(&[(x, area.bottom), (x, area.bottom + 5.0)], pen);
        }
        let label = Text::new(&tick.label, (x, area.bottom + 17.0));
        canvas.text(&label.anchor(Anchor::Middle));
    }
    let at = (area.middle().0, area.bottom + 17.0 + LINE + 6.0);
    let title = Text::new(axis.title(), at).cut(area.width());
    canvas.text(&title.anchor(Anchor::Middle));
}

/// Ticks and title left of the area.
pub fn vertical_axis(canvas: &Canvas, frame: &Frame, ticks: &[Tick]) {
    let (area, axis) = (&frame.area, &frame.panel.y);
    let pen = Pen::new(Colour::Silver, 1.0);
    let strong = |at: f64| match &axis.ticks {
        Ticks::Named(names) => names
            .iter()
            .any(|name| name.strong && name.at.total_cmp(&at).is_eq()),
        Ticks::Round(_) | Ticks::Shared(_) => false,
    };
    let mut free = f64::INFINITY;
    let mut from_bottom: Vec<&Tick> = ticks.iter().collect();
    from_bottom.sort_by(|a, b| a.at.total_cmp(&b.at));
    for tick in from_bottom {
        let y = frame.y(tick.at);
        // Names may be too many for the height: the upper one of two that touch is left out.
        if y > free {
            continue;
        }
        free = y - 14.0;
        if matches!(axis.ticks, Ticks::Round(_)) {
            canvas.line(&[(area.left - 5.0, y), (area.left, y)], pen);
        }
        let label = Text::new(&tick.label, (area.left - 10.0, y)).bold(strong(tick.at));
        canvas.text(&label.cut(MARGIN_TEXT).anchor(Anchor::End));
    }
    let title = Text::new(axis.title(), (BORDER + 4.0, area.middle().1));
    canvas.text(&Text {
        turned: true,
        anchor: Anchor::Middle,
        ..title.cut(area.height().max(120.0))
    });
}

/// Direct labels of curves, moved apart, and the notes of the right margin.
pub fn right_labels(canvas: &Canvas, frame: &Frame) {
    let area = &frame.area;
    let left = area.right + GAP;
    for mark in &frame.panel.marks {
        if let Mark::Margin(at, text) = mark {
            let text = Text::new(text, (left, frame.y(*at))).size(SMALL);
            canvas.text(&text.cut(MARGIN_TEXT).colour(Colour::Grey));
        }
    }
    let labelled = frame.panel.marks.iter().filter_map(|mark| match mark {
        Mark::Line(line) if !line.label.is_empty() => {
            Some((line, marks::end(area, &frame.all(&line.points))?))
        }
        _ => None,
    });
    // A curve that leaves through the upper edge is labelled there.
    let leaves =
        |(_, end): &(&Line, Point)| end.1 < area.top + 1.0 && end.0 + MARGIN_TEXT < area.right;
    let (above, beside): (Vec<_>, Vec<_>) = labelled.partition(leaves);
    for (line, end) in above {
        let label = Text::new(&line.label, (end.0 + 8.0, area.top + 10.0));
        canvas.text(&label.colour(line.colour));
    }
    let wanted: Vec<f64> = beside.iter().map(|(_, end)| end.1).collect();
    let placed = apart(&wanted, LINE - 1.0, area.top, area.bottom);
    for ((line, _), y) in beside.iter().zip(placed) {
        let label = Text::new(&line.label, (left, y)).bold(line.stroke == Stroke::Solid);
        // Silver is too pale for letters.
        let pale = line.colour == Colour::Silver;
        let colour = if pale { Colour::Grey } else { line.colour };
        canvas.text(&label.cut(MARGIN_TEXT).colour(colour));
    }
}
