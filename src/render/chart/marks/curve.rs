//! Curves and the bands around them.

use crate::render::chart::area::{Area, Point, thin};
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::Frame;
use crate::render::chart::{Line, Stroke};

/// Where a curve leaves the area to the right: the last point of its visible part.
pub fn end(area: &Area, points: &[Point]) -> Option<Point> {
    let pieces = area.polyline(points);
    let visible = points.iter().rev().find(|point| area.contains(**point));
    pieces
        .last()
        .and_then(|piece| piece.last())
        .or(visible)
        .copied()
}

pub fn band(canvas: &Canvas, frame: &Frame, colour: Colour, points: &[(f64, f64, f64)]) {
    // Below zero there is no place on a log axis: the band then reaches the lower edge.
    let place = |value: f64| match frame.y(value) {
        y if value.is_nan() || y.is_nan() => f64::NAN,
        y => y.clamp(-1e6, 1e6),
    };
    let edge = |points: &[(f64, f64, f64)], read: fn(&(f64, f64, f64)) -> f64| {
        let points = points
            .iter()
            .map(|point| (frame.x(point.0), place(read(point))));
        thin(points.collect(), frame.area.width())
    };
    let whole = |(_, low, high): &(f64, f64, f64)| low.is_finite() && high.is_finite();
    for piece in points.split(|point| !whole(point)) {
        let mut corners = edge(piece, |point| point.2);
        corners.extend(edge(piece, |point| point.1).into_iter().rev());
        canvas.polygon(&frame.area.polygon(&corners), colour, 0.16);
    }
}

impl Stroke {
    /// A pen whose width is that of a curve.
    fn pen(self, colour: Colour) -> Pen {
        let width = match self {
            Stroke::Solid => 2.5,
            Stroke::Thin => 1.25,
            Stroke::Dashed => 2.0,
        };
        self.with_width(colour, width)
    }

    pub fn with_width(self, colour: Colour, width: f64) -> Pen {
        let dashes = match self {
            Stroke::Solid | Stroke::Thin => None,
            Stroke::Dashed => Some((7.0, 5.0)),
        };
        Pen {
            dashes,
            ..Pen::new(colour, width)
        }
    }
}

pub fn draw(canvas: &Canvas, frame: &Frame, line: &Line) {
    let (area, points) = (&frame.area, frame.all(&line.points));
    for piece in points.split(|(a, b)| !(a.is_finite() && b.is_finite())) {
        for visible in area.polyline(&thin(piece.to_vec(), area.width())) {
            canvas.line(&visible, line.stroke.pen(line.colour));
        }
    }
    // A point without neighbours is visible only as a dot; hundreds of dots are a thick line.
    if line.dots && points.len() <= 60 || points.len() == 1 {
        for point in points.into_iter().filter(|point| area.contains(*point)) {
            canvas.dot(point, 4.0, line.colour);
        }
    }
}
