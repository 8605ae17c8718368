//! Where a panel lies: from values of its axes to pixels. And the distances that all panels keep.

use crate::render::chart::area::{Area, Point};
use crate::render::chart::{Panel, Place};

/// Logical width of every picture, in pixels; the PNG has twice as many.
pub const WIDTH: u32 = 1200;
/// White border of the picture.
pub const BORDER: f64 = 24.0;
/// Between neighbouring things.
pub const GAP: f64 = 12.0;
/// Height of a line of text.
pub const LINE: f64 = 20.0;
/// Widest texts left and right of a panel.
pub const MARGIN_TEXT: f64 = 230.0;

/// A panel and its plotting area.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'p> {
    pub panel: &'p Panel,
    pub area: Area,
}

impl Frame<'_> {
    pub fn x(&self, value: f64) -> f64 {
        self.area.left + self.panel.x.span.position(value) * self.area.width()
    }

    pub fn y(&self, value: f64) -> f64 {
        self.area.bottom - self.panel.y.span.position(value) * self.area.height()
    }

    pub fn at(&self, (x, y): Place) -> Point {
        (self.x(x), self.y(y))
    }

    pub fn all(&self, places: &[Place]) -> Vec<Point> {
        places.iter().map(|&place| self.at(place)).collect()
    }

    /// The visible part of a rectangle.
    pub fn rectangle(&self, x: (f64, f64), y: (f64, f64)) -> Option<Area> {
        Area::between(self.at((x.0, y.0)), self.at((x.1, y.1))).common(&self.area)
    }
}
