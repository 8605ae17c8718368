//! Geometry in pixels: what leaves a rectangle is cut off, not bent onto its border.

/// A point in logical pixels, y downwards.
pub type Point = (f64, f64);

/// An upright rectangle in logical pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    pub left: f64,
    pub top: f64,
    pub right: f64,
    pub bottom: f64,
}

impl Area {
    /// With these two corners, whichever they are.
    pub fn between((x0, y0): Point, (x1, y1): Point) -> Area {
        Area {
            left: x0.min(x1),
            top: y0.min(y1),
            right: x0.max(x1),
            bottom: y0.max(y1),
        }
    }

    /// With this centre, and so far to each side.
    pub fn around((x, y): Point, wide: f64, high: f64) -> Area {
        Area::between((x - wide, y - high), (x + wide, y + high))
    }

    /// Horizontal extent.
    pub fn width(&self) -> f64 {
        self.right - self.left
    }

    /// Vertical extent.
    pub fn height(&self) -> f64 {
        self.bottom - self.top
    }

    /// The centre.
    pub fn middle(&self) -> Point {
        (
            f64::midpoint(self.left, self.right),
            f64::midpoint(self.top, self.bottom),
        )
    }

    /// This area made smaller by so many pixels at each side, never inside out.
    #[must_use]
    pub fn inset(&self, by: f64) -> Area {
        let x = by.min(self.width() / 2.0);
        let y = by.min(self.height() / 2.0);
        Area::between(
            (self.left + x, self.top + y),
            (self.right - x, self.bottom - y),
        )
    }

    /// The part that both share, if any.
    pub fn common(&self, other: &Area) -> Option<Area> {
        let area = Area {
            left: self.left.max(other.left),
            top: self.top.max(other.top),
            right: self.right.min(other.right),
            bottom: self.bottom.min(other.bottom),
        };
        (area.left < area.right && area.top < area.bottom).then_some(area)
    }

    /// Whether a point lies inside or on the edge.
    pub fn contains(&self, (x, y): Point) -> bool {
        (self.left..=self.right).contains(&x) && (self.top..=self.bottom).contains(&y)
    }

    /// The part of a segment inside the area (Liang and Barsky 1984).
    pub fn segment(&self, (x0, y0): Point, (x1, y1): Point) -> Option<(Point, Point)> {
        let (dx, dy) = (x1 - x0, y1 - y0);
        if !(dx.is_finite() && dy.is_finite()) {
            return None;
        }
        let (mut enter, mut leave) = (0.0f64, 1.0f64);
        let edges = [
            (-dx, x0 - self.left),
            (dx, self.right - x0),
            (-dy, y0 - self.top),
            (dy, self.bottom - y0),
        ];
        for (direction, distance) in edges {
            if direction == 0.0 {
                if distance < 0.0 {
                    return None;
                }
            } else if direction < 0.0 {
                enter = enter.max(distance / direction);
            } else {
                leave = leave.min(distance / direction);
            }
        }
        let at = |t: f64| (x0 + t * dx, y0 + t * dy);
        (enter <= leave).then(|| (at(enter), at(leave)))
    }

    /// The pieces of a polyline inside the area; non-finite points interrupt it.
    pub fn polyline(&self, points: &[Point]) -> Vec<Vec<Point>> {
        let mut pieces: Vec<Vec<Point>> = Vec::new();
        for pair in points.windows(2) {
            let Some((from, to)) = self.segment(pair[0], pair[1]) else {
                continue;
            };
            match pieces.last_mut() {
                Some(piece) if piece.last() == Some(&from) => piece.push(to),
                _ => pieces.push(vec![from, to]),
            }
        }
        pieces
    }

    /// The part of a polygon inside the area (Sutherland and Hodgman 1974); non-finite corners are left out.
    pub fn polygon(&self, corners: &[Point]) -> Vec<Point> {
        let mut polygon: Vec<Point> = corners
            .iter()
            .copied()
            .filter(|(x, y)| x.is_finite() && y.is_finite())
            .collect();
        polygon = half_plane(&polygon, |(x, _)| x - self.left);
        polygon = half_plane(&polygon, |(x, _)| self.right - x);
        polygon = half_plane(&polygon, |(_, y)| y - self.top);
        half_plane(&polygon, |(_, y)| self.bottom - y)
    }
}

/// The part of a polygon where `inside` is not negative.
fn half_plane(polygon: &[Point], inside: impl Fn(Point) -> f64) -> Vec<Point> {
    let mut kept = Vec::with_capacity(polygon.len() + 4);
    for (index, &to) in polygon.iter().enumerate() {
        let from = polygon[(index + polygon.len() - 1) % polygon.len()];
        let (a, b) = (inside(from), inside(to));
        if (a >= 0.0) != (b >= 0.0) {
            let t = a / (a - b);
            kept.push((from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1)));
        }
        if b >= 0.0 {
            kept.push(to);
        }
    }
    kept
}

/// A polyline cut into dashes of length `on` with gaps of length `off`; both positive.
pub fn dashes(points: &[Point], (on, off): (f64, f64)) -> Vec<Vec<Point>> {
    let mut result = Vec::new();
    let mut dash: Vec<Point> = points.first().copied().into_iter().collect();
    let (mut drawing, mut left) = (true, on);
    for pair in points.windows(2) {
        let (mut from, to) = (pair[0], pair[1]);
        let mut rest = libm::hypot(to.0 - from.0, to.1 - from.1);
        while rest > left {
            let t = left / rest;
            from = (from.0 + t * (to.0 - from.0), from.1 + t * (to.1 - from.1));
            rest -= left;
            if drawing {
                dash.push(from);
                result.push(std::mem::take(&mut dash));
            } else {
                dash = vec![from];
            }
            drawing = !drawing;
            left = if drawing { on } else { off };
        }
        left -= rest;
        if drawing {
            dash.push(to);
        }
    }
    if drawing && dash.len() > 1 {
        result.push(dash);
    }
    result
}

/// At most four points per pixel column: first, lowest, highest, last. The picture stays the same, the file small.
pub fn thin(points: Vec<Point>, columns: f64) -> Vec<Point> {
    if (points.len() as f64) <= 4.0 * columns.max(1.0) {
        return points;
    }
    let mut kept: Vec<Point> = Vec::new();
    for column in points.chunk_by(|a, b| a.0.floor().total_cmp(&b.0.floor()).is_eq()) {
        let lowest = (0..column.len()).min_by(|&a, &b| column[a].1.total_cmp(&column[b].1));
        let highest = (0..column.len()).max_by(|&a, &b| column[a].1.total_cmp(&column[b].1));
        let mut chosen = vec![
            0,
            lowest.unwrap_or(0),
            highest.unwrap_or(0),
            column.len() - 1,
        ];
        chosen.sort_unstable();
        chosen.dedup();
        kept.extend(chosen.into_iter().map(|index| column[index]));
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const AREA: Area = Area {
        left: 0.0,
        top: 0.0,
        right: 10.0,
        bottom: 10.0,
    };

    #[test]
    fn a_line_that_leaves_the_area_ends_at_its_border() {
        assert_eq!(
            AREA.segment((5.0, 5.0), (15.0, 5.0)),
            Some(((5.0, 5.0), (10.0, 5.0)))
        );
        assert_eq!(AREA.segment((11.0, 5.0), (15.0, 5.0)), None);
        assert_eq!(AREA.segment((5.0, f64::NAN), (15.0, 5.0)), None);
    }

    #[test]
    fn a_curve_that_leaves_and_returns_has_two_pieces() {
        let pieces = AREA.polyline(&[(1.0, 5.0), (5.0, -5.0), (9.0, 5.0)]);
        assert_eq!(
            pieces,
            vec![vec![(1.0, 5.0), (3.0, 0.0)], vec![(7.0, 0.0), (9.0, 5.0)]]
        );
    }

    #[test]
    fn a_polygon_larger_than_the_area_becomes_the_area() {
        let corners = AREA.polygon(&[(-5.0, -5.0), (15.0, -5.0), (15.0, 15.0), (-5.0, 15.0)]);
        assert!(corners.iter().all(|&corner| AREA.contains(corner)));
        assert_eq!(AREA.polygon(&[]), vec![]);
    }

    #[test]
    fn dashes_run_around_corners() {
        let parts = dashes(&[(0.0, 0.0), (3.0, 0.0), (3.0, 3.0)], (4.0, 1.0));
        assert_eq!(
            parts,
            vec![
                vec![(0.0, 0.0), (3.0, 0.0), (3.0, 1.0)],
                vec![(3.0, 2.0), (3.0, 3.0)]
            ]
        );
    }

    #[test]
    fn thinning_keeps_extremes() {
        let points: Vec<Point> = (0..1000)
            .map(|i| (f64::from(i) / 100.0, if i == 555 { 9.0 } else { 1.0 }))
            .collect();
        let thinned = thin(points, 10.0);
        assert!(thinned.len() <= 40);
        assert!(thinned.contains(&(5.55, 9.0)));
    }

    proptest! {
        #[test]
        fn nothing_clipped_lies_outside(points in prop::collection::vec((-30.0..30.0f64, -30.0..30.0f64), 0..20)) {
            let close = AREA.inset(-1e-9);
            for point in AREA.polyline(&points).into_iter().flatten().chain(AREA.polygon(&points)) {
                prop_assert!(close.contains(point), "{point:?}");
            }
        }
    }
}
