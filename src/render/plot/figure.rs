//! A chart on paper: headline, key, panels with their axes, footer. Decides where things are; `marks` draws the data.

use crate::render::plot::axes::{across, horizontal_axis, right_labels, vertical, vertical_axis};
use crate::render::plot::canvas::{Anchor, Canvas, FINE, Pen, Text, svg, text_width};
use crate::render::plot::chart::{Chart, KeyEntry, Mark, Panel, Swatch, Ticks};
use crate::render::plot::clip::{Area, Point};
use crate::render::plot::dots;
use crate::render::plot::labels::{cut, wrap};
use crate::render::plot::marks;
use crate::render::plot::style::{BODY, Paint, SMALL, SUBTITLE, TITLE, Theme, WIDTH};

/// White border of the picture.
pub const BORDER: f64 = 24.0;
/// Between neighbouring things.
pub const GAP: f64 = 12.0;
/// Height of a line of [`BODY`] text.
pub const LINE: f64 = 20.0;
/// Widest texts left and right of a panel.
pub const MARGIN_TEXT: f64 = 230.0;

/// A chart on paper.
#[derive(Clone, Debug, PartialEq)]
pub struct Drawn {
    /// What is inside the `svg` element.
    pub body: String,
    /// Height in logical pixels.
    pub height: u32,
    /// Plotting areas of the panels, from top to bottom.
    pub areas: Vec<Area>,
}

/// Puts the chart on paper.
pub fn draw(chart: &Chart, theme: Theme) -> Drawn {
    let height = chart.height.clamp(200, 4000);
    let mut areas = Vec::new();
    let text = svg((WIDTH, height), theme, |canvas| {
        let top = header(canvas, chart);
        let bottom = f64::from(height) - BORDER - LINE;
        footer(canvas, chart, f64::from(height));
        areas = panels(canvas, chart, top, bottom);
    });
    let begin = text.find('>').map_or(0, |end| end + 1);
    let end = text.rfind("</svg>").unwrap_or(text.len());
    Drawn {
        body: text[begin..end].to_owned(),
        height,
        areas,
    }
}

/// The chart as a file of its own; read aloud by its title.
pub fn file(chart: &Chart) -> String {
    let Drawn { body, height, .. } = draw(chart, Theme::Light);
    let fine = (WIDTH * FINE, height * FINE);
    format!(
        "<svg width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {} {}\" xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>{body}</svg>\n",
        fine.0,
        fine.1,
        escape(&chart.title)
    )
}

fn escape(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// Headline, second line and key; returns where the panels begin.
fn header(canvas: &Canvas, chart: &Chart) -> f64 {
    let width = f64::from(WIDTH) - 2.0 * BORDER;
    let mut y = BORDER + 2.0;
    // A headline that is a little too long becomes a little smaller before it takes a second line.
    let fits = |size: &f64| text_width(&chart.title, *size, true) <= width;
    let size = [TITLE, 22.0, 20.0].into_iter().find(fits).unwrap_or(22.0);
    for line in wrap(&chart.title, size, true, width, 2) {
        label(canvas, &line, (BORDER, y), size, Paint::Ink, true);
        y += 30.0;
    }
    for line in wrap(&chart.subtitle, SUBTITLE, false, width, 2) {
        label(canvas, &line, (BORDER, y), SUBTITLE, Paint::Grey, false);
        y += 21.0;
    }
    if !chart.key.is_empty() {
        y = key(canvas, &chart.key, y + 6.0);
    }
    y + 2.0
}

/// A text that begins at a point.
pub fn label(canvas: &Canvas, text: &str, at: Point, size: f64, paint: Paint, bold: bool) {
    canvas.text(&Text {
        words: text,
        at,
        anchor: Anchor::Start,
        size,
        paint,
        bold,
        turned: false,
    });
}

/// The key, in as many rows as it needs; returns where it ends.
fn key(canvas: &Canvas, entries: &[KeyEntry], top: f64) -> f64 {
    let (mut x, mut y) = (BORDER, top);
    for entry in entries {
        let swatch = match entry.swatch {
            Swatch::Heat => 90.0,
            Swatch::Dot(..) | Swatch::Whisker(_) => 12.0,
            _ => 26.0,
        };
        let text = cut(&entry.label, BODY, false, 400.0);
        let width = swatch + 8.0 + text_width(&text, BODY, false);
        if x > BORDER && x + width > f64::from(WIDTH) - BORDER {
            (x, y) = (BORDER, y + LINE + 2.0);
        }
        let area = Area {
            left: x,
            top: y - 7.0,
            right: x + swatch,
            bottom: y + 7.0,
        };
        swatch_in(canvas, entry.swatch, &area);
        label(
            canvas,
            &text,
            (area.right + 8.0, y),
            BODY,
            Paint::Ink,
            false,
        );
        x += width + 2.0 * GAP;
    }
    y + LINE
}

fn swatch_in(canvas: &Canvas, swatch: Swatch, area: &Area) {
    match swatch {
        Swatch::Fill(paint, opacity) => canvas.rectangle(area, paint, opacity),
        Swatch::Hatched(paint) => {
            canvas.rectangle(area, paint, 1.0);
            marks::hatch(canvas, area, paint);
        }
        Swatch::Outlined(paint) => canvas.frame(&area.inset(1.0), Pen::new(paint, 2.0)),
        Swatch::Heat => {
            let step = area.width() / 18.0;
            for index in 0..18 {
                let left = area.left + step * f64::from(index);
                let part = Area {
                    left,
                    right: (left + step + 0.5).min(area.right),
                    ..*area
                };
                canvas.rectangle(&part, Paint::Heat(f64::from(index) / 17.0), 1.0);
            }
        }
        Swatch::Arrow(paint) => {
            let y = area.middle().1;
            marks::arrow(canvas, (area.left + 4.0, y), (area.right - 4.0, y), paint);
        }
        Swatch::Dot(paint, shape, hollow) => {
            dots::symbol(canvas, area.middle(), paint, shape, hollow);
        }
        Swatch::Whisker(paint) => {
            let x = area.middle().0;
            canvas.line(&[(x, area.top), (x, area.bottom)], dots::whisker(paint));
        }
        Swatch::Bar(paint) => {
            let y = area.middle().1;
            canvas.line(&[(area.left, y), (area.right, y)], Pen::new(paint, 2.5));
        }
    }
}

fn footer(canvas: &Canvas, chart: &Chart, height: f64) {
    let at = (f64::from(WIDTH) - BORDER, height - BORDER + 4.0);
    let text = cut(&chart.footer, SMALL, false, f64::from(WIDTH) - 2.0 * BORDER);
    let (anchor, paint) = (Anchor::End, Paint::Grey);
    canvas.text(&Text {
        words: &text,
        at,
        anchor,
        size: SMALL,
        paint,
        bold: false,
        turned: false,
    });
}

/// Stacks the panels; their plotting areas share left and right edges.
fn panels(canvas: &Canvas, chart: &Chart, top: f64, bottom: f64) -> Vec<Area> {
    let left = BORDER + chart.panels.iter().map(left_margin).fold(0.0, f64::max);
    let right =
        f64::from(WIDTH) - BORDER - chart.panels.iter().map(right_margin).fold(0.0, f64::max);
    let around: f64 = chart
        .panels
        .iter()
        .map(|panel| above(panel) + below(panel))
        .sum();
    let weight: f64 = chart
        .panels
        .iter()
        .map(|panel| panel.weight.max(0.01))
        .sum();
    let free = (bottom - top - around).max(40.0);
    let mut y = top;
    let mut areas = Vec::new();
    for panel in &chart.panels {
        y += above(panel);
        let height = free * panel.weight.max(0.01) / weight;
        let area = Area {
            left,
            top: y,
            right,
            bottom: y + height,
        };
        if !panel.heading.is_empty() {
            let text = cut(
                &panel.heading,
                SUBTITLE,
                true,
                f64::from(WIDTH) - left - BORDER,
            );
            label(canvas, &text, (left, y - 16.0), SUBTITLE, Paint::Ink, true);
        }
        one_panel(canvas, panel, &area);
        areas.push(area);
        y += height + below(panel);
    }
    areas
}

fn above(panel: &Panel) -> f64 {
    if panel.heading.is_empty() {
        GAP
    } else {
        GAP + 24.0
    }
}

fn below(panel: &Panel) -> f64 {
    if matches!(panel.x.ticks, Ticks::Shared(_)) {
        return 2.0;
    }
    LINE + 6.0
        + if panel.x.label.is_empty() {
            0.0
        } else {
            LINE + 6.0
        }
}

fn left_margin(panel: &Panel) -> f64 {
    let title = if panel.y.label.is_empty() {
        0.0
    } else {
        LINE + 4.0
    };
    let widest = match &panel.y.ticks {
        Ticks::Round(_) | Ticks::Shared(_) => vertical(&panel.y, 500.0)
            .iter()
            .map(|tick| text_width(&tick.label, BODY, false))
            .fold(0.0, f64::max),
        Ticks::Named(names) => names
            .iter()
            .map(|name| text_width(&name.text, BODY, name.strong))
            .fold(0.0, f64::max)
            .min(MARGIN_TEXT),
    };
    title + widest + GAP
}

fn right_margin(panel: &Panel) -> f64 {
    let direct = panel.marks.iter().filter_map(|mark| match mark {
        Mark::Line(line) if !line.label.is_empty() => Some(text_width(&line.label, BODY, true)),
        _ => None,
    });
    let notes = panel
        .margin
        .iter()
        .map(|(_, text)| text_width(text, SMALL, false));
    let widest = direct.chain(notes).fold(0.0, f64::max).min(MARGIN_TEXT);
    if widest > 0.0 {
        widest + GAP
    } else {
        GAP * 2.0
    }
}

fn one_panel(canvas: &Canvas, panel: &Panel, area: &Area) {
    let horizontal = across(&panel.x, area.width());
    let vertical = vertical(&panel.y, area.height());
    let x = |value: f64| area.left + panel.x.span.position(value) * area.width();
    let y = |value: f64| area.bottom - panel.y.span.position(value) * area.height();
    for mark in &panel.marks {
        marks::ground(canvas, mark, area, &x, &y);
    }
    let grid = Pen::new(Paint::Grid, 1.0);
    if matches!(panel.x.ticks, Ticks::Round(_) | Ticks::Shared(_)) {
        for tick in &horizontal {
            canvas.line(&[(x(tick.at), area.top), (x(tick.at), area.bottom)], grid);
        }
    }
    if matches!(panel.y.ticks, Ticks::Round(_)) {
        for tick in &vertical {
            canvas.line(&[(area.left, y(tick.at)), (area.right, y(tick.at))], grid);
        }
    }
    for mark in &panel.marks {
        marks::data(canvas, mark, area, &x, &y);
    }
    horizontal_axis(canvas, panel, area, &horizontal);
    vertical_axis(canvas, panel, area, &vertical);
    right_labels(canvas, panel, area, &x, &y);
}
