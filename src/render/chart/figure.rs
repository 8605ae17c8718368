//! A chart on paper: headline, key, panels with their axes, footer. Decides where things are; `marks` draws the data.

use crate::render::chart::area::Area;
use crate::render::chart::axes::{across, horizontal_axis, right_labels, vertical, vertical_axis};
use crate::render::chart::canvas::{self, Canvas, FINE, Pen};
use crate::render::chart::colour::{Colour, Theme};
use crate::render::chart::frame::{BORDER, Frame, GAP, LINE, MARGIN_TEXT, WIDTH};
use crate::render::chart::marks;
use crate::render::chart::text::{Anchor, BODY, SMALL, SUBTITLE, TITLE, Text, text_width, wrap};
use crate::render::chart::{Chart, KeyEntry, Mark, Panel, Swatch, Ticks};

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
    let text = canvas::svg((WIDTH, height), theme, |canvas| {
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
pub fn svg(chart: &Chart) -> String {
    let Drawn { body, height, .. } = draw(chart, Theme::Light);
    let fine = (WIDTH * FINE, height * FINE);
    let title = chart.title.replace(char::is_control, " ");
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<svg width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {} {}\" xmlns=\"http://www.w3.org/2000/svg\">\n<title>{}</title>{body}</svg>\n",
        fine.0,
        fine.1,
        title.replace('>', "&gt;")
    )
}

/// Headline, second line and key; returns where the panels begin.
fn header(canvas: &Canvas, chart: &Chart) -> f64 {
    let width = f64::from(WIDTH) - 2.0 * BORDER;
    let mut y = BORDER + 2.0;
    // A headline that is a little too long becomes a little smaller before it takes a second line.
    let fits = |size: &f64| text_width(&chart.title, *size, true) <= width;
    let size = [TITLE, 22.0, 20.0].into_iter().find(fits).unwrap_or(22.0);
    for line in wrap(&chart.title, size, true, width, 2) {
        canvas.text(&Text::new(line, (BORDER, y)).size(size).bold(true));
        y += 30.0;
    }
    for line in wrap(&chart.subtitle, SUBTITLE, false, width, 2) {
        let text = Text::new(line, (BORDER, y)).size(SUBTITLE);
        canvas.text(&text.colour(Colour::Grey));
        y += 21.0;
    }
    if !chart.key.is_empty() {
        y = key(canvas, &chart.key, y + 6.0);
    }
    y + 2.0
}

/// The key, in as many rows as it needs; returns where it ends.
fn key(canvas: &Canvas, entries: &[KeyEntry], top: f64) -> f64 {
    let (mut x, mut y) = (BORDER, top);
    for entry in entries {
        let swatch = match entry.swatch {
            Swatch::Heat => 90.0,
            Swatch::Dot(_) | Swatch::Whisker(_) => 12.0,
            _ => 26.0,
        };
        let label = Text::new(&entry.label, (0.0, 0.0)).cut(400.0);
        let width = swatch + 8.0 + label.width();
        if x > BORDER && x + width > f64::from(WIDTH) - BORDER {
            (x, y) = (BORDER, y + LINE + 2.0);
        }
        let area = Area::between((x, y - 7.0), (x + swatch, y + 7.0));
        swatch_in(canvas, entry.swatch, &area);
        let at = (area.right + 8.0, y);
        canvas.text(&Text { at, ..label });
        x += width + 2.0 * GAP;
    }
    y + LINE
}

fn swatch_in(canvas: &Canvas, swatch: Swatch, area: &Area) {
    let (x, y) = area.middle();
    match swatch {
        Swatch::Fill(colour, opacity) => canvas.rectangle(area, colour, opacity),
        Swatch::Hatched(colour) => {
            canvas.rectangle(area, colour, 1.0);
            marks::hatch(canvas, area, colour);
        }
        Swatch::Outlined => canvas.frame(&area.inset(1.0), Pen::new(Colour::Vermillion, 2.0)),
        Swatch::Heat => {
            let step = area.width() / 18.0;
            for index in 0..18 {
                let left = area.left + step * f64::from(index);
                let right = (left + step + 0.5).min(area.right);
                let heat = Colour::Heat(f64::from(index) / 17.0);
                canvas.rectangle(
                    &Area {
                        left,
                        right,
                        ..*area
                    },
                    heat,
                    1.0,
                );
            }
        }
        Swatch::Arrow(colour) => {
            marks::arrow(canvas, (area.left + 4.0, y), (area.right - 4.0, y), colour);
        }
        Swatch::Dot(symbol) => marks::draw_symbol(canvas, area.middle(), symbol),
        Swatch::Whisker(colour) => {
            canvas.line(&[(x, area.top), (x, area.bottom)], marks::whisker(colour));
        }
        Swatch::Bar(colour) => {
            canvas.line(&[(area.left, y), (area.right, y)], Pen::new(colour, 2.5));
        }
    }
}

fn footer(canvas: &Canvas, chart: &Chart, height: f64) {
    let at = (f64::from(WIDTH) - BORDER, height - BORDER + 4.0);
    let text = Text::new(&chart.footer, at).size(SMALL);
    let text = text.cut(f64::from(WIDTH) - 2.0 * BORDER);
    canvas.text(&text.anchor(Anchor::End).colour(Colour::Grey));
}

/// Stacks the panels; their plotting areas share left and right edges.
fn panels(canvas: &Canvas, chart: &Chart, top: f64, bottom: f64) -> Vec<Area> {
    let widest = |margin: fn(&Panel) -> f64| chart.panels.iter().map(margin).fold(0.0, f64::max);
    let left = BORDER + widest(left_margin);
    let right = f64::from(WIDTH) - BORDER - widest(right_margin);
    let sum = |part: fn(&Panel) -> f64| chart.panels.iter().map(part).sum::<f64>();
    let around = sum(|panel| above(panel) + below(panel));
    let weight = sum(|panel| panel.weight.max(0.01));
    let free = (bottom - top - around).max(40.0);
    let mut y = top;
    let mut areas = Vec::new();
    for panel in &chart.panels {
        y += above(panel);
        let height = free * panel.weight.max(0.01) / weight;
        let area = Area::between((left, y), (right, y + height));
        if !panel.heading.is_empty() {
            let heading = Text::new(&panel.heading, (left, y - 16.0)).size(SUBTITLE);
            let heading = heading.bold(true).cut(f64::from(WIDTH) - left - BORDER);
            canvas.text(&heading);
        }
        one_panel(canvas, &Frame { panel, area });
        areas.push(area);
        y += height + below(panel);
    }
    areas
}

fn above(panel: &Panel) -> f64 {
    GAP + if panel.heading.is_empty() { 0.0 } else { 24.0 }
}

fn below(panel: &Panel) -> f64 {
    let lines = match panel.x.ticks {
        Ticks::Shared(_) => return 2.0,
        _ if panel.x.label.is_empty() => 1.0,
        _ => 2.0,
    };
    lines * (LINE + 6.0)
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
    let widths = panel.marks.iter().map(|mark| match mark {
        Mark::Line(line) => text_width(&line.label, BODY, true),
        Mark::Margin(_, text) => text_width(text, SMALL, false),
        _ => 0.0,
    });
    let widest = widths.fold(0.0, f64::max).min(MARGIN_TEXT);
    GAP + if widest > 0.0 { widest } else { GAP }
}

fn one_panel(canvas: &Canvas, frame: &Frame) {
    let (panel, area) = (frame.panel, &frame.area);
    let horizontal = across(&panel.x, area.width());
    let vertical = vertical(&panel.y, area.height());
    marks::below_the_grid(canvas, frame);
    let grid = Pen::new(Colour::Grid, 1.0);
    if !matches!(panel.x.ticks, Ticks::Named(_)) {
        for x in horizontal.iter().map(|tick| frame.x(tick.at)) {
            canvas.line(&[(x, area.top), (x, area.bottom)], grid);
        }
    }
    if matches!(panel.y.ticks, Ticks::Round(_)) {
        for y in vertical.iter().map(|tick| frame.y(tick.at)) {
            canvas.line(&[(area.left, y), (area.right, y)], grid);
        }
    }
    marks::above_the_grid(canvas, frame);
    horizontal_axis(canvas, frame, &horizontal);
    vertical_axis(canvas, frame, &vertical);
    right_labels(canvas, frame);
}
