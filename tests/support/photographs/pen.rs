//! Pens, and the strokes of a digit.

use super::Kind;
use crate::random::Numbers;

/// What leaves a trace on paper, and how.
#[derive(Clone, Copy)]
pub struct Pen {
    /// The share of the light that a full stroke returns.
    pub shade: f64,
    /// By how many pixels of the image a stroke is wider than in MNIST.
    pub wider: f64,
    /// The share of a stroke that its grain leaves out, at most.
    pub gaps: f64,
}

impl Pen {
    pub fn of(kind: Kind, numbers: &mut Numbers) -> Self {
        let (shade, wider, gaps) = match (kind, numbers.between(0.0, 1.0)) {
            (Kind::ThickPen, _) => ([0.1, 0.3], [1.2, 2.5], 0.0),
            (Kind::Pencil, _) => ([0.55, 0.75], [-0.5, 0.0], 0.8),
            (_, at) if at < 0.4 => ([0.2, 0.4], [-0.6, -0.2], 0.2),
            _ => ([0.1, 0.3], [-0.2, 0.4], 0.0),
        };
        let mut within = |[low, high]: [f64; 2]| numbers.between(low, high);
        Self {
            shade: within(shade),
            wider: within(wider),
            gaps,
        }
    }
}

/// How far each point of an image is within a stroke, five points a pixel, in pixels; negative outside.
pub struct Strokes(Vec<f64>);

const FINE: usize = 5;
const SIDE: usize = 28 * FINE;

impl Strokes {
    /// The strokes of an image of MNIST.
    pub fn of(image: &[u8]) -> Self {
        let pixel = |x: i32, y: i32| {
            let inside = (0..28).contains(&x) && (0..28).contains(&y);
            f64::from(if inside {
                image[(y * 28 + x) as usize]
            } else {
                0
            }) / 255.0
        };
        let fine = |at: usize| {
            let [x, y] = [at % SIDE, at / SIDE].map(|at| (at as f64 + 0.5) / FINE as f64 - 0.5);
            let mut sum = 0.0;
            for row in -1..3 {
                for column in -1..3 {
                    let (left, top) = (x.floor() as i32 + column, y.floor() as i32 + row);
                    sum +=
                        spline(x - f64::from(left)) * spline(y - f64::from(top)) * pixel(left, top);
                }
            }
            sum > 0.42
        };
        let inked: Vec<bool> = (0..SIDE * SIDE).map(fine).collect();
        Self((0..SIDE * SIDE).map(|at| depth(&inked, at)).collect())
    }

    pub fn depth(&self, x: f64, y: f64) -> f64 {
        let [x, y] = [x, y].map(|at| at * FINE as f64 - 0.5);
        let (left, top) = (x.floor(), y.floor());
        let get = |x: f64, y: f64| {
            let inside = (0.0..SIDE as f64).contains(&x) && (0.0..SIDE as f64).contains(&y);
            if inside {
                self.0[y as usize * SIDE + x as usize]
            } else {
                -2.0
            }
        };
        let (right, down) = (x - left, y - top);
        let above = get(left, top) * (1.0 - right) + get(left + 1.0, top) * right;
        let below = get(left, top + 1.0) * (1.0 - right) + get(left + 1.0, top + 1.0) * right;
        above * (1.0 - down) + below * down
    }
}

/// The cubic B-spline.
fn spline(x: f64) -> f64 {
    let x = x.abs();
    match x {
        _ if x < 1.0 => 2.0 / 3.0 - x * x + x * x * x / 2.0,
        _ if x < 2.0 => (2.0 - x).powi(3) / 6.0,
        _ => 0.0,
    }
}

/// The distance to the nearest point of the other kind, up to two pixels.
fn depth(inked: &[bool], at: usize) -> f64 {
    let reach = 2 * FINE;
    let (column, row) = (at % SIDE, at / SIDE);
    let mut nearest = reach as f64;
    for y in (row + SIDE - reach)..=(row + SIDE + reach) {
        for x in (column + SIDE - reach)..=(column + SIDE + reach) {
            // A sheet is to each side of the points.
            let inside = (SIDE..2 * SIDE).contains(&x) && (SIDE..2 * SIDE).contains(&y);
            let other = inside && inked[(y - SIDE) * SIDE + x - SIDE];
            if other != inked[at] {
                let [right, down] = [x.abs_diff(column + SIDE), y.abs_diff(row + SIDE)];
                nearest = nearest.min((right as f64).hypot(down as f64) - 0.5);
            }
        }
    }
    nearest / FINE as f64 * if inked[at] { 1.0 } else { -1.0 }
}
