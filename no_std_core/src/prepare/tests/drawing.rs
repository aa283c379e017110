//! Pictures drawn by code.

use super::std::vec;
use super::std::vec::Vec;

use super::super::Pixels;
use super::{places, span};

/// A grey picture.
#[derive(Clone)]
pub struct Picture {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
}

impl Picture {
    /// A picture whose pixel in column x and row y is `at(x, y)`, rounded and saturated.
    pub fn new(width: u32, height: u32, mut at: impl FnMut(u32, u32) -> f64) -> Self {
        let pixels = places(width, height).map(|(x, y)| at(x, y).round() as u8);
        Self {
            width,
            height,
            pixels: pixels.collect(),
        }
    }

    /// White on black where `is_ink(x, y)`.
    pub fn ink(width: u32, height: u32, mut is_ink: impl FnMut(u32, u32) -> bool) -> Self {
        Self::new(width, height, |x, y| f64::from(is_ink(x, y)) * 255.0)
    }

    pub fn rows(&self) -> Pixels<'_> {
        Pixels::new(&self.pixels, self.width, self.height).unwrap()
    }

    pub fn get(&self, x: u32, y: u32) -> u8 {
        self.pixels[(y * self.width + x) as usize]
    }

    pub fn inverted(&self) -> Self {
        self.map(|_, _, pixel| 255.0 - pixel)
    }

    /// Every pixel through `change(x, y, pixel)`.
    pub fn map(&self, mut change: impl FnMut(u32, u32, f64) -> f64) -> Self {
        Self::new(self.width, self.height, |x, y| {
            change(x, y, f64::from(self.get(x, y)))
        })
    }

    /// Every pixel as a square of `times * times`.
    pub fn enlarged(&self, times: u32) -> Self {
        Self::new(self.width * times, self.height * times, |x, y| {
            f64::from(self.get(x / times, y / times))
        })
    }

    /// Its part with ink, light on black.
    pub fn cut(&self) -> Self {
        let inked = places(self.width, self.height).filter(|&(x, y)| self.get(x, y) >= 128);
        let inked: Vec<_> = inked.collect();
        let (columns, rows) = (span(&inked, |at| at.0), span(&inked, |at| at.1));
        let size = (columns.end - columns.start, rows.end - rows.start);
        Self::new(size.0, size.1, |x, y| {
            f64::from(self.get(columns.start + x, rows.start + y))
        })
    }

    /// On a larger black picture.
    pub fn pasted(&self, width: u32, height: u32, left: u32, top: u32) -> Self {
        let (right, bottom) = (left + self.width, top + self.height);
        Self::new(width, height, |x, y| {
            let inside = (left..right).contains(&x) && (top..bottom).contains(&y);
            if inside {
                f64::from(self.get(x - left, y - top))
            } else {
                0.0
            }
        })
    }
}

/// A digit, white on black with smooth edges, in a box of about 20 x 20 pixels in 28 x 28, all of it `scale` times larger.
pub fn digit(digit: u8, scale: f64) -> Picture {
    of_pen(digit, scale, PEN)
}

/// The same by a pen of this radius, in pixels of the image.
pub fn of_pen(digit: u8, scale: f64, pen: f64) -> Picture {
    let strokes = strokes(digit);
    let side = (28.0 * scale).round() as u32;
    Picture::new(side, side, |x, y| {
        let [x, y] = [x, y].map(|at| (f64::from(at) + 0.5) / scale - 4.0);
        // In units of the box's height, the pen's radius included.
        let point = ((x - pen - 3.0) / 14.0, (y - pen) / (20.0 - 2.0 * pen));
        let lines = strokes.iter().flat_map(|stroke| stroke.windows(2));
        let distances = lines.map(|ends| distance(point, ends, pen));
        let outside = distances.fold(f64::MAX, f64::min) - pen;
        255.0 * (0.5 - outside * scale).clamp(0.0, 1.0)
    })
}

/// The usual pen's radius.
const PEN: f64 = 1.3;

type Point = (f64, f64);

/// The distance in pixels of the image from a point to a line, both in units of the box for this pen.
fn distance(point: Point, ends: &[Point], pen: f64) -> f64 {
    let scaled = |(x, y): Point| (x * (14.0 - 2.0 * pen), y * (20.0 - 2.0 * pen));
    let ((x, y), (x0, y0), (x1, y1)) = (scaled(point), scaled(ends[0]), scaled(ends[1]));
    let (along_x, along_y) = (x1 - x0, y1 - y0);
    let share = ((x - x0) * along_x + (y - y0) * along_y) / (along_x * along_x + along_y * along_y);
    let share = share.clamp(0.0, 1.0);
    (x - x0 - share * along_x).hypot(y - y0 - share * along_y)
}

/// The lines of a digit, in a box from (0, 0) to (1, 1).
fn strokes(digit: u8) -> Vec<Vec<Point>> {
    let ring = |y, width, height| arc(0.5, y, width, height, 0.0, 360.0);
    match digit {
        0 => vec![ring(0.5, 0.5, 0.5)],
        1 => vec![vec![(0.2, 0.2), (0.5, 0.0), (0.5, 1.0)]],
        2 => {
            let bow = arc(0.5, 0.3, 0.5, 0.3, -170.0, 50.0);
            vec![[&bow[..], &[(0.0, 1.0), (1.0, 1.0)]].concat()]
        }
        3 => vec![
            arc(0.4, 0.25, 0.5, 0.25, -150.0, 90.0),
            arc(0.4, 0.75, 0.6, 0.25, -90.0, 150.0),
        ],
        4 => vec![vec![(0.7, 1.0), (0.7, 0.0), (0.0, 0.65), (1.0, 0.65)]],
        5 => {
            let bow = arc(0.4, 0.68, 0.6, 0.32, -110.0, 150.0);
            vec![[&[(0.9, 0.0), (0.1, 0.0), (0.1, 0.45)], &bow[..]].concat()]
        }
        6 => vec![ring(0.7, 0.5, 0.3), arc(0.9, 0.7, 0.9, 0.7, 180.0, 260.0)],
        7 => vec![
            vec![(0.0, 0.0), (1.0, 0.0), (0.4, 1.0)],
            vec![(0.3, 0.5), (0.9, 0.5)],
        ],
        8 => vec![ring(0.25, 0.4, 0.25), ring(0.75, 0.5, 0.25)],
        _ => vec![ring(0.3, 0.5, 0.3), vec![(1.0, 0.3), (0.8, 1.0)]],
    }
}

/// Part of an ellipse around (x, y), from one angle in degrees to another; 0 is to the right, 90 downwards.
fn arc(x: f64, y: f64, x_radius: f64, y_radius: f64, from: f64, to: f64) -> Vec<Point> {
    let at = |step: u32| {
        let angle = (from + (to - from) * f64::from(step) / 24.0).to_radians();
        (x + x_radius * angle.cos(), y + y_radius * angle.sin())
    };
    (0..=24).map(at).collect()
}
