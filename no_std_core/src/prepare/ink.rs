//! Ink: what stands out from the background.

use super::error::PrepareError;
use super::lighting::{Lighting, RowLighting};
use super::picture::{Rows, Source};

/// Levels (half grey levels) that a bin of the histogram of deviations is wide.
const BIN: u32 = 4;

/// Bins that cover deviations of up to 510 levels to one side.
const BINS: usize = 128;

/// What ink stands out by at least, in levels.
const MIN_CONTRAST: u32 = 32;

/// What tells ink from background at every pixel of a picture. All amounts are in levels.
pub struct Ink {
    lighting: Lighting,
    /// 1 if ink is lighter than the background, -1 if darker.
    sign: i32,
    /// The deviation that is background still.
    noise: u32,
    /// The amount of ink, beyond `noise`, of a pixel that is all ink.
    full: u32,
}

/// The ink of one row.
pub struct InkRow<'a> {
    ink: &'a Ink,
    lighting: RowLighting,
    pixels: &'a [u8],
}

impl Ink {
    /// What stands out from this background in a picture.
    #[inline(never)] // See `Lighting::fit`.
    pub fn find(
        lighting: Lighting,
        picture: &mut Source<'_, impl Rows>,
    ) -> Result<Self, PrepareError> {
        let mut darker = Deviations::new();
        let mut lighter = Deviations::new();
        picture.each_row(0..picture.height, |y, row| {
            let light = lighting.row(y);
            for (x, &pixel) in (0..).zip(row) {
                let deviation = light.deviation(x, pixel);
                let side = if deviation < 0 {
                    &mut darker
                } else {
                    &mut lighter
                };
                side.add(deviation.unsigned_abs());
            }
        })?;
        let (sign, ink, other) = if lighter.moment(3) >= darker.moment(3) {
            (1, &lighter, &darker)
        } else {
            (-1, &darker, &lighter)
        };
        let contrast = ink.contrast();
        let noise = other.noise(ink.none());
        if contrast < MIN_CONTRAST || contrast * 4 < noise * 5 {
            return Err(PrepareError::NoInk);
        }
        let noise = noise.min(contrast / 4);
        Ok(Self {
            lighting,
            sign,
            noise,
            full: contrast - noise,
        })
    }

    /// The greatest amount of ink that a pixel can have, at least 1.
    pub const fn full(&self) -> u32 {
        self.full
    }

    /// The ink of row `y`, whose pixels are `pixels`.
    pub fn row<'a>(&'a self, y: u32, pixels: &'a [u8]) -> InkRow<'a> {
        InkRow {
            ink: self,
            lighting: self.lighting.row(y),
            pixels,
        }
    }
}

impl InkRow<'_> {
    /// The amount of ink in column `x`, from 0 to [`Ink::full`]. None beyond the picture.
    pub fn amount(&self, x: u32) -> u32 {
        let Some(&pixel) = self.pixels.get(x as usize) else {
            return 0;
        };
        let deviation = self.ink.sign * self.lighting.deviation(x, pixel);
        deviation
            .max(0)
            .unsigned_abs()
            .saturating_sub(self.ink.noise)
            .min(self.ink.full)
    }
}

/// How often the pixels on one side of the background (darker or lighter) deviate from it how far.
struct Deviations([u32; BINS]);

impl Deviations {
    const fn new() -> Self {
        Self([0; BINS])
    }

    fn add(&mut self, deviation: u32) {
        if let Some(count) = self.0.get_mut((deviation / BIN) as usize) {
            *count += 1;
        }
    }

    /// Pixels that do not deviate.
    fn none(&self) -> u32 {
        self.0.first().copied().unwrap_or(0)
    }

    /// The sum of the deviations' `power`th powers, in bins.
    fn moment(&self, power: u32) -> u64 {
        (0_u64..)
            .zip(&self.0)
            .map(|(bin, &count)| bin.pow(power) * u64::from(count))
            .sum()
    }

    /// How far ink deviates: the mean deviation, each weighted by its cube. The greatest at most.
    fn contrast(&self) -> u32 {
        (u64::from(BIN) * self.moment(4))
            .checked_div(self.moment(3))
            .unwrap_or(0) as u32
    }

    /// What 15 of 16 pixels without ink deviate by at most.
    ///
    /// This is the side where no ink is: all that deviates there is noise. Half of the pixels that do not deviate belong to
    /// it; the other side has `none` of them.
    fn noise(&self, none: u32) -> u32 {
        let deviating: u32 = self.0.iter().skip(1).sum();
        let total = deviating + u32::midpoint(self.none(), none);
        let mut beyond = deviating;
        let mut noise = 0;
        for (bin, count) in (1..).zip(self.0.iter().skip(1)) {
            if beyond <= total / 16 {
                break;
            }
            beyond -= count;
            noise = (bin + 1) * BIN;
        }
        noise
    }
}
