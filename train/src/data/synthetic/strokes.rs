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
    fn combine(points: [Self; 4], weights: [f32; 4]) -> Self {
        let sum = |part: fn(&Self) -> f32| {
            let parts = points.iter().map(part).zip(weights);
            parts.map(|(part, weight)| part * weight).sum()
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
    let mut stroke = |knots: &&[(u8, u8)]| {
        let mut points: Vec<Point> = Vec::with_capacity(knots.len());
        for (index, &(x, y)) in knots.iter().enumerate() {
            let is_corner = index > 0 && knots[index - 1] == (x, y);
            points.push(if is_corner {
                points[index - 1]
            } else {
                place(f32::from(x) / 100.0, f32::from(y) / 100.0)
            });
        }
        curve(&points)
    };
    style.iter().map(&mut stroke).collect()
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
            let halves = weights.map(|weight| weight / 2.0);
            line.push(Point::combine([before, start, end, after], halves));
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
    /// In pixels.
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
        // The pixels around a stretch, of those from 0 to a limit; a float below 0 becomes 0.
        let touched = |from: f32, to: f32, limit: usize| {
            let (low, high) = (from.min(to) - reach, from.max(to) + reach);
            low as usize..((high + 1.0) as usize).min(limit)
        };
        let rows = touched(start.y, end.y, self.height);
        let columns = touched(start.x, end.x, self.width);
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

#[cfg(test)]
mod tests {
    use super::*;

    fn wide(x: f32, y: f32, width: f32) -> Point {
        Point { x, y, width }
    }

    fn point(x: f32, y: f32) -> Point {
        wide(x, y, 2.0)
    }

    #[test]
    fn a_curve_goes_through_all_its_knots() {
        let knots = [
            point(0.0, 0.0),
            point(3.0, 1.0),
            wide(2.0, 5.0, 4.0),
            point(-1.0, 2.0),
        ];
        let line = curve(&knots);
        assert_eq!(line.len(), 3 * usize::from(PIECES) + 1);
        for (found, knot) in line.iter().step_by(PIECES.into()).zip(knots) {
            let numbers = [found.x - knot.x, found.y - knot.y, found.width - knot.width];
            let is_close = numbers.iter().all(|number| number.abs() < 1e-5);
            assert!(is_close, "{found:?} for {knot:?}");
        }
    }

    #[test]
    fn knots_on_a_straight_line_give_it() {
        let line = curve(&[0.0, 1.0, 2.0, 3.0].map(|x| point(x, 2.0 * x)));
        let is_on_it = |point: &Point| (point.y - 2.0 * point.x).abs() < 1e-5;
        assert!(line.iter().all(is_on_it));
    }

    #[test]
    fn a_double_knot_is_a_corner() {
        let (start, corner, end) = (point(0.0, 0.0), point(4.0, 0.0), point(4.0, 4.0));
        // How far the point farthest from both sides is.
        let roundness = |knots: &[Point]| {
            let away = |point: &Point| point.y.abs().min((point.x - 4.0).abs());
            curve(knots).iter().map(away).fold(0.0, f32::max)
        };
        assert!(roundness(&[start, corner, corner, end]) < 1e-5);
        assert!(roundness(&[start, corner, end]) > 0.01);
    }

    #[test]
    fn corners_are_placed_once() {
        let style: Style = &[&[(0, 0), (50, 100), (50, 100), (100, 0)], &[(0, 50)]];
        let mut placed_knots = Vec::new();
        let strokes = placed(style, |x, y| {
            placed_knots.push((x, y));
            point(x, y)
        });
        let knots = [(0.0, 0.0), (0.5, 1.0), (1.0, 0.0), (0.0, 0.5)];
        assert_eq!(placed_knots, knots);
        let lengths: Vec<usize> = strokes.iter().map(Vec::len).collect();
        assert_eq!(lengths, [2 * usize::from(PIECES) + 1, 1]);
        assert!(curve(&[]).is_empty());
    }

    #[test]
    fn the_ink_of_a_line_is_its_area() {
        let mut canvas = Canvas::new(70, 70);
        canvas.draw(&[wide(12.3, 30.0, 6.0), wide(52.3, 38.0, 6.0)], 1.0);
        let length = (40.0_f32 * 40.0 + 8.0 * 8.0).sqrt();
        let expected = length * 6.0 + std::f32::consts::PI * 9.0;
        let ink: f32 = canvas.ink().iter().sum();
        assert!((ink / expected - 1.0).abs() < 0.01, "{ink} for {expected}");
    }

    #[test]
    fn ink_is_full_inside_half_on_the_edge_and_none_outside() {
        let mut canvas = Canvas::new(20, 9);
        canvas.draw(&[wide(4.0, 4.0, 3.0), wide(16.0, 4.0, 3.0)], 2.0);
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
        let around = [point(5.0, -90.0), point(90.0, -80.0), point(90.0, 5.0)];
        canvas.draw(&around, 1.0);
        assert!(canvas.ink()[9] < 0.01);
    }
}
