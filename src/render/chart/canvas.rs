//! The only place that calls plotters: lines, areas and texts in logical pixels, drawn as SVG.
//!
//! plotters rounds coordinates to whole pixels, even in SVG; drawing [`FINE`] times larger and shrinking by the
//! `viewBox` keeps curves smooth.

use std::cell::RefCell;

use plotters::backend::{DrawingBackend, SVGBackend};
use plotters::style::TextStyle;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontStyle, FontTransform, IntoFont, RGBAColor, RGBColor, ShapeStyle};

use crate::render::chart::area::{Area, Point, dashes};
use crate::render::chart::colour::{Colour, Theme};
use crate::render::chart::text::{Anchor, FONT, Text};

/// Drawing units per logical pixel.
pub const FINE: u32 = 8;
/// plotters divides font sizes by this before they reach the SVG.
const FONT_RATIO: f64 = 1.24;
const CANNOT_FAIL: &str = "drawing into a string cannot fail";

/// A surface of logical pixels.
pub struct Canvas<'a> {
    backend: RefCell<SVGBackend<'a>>,
    theme: Theme,
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    pub colour: Colour,
    /// In logical pixels.
    pub width: f64,
    /// 0 to 1.
    pub opacity: f64,
    /// Length of dashes and gaps, if any.
    pub dashes: Option<(f64, f64)>,
}

impl Pen {
    /// A plain line.
    pub fn new(colour: Colour, width: f64) -> Pen {
        Pen {
            colour,
            width,
            opacity: 1.0,
            dashes: None,
        }
    }
}

/// Draws on a plain ground of `width` × `height` logical pixels; returns the SVG, [`FINE`] times larger.
pub fn svg((width, height): (u32, u32), theme: Theme, draw: impl FnOnce(&Canvas)) -> String {
    let mut buffer = String::new();
    let backend = SVGBackend::with_string(&mut buffer, (width * FINE, height * FINE));
    let canvas = Canvas {
        backend: RefCell::new(backend),
        theme,
    };
    let ground = Area::between((0.0, 0.0), (f64::from(width), f64::from(height)));
    canvas.rectangle(&ground, Colour::Ground, 1.0);
    draw(&canvas);
    canvas.backend.borrow_mut().present().expect(CANNOT_FAIL);
    drop(canvas);
    buffer
}

impl Canvas<'_> {
    /// Ground or ink, whichever is readable on this colour.
    pub fn text_on(&self, ground: Colour, opacity: f64) -> Colour {
        ground.text_on(opacity, self.theme)
    }

    fn colour(&self, colour: Colour, opacity: f64) -> RGBAColor {
        let [red, green, blue] = colour.rgb(self.theme);
        RGBColor(red, green, blue).mix(opacity)
    }

    /// A filled rectangle.
    pub fn rectangle(&self, area: &Area, colour: Colour, opacity: f64) {
        let corners = [(area.left, area.top), (area.right, area.bottom)].map(fine);
        let colour = self.colour(colour, opacity);
        let mut backend = self.backend.borrow_mut();
        let drawn = backend.draw_rect(corners[0], corners[1], &colour, true);
        drawn.expect(CANNOT_FAIL);
    }

    /// A filled polygon.
    pub fn polygon(&self, corners: &[Point], colour: Colour, opacity: f64) {
        if corners.len() >= 3 {
            let corners = corners.iter().copied().map(fine);
            let colour = self.colour(colour, opacity);
            let drawn = self.backend.borrow_mut().fill_polygon(corners, &colour);
            drawn.expect(CANNOT_FAIL);
        }
    }

    /// A line through points, dashed if the pen is.
    pub fn line(&self, points: &[Point], pen: Pen) {
        let style = ShapeStyle {
            color: self.colour(pen.colour, pen.opacity),
            filled: false,
            stroke_width: (pen.width * f64::from(FINE)).round() as u32,
        };
        let pieces = match pen.dashes {
            Some(pattern) => dashes(points, pattern),
            None => vec![points.to_vec()],
        };
        for piece in pieces.iter().filter(|piece| piece.len() > 1) {
            let piece = piece.iter().copied().map(fine);
            let drawn = self.backend.borrow_mut().draw_path(piece, &style);
            drawn.expect(CANNOT_FAIL);
        }
    }

    /// The outline of a rectangle.
    pub fn frame(&self, area: &Area, pen: Pen) {
        let (left, top) = (area.left, area.top);
        let (right, bottom) = (area.right, area.bottom);
        let corners = [(left, top), (right, top), (right, bottom), (left, bottom)];
        self.line(&[&corners[..], &corners[..1]].concat(), pen);
    }

    /// Diagonal lines over a rectangle, `step` pixels apart.
    pub fn hatch(&self, area: &Area, step: f64, pen: Pen) {
        // Lines x + y = constant on a raster common to the whole picture, so that neighbours continue each other.
        let first = ((area.left + area.top) / step).ceil() as i64;
        let last = ((area.right + area.bottom) / step).floor() as i64;
        for index in first..=last {
            let sum = index as f64 * step;
            let ends = area.segment((sum - area.bottom, area.bottom), (sum - area.top, area.top));
            if let Some((from, to)) = ends {
                self.line(&[from, to], pen);
            }
        }
    }

    /// A dot with a white halo.
    pub fn dot(&self, at: Point, radius: f64, colour: Colour) {
        for (radius, colour) in [(radius + 1.2, Colour::Ground), (radius, colour)] {
            let radius = (radius * f64::from(FINE)).round() as u32;
            let colour = self.colour(colour, 1.0);
            let mut backend = self.backend.borrow_mut();
            let drawn = backend.draw_circle(fine(at), radius, &colour, true);
            drawn.expect(CANNOT_FAIL);
        }
    }

    /// A text.
    pub fn text(&self, text: &Text) {
        let horizontal = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let (weight, turn) = (
            if text.bold {
                FontStyle::Bold
            } else {
                FontStyle::Normal
            },
            if text.turned {
                FontTransform::Rotate270
            } else {
                FontTransform::None
            },
        );
        let font = (FONT, text.size * f64::from(FINE) * FONT_RATIO, weight).into_font();
        let colour = self.colour(text.colour, 1.0);
        let style = TextStyle::from(font.transform(turn))
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        let (words, at) = (printable(&text.words), fine(text.at));
        let drawn = self.backend.borrow_mut().draw_text(&words, &style, at);
        drawn.expect(CANNOT_FAIL);
    }

    /// A text on white, so that grid and curves do not run through it.
    pub fn text_on_white(&self, text: &Text) {
        if !text.words.is_empty() {
            let area = text.area();
            let (left, right) = (area.left - 3.0, area.right + 3.0);
            let behind = Area {
                left,
                right,
                ..area
            };
            self.rectangle(&behind, Colour::Ground, 0.8);
        }
        self.text(text);
    }
}

/// Control characters are not allowed in XML, not even escaped.
fn printable(text: &str) -> String {
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.replace(forbidden, " ")
}

fn fine(at: Point) -> (i32, i32) {
    let units = |pixels: f64| (pixels * f64::from(FINE)).round() as i32;
    (units(at.0), units(at.1))
}
