//! Charts: what is said, on which axes, with which marks, as plain data; and the engine that puts it on paper.
//!
//! Knows nothing of what is measured, only of numbers and their units. `figure` decides where things are, `marks` draws
//! the data, `canvas` is the only caller of plotters, `raster` makes the PNG, `tooltips` tells values.

mod area;
mod axes;
mod canvas;
mod colour;
mod figure;
mod frame;
mod labels;
mod marks;
#[cfg(test)]
mod outline;
mod raster;
mod span;
mod text;
mod tick_label;
mod ticks;
mod tooltips;

pub use crate::render::chart::area::Area;
pub use crate::render::chart::canvas::FINE;
pub use crate::render::chart::colour::{Colour, Theme};
pub use crate::render::chart::figure::{Drawn, draw, svg};
pub use crate::render::chart::frame::WIDTH;
#[cfg(test)]
pub use crate::render::chart::outline::outline;
pub use crate::render::chart::raster::png;
pub use crate::render::chart::span::Span;
pub use crate::render::chart::text::{BOLD, REGULAR};
pub use crate::render::chart::tick_label::{HOUR, setting};
pub use crate::render::chart::ticks::ticks;
pub use crate::render::chart::tooltips::{Tooltip, tooltips};

use crate::render::number::Unit;

/// One picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chart {
    /// The finding, as a sentence with numbers.
    pub title: String,
    /// What was looked at, and what bands and bars are.
    pub subtitle: String,
    /// Where the numbers come from.
    pub footer: String,
    /// Logical height in pixels; the width is always [`WIDTH`].
    pub height: u32,
    /// What fills and hatches mean, where marks cannot be labelled directly.
    pub key: Vec<KeyEntry>,
    /// From top to bottom.
    pub panels: Vec<Panel>,
}

/// One entry of the key above the panels.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyEntry {
    pub label: String,
    pub swatch: Swatch,
}

/// What a key entry shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Swatch {
    /// A filled box with this opacity.
    Fill(Colour, f64),
    /// A hatched box.
    Hatched(Colour),
    /// An outlined box.
    Outlined,
    /// The heat colours from 0 to 1.
    Heat,
    /// A [`Mark::Arrow`] from left to right.
    Arrow(Colour),
    /// The dot of [`Mark::Dots`].
    Dot(Symbol),
    /// The interval of a dot.
    Whisker(Colour),
    /// A horizontal bar.
    Bar(Colour),
}

/// What a dot looks like. Shapes differ, so that colour is never the only difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Symbol {
    pub colour: Colour,
    pub shape: Shape,
    /// Whether only the outline is drawn.
    pub hollow: bool,
}

/// The outline of a dot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Circle,
    /// A square on its tip.
    Diamond,
    /// Points downwards: the value lies below the axis.
    Below,
    /// Points upwards: the value lies above the axis.
    Above,
    /// Five points: what is recommended.
    Star,
    /// A saltire: what is in use, or failed.
    Cross,
}

/// One pair of axes with its marks.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above the panel, left; may be empty.
    pub heading: String,
    /// Share of the height, relative to the other panels.
    pub weight: f64,
    pub x: Axis,
    pub y: Axis,
    /// Drawn in this order; later ones cover earlier ones.
    pub marks: Vec<Mark>,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Quantity; may be empty.
    pub label: String,
    pub span: Span,
    /// What stands at the ticks.
    pub ticks: Ticks,
}

/// How an axis is labelled.
#[derive(Clone, Debug, PartialEq)]
pub enum Ticks {
    /// Round numbers of a unit, with grid lines.
    Round(Unit),
    /// Grid lines at round numbers of a unit; the panel below has the labels.
    Shared(Unit),
    /// Names at given values, without grid lines.
    Named(Vec<Name>),
}

/// A name on an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    pub at: f64,
    pub text: String,
    /// Whether it is the heading of the names that follow.
    pub strong: bool,
}

/// A position in values of the axes.
pub type Place = (f64, f64);

/// Something drawn in a panel.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// An area between two curves: `(x, low, high)`.
    Band(Colour, Vec<(f64, f64, f64)>),
    /// A curve, labelled at its right end.
    Line(Line),
    /// A line across the whole panel.
    Rule(Rule),
    /// A filled polygon, faintly tinted, below the grid.
    Tint(Colour, Vec<Place>),
    /// ✕ at the upper edge instead of values that do not exist: the colour of their curve, where they would be, why.
    Missing(Colour, Vec<f64>, String),
    /// A rectangle with a meaning of its own.
    Cell(Cell),
    /// From a short upright bar to a dot.
    Arrow(Colour, Place, Place),
    /// A text in grey, from its left middle.
    Note(Place, String),
    /// A text in the right margin, at a value of the vertical axis.
    Margin(f64, String),
    /// Points that form no curve.
    Dots(Symbol, Vec<Dot>),
    /// Names of single points, the most important first, placed where they cover no dot of the panel.
    Callouts(Vec<(Place, String)>),
    /// Vertical lines with names, in rows so that no name covers another.
    Flags(Vec<Flag>),
    /// An arrow with a head, from one point to another.
    Pointer(Colour, Place, Place),
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// At its right end; empty = none.
    pub label: String,
    pub colour: Colour,
    pub stroke: Stroke,
    /// Non-finite points interrupt the curve.
    pub points: Vec<Place>,
    /// Whether each point gets a dot.
    pub dots: bool,
}

/// How a line is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stroke {
    /// The main thing.
    Solid,
    /// Secondary.
    Thin,
    /// Not measured.
    Dashed,
}

/// A straight line across the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Beside the line; may be empty.
    pub label: String,
    pub colour: Colour,
    pub stroke: Stroke,
    pub at: At,
}

/// Position of a [`Rule`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum At {
    /// Vertical line at this x.
    X(f64),
    /// Horizontal line at this y.
    Y(f64),
    /// Horizontal line at this y, named at its left end.
    LeftOfY(f64),
}

/// A rectangle.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    /// Left and right.
    pub x: (f64, f64),
    /// Bottom and top.
    pub y: (f64, f64),
    pub fill: Option<Colour>,
    /// Of the fill, 0 to 1.
    pub opacity: f64,
    /// Diagonal lines over the fill.
    pub hatched: bool,
    /// An outline around it that warns.
    pub outlined: bool,
    /// White pixels left free at each side.
    pub gutter: f64,
    /// In the middle: one or two lines.
    pub text: Vec<String>,
    /// Its value in words, where neither the text nor the key has it.
    pub value: String,
}

/// A point, perhaps with a vertical interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    pub at: Place,
    /// Low and high end of a thin bar.
    pub interval: Option<(f64, f64)>,
}

/// A named instant, or another single value of the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    pub at: f64,
    /// Beside the upper end of its line.
    pub label: String,
    pub colour: Colour,
}

impl KeyEntry {
    pub fn new(label: impl Into<String>, swatch: Swatch) -> KeyEntry {
        let label = label.into();
        KeyEntry { label, swatch }
    }
}

impl Symbol {
    /// A filled one.
    pub const fn new(colour: Colour, shape: Shape) -> Symbol {
        let hollow = false;
        Symbol {
            colour,
            shape,
            hollow,
        }
    }

    /// The same, filled or not.
    #[must_use]
    pub fn hollow(self, hollow: bool) -> Symbol {
        Symbol { hollow, ..self }
    }
}

impl Panel {
    /// A panel without heading.
    pub fn new(x: Axis, y: Axis, marks: Vec<Mark>) -> Panel {
        let (heading, weight) = (String::new(), 1.0);
        Panel {
            heading,
            weight,
            x,
            y,
            marks,
        }
    }
}

impl Axis {
    /// An axis with round ticks.
    pub fn round(label: impl Into<String>, unit: Unit, span: Span) -> Axis {
        let (label, ticks) = (label.into(), Ticks::Round(unit));
        Axis { label, span, ticks }
    }

    /// The axis of a panel above another one with the same axis: grid lines only.
    pub fn shared(unit: Unit, span: Span) -> Axis {
        let (label, ticks) = (String::new(), Ticks::Shared(unit));
        Axis { label, span, ticks }
    }

    /// An axis with names.
    pub fn named(label: impl Into<String>, span: Span, names: Vec<Name>) -> Axis {
        let (label, ticks) = (label.into(), Ticks::Named(names));
        Axis { label, span, ticks }
    }

    /// From 0 to 1, without anything.
    pub fn empty() -> Axis {
        Axis::named("", Span::linear(0.0, 1.0), Vec::new())
    }

    /// The label; says so where the axis is logarithmic.
    pub fn title(&self) -> String {
        if self.span.is_log() && !self.label.is_empty() {
            format!("{} (log scale)", self.label)
        } else {
            self.label.clone()
        }
    }
}

impl Name {
    pub fn new(at: f64, text: impl Into<String>) -> Name {
        let (text, strong) = (text.into(), false);
        Name { at, text, strong }
    }

    /// A heading of the names below.
    pub fn strong(at: f64, text: impl Into<String>) -> Name {
        let (text, strong) = (text.into(), true);
        Name { at, text, strong }
    }
}

impl Line {
    /// A curve without label and dots.
    pub fn new(colour: Colour, stroke: Stroke, points: impl IntoIterator<Item = Place>) -> Line {
        let (label, dots, points) = (String::new(), false, points.into_iter().collect());
        Line {
            label,
            colour,
            stroke,
            points,
            dots,
        }
    }

    /// A thin upright line from bottom to top of an axis.
    pub fn upright(colour: Colour, at: f64, y: &Span) -> Line {
        Line::new(colour, Stroke::Thin, [(at, y.low()), (at, y.high())])
    }

    /// The same with a label.
    #[must_use]
    pub fn labelled(self, label: impl Into<String>) -> Line {
        let label = label.into();
        Line { label, ..self }
    }

    /// The same with a dot at each point.
    #[must_use]
    pub fn dotted(self) -> Line {
        Line { dots: true, ..self }
    }
}

impl Rule {
    pub fn new(label: impl Into<String>, colour: Colour, stroke: Stroke, at: At) -> Rule {
        let label = label.into();
        Rule {
            label,
            colour,
            stroke,
            at,
        }
    }
}

impl Cell {
    /// A filled rectangle.
    pub fn filled(x: (f64, f64), y: (f64, f64), fill: Colour) -> Cell {
        Cell {
            x,
            y,
            fill: Some(fill),
            opacity: 1.0,
            hatched: false,
            outlined: false,
            gutter: 0.0,
            text: Vec::new(),
            value: String::new(),
        }
    }

    /// The same, paler.
    #[must_use]
    pub fn opacity(self, opacity: f64) -> Cell {
        Cell { opacity, ..self }
    }

    /// The same with these lines in it, and a gap between neighbours.
    #[must_use]
    pub fn text(self, text: Vec<String>) -> Cell {
        let gutter = 1.0;
        Cell {
            gutter,
            text,
            ..self
        }
    }
}

impl Mark {
    /// A tinted rectangle.
    pub fn zone(colour: Colour, (left, right): (f64, f64), (low, high): (f64, f64)) -> Mark {
        let corners = [(left, low), (right, low), (right, high), (left, high)];
        Mark::Tint(colour, corners.to_vec())
    }

    /// Dots of one kind without intervals; nothing without points.
    pub fn dots(symbol: Symbol, points: impl IntoIterator<Item = Dot>) -> Option<Mark> {
        let points: Vec<Dot> = points.into_iter().collect();
        (!points.is_empty()).then_some(Mark::Dots(symbol, points))
    }
}

impl From<Place> for Dot {
    fn from(at: Place) -> Dot {
        let interval = None;
        Dot { at, interval }
    }
}

impl From<Line> for Mark {
    fn from(line: Line) -> Mark {
        Mark::Line(line)
    }
}

impl From<Rule> for Mark {
    fn from(rule: Rule) -> Mark {
        Mark::Rule(rule)
    }
}

impl From<Cell> for Mark {
    fn from(cell: Cell) -> Mark {
        Mark::Cell(cell)
    }
}
