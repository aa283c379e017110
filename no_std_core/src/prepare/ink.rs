//! Ink: what stands out from paper.

use super::error::PrepareError;
use super::paper::{Paper, PaperRow};
use super::picture::{Rows, Source};
use super::rulings::{Ruled, Rulings};
use crate::divide::quotient;

/// How wide a bin of deviations is.
const BIN: u32 = 4;

/// Bins that cover deviations to one side; the greatest belongs to the last one.
const BINS: usize = 128;

/// What ink stands out by at least.
const MIN_CONTRAST: u32 = 44;

/// What tells ink from paper at every pixel of a picture.
pub struct Ink {
    paper: Paper,
    /// The deviation that is paper still.
    noise: u32,
    /// The amount of ink, beyond `noise`, of a pixel that is all ink.
    full: u32,
    /// Lines that are no ink.
    pub rulings: Rulings,
    size: [u32; 2],
}

/// The ink of one row.
pub struct InkRow<'a> {
    ink: &'a Ink,
    paper: PaperRow,
    pixels: &'a [u8],
    ruled: Ruled,
}

impl Ink {
    /// What stands out from this paper in a picture.
    #[inline(never)] // See `Survey::of`.
    pub fn find(paper: Paper, picture: &mut Source<'_, impl Rows>) -> Result<Self, PrepareError> {
        let mut darker = Deviations::new();
        let mut around = Deviations::new();
        let mut lighter = Deviations::new();
        picture.each_row(0..picture.height, |y, row| {
            let paper = paper.row(y);
            for (x, &pixel) in (0..).zip(row) {
                let deviation = paper.deviation(x, pixel);
                let side = if deviation < 0 {
                    &mut lighter
                } else if paper.is_around(x) {
                    &mut around
                } else {
                    &mut darker
                };
                side.add(deviation.unsigned_abs());
            }
        })?;
        let noise = lighter.noise();
        let is_ink = |contrast: u32| contrast >= MIN_CONTRAST && contrast * 4 >= noise * 5;
        // A table is darker than pencil. What has nothing inside is drawn at the border.
        let mut contrast = darker.contrast();
        if !is_ink(contrast) {
            darker.add_all(&around);
            contrast = darker.contrast();
        }
        if !is_ink(contrast) {
            return Err(PrepareError::NoInk);
        }
        let noise = noise.min(contrast / 4);
        Ok(Self {
            paper,
            noise,
            full: contrast - noise,
            rulings: Rulings::new(),
            size: [picture.width, picture.height],
        })
    }

    /// The greatest amount of ink that a pixel can have, at least 1.
    pub const fn full(&self) -> u32 {
        self.full
    }

    /// The least amount of strong ink.
    pub const fn strong(&self) -> u32 {
        self.full.div_ceil(2)
    }

    /// The ink of row `y`, whose pixels are `pixels`.
    pub fn row<'a>(&'a self, y: u32, pixels: &'a [u8]) -> InkRow<'a> {
        InkRow {
            ink: self,
            paper: self.paper.row(y),
            pixels,
            ruled: Ruled::along(&self.rulings, y, self.size),
        }
    }
}

impl InkRow<'_> {
    /// Whether the pixel in column `x` belongs to a ruling.
    pub fn is_ruled(&self, x: u32) -> bool {
        self.ruled.get(x)
    }

    /// The amount of ink in column `x`, from 0 to [`Ink::full`]. None on rulings and beyond the picture.
    pub fn amount(&self, x: u32) -> u32 {
        let Some(&pixel) = self.pixels.get(x as usize).filter(|_| !self.is_ruled(x)) else {
            return 0;
        };
        let deviation = self.paper.deviation(x, pixel);
        deviation
            .max(0)
            .unsigned_abs()
            .saturating_sub(self.ink.noise)
            .min(self.ink.full)
    }
}

/// How often the pixels on one side of paper (darker or lighter) deviate from it how far.
struct Deviations([u32; BINS]);

impl Deviations {
    const fn new() -> Self {
        Self([0; BINS])
    }

    fn add(&mut self, deviation: u32) {
        if let Some(count) = self
            .0
            .get_mut((deviation / BIN).min(BINS as u32 - 1) as usize)
        {
            *count += 1;
        }
    }

    fn add_all(&mut self, others: &Self) {
        for (count, other) in self.0.iter_mut().zip(&others.0) {
            *count += other;
        }
    }

    /// How far ink deviates: the mean deviation, each weighted by its fourth power. The greatest at most.
    #[inline(never)] // It is asked twice.
    fn contrast(&self) -> u32 {
        let (mut weights, mut weighted) = (0, 0);
        for (bin, &count) in (0_u32..).zip(&self.0) {
            let weight = u64::from(bin.pow(4)) * u64::from(count);
            weights += weight;
            weighted += weight * u64::from(BIN * bin);
        }
        quotient(weighted, weights, (BIN * BINS as u32).ilog2())
    }

    /// What paper deviates by at most, but for few pixels, seen from this side, where no ink is.
    ///
    /// Half of its pixels lies here; if they are distributed normally, the farthest eighth of these begins at 1.53 times the
    /// standard deviation. Two thirds more are two and a half times it.
    fn noise(&self) -> u32 {
        let mut beyond: u32 = self.0.iter().sum();
        let limit = beyond / 8;
        let mut noise = 0;
        for (bin, count) in (1..).zip(&self.0) {
            beyond -= count;
            noise = bin * BIN;
            if beyond <= limit {
                break;
            }
        }
        5 * (noise - BIN) / 3 + BIN
    }
}
