//! A picture as plain data: what is said, on which axes, with which marks. Knows nothing of pixels or of plotters.

use crate::render::number::Unit;
use crate::render::plot::span::Span;
use crate::render::plot::style::{Paint, Stroke};

/// One picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Chart {
    /// The finding, as a sentence with numbers.
    pub title: String,
    /// Scenario, replications, and what the band is.
    pub subtitle: String,
    /// Version, scenario hash and seed.
    pub footer: String,
    /// Logical height in pixels; the width is always [`WIDTH`](crate::render::plot::style::WIDTH).
    pub height: u32,
    /// What fills and hatches mean, where marks cannot be labelled directly.
    pub key: Vec<KeyEntry>,
    /// From top to bottom.
    pub panels: Vec<Panel>,
}

/// One entry of the key above the panels.
#[derive(Clone, Debug, PartialEq)]
pub struct KeyEntry {
    /// Meaning.
    pub label: String,
    /// Look.
    pub swatch: Swatch,
}

/// What a key entry shows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Swatch {
    /// A filled box with this opacity.
    Fill(Paint, f64),
    /// A hatched box.
    Hatched(Paint),
    /// An outlined box.
    Outlined(Paint),
    /// The heat colours from 0 to 1.
    Heat,
    /// A barrier's way from left to right.
    Arrow(Paint),
    /// One of [`Dots`]: its shape, and whether it is hollow.
    Dot(Paint, Shape, bool),
    /// The interval of a dot.
    Whisker(Paint),
    /// A horizontal bar.
    Bar(Paint),
}

/// What a dot looks like, so that colour is never the only difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Round.
    Circle,
    /// A square on its tip.
    Diamond,
    /// Points downwards: the value lies below the axis.
    Below,
    /// Points upwards: the value lies above the axis.
    Above,
    /// Five points: what is recommended.
    Star,
    /// A saltire: what is in use.
    Cross,
}

/// One pair of axes with its marks.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    /// Above the panel, left; may be empty.
    pub heading: String,
    /// Share of the height, relative to the other panels.
    pub weight: f64,
    /// Horizontal.
    pub x: Axis,
    /// Vertical.
    pub y: Axis,
    /// Drawn in this order; later ones cover earlier ones.
    pub marks: Vec<Mark>,
    /// Texts in the right margin, at a value of the vertical axis.
    pub margin: Vec<(f64, String)>,
}

/// One axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// Quantity, and `(log scale)` where it is; may be empty.
    pub label: String,
    /// Range and scale.
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
    /// Position.
    pub at: f64,
    /// Text.
    pub text: String,
    /// Whether it is the heading of the names that follow.
    pub strong: bool,
}

/// Something drawn in a panel; positions in values of the axes.
#[derive(Clone, Debug, PartialEq)]
pub enum Mark {
    /// An area between two curves: `(x, low, high)`.
    Band(Paint, Vec<(f64, f64, f64)>),
    /// A curve, labelled at its right end.
    Line(Line),
    /// A line across the whole panel.
    Rule(Rule),
    /// A tinted rectangle: x range, y range.
    Zone(Paint, (f64, f64), (f64, f64)),
    /// A filled polygon, faintly tinted.
    Tint(Paint, Vec<(f64, f64)>),
    /// ✕ at the upper edge instead of a value that does not exist.
    Missing(Missing),
    /// A rectangle with a meaning of its own.
    Cell(Cell),
    /// A barrier's way: from where and when it was sent to where and when it was processed.
    Arrow(Paint, (f64, f64), (f64, f64)),
    /// A text.
    Note(Note),
    /// Points that form no curve.
    Dots(Dots),
    /// Names of single points, placed where they cover nothing.
    Callouts(Callouts),
    /// Vertical lines with names, in rows so that no name covers another.
    Flags(Vec<Flag>),
    /// An arrow with a head, from one point to another.
    Pointer(Paint, (f64, f64), (f64, f64)),
}

/// Points of one kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Dots {
    /// Colour.
    pub paint: Paint,
    /// Look.
    pub shape: Shape,
    /// Whether only the outline is drawn.
    pub hollow: bool,
    /// The points.
    pub points: Vec<Dot>,
}

/// A point, perhaps with a vertical interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dot {
    /// Position.
    pub at: (f64, f64),
    /// Low and high end of a thin bar.
    pub interval: Option<(f64, f64)>,
}

/// A named instant, or another single value of the horizontal axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Flag {
    /// Where.
    pub at: f64,
    /// Beside the upper end of its line.
    pub label: String,
    /// Colour.
    pub paint: Paint,
}

/// Names of points.
#[derive(Clone, Debug, PartialEq)]
pub struct Callouts {
    /// Points and their names, the most important first.
    pub names: Vec<((f64, f64), String)>,
    /// What the names must not cover.
    pub avoid: Vec<Dot>,
}

/// A curve.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// At its right end; empty = none.
    pub label: String,
    /// Colour.
    pub paint: Paint,
    /// Width and dashes.
    pub stroke: Stroke,
    /// `(x, y)`; non-finite points interrupt the curve.
    pub points: Vec<(f64, f64)>,
    /// Whether each point gets a dot.
    pub dots: bool,
}

/// Points without a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// Colour of the curve they belong to.
    pub paint: Paint,
    /// Where, on the horizontal axis.
    pub at: Vec<f64>,
    /// Why.
    pub reason: String,
    /// Line below the edge, from 0, so that several curves do not cover each other.
    pub row: usize,
}

/// A straight line across the panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Beside the line.
    pub label: String,
    /// Colour.
    pub paint: Paint,
    /// Dashed or solid.
    pub stroke: Stroke,
    /// Where.
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
    /// Fill, if any.
    pub fill: Option<Paint>,
    /// Of the fill, 0 to 1.
    pub opacity: f64,
    /// Diagonal lines over the fill.
    pub hatched: bool,
    /// An outline around it.
    pub outlined: bool,
    /// White pixels left free at each side.
    pub gutter: f64,
    /// In the middle: one or two lines.
    pub text: Vec<String>,
    /// Its value in words, where neither the text nor the key has it.
    pub value: String,
}

/// A text in a panel.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Position of its left middle.
    pub at: (f64, f64),
    /// Text.
    pub text: String,
    /// Colour.
    pub paint: Paint,
}

impl Axis {
    /// An axis with round ticks; says so where it is logarithmic.
    pub fn round(label: &str, unit: Unit, span: Span) -> Axis {
        let label = if span.is_log() {
            format!("{label} (log scale)")
        } else {
            label.to_owned()
        };
        Axis {
            label,
            span,
            ticks: Ticks::Round(unit),
        }
    }

    /// The axis of a panel above another one with the same axis: grid lines only.
    pub fn shared(unit: Unit, span: Span) -> Axis {
        Axis {
            label: String::new(),
            span,
            ticks: Ticks::Shared(unit),
        }
    }

    /// An axis with names.
    pub fn named(label: &str, span: Span, names: Vec<Name>) -> Axis {
        Axis {
            label: label.to_owned(),
            span,
            ticks: Ticks::Named(names),
        }
    }
}

impl Cell {
    /// A filled rectangle.
    pub fn filled(x: (f64, f64), y: (f64, f64), fill: Paint) -> Cell {
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
}
