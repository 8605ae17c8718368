//! Points that form no curve, and the intervals behind them.

use crate::render::chart::area::Point;
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::Frame;
use crate::render::chart::{Dot, Shape, Symbol};

/// From the middle of a dot to its edge.
const RADIUS: f64 = 4.2;
/// White around a dot, and width of the outline of a hollow one.
const HALO: f64 = 1.2;
const OUTLINE: f64 = 1.8;

/// How the interval of a dot is drawn.
pub fn whisker(colour: Colour) -> Pen {
    Pen {
        opacity: 0.7,
        ..Pen::new(colour, 1.5)
    }
}

/// Intervals first, so that they cover no dot of their kind.
pub fn draw(canvas: &Canvas, frame: &Frame, symbol: Symbol, dots: &[Dot]) {
    for dot in dots {
        let at = |y: f64| frame.at((dot.at.0, y));
        let ends = dot.interval.map(|(low, high)| (at(low), at(high)));
        if let Some((from, to)) = ends.and_then(|(from, to)| frame.area.segment(from, to)) {
            canvas.line(&[from, to], whisker(symbol.colour));
        }
    }
    for at in dots.iter().map(|dot| frame.at(dot.at)) {
        if frame.area.contains(at) {
            draw_symbol(canvas, at, symbol);
        }
    }
}

/// One dot.
pub fn draw_symbol(canvas: &Canvas, at: Point, symbol: Symbol) {
    let Symbol {
        colour,
        shape,
        hollow,
    } = symbol;
    if shape == Shape::Circle {
        canvas.dot(at, RADIUS, colour);
        if hollow {
            canvas.dot(at, RADIUS - OUTLINE - HALO, Colour::Ground);
        }
        return;
    }
    if shape == Shape::Cross {
        return cross(canvas, at, colour);
    }
    // A diamond of the same area as the circle.
    let radius = RADIUS * if shape == Shape::Star { 2.2 } else { 1.25 };
    let mut layers = vec![(radius + 1.4 * HALO, Colour::Ground), (radius, colour)];
    if hollow {
        layers.push((radius - 1.4 * OUTLINE, Colour::Ground));
    }
    for (radius, colour) in layers {
        canvas.polygon(&corners(at, radius, shape), colour, 1.0);
    }
}

/// Two thick strokes on white.
fn cross(canvas: &Canvas, (x, y): Point, colour: Colour) {
    let arm = RADIUS * 1.3;
    for pen in [Pen::new(Colour::Ground, 6.0), Pen::new(colour, 3.0)] {
        canvas.line(&[(x - arm, y - arm), (x + arm, y + arm)], pen);
        canvas.line(&[(x - arm, y + arm), (x + arm, y - arm)], pen);
    }
}

/// Ten corners, the first one up; the inner ones lie on the lines between the outer ones.
fn star((x, y): Point, radius: f64) -> Vec<Point> {
    let corner = |index: u32| {
        let angle = f64::from(index) * std::f64::consts::PI / 5.0;
        let radius = radius * if index.is_multiple_of(2) { 1.0 } else { 0.382 };
        (x + radius * libm::sin(angle), y - radius * libm::cos(angle))
    };
    (0..10).map(corner).collect()
}

fn corners((x, y): Point, radius: f64, shape: Shape) -> Vec<Point> {
    // Triangles: half the height of an equilateral one with this circumradius lies on each side of the middle.
    let (wide, high) = (radius * 0.87, radius * 0.75);
    match shape {
        Shape::Star => star((x, y), radius),
        Shape::Circle | Shape::Diamond | Shape::Cross => vec![
            (x - radius, y),
            (x, y - radius),
            (x + radius, y),
            (x, y + radius),
        ],
        Shape::Below => vec![(x - wide, y - high), (x + wide, y - high), (x, y + high)],
        Shape::Above => vec![(x - wide, y + high), (x + wide, y + high), (x, y - high)],
    }
}
