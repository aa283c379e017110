//! Pen strokes as smooth curves, and their ink on a canvas.
//!
//! Only `+ - * /` and the square root are used, which IEEE 754 defines to the bit: the same strokes give the same ink
//! on every machine.

use super::glyphs::Style;

/// How many straight pieces stand for the curve between two knots.
const PIECES: u8 = 6;

/// A point of a stroke, and how wide the pen is there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// To the right.
    pub x: f32,
    /// Downwards.
    pub y: f32,
    /// In the unit of x and y.
    pub width: f32,
}

impl Point {
    /// The three numbers of `points` combined as `weights` say.
    fn combine<const N: usize>(points: [Self; N], weights: [f32; N]) -> Self {
        let sum = |part: fn(&Self) -> f32| {
            points
                .iter()
                .zip(weights)
                .map(|(point, weight)| part(point) * weight)
                .sum()
        };
        Self {
            x: sum(|point| point.x),
            y: sum(|point| point.y),
            width: sum(|point| point.width),
        }
    }
}

/// The strokes of `style` as `place` puts each knot (0 to 1 both ways). A corner is placed once.
pub fn placed(style: Style, mut place: impl FnMut(f32, f32) -> Point) -> Vec<Vec<Point>> {
    let mut stroke = |knots: &[(u8, u8)]| {
        let mut points: Vec<Point> = Vec::with_capacity(knots.len());
        for (index, &(x, y)) in knots.iter().enumerate() {
            let corner = index > 0 && knots[index - 1] == knots[index];
            let point = if corner {
                points[index - 1]
            } else {
                place(f32::from(x) / 100.0, f32::from(y) / 100.0)
            };
            points.push(point);
        }
        curve(&points)
    };
    style.iter().map(|knots| stroke(knots)).collect()
}

/// A line through all `knots` that bends smoothly, as Catmull and Rom's spline does; a knot given twice is a corner.
pub fn curve(knots: &[Point]) -> Vec<Point> {
    let Some(&first) = knots.first() else {
        return Vec::new();
    };
    let mut line = vec![first];
    for index in 1..knots.len() {
        let (start, end) = (knots[index - 1], knots[index]);
        if start == end {
            continue;
        }
        let before = knots[index.saturating_sub(2)];
        let after = knots[(index + 1).min(knots.len() - 1)];
        for piece in 1..=PIECES {
            let t = f32::from(piece) / f32::from(PIECES);
            let (t2, t3) = (t * t, t * t * t);
            let weights = [
                -t + 2.0 * t2 - t3,
                2.0 - 5.0 * t2 + 3.0 * t3,
                t + 4.0 * t2 - 3.0 * t3,
                t3 - t2,
            ];
            line.push(Point::combine(
                [before, start, end, after],
                weights.map(|weight| weight / 2.0),
            ));
        }
    }
    line
}

/// A grid of pixels, each with the share of it that ink covers.
pub struct Canvas {
    width: usize,
    height: usize,
    ink: Vec<f32>,
}

impl Canvas {
    /// An empty canvas, in pixels.
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            ink: vec![0.0; width * height],
        }
    }

    /// The ink of each pixel, 0 to 1, row by row.
    pub fn ink(&self) -> &[f32] {
        &self.ink
    }

    /// Draws `line`, in pixels from the upper left corner; `softness` is the width of its edge, from ink to none.
    pub fn draw(&mut self, line: &[Point], softness: f32) {
        for piece in line.windows(2) {
            self.draw_piece(piece[0], piece[1], softness);
        }
    }

    fn draw_piece(&mut self, start: Point, end: Point, softness: f32) {
        let reach = 0.5 * (start.width.max(end.width) + softness);
        let rows = pixels_between(
            start.y.min(end.y) - reach,
            start.y.max(end.y) + reach,
            self.height,
        );
        let columns = pixels_between(
            start.x.min(end.x) - reach,
            start.x.max(end.x) + reach,
            self.width,
        );
        let (along_x, along_y) = (end.x - start.x, end.y - start.y);
        let length_squared = (along_x * along_x + along_y * along_y).max(f32::MIN_POSITIVE);
        for row in rows {
            for column in columns.clone() {
                let (x, y) = (column as f32 + 0.5 - start.x, row as f32 + 0.5 - start.y);
                let t = ((x * along_x + y * along_y) / length_squared).clamp(0.0, 1.0);
                let (away_x, away_y) = (x - t * along_x, y - t * along_y);
                let radius = 0.5 * (start.width + (end.width - start.width) * t);
                let depth = radius - (away_x * away_x + away_y * away_y).sqrt();
                let pixel = &mut self.ink[row * self.width + column];
                *pixel = pixel.max((depth / softness + 0.5).clamp(0.0, 1.0));
            }
        }
    }
}

/// The pixels that the stretch `low` to `high` touches, of those from 0 to `limit`.
fn pixels_between(low: f32, high: f32, limit: usize) -> std::ops::Range<usize> {
    // A float below 0 becomes 0.
    low as usize..((high + 1.0) as usize).min(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(x: f32, y: f32) -> Point {
        Point { x, y, width: 2.0 }
    }

    fn close(a: Point, b: Point) -> bool {
        (a.x - b.x).abs() < 1e-5 && (a.y - b.y).abs() < 1e-5 && (a.width - b.width).abs() < 1e-5
    }

    #[test]
    fn a_curve_goes_through_all_its_knots() {
        let knots = [
            point(0.0, 0.0),
            point(3.0, 1.0),
            Point {
                width: 4.0,
                ..point(2.0, 5.0)
            },
            point(-1.0, 2.0),
        ];
        let line = curve(&knots);
        assert_eq!(line.len(), 3 * usize::from(PIECES) + 1);
        for (index, knot) in knots.into_iter().enumerate() {
            assert!(close(line[index * usize::from(PIECES)], knot), "{knot:?}");
        }
    }

    #[test]
    fn knots_on_a_straight_line_give_it() {
        let line = curve(&[
            point(0.0, 0.0),
            point(1.0, 2.0),
            point(2.0, 4.0),
            point(3.0, 6.0),
        ]);
        assert!(
            line.iter()
                .all(|point| (point.y - 2.0 * point.x).abs() < 1e-5)
        );
    }

    #[test]
    fn a_double_knot_is_a_corner() {
        let (corner, end) = (point(4.0, 0.0), point(4.0, 4.0));
        let line = curve(&[point(0.0, 0.0), corner, corner, end]);
        assert!(
            line.iter()
                .all(|point| point.y.abs() < 1e-5 || (point.x - 4.0).abs() < 1e-5),
            "{line:?}"
        );
        let round = curve(&[point(0.0, 0.0), corner, end]);
        assert!(
            round
                .iter()
                .any(|point| point.y.abs() > 0.01 && (point.x - 4.0).abs() > 0.01)
        );
    }

    #[test]
    fn corners_are_placed_once() {
        let style: Style = &[&[(0, 0), (50, 100), (50, 100), (100, 0)], &[(0, 50)]];
        let mut placed_knots = Vec::new();
        let strokes = placed(style, |x, y| {
            placed_knots.push((x, y));
            point(x, y)
        });
        assert_eq!(
            placed_knots,
            [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0), (0.0, 0.5)]
        );
        assert_eq!(
            strokes.iter().map(Vec::len).collect::<Vec<_>>(),
            [2 * usize::from(PIECES) + 1, 1]
        );
        assert!(curve(&[]).is_empty());
    }

    #[test]
    fn the_ink_of_a_line_is_its_area() {
        let (start, end) = (
            Point {
                width: 6.0,
                ..point(12.3, 30.0)
            },
            Point {
                width: 6.0,
                ..point(52.3, 38.0)
            },
        );
        let mut canvas = Canvas::new(70, 70);
        canvas.draw(&[start, end], 1.0);
        let length = (40.0_f32 * 40.0 + 8.0 * 8.0).sqrt();
        let expected = length * 6.0 + std::f32::consts::PI * 9.0;
        let ink: f32 = canvas.ink().iter().sum();
        assert!((ink / expected - 1.0).abs() < 0.01, "{ink} for {expected}");
    }

    #[test]
    fn ink_is_full_inside_half_on_the_edge_and_none_outside() {
        let mut canvas = Canvas::new(20, 9);
        canvas.draw(
            &[
                Point {
                    width: 3.0,
                    ..point(4.0, 4.0)
                },
                Point {
                    width: 3.0,
                    ..point(16.0, 4.0)
                },
            ],
            2.0,
        );
        let column: Vec<f32> = canvas.ink().chunks(20).map(|row| row[10]).collect();
        assert_eq!(column, [0.0, 0.0, 0.5, 1.0, 1.0, 0.5, 0.0, 0.0, 0.0]);
        canvas.draw(&[point(4.0, 4.0), point(16.0, 4.0)], 2.0);
        assert!(canvas.ink().iter().all(|ink| (0.0..=1.0).contains(ink)));
    }

    #[test]
    fn lines_may_leave_the_canvas() {
        let mut canvas = Canvas::new(10, 10);
        canvas.draw(&[point(-50.0, -50.0), point(60.0, 60.0)], 1.0);
        assert!((0..10).all(|index| canvas.ink()[index * 11] > 0.99));
        canvas.draw(
            &[point(5.0, -90.0), point(90.0, -80.0), point(90.0, 5.0)],
            1.0,
        );
        assert!(canvas.ink()[9] < 0.01);
    }
}
