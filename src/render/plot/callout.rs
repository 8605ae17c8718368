//! Names of single points: beside the point where that is free, further away with a thin line where it is crowded.

use crate::render::plot::canvas::{Anchor, Canvas, Pen, Text, text_width};
use crate::render::plot::chart::Callouts;
use crate::render::plot::clip::{Area, Point};
use crate::render::plot::marks::{Map, halo};
use crate::render::plot::style::{Paint, SMALL};

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

/// Draws the names, each where it covers neither a dot nor another name.
pub fn draw(canvas: &Canvas, callouts: &Callouts, area: &Area, x: Map, y: Map) {
    let mut taken: Vec<Area> = callouts
        .avoid
        .iter()
        .map(|dot| {
            let (at, middle) = (x(dot.at.0), y(dot.at.1));
            let (low, high) = dot
                .interval
                .map_or((middle, middle), |(low, high)| (y(low), y(high)));
            around(at, low.min(high).min(middle), low.max(high).max(middle))
        })
        .collect();
    for (at, name) in &callouts.names {
        let point = (x(at.0), y(at.1));
        if !area.contains(point) {
            continue;
        }
        let width = text_width(name, SMALL, true);
        let place = place(point, width, area, &taken);
        name_at(canvas, name, point, &place);
        taken.push(place);
    }
}

fn around(x: f64, top: f64, bottom: f64) -> Area {
    Area {
        left: x - CLEAR,
        top: top - CLEAR,
        right: x + CLEAR,
        bottom: bottom + CLEAR,
    }
}

/// The nearest free place; right of the point if everything is taken.
fn place(point: Point, width: f64, area: &Area, taken: &[Area]) -> Area {
    let inside = |place: &Area| {
        area.contains((place.left, place.top)) && area.contains((place.right, place.bottom))
    };
    DISTANCES
        .iter()
        .flat_map(|distance| DIRECTIONS.map(|direction| beside(point, width, *distance, direction)))
        .find(|place| inside(place) && taken.iter().all(|other| place.common(other).is_none()))
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
    Area {
        left,
        top: middle - HALF,
        right: left + width,
        bottom: middle + HALF,
    }
}

fn name_at(canvas: &Canvas, name: &str, point: Point, place: &Area) {
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
        canvas.line(&[from, end], Pen::new(Paint::Grey, 1.0));
    }
    let at = (place.left, place.middle().1);
    halo(canvas, name, at, Anchor::Start, place.width());
    canvas.text(&Text {
        words: name,
        at,
        anchor: Anchor::Start,
        size: SMALL,
        paint: Paint::Ink,
        bold: true,
        turned: false,
    });
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
        let place = |taken: &[Area]| place((200.0, 150.0), 60.0, &AREA, taken);
        assert!((place(&[]).left - 210.0).abs() < 1e-9);
        let neighbour = around(230.0, 150.0, 150.0);
        assert!((place(&[neighbour]).right - 190.0).abs() < 1e-9);
    }

    #[test]
    fn a_name_stays_in_the_panel() {
        let place = place((398.0, 2.0), 60.0, &AREA, &[]);
        assert!(place.right <= 400.0 && place.top >= 0.0, "{place:?}");
    }
}
