//! Values to be read from a picture on a page: where something is drawn, and what it stands for, in words.

use crate::render::number::Unit;
use crate::render::plot::chart::{
    Axis, Callouts, Cell, Chart, Dots, Line, Mark, Missing, Panel, Swatch, Ticks,
};
use crate::render::plot::clip::Area;
use crate::render::plot::style::Paint;

/// Half the side of the square around a point.
const REACH: f64 = 9.0;
/// Points of one curve; where there are more, some are left out.
const POINTS_MAX: usize = 60;
/// Spots of one picture.
const SPOTS_MAX: usize = 900;

/// A part of a picture that has a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Spot {
    /// Where, in logical pixels.
    pub area: Area,
    /// The value, with its coordinates.
    pub text: String,
}

/// The spots of a chart whose panels lie in these areas: by panel, then in the order of drawing.
pub fn spots(chart: &Chart, areas: &[Area]) -> Vec<Spot> {
    let all: Vec<Spot> = chart
        .panels
        .iter()
        .zip(areas)
        .flat_map(|(panel, area)| of_panel(chart, panel, area))
        .collect();
    thinned(all, SPOTS_MAX)
}

/// At most `most` of them, evenly.
fn thinned<T>(all: Vec<T>, most: usize) -> Vec<T> {
    let step = all.len().div_ceil(most).max(1);
    all.into_iter().step_by(step).collect()
}

fn of_panel(chart: &Chart, panel: &Panel, area: &Area) -> Vec<Spot> {
    let place = Place { panel, area };
    let spots = panel.marks.iter().flat_map(|mark| match mark {
        Mark::Line(line) => place.line(line),
        Mark::Dots(dots) => place.dots(chart, dots),
        Mark::Cell(cell) => place.cell(chart, cell).into_iter().collect(),
        Mark::Missing(missing) => place.missing(missing),
        // These have their text beside them, or none.
        Mark::Band(..)
        | Mark::Rule(_)
        | Mark::Zone(..)
        | Mark::Tint(..)
        | Mark::Arrow(..)
        | Mark::Note(_)
        | Mark::Callouts(_)
        | Mark::Flags(_)
        | Mark::Pointer(..) => Vec::new(),
    });
    spots.collect()
}

struct Place<'c> {
    panel: &'c Panel,
    area: &'c Area,
}

impl Place<'_> {
    fn x(&self, value: f64) -> f64 {
        self.area.left + self.panel.x.span.position(value) * self.area.width()
    }

    fn y(&self, value: f64) -> f64 {
        self.area.bottom - self.panel.y.span.position(value) * self.area.height()
    }

    /// A square around a point, if the point is visible.
    fn around(&self, (x, y): (f64, f64)) -> Option<Area> {
        let middle = (self.x(x), self.y(y));
        self.area.contains(middle).then_some(Area {
            left: middle.0 - REACH,
            top: middle.1 - REACH,
            right: middle.0 + REACH,
            bottom: middle.1 + REACH,
        })
    }

    /// Curves with values: a straight line between two points is a law or a mark, not a measurement.
    fn line(&self, line: &Line) -> Vec<Spot> {
        if line.points.len() < 3 && !line.dots {
            return Vec::new();
        }
        let spots = line.points.iter().filter_map(|&(x, y)| {
            let interval = self.interval(line.paint, x, y);
            let text = self.point(&line.label, (x, y), interval);
            self.around((x, y)).map(|area| Spot { area, text })
        });
        thinned(spots.collect(), POINTS_MAX)
    }

    /// The band of the same colour around a point.
    fn interval(&self, paint: Paint, x: f64, y: f64) -> Option<(f64, f64)> {
        self.panel.marks.iter().find_map(|mark| match mark {
            Mark::Band(own, points) if *own == paint => points
                .iter()
                .find(|(at, low, high)| at.total_cmp(&x).is_eq() && *low <= y && y <= *high)
                .map(|(_, low, high)| (*low, *high)),
            _ => None,
        })
    }

    fn dots(&self, chart: &Chart, dots: &Dots) -> Vec<Spot> {
        let swatch = Swatch::Dot(dots.paint, dots.shape, dots.hollow);
        let kind = key_label(chart, |own| *own == swatch);
        let spots = dots.points.iter().filter_map(|dot| {
            let label = [kind.as_str(), self.name(dot.at)]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<&str>>()
                .join(" ");
            let text = self.point(&label, dot.at, dot.interval);
            self.around(dot.at).map(|area| Spot { area, text })
        });
        thinned(spots.collect(), 4 * POINTS_MAX)
    }

    /// The callout of a point.
    fn name(&self, at: (f64, f64)) -> &str {
        let named = self.panel.marks.iter().find_map(|mark| match mark {
            Mark::Callouts(Callouts { names, .. }) => names.iter().find(|(own, _)| *own == at),
            _ => None,
        });
        named.map_or("", |(_, name)| name)
    }

    /// `p99: End to end duration 1.3 s [1.2 s, 1.4 s], Interval 1m`.
    fn point(&self, label: &str, (x, y): (f64, f64), interval: Option<(f64, f64)>) -> String {
        let interval = interval.map_or_else(String::new, |(low, high)| {
            let [low, high] = [low, high].map(|end| value(&self.panel.y, end));
            format!(" [{low}, {high}]")
        });
        let label = if label.is_empty() {
            String::new()
        } else {
            format!("{label}: ")
        };
        format!(
            "{label}{}{interval}, {}",
            named_value(&self.panel.y, y),
            named_value(&self.panel.x, x)
        )
    }

    fn cell(&self, chart: &Chart, cell: &Cell) -> Option<Spot> {
        let fill = cell.fill?;
        let meaning = if !cell.value.is_empty() {
            cell.value.clone()
        } else if cell.text.is_empty() {
            let same = |swatch: &Swatch| match swatch {
                Swatch::Fill(paint, _) | Swatch::Hatched(paint) => *paint == fill,
                _ => false,
            };
            key_label(chart, same)
        } else {
            String::new()
        };
        let shown: Vec<String> = [meaning, cell.text.join(" ")]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect();
        if shown.is_empty() {
            return None;
        }
        let (rows, columns) = (range(&self.panel.y, cell.y), range(&self.panel.x, cell.x));
        let area = Area {
            left: self.x(cell.x.0),
            top: self.y(cell.y.1),
            right: self.x(cell.x.1),
            bottom: self.y(cell.y.0),
        };
        let (area, shown) = (area.common(self.area)?, shown.join(", "));
        let row = if rows.is_empty() {
            String::new()
        } else {
            format!("{rows}: ")
        };
        let text = format!("{row}{shown}, {columns}");
        Some(Spot { area, text })
    }

    fn missing(&self, missing: &Missing) -> Vec<Spot> {
        let spots = missing.at.iter().filter_map(|&at| {
            let mut area = self.around((at, self.panel.y.span.high()))?;
            area.top = self.area.top + 20.0 * missing.row as f64;
            area.bottom = area.top + 20.0;
            let text = format!("{}, {}", missing.reason, named_value(&self.panel.x, at));
            Some(Spot { area, text })
        });
        spots.collect()
    }
}

fn key_label(chart: &Chart, matches: impl Fn(&Swatch) -> bool) -> String {
    let entry = chart.key.iter().find(|entry| matches(&entry.swatch));
    entry.map_or_else(String::new, |entry| entry.label.clone())
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
    let label = axis.label.trim_end_matches(" (log scale)");
    format!("{label} {}", value(axis, at))
        .trim_start()
        .to_owned()
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
    heading.map_or_else(
        || nearest.text.clone(),
        |heading| format!("{} {}", heading.text, nearest.text),
    )
}

/// What a cell covers of an axis: `3.00 s from 100 ms to 3.10 s` on one of times, otherwise its ends or its name.
fn range(axis: &Axis, (low, high): (f64, f64)) -> String {
    match &axis.ticks {
        Ticks::Round(unit) | Ticks::Shared(unit) => {
            let ends = format!("{} to {}", unit.text(low), unit.text(high));
            if *unit == Unit::Time && !axis.span.is_log() {
                format!("{} from {ends}", unit.text(high - low))
            } else {
                ends
            }
        }
        Ticks::Named(_) => name(axis, f64::midpoint(low, high)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::plot::sample::{interval_sweep, mode_sweep, occupancy, origin, run};
    use crate::render::plot::style::Theme;
    use crate::render::plot::{Picture, duration, figure, gantt, heatmap, occupancy as queues};

    fn read(picture: &Picture) -> Vec<String> {
        let drawn = figure::draw(&picture.chart, Theme::Light);
        let all = spots(&picture.chart, &drawn.areas);
        for spot in &all {
            let Area {
                left,
                top,
                right,
                bottom,
            } = spot.area;
            let whole = (0.0..=1200.0).contains(&left) && left < right && top < bottom;
            assert!(whole && bottom <= f64::from(drawn.height), "{spot:?}");
        }
        all.into_iter().map(|spot| spot.text).collect()
    }

    fn has(picture: &Picture, text: &str) {
        let all = read(picture);
        assert!(all.iter().any(|own| own == text), "{text}\n{all:#?}");
    }

    #[test]
    fn a_point_tells_its_value_its_interval_and_where_it_lies() {
        let picture = duration::picture(&interval_sweep(), None).unwrap();
        has(
            &picture,
            "simulated median: End to end duration 2.00 s [1.90 s, 2.10 s], Checkpoint interval 10.0 s",
        );
    }

    #[test]
    fn a_bar_tells_its_subtask_its_phase_and_its_length() {
        let picture = gantt::picture(&run(4, false), 7, &origin()).unwrap();
        has(&picture, "join #0: alignment, 3.00 s from 100 ms to 3.10 s");
    }

    #[test]
    fn a_cell_of_a_map_tells_both_coordinates() {
        let picture = &heatmap::pictures(&mode_sweep())[0];
        has(picture, "unaligned: 250 ms, 10 s");
    }

    #[test]
    fn a_strip_tells_how_many_buffers_there_were() {
        let queue = occupancy(true);
        let picture = queues::picture(&[("aligned", &queue)], &origin()).unwrap();
        let all = read(&picture);
        let blocked = |text: &&String| text.contains("buffers, blocked");
        assert!(all.iter().find(blocked).is_some(), "{all:#?}");
    }

    #[test]
    fn there_are_never_too_many() {
        assert_eq!(thinned((0..1000).collect(), 900).len(), 500);
        assert_eq!(thinned((0..900).collect(), 900).len(), 900);
    }
}
