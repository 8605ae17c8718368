//! Names of single points: beside the point where that is free, further away with a thin line where it is crowded.

use crate::render::chart::area::{Area, Point};
use crate::render::chart::canvas::{Canvas, Pen};
use crate::render::chart::colour::Colour;
use crate::render::chart::frame::Frame;
use crate::render::chart::text::{SMALL, Text};
use crate::render::chart::{Dot, Mark, Place};

/// Half the height of a line of text.
const HALF: f64 = 9.0;
/// Half the width of what is kept free around a dot.
const CLEAR: f64 = 6.5;
/// From the point to the text, nearest first.
const DISTANCES: [f64; 8] = [10.0, 18.0, 28.0, 40.0, 54.0, 70.0, 90.0, 115.0];
/// Directions, best first: right, left, then slanted, then above and below (y downwards).
const DIRECTIONS: [(f64, f64); 10] = [
    (1.0, 0.0),
    (-1.0, 0.0),
    (0.87, 0.5),
    (-0.87, -0.5),
    (0.87, -0.5),
    (-0.87, 0.5),
    (0.5, 0.87),
    (-0.5, -0.87),
    (0.0, 1.0),
    (0.0, -1.0),
];

/// Draws the names, each where it covers neither a dot nor another name, and no curve if that can be.
pub fn draw(canvas: &Canvas, frame: &Frame, names: &[(Place, String)]) {
    let marks = frame.panel.marks.iter();
    let dots = marks.flat_map(|mark| match mark {
        Mark::Dots(_, dots) => dots.clone(),
        Mark::Line(line) if line.dots => line.points.iter().copied().map(Dot::from).collect(),
        _ => Vec::new(),
    });
    let mut taken: Vec<Area> = dots.map(|dot| around(frame, dot)).collect();
    let curves = curves(frame);
    for (at, name) in names {
        let point = frame.at(*at);
        if frame.area.contains(point) {
            let text = Text::new(name, point).size(SMALL).bold(true);
            let place = place(point, text.width(), &frame.area, (&taken, &curves));
            name_at(canvas, text, point, &place);
            taken.push(place);
        }
    }
}

/// The curves of the panel in their pieces; lines between two points are grids and bounds.
fn curves(frame: &Frame) -> Vec<[Point; 2]> {
    let curves = frame.panel.marks.iter().filter_map(|mark| match mark {
        Mark::Line(line) if line.points.len() > 2 => Some(frame.all(&line.points)),
        _ => None,
    });
    curves
        .flat_map(|points| {
            points
                .windows(2)
                .map(|pair| [pair[0], pair[1]])
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What is kept free around a dot and its interval.
fn around(frame: &Frame, dot: Dot) -> Area {
    let (low, high) = dot.interval.unwrap_or((dot.at.1, dot.at.1));
    let ends = [low.min(dot.at.1), high.max(dot.at.1)].map(|y| frame.at((dot.at.0, y)));
    Area::between(ends[0], ends[1]).inset(-CLEAR)
}

/// The nearest free place; right of the point if everything is taken.
fn place(point: Point, width: f64, area: &Area, (taken, curves): (&[Area], &[[Point; 2]])) -> Area {
    let places = || {
        let distances = DISTANCES.iter();
        let all = distances.flat_map(|distance| {
            DIRECTIONS.map(|direction| beside(point, width, *distance, direction))
        });
        all.filter(|place| {
            let inside = [(place.left, place.top), (place.right, place.bottom)];
            let inside = inside.into_iter().all(|corner| area.contains(corner));
            inside && taken.iter().all(|other| place.common(other).is_none())
        })
    };
    let crossed = |place: &Area| {
        curves
            .iter()
            .any(|[from, to]| place.segment(*from, *to).is_some())
    };
    places()
        .find(|place| !crossed(place))
        .or_else(|| places().next())
        .unwrap_or_else(|| beside(point, width, DISTANCES[0], DIRECTIONS[0]))
}

fn beside((x, y): Point, width: f64, distance: f64, (right, down): (f64, f64)) -> Area {
    let x = x + distance * right;
    let left = match right {
        right if right > 0.1 => x,
        right if right < -0.1 => x - width,
        _ => x - width / 2.0,
    };
    // Straight above and below, the text keeps its distance with its edge.
    let middle = y + distance * down + HALF * if right.abs() < 0.1 { down } else { 0.0 };
    Area::between((left, middle - HALF), (left + width, middle + HALF))
}

fn name_at(canvas: &Canvas, text: Text, point: Point, place: &Area) {
    let end = (
        point.0.clamp(place.left, place.right),
        point.1.clamp(place.top, place.bottom),
    );
    let length = (end.0 - point.0).hypot(end.1 - point.1);
    if length > DISTANCES[0] + 0.5 {
        let share = CLEAR / length;
        let from = (
            point.0 + share * (end.0 - point.0),
            point.1 + share * (end.1 - point.1),
        );
        canvas.line(&[from, end], Pen::new(Colour::Grey, 1.0));
    }
    let at = (place.left, place.middle().1);
    canvas.text_on_white(&Text { at, ..text });
}

#[cfg(test)]
mod tests {
    use super::*;

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 400.0,
        bottom: 300.0,
    };

    #[test]
    fn a_name_goes_right_of_its_point_if_that_is_free_else_left() {
        let place = |taken: &[Area]| place((200.0, 150.0), 60.0, &AREA, (taken, &[]));
        assert!((place(&[]).left - 210.0).abs() < 1e-9);
        let neighbour = Area::around((230.0, 150.0), CLEAR, CLEAR);
        assert!((place(&[neighbour]).right - 190.0).abs() < 1e-9);
    }

    #[test]
    fn a_name_leaves_its_curve_free() {
        // It stood right of its point, on the curve.
        let curve = [[(0.0, 150.0), (400.0, 150.0)]];
        let place = place((200.0, 150.0), 60.0, &AREA, (&[], &curve));
        assert!(place.top > 150.0 || place.bottom < 150.0, "{place:?}");
    }

    #[test]
    fn a_name_stays_in_the_panel() {
        let place = place((398.0, 2.0), 60.0, &AREA, (&[], &[]));
        assert!(place.right <= 400.0 && place.top >= 0.0, "{place:?}");
    }
}
