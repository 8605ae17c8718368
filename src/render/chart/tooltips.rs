//! Values to be read from a picture on a page: where something is drawn, and what it stands for, in words.

use crate::render::chart::area::Area;
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::{Frame, LINE};
use crate::render::chart::marks;
use crate::render::chart::{
    Axis, Cell, Chart, Dot, KeyEntry, Line, Mark, Place, Swatch, Symbol, Ticks,
};
use crate::render::number::Unit;

/// Half the side of the square around a point.
const REACH: f64 = 9.0;
/// Points of one curve; where there are more, some are left out.
const POINTS_MAX: usize = 60;
/// Tooltips of one picture.
const TOOLTIPS_MAX: usize = 900;

/// A part of a picture that has a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Tooltip {
    /// Where, in logical pixels.
    pub area: Area,
    /// The value, with its coordinates.
    pub text: String,
}

/// The tooltips of a chart whose panels lie in these areas: by panel, then in the order of drawing.
pub fn tooltips(chart: &Chart, areas: &[Area]) -> Vec<Tooltip> {
    let panels = chart.panels.iter().zip(areas);
    let all = panels.flat_map(|(panel, area)| {
        let (key, frame) = (&chart.key[..], Frame { panel, area: *area });
        let tips = Tips { key, frame };
        panel.marks.iter().flat_map(move |mark| tips.of(mark))
    });
    thinned(all.collect(), TOOLTIPS_MAX)
}

/// At most `most` of them, evenly.
fn thinned<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

/// What is needed to name the values of a panel.
struct Tips<'c> {
    key: &'c [KeyEntry],
    frame: Frame<'c>,
}

impl Tips<'_> {
    fn of(&self, mark: &Mark) -> Vec<Tooltip> {
        match mark {
            Mark::Line(line) => self.line(line),
            Mark::Dots(symbol, dots) => self.dots(*symbol, dots),
            Mark::Cell(cell) => self.cell(cell).into_iter().collect(),
            Mark::Missing(_, at, reason) => {
                self.missing(at, reason, marks::row(self.frame.panel, mark))
            }
            // These have their text beside them, or none.
            Mark::Band(..)
            | Mark::Rule(_)
            | Mark::Tint(..)
            | Mark::Arrow(..)
            | Mark::Note(..)
            | Mark::Margin(..)
            | Mark::Callouts(_)
            | Mark::Flags(_)
            | Mark::Pointer(..) => Vec::new(),
        }
    }

    /// A square around a point, if the point is visible.
    fn around(&self, place: Place) -> Option<Area> {
        let at = self.frame.at(place);
        let visible = self.frame.area.contains(at);
        visible.then(|| Area::around(at, REACH, REACH))
    }

    /// Curves with values: a straight line between two points is a law or a mark, not a measurement.
    fn line(&self, line: &Line) -> Vec<Tooltip> {
        if line.points.len() < 3 && !line.dots {
            return Vec::new();
        }
        let tips = line.points.iter().filter_map(|&place| {
            let area = self.around(place)?;
            let interval = self.interval(line.colour, place);
            let text = self.point(&line.label, place, interval);
            Some(Tooltip { area, text })
        });
        thinned(tips.collect(), POINTS_MAX)
    }

    /// The band of the same colour around a point.
    fn interval(&self, colour: Colour, (x, y): Place) -> Option<(f64, f64)> {
        let bands = self.frame.panel.marks.iter().filter_map(|mark| match mark {
            Mark::Band(own, points) if *own == colour => Some(points),
            _ => None,
        });
        bands
            .flatten()
            .find(|(at, low, high)| at.total_cmp(&x).is_eq() && *low <= y && y <= *high)
            .map(|(_, low, high)| (*low, *high))
    }

    fn dots(&self, symbol: Symbol, dots: &[Dot]) -> Vec<Tooltip> {
        let kind = self.meaning(|own| *own == Swatch::Dot(symbol));
        let tips = dots.iter().filter_map(|dot| {
            let area = self.around(dot.at)?;
            let label = format!("{kind} {}", self.name(dot.at));
            let text = self.point(label.trim(), dot.at, dot.interval);
            Some(Tooltip { area, text })
        });
        thinned(tips.collect(), 4 * POINTS_MAX)
    }

    /// The callout of a point.
    fn name(&self, at: Place) -> &str {
        let named = self.frame.panel.marks.iter().find_map(|mark| match mark {
            Mark::Callouts(names) => names.iter().find(|(own, _)| *own == at),
            _ => None,
        });
        named.map_or("", |(_, name)| name)
    }

    /// `p99: End to end duration 1.3 s [1.2 s, 1.4 s], Interval 1m`.
    fn point(&self, label: &str, (x, y): Place, interval: Option<(f64, f64)>) -> String {
        let panel = self.frame.panel;
        let interval = interval.map_or_else(String::new, |(low, high)| {
            let [low, high] = [low, high].map(|end| value(&panel.y, end));
            format!(" [{low}, {high}]")
        });
        let colon = if label.is_empty() { "" } else { ": " };
        let (x, y) = (named_value(&panel.x, x), named_value(&panel.y, y));
        format!("{label}{colon}{y}{interval}, {x}")
    }

    fn cell(&self, cell: &Cell) -> Option<Tooltip> {
        let fill = cell.fill?;
        let meaning = if !cell.value.is_empty() {
            cell.value.clone()
        } else if cell.text.is_empty() {
            self.meaning(|swatch| match swatch {
                Swatch::Fill(colour, _) | Swatch::Hatched(colour) => *colour == fill,
                _ => false,
            })
        } else {
            String::new()
        };
        let mut shown = vec![meaning, cell.text.join(" ")];
        shown.retain(|part| !part.is_empty());
        if shown.is_empty() {
            return None;
        }
        let panel = self.frame.panel;
        let (row, columns) = (range(&panel.y, cell.y), range(&panel.x, cell.x));
        let area = self.frame.rectangle(cell.x, cell.y)?;
        let colon = if row.is_empty() { "" } else { ": " };
        let text = format!("{row}{colon}{}, {columns}", shown.join(", "));
        Some(Tooltip { area, text })
    }

    fn missing(&self, at: &[f64], reason: &str, row: f64) -> Vec<Tooltip> {
        let panel = self.frame.panel;
        let tips = at.iter().filter_map(|&at| {
            let area = self.around((at, panel.y.span.high()))?;
            let top = self.frame.area.top + LINE * row;
            let bottom = top + LINE;
            let area = Area {
                top,
                bottom,
                ..area
            };
            let text = format!("{reason}, {}", named_value(&panel.x, at));
            Some(Tooltip { area, text })
        });
        tips.collect()
    }

    /// What the key says of a swatch.
    fn meaning(&self, matches: impl Fn(&Swatch) -> bool) -> String {
        let entry = self.key.iter().find(|entry| matches(&entry.swatch));
        entry.map_or_else(String::new, |entry| entry.label.clone())
    }
}

/// A value of an axis: a number with its unit, or the nearest name.
fn value(axis: &Axis, at: f64) -> String {
    match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => unit.text(at),
        Ticks::Named(_) => name(axis, at),
    }
}

/// The same after the name of the axis.
fn named_value(axis: &Axis, at: f64) -> String {
    let text = format!("{} {}", axis.label, value(axis, at));
    text.trim_start().to_owned()
}

/// The name nearest to a position, after the heading above it: `join #0`.
fn name(axis: &Axis, at: f64) -> String {
    let Ticks::Named(names) = &axis.ticks else {
        return String::new();
    };
    let distance = |own: f64| (own - at).abs();
    let nearest = names
        .iter()
        .filter(|name| !name.strong)
        .min_by(|a, b| distance(a.at).total_cmp(&distance(b.at)));
    let Some(nearest) = nearest else {
        return String::new();
    };
    let heading = names
        .iter()
        .filter(|name| name.strong && name.at >= nearest.at)
        .min_by(|a, b| a.at.total_cmp(&b.at));
    match heading {
        Some(heading) => format!("{} {}", heading.text, nearest.text),
        None => nearest.text.clone(),
    }
}

/// What a cell covers of an axis: `3.00 s from 100 ms to 3.10 s` on one of times, otherwise its ends or its name.
fn range(axis: &Axis, (low, high): (f64, f64)) -> String {
    let unit = match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => *unit,
        Ticks::Named(_) => return name(axis, f64::midpoint(low, high)),
    };
    let ends = format!("{} to {}", unit.text(low), unit.text(high));
    if unit == Unit::Time && !axis.span.is_log() {
        format!("{} from {ends}", unit.text(high - low))
    } else {
        ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_never_too_many() {
        assert_eq!(thinned((0..1000).collect(), 900).len(), 500);
        assert_eq!(thinned((0..900).collect(), 900).len(), 900);
    }
}
