//! How bright a picture would be without ink.
//!
//! Lamps, shadows and lenses light paper unevenly. The border of a picture shows mostly paper, so a quadratic surface is
//! fitted to the medians of 32 segments of it: the mean squared error is the least, except that what is far off the surface,
//! ink that crosses the border, pulls no harder than the average (the modified residuals of Huber, "Robust Statistics",
//! chapter 7).
//!
//! Levels are `2 * pixel - 255` (half grey levels around the middle), so inverting a picture changes signs and nothing
//! else. Positions run from -`UNIT` at the left or top edge to `UNIT` at the right or bottom.

use core::ops::Range;

use super::error::PrepareError;
use super::picture::{Rows, Source};

/// Half the width or height of a picture.
const UNIT: i64 = 1024;

/// Fractional bits of the surface's levels.
const FRACTION: u32 = 16;

/// Pieces that each side of the border is cut into.
const SEGMENTS: u32 = 8;

/// Rounds of pulling in and fitting, from a flat surface on. More would follow a real slope to the last tenth, but also ink
/// along the border of a drawing that fills its picture.
const ROUNDS: usize = 4;

/// Mean of `(x^2 + y^2) / UNIT` over the samples.
const MEAN_SQUARE: i64 = 85 * UNIT / 64;

/// The background: `terms` are the factors of 1, x, y, xy, x^2 and y^2, where x and y are in units of [`UNIT`].
pub struct Lighting {
    terms: [i64; 6],
    width: u32,
    height: u32,
}

/// The background along one row, a polynomial in x.
pub struct RowLighting {
    terms: [i64; 3],
    width: u32,
}

/// The median of a segment of the border, in levels.
#[derive(Clone, Copy, Default)]
struct Sample {
    x: i64,
    y: i64,
    level: i64,
}

impl Lighting {
    /// Fits the background to the border of a picture.
    #[inline(never)] // The buffers of this and of other passes are not to be on the stack together.
    pub fn fit(picture: &mut Source<'_, impl Rows>) -> Result<Self, PrepareError> {
        let samples = border(picture)?;
        let samples = samples.as_flattened();
        let mut lighting = Self {
            terms: [median(samples), 0, 0, 0, 0, 0],
            width: picture.width,
            height: picture.height,
        };
        for _ in 0..ROUNDS {
            lighting.improve(samples);
        }
        Ok(lighting)
    }

    /// One round: pulls the samples in to the average distance from the surface, then fits the surface to them.
    ///
    /// The six shapes are orthogonal over the samples, so each is fitted on its own.
    fn improve(&mut self, samples: &[Sample]) {
        let distance = |sample: &Sample| sample.level - self.along(sample.y).at(sample.x);
        let sum: i64 = samples.iter().map(|sample| distance(sample).abs()).sum();
        let reach = (sum / i64::from(4 * SEGMENTS)).max(2 << FRACTION);

        let mut sums = [(0, 0); 6];
        for sample in samples {
            let distance = distance(sample);
            let pulled_in = sample.level - distance + distance.min(reach).max(-reach);
            for ((product, square), shape) in sums.iter_mut().zip(shapes(sample.x, sample.y)) {
                *product += shape * pulled_in;
                *square += shape * shape;
            }
        }
        let [constant, x, y, xy, difference, sum] =
            sums.map(|(product, square)| (product * UNIT).checked_div(square).unwrap_or(0));
        let level = constant - sum * MEAN_SQUARE / UNIT;
        self.terms = [level, x, y, xy, sum + difference, sum - difference];
    }

    /// The background along row `y`.
    pub fn row(&self, y: u32) -> RowLighting {
        self.along(position(y, self.height))
    }

    fn along(&self, y: i64) -> RowLighting {
        let [constant, x, row, xy, x_square, y_square] = self.terms;
        RowLighting {
            terms: [
                constant + (row + y_square * y / UNIT) * y / UNIT,
                x + xy * y / UNIT,
                x_square,
            ],
            width: self.width,
        }
    }
}

impl RowLighting {
    /// How much lighter than the background the pixel in column `x` is, in levels: -510 to 510.
    pub fn deviation(&self, x: u32, pixel: u8) -> i32 {
        let background = self.at(position(x, self.width)) / (1 << FRACTION);
        level(pixel, pixel) - background.clamp(-255, 255) as i32
    }

    fn at(&self, x: i64) -> i64 {
        let [constant, linear, square] = self.terms;
        constant + (linear + square * x / UNIT) * x / UNIT
    }
}

/// The shapes that a surface is made of, in units of [`UNIT`]; `MEAN_SQUARE` makes the last one orthogonal to the first.
fn shapes(x: i64, y: i64) -> [i64; 6] {
    let (x_square, y_square) = (x * x / UNIT, y * y / UNIT);
    [
        UNIT,
        x,
        y,
        x * y / UNIT,
        x_square - y_square,
        x_square + y_square - MEAN_SQUARE,
    ]
}

/// Where pixel `at` of `len` lies; pixels of a single row or column are in the middle.
fn position(at: u32, len: u32) -> i64 {
    let last = len.saturating_sub(1).cast_signed();
    let doubled = 2 * at.cast_signed() - last;
    i64::from((doubled * UNIT as i32).checked_div(last).unwrap_or(0))
}

/// Pixels of the `segment`th of [`SEGMENTS`] parts of a side, at least one.
fn segment_of(segment: u32, len: u32) -> Range<u32> {
    let start = segment * len / SEGMENTS;
    start..((segment + 1) * len / SEGMENTS).max(start + 1)
}

/// The samples of a picture's border: one of each side for each segment.
fn border(
    picture: &mut Source<'_, impl Rows>,
) -> Result<[[Sample; 4]; SEGMENTS as usize], PrepareError> {
    let height = picture.height;
    let (mut left, mut right) = (Histogram::new(), Histogram::new());
    let (mut top, mut bottom) = ([0; SEGMENTS as usize], [0; SEGMENTS as usize]);
    let mut sides = [[0; 2]; SEGMENTS as usize];
    picture.each_row(0..height, |y, row| {
        // `left` is empty before the first and after the last segment of the sides.
        if y == 0 {
            top = row_medians(row, &mut left);
        }
        left.add(row.first());
        right.add(row.last());
        let ends = |segment| segment_of(segment, height).end == y + 1;
        if (0..SEGMENTS).any(ends) {
            let medians = [left.take_median(), right.take_median()];
            let ended = (0..SEGMENTS).zip(&mut sides).filter(|side| ends(side.0));
            ended.for_each(|(_, side)| *side = medians);
        }
        if y + 1 == height {
            bottom = row_medians(row, &mut left);
        }
    })?;

    let mut samples = [[Sample::default(); 4]; SEGMENTS as usize];
    let levels = top.into_iter().zip(bottom).zip(sides);
    for (segment, (samples, levels)) in (0..).zip(samples.iter_mut().zip(levels)) {
        let along = (2 * segment + 1 - i64::from(SEGMENTS)) * UNIT / i64::from(SEGMENTS);
        let ((top, bottom), [left, right]) = levels;
        *samples = [
            (along, -UNIT, top),
            (along, UNIT, bottom),
            (-UNIT, along, left),
            (UNIT, along, right),
        ]
        .map(|(x, y, level)| Sample { x, y, level });
    }
    Ok(samples)
}

/// The medians of a row's segments, counted in an empty histogram.
fn row_medians(row: &[u8], histogram: &mut Histogram) -> [i64; SEGMENTS as usize] {
    let mut medians = [0; SEGMENTS as usize];
    for (segment, median) in (0..SEGMENTS).zip(&mut medians) {
        let Range { start, end } = segment_of(segment, row.len() as u32);
        histogram.add(row.get(start as usize..end as usize).into_iter().flatten());
        *median = histogram.take_median();
    }
    medians
}

/// The level halfway between two grey values.
const fn level(low: u8, high: u8) -> i32 {
    low as i32 + high as i32 - 255
}

/// The median of the samples' levels.
fn median(samples: &[Sample]) -> i64 {
    let is_median = |level: &i64| {
        let less = samples.iter().filter(|sample| sample.level < *level);
        let greater = samples.iter().filter(|sample| sample.level > *level);
        2 * less.count().max(greater.count()) <= samples.len()
    };
    let medians = samples.iter().map(|sample| sample.level).filter(is_median);
    let (low, high) = medians.fold((i64::MAX, i64::MIN), |(low, high), level| {
        (low.min(level), high.max(level))
    });
    i64::midpoint(low, high)
}

/// How often each grey value occurs in a segment of the border, which has at most 1,024 pixels.
struct Histogram([u16; 256]);

impl Histogram {
    const fn new() -> Self {
        Self([0; 256])
    }

    fn add<'p>(&mut self, pixels: impl IntoIterator<Item = &'p u8>) {
        for &pixel in pixels {
            if let Some(count) = self.0.get_mut(usize::from(pixel)) {
                *count += 1;
            }
        }
    }

    /// The median as a level with [`FRACTION`] fractional bits; empties the histogram.
    fn take_median(&mut self) -> i64 {
        let total: u16 = self.0.iter().sum();
        let of_rank = |rank: u16| {
            let mut below = 0;
            let reaches = |&count: &u16| {
                below += count;
                below > rank
            };
            self.0.iter().position(reaches).unwrap_or(0) as u8
        };
        let level = level(of_rank(total.saturating_sub(1) / 2), of_rank(total / 2));
        self.0.fill(0);
        i64::from(level) << FRACTION
    }
}
