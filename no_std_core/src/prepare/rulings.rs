//! Rulings: thin straight lines across the whole picture, at most 18 degrees off its rows or columns.
//!
//! Some columns and rows are probed: where a line crosses one, there is a short run of ink. A line is a ruling if most probes
//! that it passes have such a run, the outermost ones among them. It does not pass a probe where that is covered from the border
//! on, as by a table around the paper.

use heapless::Vec;

use super::component::THIN;
use super::error::PrepareError;
use super::image::MAX_SIDE;
use super::ink::{Ink, InkRow};
use super::picture::{Rows, Source};

/// Columns and rows that are probed.
const PROBES: usize = 12;

/// Runs of one probe at most; others are not noted.
const RUNS: usize = 48;

/// The longest run is at least as long; smaller pictures have no rulings that could be told from grain.
const FEWEST: u32 = 4;

/// The most rulings.
const MAX_RULINGS: usize = 64;

/// Probes that are joined by a line, those at the ends first.
const PAIRS: [[u8; 2]; 7] = [[0, 11], [1, 10], [0, 10], [1, 11], [0, 6], [5, 11], [3, 8]];

/// A run of ink: its middle in the lower 13 bits, its length in eighths of the longest one less one above.
type Run = u16;

const MIDDLE: Run = 0x1FFF;

const _: () = assert!(MAX_SIDE - 1 <= MIDDLE as u32);

/// A column or a row that is probed.
struct Probe {
    runs: Vec<Run, RUNS>,
    /// The runs that are too long and come in from the two borders, if there are such.
    covered: [u32; 2],
    /// The run that has not ended yet.
    length: u32,
}

/// Those of one direction.
type Probes = [Probe; PROBES];

impl Probe {
    const fn new() -> Self {
        Self {
            runs: Vec::new(),
            covered: [0; 2],
            length: 0,
        }
    }

    /// Goes on to the next pixel, or beyond the last one; a run that ends there is noted.
    #[inline(never)] // Flash is scarcer than time.
    fn step(&mut self, has_ink: bool, at: u32, longest: u32) {
        if has_ink {
            self.length += 1;
            return;
        }
        let ended = core::mem::take(&mut self.length);
        if ended > longest {
            if ended == at {
                self.covered[0] = ended;
            }
        } else if ended > 0 {
            let middle = at - ended.div_ceil(2);
            let eighths = (8 * ended - 1).checked_div(longest).unwrap_or(0);
            // Lines through others are left in.
            let _ = self.runs.push((eighths << 13) as Run | middle as Run);
        }
    }

    /// Ends behind the last pixel.
    fn end(&mut self, len: u32, longest: u32) {
        if self.length > longest {
            self.covered[1] = self.length;
        }
        self.step(false, len, longest);
    }

    /// Whether a place is in a probe of this length, where it is not covered.
    fn is_free(&self, place: i32, len: u32) -> bool {
        let [start, end] = self.covered.map(u32::cast_signed);
        place >= start && place < len.cast_signed() - end
    }
}

/// A straight line.
pub struct Line {
    /// Whether it is along the rows, rather than along the columns.
    pub is_across: bool,
    /// Its place at the first and at the last pixel of the direction that it is along.
    pub ends: [i16; 2],
    /// Pixels that it covers to each side.
    pub reach: u16,
}

pub type Rulings = Vec<Line, MAX_RULINGS>;

impl Line {
    /// The first and the last column that it covers of row `y`; the last one lies before the first where it covers none.
    fn columns(&self, y: i32, size: [u32; 2]) -> [i32; 2] {
        let [from, to] = self.ends.map(i32::from);
        let [last_column, last_row] = size.map(|len| len.saturating_sub(1).max(1).cast_signed());
        let reach = i32::from(self.reach);
        if !self.is_across {
            let off = ((to - from) * y).checked_div(last_row).unwrap_or(0);
            return [from + off - reach, from + off + reach];
        }
        if from == to {
            let is_covered = (y - from).abs() <= reach;
            return [0, if is_covered { last_column } else { -1 }];
        }
        let at = |place: i32| ((place - from) * last_column).checked_div_euclid(to - from);
        let [first, second] = [y - reach, y + reach].map(|place| at(place).unwrap_or(0));
        [first.min(second), first.max(second)]
    }
}

/// The rulings of a picture.
#[inline(never)] // See `Survey::of`.
pub fn find(ink: &Ink, picture: &mut Source<'_, impl Rows>) -> Result<Rulings, PrepareError> {
    let (width, height) = (picture.width, picture.height);
    let longest = width.min(height) / THIN;
    let mut lines = Rulings::new();
    if longest < FEWEST {
        return Ok(lines);
    }
    let [mut down, mut across] = [const { [const { Probe::new() }; PROBES] }; 2];
    picture.each_row(0..height, |y, pixels| {
        let row = ink.row(y, pixels);
        for (at, probe) in (0..).zip(&mut down) {
            probe.step(is_inked(ink, &row, place(at, width)), y, longest);
        }
        let mut probed = (0..).zip(&mut across);
        if let Some((_, probe)) = probed.find(|&(at, _)| place(at, height) == y) {
            for x in 0..width {
                probe.step(is_inked(ink, &row, x), x, longest);
            }
        }
    })?;
    trace(&mut down, [width, height], longest, true, &mut lines);
    trace(&mut across, [height, width], longest, false, &mut lines);
    Ok(lines)
}

/// Where the probe of this number is.
fn place(at: u32, len: u32) -> u32 {
    (2 * at + 1) * len / (2 * PROBES as u32)
}

/// Even faint lines are rulings.
fn is_inked(ink: &Ink, row: &InkRow<'_>, x: u32) -> bool {
    8 * row.amount(x) >= ink.full()
}

/// Finds the lines along a direction through the probes across it.
fn trace(
    probes: &mut Probes,
    [along, across]: [u32; 2],
    longest: u32,
    is_across: bool,
    lines: &mut Rulings,
) {
    for probe in &mut *probes {
        probe.end(across, longest);
    }
    for &[first, last] in &PAIRS {
        let (first, last) = (usize::from(first), usize::from(last));
        let mut next = 0;
        while let Some(start) = probes
            .get(first)
            .and_then(|probe| probe.runs.get(next))
            .copied()
        {
            let ends = probes.get(last).map_or(&[][..], |probe| &probe.runs);
            let found = ends
                .iter()
                .map(|&end| Guess::new([(first, start), (last, end)], along))
                .find_map(|guess| Some((guess.lengths(probes, [along, across])?, guess)));
            let Some((lengths, guess)) = found else {
                next += 1;
                continue;
            };
            guess.forget(probes, [along, across]);
            // More than fit are left in.
            let _ = lines.push(Line {
                is_across,
                ends: [0, along - 1].map(|at| guess.at(at.cast_signed()) as i16),
                reach: ((lengths * longest).div_ceil(16) + 1) as u16,
            });
        }
    }
}

/// A line through two runs.
struct Guess {
    /// How far along and across the picture each is.
    places: [[i32; 2]; 2],
}

impl Guess {
    fn new(runs: [(usize, Run); 2], along: u32) -> Self {
        let of = |(at, run)| [place(at as u32, along), u32::from(run & MIDDLE)];
        let places = runs.map(|run| of(run).map(u32::cast_signed));
        Self { places }
    }

    fn at(&self, along: i32) -> i32 {
        let [[start, from], [end, to]] = self.places;
        let length = end - start;
        let share = (2 * (to - from) * (along - start) + length).checked_div_euclid(2 * length);
        from + share.unwrap_or(0)
    }

    /// The mean length of the runs on the line, in eighths of the longest. `None` if it is no ruling.
    fn lengths(&self, probes: &Probes, [along, across]: [u32; 2]) -> Option<u32> {
        let [[start, from], [end, to]] = self.places;
        if 3 * (to - from).abs() > end - start {
            return None;
        }
        let (mut passed, mut hits, mut lengths) = (0, 0, 0);
        let mut is_hit = false;
        for (at, probe) in (0..).zip(probes) {
            let place = self.at(place(at, along).cast_signed());
            if !probe.is_free(place, across) {
                continue;
            }
            passed += 1;
            let mut runs = probe.runs.iter();
            let hit = runs.find(|&&run| is_near(run, place, across.max(along)));
            is_hit = hit.is_some();
            if let Some(run) = hit {
                hits += 1;
                lengths += u32::from(run >> 13) + 1;
            } else if hits == 0 || 3 * (passed - hits) > PROBES as u32 {
                return None;
            }
        }
        let is_ruling = passed > 4 && 3 * hits >= 2 * passed && is_hit;
        is_ruling.then(|| lengths.div_ceil(hits.max(1)))
    }

    /// Takes away the runs of the line.
    fn forget(&self, probes: &mut Probes, [along, across]: [u32; 2]) {
        for (at, probe) in (0..).zip(probes) {
            let place = self.at(place(at, along).cast_signed());
            probe
                .runs
                .retain(|&run| !is_near(run, place, across.max(along)));
        }
    }
}

fn is_near(run: Run, place: i32, longer: u32) -> bool {
    let middle = i32::from(run & MIDDLE);
    middle.abs_diff(place) <= 1 + longer / 320
}

/// The pixels of a row that are rulings, a bit each.
pub struct Ruled([u32; MAX_SIDE as usize / 32]);

impl Ruled {
    pub fn none() -> Self {
        Self([0; MAX_SIDE as usize / 32])
    }

    pub fn along(rulings: &Rulings, y: u32, size: [u32; 2]) -> Self {
        let mut ruled = Self::none();
        for line in rulings {
            let [start, end] = line.columns(y.cast_signed(), size);
            let place = |x: i32| x.max(0).unsigned_abs().min(size[0]);
            (place(start)..place(end + 1)).for_each(|x| ruled.set(x));
        }
        ruled
    }

    fn set(&mut self, x: u32) {
        if let Some(word) = self.0.get_mut(x as usize / 32) {
            *word |= 1 << (x % 32);
        }
    }

    pub fn get(&self, x: u32) -> bool {
        self.0
            .get(x as usize / 32)
            .is_some_and(|word| word >> (x % 32) & 1 > 0)
    }
}
