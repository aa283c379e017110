//! Connected ink.

use super::ink::{Ink, STRONG};

/// The label of pixels without a stroke.
pub const NONE: u32 = u32::MAX;

/// The strokes of a page: pixels with ink that touch, if only at a corner, are of one.
pub struct Strokes {
    width: u32,
    height: u32,
    labels: Vec<u32>,
    /// By their labels.
    pub all: Vec<Stroke>,
}

/// Connected ink.
#[derive(Clone, Copy, Debug)]
pub struct Stroke {
    pub area: Area,
    /// The number of its pixels.
    pub pixels: u32,
    /// Whether it has strong ink somewhere.
    pub is_strong: bool,
}

/// A box of pixels, its right and bottom not in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Area {
    pub left: u32,
    pub top: u32,
    pub right: u32,
    pub bottom: u32,
}

impl Area {
    pub fn width(&self) -> u32 {
        self.right - self.left
    }

    pub fn height(&self) -> u32 {
        self.bottom - self.top
    }

    pub fn longer_side(&self) -> u32 {
        self.width().max(self.height())
    }

    /// The box around both.
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            left: self.left.min(other.left),
            top: self.top.min(other.top),
            right: self.right.max(other.right),
            bottom: self.bottom.max(other.bottom),
        }
    }

    /// The columns that both have; less than 0 where there are so many between them.
    pub fn common_columns(&self, other: &Self) -> i64 {
        common([self.left, self.right], [other.left, other.right])
    }

    /// The rows that both have; less than 0 where there are so many between them.
    pub fn common_rows(&self, other: &Self) -> i64 {
        common([self.top, self.bottom], [other.top, other.bottom])
    }
}

fn common(a: [u32; 2], b: [u32; 2]) -> i64 {
    i64::from(a[1].min(b[1])) - i64::from(a[0].max(b[0]))
}

impl Strokes {
    pub fn of(ink: &Ink) -> Self {
        let (width, height) = (ink.width, ink.height);
        let mut strokes = Self {
            width,
            height,
            labels: vec![NONE; width as usize * height as usize],
            all: Vec::new(),
        };
        for y in 0..height {
            for x in 0..width {
                if ink.is_there(x, y) && strokes.label(x, y) == NONE {
                    let stroke = strokes.fill(ink, [x, y]);
                    strokes.all.push(stroke);
                }
            }
        }
        strokes
    }

    /// The label of a pixel; none beyond the page.
    pub fn label(&self, x: u32, y: u32) -> u32 {
        let inside = x < self.width && y < self.height;
        if inside {
            self.labels[self.at(x, y)]
        } else {
            NONE
        }
    }

    fn at(&self, x: u32, y: u32) -> usize {
        y as usize * self.width as usize + x as usize
    }

    /// Labels all that is connected with a pixel.
    fn fill(&mut self, ink: &Ink, start: [u32; 2]) -> Stroke {
        let label = self.all.len() as u32;
        let area = |[x, y]: [u32; 2]| Area {
            left: x,
            top: y,
            right: x + 1,
            bottom: y + 1,
        };
        let mut stroke = Stroke {
            area: area(start),
            pixels: 0,
            is_strong: false,
        };
        let at = self.at(start[0], start[1]);
        self.labels[at] = label;
        let mut open = vec![start];
        while let Some([x, y]) = open.pop() {
            stroke.pixels += 1;
            stroke.area = stroke.area.joined(&area([x, y]));
            stroke.is_strong |= ink.amount(x, y) >= STRONG;
            for y in y.saturating_sub(1)..=y + 1 {
                for x in x.saturating_sub(1)..=x + 1 {
                    if ink.is_there(x, y) && self.label(x, y) == NONE {
                        let at = self.at(x, y);
                        self.labels[at] = label;
                        open.push([x, y]);
                    }
                }
            }
        }
        stroke
    }
}
