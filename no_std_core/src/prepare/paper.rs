//! How much light the paper would return without ink, at every pixel.
//!
//! Lamps, shadows and folds light paper unevenly, but softly: a part of the picture that is far darker than its
//! surroundings, or than most parts, is ink or no paper at all, and gets the light of the parts around it. Between the
//! middles of the parts the light changes evenly.
//!
//! Here and from here on ink is dark: where it is light, all pixels are inverted first. Light is in half grey levels.

use super::error::PrepareError;
use super::survey::{Bins, Grid, PARTS, REACH, Survey, part};

/// Parts of a light unlike that of paper are unknown first.
const UNKNOWN: u8 = u8::MAX;

/// Pixels along the side of a part from which on a picture is taken for one of a sheet of paper, rather than of a digit alone.
pub const WIDE: u32 = 8;

/// Paper of as many percent of the light around it is so close that it need not be ink.
const NEARLY: u32 = 90;

/// The least light of paper at the border, in percent of its surroundings.
const AT_BORDER: u32 = 42;

/// The same in a picture of a digit alone.
const AT_NARROW_BORDER: u32 = 75;

/// The least light of any paper, in percent of that of most parts.
const ANYWHERE: u32 = 36;

/// The least light of paper that contrasts are in proportion to; what is darker is looked at as if it had as much.
const LEAST: i32 = 128;

/// What ink that returns no light deviates by.
const BLACK: i32 = 512;

/// The light of paper in the middle of each part, and how to look at pixels.
pub struct Paper {
    light: Bins,
    /// Of each row of parts those, a bit each, that are at the border, or no paper and come in from there, and those beside them.
    around: [u16; PARTS],
    grid: Grid,
    /// 1 if ink is lighter than paper, -1 if darker.
    sign: i32,
}

/// The light of paper along one row.
pub struct PaperRow {
    /// In the middles of the parts, in 1/256.
    light: [i32; PARTS],
    around: u16,
    grid: Grid,
    sign: i32,
}

impl Paper {
    #[inline(never)] // See `Survey::of`.
    pub fn of(mut survey: Survey) -> Result<Self, PrepareError> {
        let (sign, grid) = (survey.sign()?, survey.grid);
        if sign > 0 {
            survey.invert();
        }
        let quartiles = survey.bins(|levels| levels.upper_quartile);
        let deepest = survey.bins(|levels| levels.minimum);
        let most = (grid.twice_median(&quartiles, [PARTS / 2; 2], PARTS) / 2) as u8;
        let mut light = known_paper(
            &survey.bins(|levels| levels.twice_median / 2),
            grid,
            most,
            &deepest,
        );
        let by_quartile = known_paper(&quartiles, grid, most, &deepest);
        let parts = light.as_flattened_mut().iter_mut();
        for (light, quartile) in parts.zip(by_quartile.as_flattened()) {
            if *light == UNKNOWN {
                *light = *quartile;
            }
        }
        let around = around(&light, grid);
        fill(&mut light, grid);
        Ok(Self {
            light,
            around,
            grid,
            sign,
        })
    }

    /// The light of paper along row `y`.
    pub fn row(&self, y: u32) -> PaperRow {
        let (row, weight) = self.grid.between(y, self.grid.rows);
        let light = |row: usize, column: usize| {
            let bin = self.light.get(row).and_then(|light| light.get(column));
            4 * i32::from(bin.copied().unwrap_or(0)) + 1
        };
        let next = (row + 1).min(self.grid.rows - 1);
        let between = |column| light(row, column) * (256 - weight) + light(next, column) * weight;
        PaperRow {
            light: core::array::from_fn(between),
            around: self
                .around
                .get(self.grid.number_of(y))
                .copied()
                .unwrap_or(0),
            grid: self.grid,
            sign: self.sign,
        }
    }
}

/// The bins of parts that are like paper; others are unknown.
///
/// Paper is not a third as much darker than its surroundings as the darkest ink is. At the border, where a shadow can come in
/// from outside, and of all parts, it is just not as dark as ink can be.
#[inline(never)] // It is called twice.
fn known_paper(bins: &Bins, grid: Grid, most: u8, deepest: &Bins) -> Bins {
    // A morphological closing: what is darker than its surroundings becomes as light as these.
    let closing = grid.extremes(&grid.extremes(bins, u8::max), u8::min);
    let is_inside = |at, len| at >= REACH && at + REACH < len;
    let is_inner =
        |[row, column]: [usize; 2]| is_inside(row, grid.rows) && is_inside(column, grid.columns);
    // What is at the border may be darker than any ink.
    let lost = |at: [usize; 2]| {
        let [around, deepest] = [&closing, deepest].map(|bins| u32::from(part(bins, at)));
        let lost = 100 * around.saturating_sub(deepest);
        lost.checked_div(around).unwrap_or(0)
    };
    let parts = (0..PARTS * PARTS).map(|number| [number / PARTS, number % PARTS]);
    let most_lost = parts
        .filter(|&at| is_inner(at))
        .map(lost)
        .max()
        .unwrap_or(0);
    let [inner, border] = if grid.cell < WIDE {
        [NEARLY, AT_NARROW_BORDER]
    } else {
        [(100 - most_lost / 3).min(NEARLY), AT_BORDER]
    };
    grid.map(|at| {
        let own = part(bins, at);
        let [light, around, most] = [own, part(&closing, at), most].map(u32::from);
        let least = if is_inner(at) { inner } else { border };
        let is_paper = 100 * light >= least * around && 100 * light >= ANYWHERE * most;
        if is_paper { own } else { UNKNOWN }
    })
}

impl Grid {
    /// The number of the part, down or across, that a pixel is in.
    fn number_of(self, at: u32) -> usize {
        let number = at.checked_div(self.cell).unwrap_or(0);
        number.min(PARTS as u32 - 1) as usize
    }

    /// The last part of so many whose middle lies before a pixel, and how far it lies behind, in 1/256 of a part.
    #[inline(never)] // Flash is scarcer than time.
    fn between(self, at: u32, parts: usize) -> (usize, i32) {
        let along = (256 * at + 128).checked_div(self.cell).unwrap_or(0);
        let along = along.saturating_sub(128).min(256 * (parts as u32 - 1));
        ((along / 256) as usize, (along % 256).cast_signed())
    }
}

impl PaperRow {
    /// Whether what is in column `x` may be of something around the paper, as of a table.
    pub fn is_around(&self, x: u32) -> bool {
        self.around >> self.grid.number_of(x) & 1 > 0
    }

    /// How much less light a pixel in column `x` returns than paper, from -511 to 512 where it returns none.
    pub fn deviation(&self, x: u32, pixel: u8) -> i32 {
        let (column, weight) = self.grid.between(x, self.grid.columns);
        let light = |column: usize| {
            self.light
                .get(column.min(self.grid.columns - 1))
                .copied()
                .unwrap_or(0)
        };
        let paper = (light(column) * (256 - weight) + light(column + 1) * weight) >> 16;
        let own = if self.sign > 0 {
            510 - 2 * i32::from(pixel)
        } else {
            2 * i32::from(pixel)
        };
        ((paper - own) * BLACK / paper.max(LEAST)).max(1 - BLACK)
    }
}

/// The parts of [`Paper::around`].
fn around(light: &Bins, grid: Grid) -> [u16; PARTS] {
    let ends = 1 | 1_u16.wrapping_shl(grid.columns as u32 - 1);
    let mut around = [0; PARTS];
    // No straight way is longer; in the last turn the parts beside follow.
    for turn in 0..=PARTS {
        let mut above = 0;
        for row in 0..grid.rows {
            let near = |row: usize| around.get(row).copied().unwrap_or(0);
            let beside = above | near(row) | near(row + 1);
            above = near(row);
            let joins = |bits: u16, column| {
                let joins = turn == PARTS || part(light, [row, column]) == UNKNOWN;
                bits << 1 | u16::from(joins)
            };
            let joining = (0..PARTS).rev().fold(0, joins);
            let at_border = if row == 0 || row + 1 == grid.rows {
                u16::MAX
            } else {
                ends
            };
            if let Some(bits) = around.get_mut(row) {
                *bits |= at_border | joining & (beside | beside << 1 | beside >> 1);
            }
        }
    }
    around
}

/// Each unknown part becomes the mean of the known ones around it, those next to known ones first.
fn fill(light: &mut Bins, grid: Grid) {
    for _ in 0..PARTS {
        let before = *light;
        *light = grid.map(|at| {
            let own = part(&before, at);
            let (mut sum, mut count) = (0_u32, 0_u32);
            grid.around(&before, at, 1, &mut |part| {
                if part != UNKNOWN {
                    (sum, count) = (sum + u32::from(part), count + 1);
                }
            });
            match sum.checked_div(count) {
                Some(mean) if own == UNKNOWN => mean as u8,
                _ => own,
            }
        });
    }
}
