//! The only place that calls plotters: lines, areas and texts in logical pixels, drawn as SVG.
//!
//! plotters rounds coordinates to whole pixels, even in SVG; drawing [`FINE`] times larger and shrinking by the
//! `viewBox` keeps curves smooth.

use std::sync::Once;

use plotters::backend::SVGBackend;
use plotters::coord::Shift;
use plotters::drawing::{DrawingArea, IntoDrawingArea};
use plotters::element::{Circle, PathElement, Polygon, Rectangle};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{
    Color, FontStyle, FontTransform, IntoFont, RGBAColor, RGBColor, ShapeStyle, TextStyle,
    register_font,
};

use crate::render::plot::clip::{Area, Point, dashes};
use crate::render::plot::style::{BOLD, FONT, Paint, REGULAR, Theme};

/// Drawing units per logical pixel.
pub const FINE: u32 = 8;
/// plotters divides font sizes by this before they reach the SVG.
const FONT_RATIO: f64 = 1.24;
/// Ascender to descender of Inter in em: `ab_glyph` takes sizes as line heights, SVG as em.
const LINE_HEIGHT: f64 = 1.21;
const CANNOT_FAIL: &str = "drawing into a string cannot fail";

/// A surface of logical pixels.
pub struct Canvas<'a> {
    root: DrawingArea<SVGBackend<'a>, Shift>,
    theme: Theme,
}

/// How a line looks.
#[derive(Clone, Copy, Debug)]
pub struct Pen {
    /// Colour.
    pub paint: Paint,
    /// In logical pixels.
    pub width: f64,
    /// 0 to 1.
    pub opacity: f64,
    /// Length of dashes and gaps, if any.
    pub dashes: Option<(f64, f64)>,
}

/// A text to be drawn.
#[derive(Clone, Copy, Debug)]
pub struct Text<'t> {
    /// What.
    pub words: &'t str,
    /// Where, vertically the middle of small letters.
    pub at: Point,
    /// Which part of the text lies there.
    pub anchor: Anchor,
    /// Logical font size.
    pub size: f64,
    /// Colour.
    pub paint: Paint,
    /// Weight.
    pub bold: bool,
    /// Read from bottom to top.
    pub turned: bool,
}

/// Horizontal part of a text that lies at its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    /// Its beginning.
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Pen {
    /// A plain line.
    pub fn new(paint: Paint, width: f64) -> Pen {
        Pen {
            paint,
            width,
            opacity: 1.0,
            dashes: None,
        }
    }
}

/// Draws on a plain ground of `width` × `height` logical pixels; returns the SVG, [`FINE`] times larger.
pub fn svg((width, height): (u32, u32), theme: Theme, draw: impl FnOnce(&Canvas)) -> String {
    register_fonts();
    let mut buffer = String::new();
    {
        let root =
            SVGBackend::with_string(&mut buffer, (width * FINE, height * FINE)).into_drawing_area();
        let canvas = Canvas { root, theme };
        let ground = Area {
            left: 0.0,
            top: 0.0,
            right: f64::from(width),
            bottom: f64::from(height),
        };
        canvas.rectangle(&ground, Paint::White, 1.0);
        draw(&canvas);
        canvas.root.present().expect(CANNOT_FAIL);
    }
    buffer
}

/// Width of a text in logical pixels.
pub fn text_width(text: &str, size: f64, bold: bool) -> f64 {
    register_fonts();
    // Measured large, because plotters rounds to whole pixels.
    let font = (
        FONT,
        100.0 * FONT_RATIO,
        if bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        },
    )
        .into_font();
    let ((left, _), (right, _)) = font.layout_box(text).expect("the font has been registered");
    f64::from(right - left) / (100.0 * FONT_RATIO) * LINE_HEIGHT * size
}

impl Canvas<'_> {
    /// White or ink, whichever is readable on this colour.
    pub fn text_on(&self, ground: Paint) -> Paint {
        ground.text_on(self.theme)
    }

    fn colour(&self, paint: Paint, opacity: f64) -> RGBAColor {
        let [red, green, blue] = paint.rgb(self.theme);
        RGBColor(red, green, blue).mix(opacity)
    }

    /// A filled rectangle.
    pub fn rectangle(&self, area: &Area, paint: Paint, opacity: f64) {
        let corners = [fine((area.left, area.top)), fine((area.right, area.bottom))];
        self.root
            .draw(&Rectangle::new(
                corners,
                self.colour(paint, opacity).filled(),
            ))
            .expect(CANNOT_FAIL);
    }

    /// A filled polygon.
    pub fn polygon(&self, corners: &[Point], paint: Paint, opacity: f64) {
        if corners.len() >= 3 {
            let corners: Vec<(i32, i32)> = corners.iter().copied().map(fine).collect();
            self.root
                .draw(&Polygon::new(corners, self.colour(paint, opacity).filled()))
                .expect(CANNOT_FAIL);
        }
    }

    /// A line through points, dashed if the pen is.
    pub fn line(&self, points: &[Point], pen: Pen) {
        let style = ShapeStyle {
            color: self.colour(pen.paint, pen.opacity),
            filled: false,
            stroke_width: (pen.width * f64::from(FINE)).round() as u32,
        };
        let pieces = pen
            .dashes
            .map_or_else(|| vec![points.to_vec()], |pattern| dashes(points, pattern));
        for piece in pieces.iter().filter(|piece| piece.len() > 1) {
            let piece: Vec<(i32, i32)> = piece.iter().copied().map(fine).collect();
            self.root
                .draw(&PathElement::new(piece, style))
                .expect(CANNOT_FAIL);
        }
    }

    /// The outline of a rectangle.
    pub fn frame(&self, area: &Area, pen: Pen) {
        let Area {
            left,
            top,
            right,
            bottom,
        } = *area;
        self.line(
            &[
                (left, top),
                (right, top),
                (right, bottom),
                (left, bottom),
                (left, top),
            ],
            pen,
        );
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
    pub fn dot(&self, at: Point, radius: f64, paint: Paint) {
        for (radius, paint) in [(radius + 1.2, Paint::White), (radius, paint)] {
            let radius = (radius * f64::from(FINE)).round() as i32;
            self.root
                .draw(&Circle::new(
                    fine(at),
                    radius,
                    self.colour(paint, 1.0).filled(),
                ))
                .expect(CANNOT_FAIL);
        }
    }

    /// A text.
    pub fn text(&self, text: &Text) {
        let horizontal = match text.anchor {
            Anchor::Start => HPos::Left,
            Anchor::Middle => HPos::Center,
            Anchor::End => HPos::Right,
        };
        let weight = if text.bold {
            FontStyle::Bold
        } else {
            FontStyle::Normal
        };
        let font = (FONT, text.size * f64::from(FINE) * FONT_RATIO, weight).into_font();
        let font = if text.turned {
            font.transform(FontTransform::Rotate270)
        } else {
            font
        };
        let colour = self.colour(text.paint, 1.0);
        let style = TextStyle::from(font)
            .color(&colour)
            .pos(Pos::new(horizontal, VPos::Center));
        self.root
            .draw_text(&printable(text.words), &style, fine(text.at))
            .expect(CANNOT_FAIL);
    }
}

/// Control characters are not allowed in XML, not even escaped.
fn printable(text: &str) -> String {
    let forbidden = |c: char| c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}');
    text.chars()
        .map(|c| if forbidden(c) { ' ' } else { c })
        .collect()
}

fn fine((x, y): Point) -> (i32, i32) {
    (
        (x * f64::from(FINE)).round() as i32,
        (y * f64::from(FINE)).round() as i32,
    )
}

fn register_fonts() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        for (style, bytes) in [(FontStyle::Normal, REGULAR), (FontStyle::Bold, BOLD)] {
            assert!(
                register_font(FONT, style, bytes).is_ok(),
                "the embedded font is a font"
            );
        }
    });
}
