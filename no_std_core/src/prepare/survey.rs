//! How light and how dark a picture is in each of at most 16 x 16 parts, and whether its ink is light or dark.
//!
//! Grey values are counted in bins of two. Inverting a picture mirrors the bins and nothing else.

use core::cmp::Ordering;

use super::border::Border;
use super::error::PrepareError;
use super::paper::WIDE;
use super::picture::{Rows, Source};

/// Parts along the longer side of a picture.
pub const PARTS: usize = 16;

/// Bins of grey values.
const BINS: usize = 128;

/// The last bin.
const LAST: u8 = BINS as u8 - 1;

/// Parts to each side that are the surroundings of one: strokes are at most twice as wide.
pub const REACH: usize = 2;

/// The same where it is asked whether ink is light or dark: so many more that most of them are paper even around thick strokes.
const SURROUNDINGS: usize = 3;

/// Ink stands out by far if it does so many times further than paper, as a power of two.
const BY_FAR: u32 = 5;

/// The most pixels along a side of a part that are counted; others are skipped evenly.
const SAMPLES: u32 = 15;

const _: () = assert!(SAMPLES * SAMPLES <= u8::MAX as u32, "counts are bytes");

const _: () = assert!(
    (PARTS * PARTS) as u64 * (2 * LAST as u64).pow(3) <= u32::MAX as u64,
    "the cubes of half the distances fit 32 bits in all"
);

/// A bin for each part.
pub type Bins = [[u8; PARTS]; PARTS];

/// Bins of the pixels of a part, in ascending order.
#[derive(Clone, Copy, Default)]
pub struct Levels {
    pub minimum: u8,
    lower_quartile: u8,
    pub twice_median: u8,
    pub upper_quartile: u8,
    pub maximum: u8,
}

/// The parts of a picture, as many rows and columns of them as it has.
pub struct Survey {
    levels: [[Levels; PARTS]; PARTS],
    pub grid: Grid,
}

/// Equal squares that a picture is cut into from its top left; those at the right and at the bottom can be narrower.
#[derive(Clone, Copy)]
pub struct Grid {
    /// Pixels along the side of a part.
    pub cell: u32,
    pub rows: usize,
    pub columns: usize,
}

impl Grid {
    fn of(width: u32, height: u32) -> Self {
        let cell = width.max(height).div_ceil(PARTS as u32).max(1);
        let parts = |len: u32| (len.div_ceil(cell) as usize).clamp(1, PARTS);
        Self {
            cell,
            rows: parts(height),
            columns: parts(width),
        }
    }

    /// Shows `visit` the parts up to `reach` away from one, and itself.
    #[inline(never)] // Flash is scarcer than time.
    pub fn around(
        self,
        bins: &Bins,
        [row, column]: [usize; 2],
        reach: usize,
        visit: &mut dyn FnMut(u8),
    ) {
        let near = |at: usize, len: usize| at.saturating_sub(reach)..len.min(at + reach + 1);
        let columns = near(column, self.columns);
        for row in bins.get(near(row, self.rows)).unwrap_or_default() {
            let parts = row.get(columns.clone()).unwrap_or_default();
            for &part in parts {
                visit(part);
            }
        }
    }

    /// Twice the median of the parts up to `reach` away from one, and itself.
    #[inline(never)] // For all parts and for some.
    pub fn twice_median(self, bins: &Bins, at: [usize; 2], reach: usize) -> u16 {
        let mut counts = [0_u16; 2 * BINS];
        let mut total = 0_u16;
        self.around(bins, at, reach, &mut |part| {
            if let Some(count) = counts.get_mut(usize::from(part)) {
                *count += 1;
                total += 1;
            }
        });
        let ranks = [total.saturating_sub(1) / 2, total / 2];
        ranks
            .map(|rank| u16::from(ranked(&counts, rank)))
            .iter()
            .sum()
    }

    /// For each part the extreme of those around it, and itself.
    #[inline(never)] // For light and for dark.
    pub fn extremes(self, bins: &Bins, further: fn(u8, u8) -> u8) -> Bins {
        self.map(|at| {
            let mut extreme = part(bins, at);
            self.around(bins, at, REACH, &mut |part| {
                extreme = further(extreme, part);
            });
            extreme
        })
    }

    /// What `value` gives for each part, in the order of rows.
    pub fn map(self, mut value: impl FnMut([usize; 2]) -> u8) -> Bins {
        let mut bins = Bins::default();
        for (row, bins) in bins.iter_mut().enumerate().take(self.rows) {
            for (column, bin) in bins.iter_mut().enumerate().take(self.columns) {
                *bin = value([row, column]);
            }
        }
        bins
    }
}

/// The bin of a part; 0 beyond the grid.
#[inline(never)] // Flash is scarcer than time.
pub fn part(bins: &Bins, [row, column]: [usize; 2]) -> u8 {
    let row = bins.get(row).and_then(|bins| bins.get(column));
    row.copied().unwrap_or(0)
}

impl Survey {
    #[inline(never)] // The buffers of this and of other passes are not to be on the stack together.
    pub fn of(picture: &mut Source<'_, impl Rows>) -> Result<Self, PrepareError> {
        let grid = Grid::of(picture.width, picture.height);
        let mut levels = [[Levels::default(); PARTS]; PARTS];
        let mut rows = levels.iter_mut();
        let mut counts = [Counts::new(); PARTS];
        let step = grid.cell.div_ceil(SAMPLES).max(1) as usize;
        let height = picture.height;
        picture.each_row(0..height, |y, pixels| {
            let at = y.checked_rem(grid.cell).unwrap_or(0);
            let is_sampled = at.is_multiple_of(step as u32);
            for (counts, part) in counts
                .iter_mut()
                .zip(pixels.chunks(grid.cell.max(1) as usize))
            {
                counts.reach(part);
                if is_sampled {
                    counts.add(part.iter().step_by(step));
                }
            }
            if at + 1 == grid.cell || y + 1 == height {
                for (levels, counts) in rows.next().into_iter().flatten().zip(&mut counts) {
                    *levels = counts.take();
                }
            }
        })?;
        Ok(Self { levels, grid })
    }

    /// One of the levels of each part.
    #[inline(never)] // For four of them.
    pub fn bins(&self, of: fn(&Levels) -> u8) -> Bins {
        let mut bins = Bins::default();
        let parts = bins.as_flattened_mut().iter_mut();
        for (bin, levels) in parts.zip(self.levels.as_flattened()) {
            *bin = of(levels);
        }
        bins
    }

    /// 1 if ink is lighter than paper, -1 if it is darker.
    ///
    /// Ink stands out further from the middle of its surroundings than paper does, by the cubes of its distances. Where a digit
    /// alone fills the picture, most of its surroundings are ink, and neither stands out by far: then most of the border is paper.
    pub fn sign(&self) -> Result<i32, PrepareError> {
        let medians = self.bins(|levels| levels.twice_median);
        let mut border = Border::between(self.extremes());
        let (mut lighter, mut darker) = (0_u32, 0_u32);
        for (row, levels) in self.levels.iter().enumerate().take(self.grid.rows) {
            for (column, levels) in levels.iter().enumerate().take(self.grid.columns) {
                let middle = self
                    .grid
                    .twice_median(&medians, [row, column], SURROUNDINGS);
                let [low, high] = [levels.minimum, levels.maximum].map(|bin| 4 * u16::from(bin));
                let cube = |distance: u16| u32::from(distance / 2).pow(3);
                lighter += cube(high.saturating_sub(middle));
                darker += cube(middle.saturating_sub(low));
                border.add(self.grid, [row, column], *levels);
            }
        }
        let is_by_far = lighter.max(darker) >> BY_FAR >= lighter.min(darker);
        if self.grid.cell < WIDE && !is_by_far && border.is_clear() {
            return Ok(-border.light());
        }
        match lighter.cmp(&darker) {
            Ordering::Less => Ok(-1),
            Ordering::Equal => Err(PrepareError::NoInk),
            Ordering::Greater => Ok(1),
        }
    }

    /// The darkest and the lightest bin.
    fn extremes(&self) -> [u8; 2] {
        let rows = self.levels.iter().take(self.grid.rows);
        let parts = rows.flat_map(|levels| levels.iter().take(self.grid.columns));
        parts.fold([LAST, 0], |[low, high], levels| {
            [low.min(levels.minimum), high.max(levels.maximum)]
        })
    }

    /// Makes them the levels of the inverted picture.
    pub fn invert(&mut self) {
        for levels in self.levels.as_flattened_mut() {
            *levels = Levels {
                minimum: LAST - levels.maximum,
                lower_quartile: LAST - levels.upper_quartile,
                twice_median: 2 * LAST - levels.twice_median,
                upper_quartile: LAST - levels.lower_quartile,
                maximum: LAST - levels.minimum,
            };
        }
    }
}

/// The bin that the `rank`th value is in, where the first one's rank is 0.
#[inline(never)] // It is called often.
fn ranked<T: Copy + Into<u16>>(counts: &[T], rank: u16) -> u8 {
    let mut below = 0;
    let reaches = |&count: &T| {
        below += count.into();
        below > rank
    };
    counts.iter().position(reaches).unwrap_or(0) as u8
}

/// How many of the pixels of a part that are counted are in each bin, and the extremes of all of them.
#[derive(Clone, Copy)]
struct Counts {
    bins: [u8; BINS],
    darkest: u8,
    lightest: u8,
}

impl Counts {
    const fn new() -> Self {
        Self {
            bins: [0; BINS],
            darkest: LAST,
            lightest: 0,
        }
    }

    #[inline(never)] // Flash is scarcer than time.
    fn reach(&mut self, pixels: &[u8]) {
        for pixel in pixels {
            self.darkest = self.darkest.min(pixel / 2);
            self.lightest = self.lightest.max(pixel / 2);
        }
    }

    fn add<'p>(&mut self, pixels: impl Iterator<Item = &'p u8>) {
        for pixel in pixels {
            if let Some(count) = self.bins.get_mut(usize::from(pixel / 2)) {
                *count += 1;
            }
        }
    }

    /// The levels of what was counted; nothing is counted then.
    fn take(&mut self) -> Levels {
        let total: u16 = self.bins.iter().map(|&count| u16::from(count)).sum();
        let last = total.saturating_sub(1);
        let of_rank = |rank| ranked(&self.bins, rank);
        let levels = Levels {
            minimum: self.darkest,
            lower_quartile: of_rank(last - 3 * total / 4),
            twice_median: of_rank(last / 2) + of_rank(total / 2),
            upper_quartile: of_rank(3 * total / 4),
            maximum: self.lightest,
        };
        *self = Self::new();
        levels
    }
}
