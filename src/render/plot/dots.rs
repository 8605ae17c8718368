//! Points that form no curve, and the intervals behind them.

use crate::render::plot::canvas::{Canvas, Pen};
use crate::render::plot::chart::{Dots, Shape};
use crate::render::plot::clip::{Area, Point};
use crate::render::plot::marks::Map;
use crate::render::plot::style::Paint;

/// From the middle of a dot to its edge.
const RADIUS: f64 = 4.2;
/// White around a dot, and width of the outline of a hollow one.
const HALO: f64 = 1.2;
const OUTLINE: f64 = 1.8;

/// How the interval of a dot is drawn.
pub fn whisker(paint: Paint) -> Pen {
    Pen {
        opacity: 0.7,
        ..Pen::new(paint, 1.5)
    }
}

/// Intervals first, so that they cover no dot of their kind.
pub fn draw(canvas: &Canvas, dots: &Dots, area: &Area, x: Map, y: Map) {
    for dot in &dots.points {
        let at = x(dot.at.0);
        if let Some((low, high)) = dot.interval
            && let Some((from, to)) = area.segment((at, y(low)), (at, y(high)))
        {
            canvas.line(&[from, to], whisker(dots.paint));
        }
    }
    for dot in &dots.points {
        let at = (x(dot.at.0), y(dot.at.1));
        if area.contains(at) {
            symbol(canvas, at, dots.paint, dots.shape, dots.hollow);
        }
    }
}

/// One dot.
pub fn symbol(canvas: &Canvas, at: Point, paint: Paint, shape: Shape, hollow: bool) {
    if shape == Shape::Circle {
        canvas.dot(at, RADIUS, paint);
        if hollow {
            canvas.dot(at, RADIUS - OUTLINE - HALO, Paint::White);
        }
        return;
    }
    if shape == Shape::Cross {
        return cross(canvas, at, paint);
    }
    // A diamond of the same area as the circle.
    let radius = RADIUS * if shape == Shape::Star { 2.2 } else { 1.25 };
    let mut layers = vec![(radius + 1.4 * HALO, Paint::White), (radius, paint)];
    if hollow {
        layers.push((radius - 1.4 * OUTLINE, Paint::White));
    }
    for (radius, paint) in layers {
        canvas.polygon(&corners(at, radius, shape), paint, 1.0);
    }
}

/// Two thick strokes on white.
fn cross(canvas: &Canvas, (x, y): Point, paint: Paint) {
    let arm = RADIUS * 1.3;
    for pen in [Pen::new(Paint::White, 6.0), Pen::new(paint, 3.0)] {
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
