//! What stands out from the ground of a page.

use image::GrayImage;

/// Parts of the longer side of a page, each of which has one ground.
const TILES: u32 = 32;

/// The smallest side of a tile, in pixels.
const MIN_TILE: u32 = 4;

/// Tiles to each side that a tile's ground is the median of: wider than a stroke.
const REACH: usize = 4;

/// What ink stands out by at least, in grey levels.
const MIN_CONTRAST: u64 = 16;

/// The amount of ink from which on a pixel may belong to a stroke, 255 being all ink.
const FAINT: u8 = 80;

/// The amount of ink that a stroke has somewhere.
pub const STRONG: u8 = 128;

/// The ink of a page.
pub struct Ink {
    pub width: u32,
    pub height: u32,
    /// The amount of ink in each pixel, 0 where there is no stroke for certain.
    amounts: Vec<u8>,
    /// The amount of ink from which on a pixel belongs to a stroke.
    least: u8,
}

impl Ink {
    /// `None` of a blank page.
    pub fn of(page: &GrayImage) -> Option<Self> {
        let (width, height) = page.dimensions();
        let ground = Ground::of(page);
        let deviations = page.enumerate_pixels().map(|(x, y, pixel)| {
            let deviation = f32::from(pixel.0[0]) - ground.at(x, y);
            deviation.round() as i16
        });
        let deviations: Vec<i16> = deviations.collect();
        let [darker, lighter] = [-1, 1].map(|sign| Side::of(&deviations, sign));
        let (sign, ink, other) = if lighter.moment(3) >= darker.moment(3) {
            (1, lighter, darker)
        } else {
            (-1, darker, lighter)
        };
        let contrast = ink.moment(4).checked_div(ink.moment(3)).unwrap_or(0);
        let noise = other.noise();
        if contrast < MIN_CONTRAST || contrast * 4 < noise * 5 {
            return None;
        }
        let amount = |&deviation: &i16| {
            let beyond = u64::from((deviation * sign).max(0).unsigned_abs());
            (beyond * 255 / contrast).min(255) as u8
        };
        let of_noise = (noise * 255 / contrast + 16).min(u64::from(STRONG)) as u8;
        Some(Self {
            width,
            height,
            amounts: deviations.iter().map(amount).collect(),
            least: FAINT.max(of_noise),
        })
    }

    /// The amount of ink in a pixel; none beyond the page.
    pub fn amount(&self, x: u32, y: u32) -> u8 {
        self.at(x, y).map_or(0, |at| self.amounts[at])
    }

    /// Whether a pixel belongs to a stroke.
    pub fn is_there(&self, x: u32, y: u32) -> bool {
        self.amount(x, y) >= self.least
    }

    /// Whether there is ink in a pixel that is too faint for a stroke, or enough for one.
    pub fn is_traced(&self, x: u32, y: u32) -> bool {
        self.amount(x, y) >= self.least / 2
    }

    /// Takes the ink of a pixel away.
    pub fn remove(&mut self, x: u32, y: u32) {
        if let Some(at) = self.at(x, y) {
            self.amounts[at] = 0;
        }
    }

    fn at(&self, x: u32, y: u32) -> Option<usize> {
        let inside = x < self.width && y < self.height;
        inside.then_some(y as usize * self.width as usize + x as usize)
    }
}

/// How often pixels on one side of the ground deviate from it how far.
struct Side([u64; 512]);

impl Side {
    fn of(deviations: &[i16], sign: i16) -> Self {
        let mut counts = [0; 512];
        for deviation in deviations {
            let deviation = deviation * sign;
            if deviation >= 0 {
                counts[usize::from(deviation.unsigned_abs()).min(511)] += 1;
            }
        }
        Self(counts)
    }

    /// The sum of the deviations' `power`th powers.
    fn moment(&self, power: u32) -> u64 {
        let terms = (0_u64..).zip(&self.0);
        terms
            .map(|(deviation, count)| deviation.pow(power) * count)
            .sum()
    }

    /// What 15 of 16 pixels of the side without ink deviate by at most.
    fn noise(&self) -> u64 {
        let total: u64 = self.0.iter().sum();
        let mut beyond = total;
        let mut counts = (0_u64..).zip(&self.0);
        let quantile = counts.find(|(_, count)| {
            beyond -= *count;
            beyond <= total / 16
        });
        quantile.map_or(0, |(deviation, _)| deviation)
    }
}

/// How bright a page would be without ink.
struct Ground {
    tile: u32,
    columns: usize,
    rows: usize,
    levels: Vec<u8>,
}

impl Ground {
    fn of(page: &GrayImage) -> Self {
        let (width, height) = page.dimensions();
        let tile = (width.max(height) / TILES).max(MIN_TILE);
        let [columns, rows] = [width, height].map(|side| side.div_ceil(tile) as usize);
        let median = |column: usize, row: usize| {
            let range = |at: usize, side: u32| at as u32 * tile..side.min((at as u32 + 1) * tile);
            let pixels = range(row, height).flat_map(|y| {
                let columns = range(column, width);
                columns.map(move |x| page.get_pixel(x, y).0[0])
            });
            median(pixels.collect())
        };
        let cells = |rows: usize| (0..rows).flat_map(|row| (0..columns).map(move |at| (at, row)));
        let own: Vec<u8> = cells(rows)
            .map(|(column, row)| median(column, row))
            .collect();
        let wide = |(column, row): (usize, usize)| {
            let around = |at: usize, end: usize| at.saturating_sub(REACH)..end.min(at + REACH + 1);
            let near = around(row, rows).flat_map(|row| {
                let columns_near = around(column, columns);
                columns_near.map(move |column| row * columns + column)
            });
            self::median(near.map(|at| own[at]).collect())
        };
        let levels = cells(rows).map(wide).collect();
        Self {
            tile,
            columns,
            rows,
            levels,
        }
    }

    /// The ground at a pixel, on the plane between the middles of the nearest tiles.
    fn at(&self, x: u32, y: u32) -> f32 {
        let place = |at: u32, count: usize| {
            let middle = (at as f32 + 0.5) / self.tile as f32 - 0.5;
            let middle = middle.clamp(0.0, (count - 1) as f32);
            let first = middle as usize;
            (first, (first + 1).min(count - 1), middle - first as f32)
        };
        let (left, right, across) = place(x, self.columns);
        let (top, bottom, down) = place(y, self.rows);
        let level = |column: usize, row: usize| f32::from(self.levels[row * self.columns + column]);
        let between = |a: f32, b: f32, share: f32| a + (b - a) * share;
        let of_row = |row| between(level(left, row), level(right, row), across);
        between(of_row(top), of_row(bottom), down)
    }
}

/// The middle one of some values, of which there is one at least; else 0.
fn median(mut values: Vec<u8>) -> u8 {
    let middle = values.len() / 2;
    match values.get(middle) {
        Some(_) => *values.select_nth_unstable(middle).1,
        None => 0,
    }
}
