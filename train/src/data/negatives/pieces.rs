//! Parts of digits, and several at once.

use std::ops::Range;

use super::{Digits, SIDE, plane};
use crate::data::random::Random;

/// Parts of digits that are no digits themselves, and how far down they are, from 0 to 1. The stem of a 4, 7 or 9 is a
/// 1, and so is any part of a 1, and one side of a 0.
pub const PARTS: [(u8, f32); 14] = [
    (0, 0.0),
    (2, 0.0),
    (3, 0.0),
    (5, 0.0),
    (8, 0.0),
    (9, 0.0),
    (3, 0.5),
    (8, 0.5),
    (0, 1.0),
    (2, 1.0),
    (3, 1.0),
    (5, 1.0),
    (6, 1.0),
    (8, 1.0),
];

/// Rows and columns of digits.
const GRIDS: [[usize; 2]; 8] = [
    [1, 2],
    [1, 3],
    [1, 4],
    [2, 1],
    [2, 2],
    [2, 3],
    [3, 1],
    [3, 2],
];
/// Around a digit, in pixels.
const BORDER: usize = 4;
/// What of it neighbours in a row take the place of.
const MARGIN: f32 = 3.0;
/// Places in a pixel that it is the mean of, from its middle.
const WITHIN: [f32; 4] = [-0.375, -0.125, 0.125, 0.375];

/// Pictures of a digit that are asked for at most.
const MANY: usize = 1 << 24;
/// How often two digits are drawn to find such that do not hide each other.
const DRAWS: usize = 10;

/// Less than half of a digit's ink, between level cuts, where it was or elsewhere.
pub fn cut(digits: Digits, random: &mut Random) -> Vec<u8> {
    let (label, down) = PARTS[random.below(PARTS.len())];
    let mut picture = some(label, digits, random);
    let rows = kept(&picture, down, random.between(0.2, 0.36));
    for (row, pixels) in picture.chunks_exact_mut(SIDE).enumerate() {
        if !rows.contains(&row) {
            pixels.fill(0);
        }
    }
    let to = 4 + random.below(SIDE - 8);
    let away = to.cast_signed() - usize::midpoint(rows.start, rows.end).cast_signed();
    let across = random.below(9).cast_signed() - 4;
    match random.below(2) {
        0 => picture,
        _ => shifted(&picture, [away, across]),
    }
}

/// The rows with at most this share of the ink, so far down a digit.
fn kept(picture: &[u8], down: f32, share: f32) -> Range<usize> {
    let ink = |row: &[u8]| row.iter().map(|&pixel| f32::from(pixel)).sum::<f32>();
    // How many rows from the first one have at most so much ink.
    let count = |most: f32| {
        let rows = picture.chunks_exact(SIDE).scan(0.0, |sum, row| {
            *sum += ink(row);
            Some(*sum)
        });
        rows.take_while(|&sum| sum <= most).count()
    };
    let above = down * (1.0 - share) * ink(picture);
    // The row in which the part begins is cut off, so that no more than the share is left.
    let start = count(above) + usize::from(down > 0.0);
    start..count(above + share * ink(picture)).max(start)
}

/// Two different digits over each other, or quarters of four.
pub fn merged(digits: Digits, random: &mut Random) -> Vec<u8> {
    match random.below(2) {
        0 => overlaid(digits, random),
        _ => quartered(digits, random),
    }
}

/// The lighter of two digits' pixels. Of several pairs that with the least ink in common is taken, since a 3 over an 8
/// is an 8.
fn overlaid(digits: Digits, random: &mut Random) -> Vec<u8> {
    let pairs = (0..DRAWS).map(|_| {
        let [first, second] = different(random);
        let away = [0; 2].map(|_| random.below(9).cast_signed() - 4);
        let other = some(second, digits, random);
        (some(first, digits, random), shifted(&other, away))
    });
    let common = |(first, second): &(Vec<u8>, Vec<u8>)| {
        let ink = |pixels: &[u8]| pixels.iter().map(|&pixel| f32::from(pixel)).sum::<f32>();
        let pairs = first.iter().zip(second);
        let common: Vec<u8> = pairs.map(|(a, b)| *a.min(b)).collect();
        ink(&common) / ink(first).min(ink(second))
    };
    let pair = pairs.min_by(|a, b| common(a).total_cmp(&common(b)));
    let (first, second) = pair.unwrap_or_default();
    let pairs = first.into_iter().zip(second);
    pairs.map(|(a, b)| a.max(b)).collect()
}

/// Quarters of four digits, each where the opposite one was, so that bows do not close to another digit.
fn quartered(digits: Digits, random: &mut Random) -> Vec<u8> {
    let labels: [u8; 4] = different(random);
    let pictures = labels.map(|label| some(label, digits, random));
    moved(|quarter| (&pictures[quarter], 3 - quarter))
}

/// One digit with its left and right halves exchanged, or all quarters with the opposite ones.
pub fn shuffled(digits: Digits, random: &mut Random) -> Vec<u8> {
    let [label] = different(random);
    let picture = some(label, digits, random);
    let exchanged = [1, 3][random.below(2)];
    moved(|quarter| (&picture, quarter ^ exchanged))
}

/// For each quarter (upper left, upper right, lower left, lower right) of the box that digits fill, a picture and the
/// quarter of it to put there.
fn moved<'a>(from: impl Fn(usize) -> (&'a Vec<u8>, usize)) -> Vec<u8> {
    let half = SIDE / 2 - BORDER;
    let pixel = |index: usize| {
        let place = [index / SIDE, index % SIDE].map(|place| place.checked_sub(BORDER));
        let [Some(row), Some(column)] = place else {
            return 0;
        };
        if row >= 2 * half || column >= 2 * half {
            return 0;
        }
        let (picture, quarter) = from(row / half * 2 + column / half);
        let (row, column) = (row % half, column % half);
        let (row, column) = (quarter / 2 * half + row, quarter % 2 * half + column);
        picture[(BORDER + row) * SIDE + BORDER + column]
    };
    (0..SIDE * SIDE).map(pixel).collect()
}

/// Two to six small digits in rows and columns, as high as wide or narrower.
pub fn row(digits: Digits, random: &mut Random) -> Vec<u8> {
    let [rows, columns] = GRIDS[random.below(GRIDS.len())];
    let mut digit = || some(random.below(10) as u8, digits, random);
    let pictures: Vec<Vec<u8>> = (0..rows * columns).map(|_| digit()).collect();
    let counts = [rows, columns].map(|count| count as f32);
    let cells = counts.map(|count| SIDE as f32 / count);
    let longest = cells[0].min(cells[1]) * random.between(1.0, 2.2);
    let cells = cells.map(|cell| cell.min(longest));
    let pixel = |place: [f32; 2]| {
        let at = [0, 1].map(|axis| {
            let from_middle = (place[axis] - SIDE as f32 / 2.0) / cells[axis];
            from_middle + counts[axis] / 2.0
        });
        let is_outside = (0..2).any(|axis| !(0.0..counts[axis]).contains(&at[axis]));
        if is_outside {
            return 0.0;
        }
        let picture = &pictures[at[0] as usize * columns + at[1] as usize];
        let [row, column] =
            at.map(|at| (MARGIN + at.fract() * (SIDE as f32 - 2.0 * MARGIN)) as usize);
        f32::from(picture[row * SIDE + column])
    };
    let numbers = plane(|down, across| {
        let places = WITHIN.map(|y| WITHIN.map(|x| [down + y, across + x]));
        places.into_iter().flatten().map(pixel).sum::<f32>() / WITHIN.len().pow(2) as f32
    });
    numbers
        .into_iter()
        .map(|number| number.round() as u8)
        .collect()
}

/// One of the pictures of a digit.
fn some(label: u8, digits: Digits, random: &mut Random) -> Vec<u8> {
    digits(label, random.below(MANY))
}

/// Labels, each another one. There is no 1 among them: in parts or over others it is no more than a stroke.
fn different<const COUNT: usize>(random: &mut Random) -> [u8; COUNT] {
    let mut labels = [0, 2, 3, 4, 5, 6, 7, 8, 9];
    std::array::from_fn(|index| {
        let other = index + random.below(labels.len() - index);
        labels.swap(index, other);
        labels[index]
    })
}

/// A picture so many rows further down and columns further to the right, black where it was not.
fn shifted(picture: &[u8], [down, across]: [isize; 2]) -> Vec<u8> {
    let pixel = |index: usize| {
        let row = (index / SIDE).checked_add_signed(-down)?;
        let column = (index % SIDE).checked_add_signed(-across)?;
        (row < SIDE && column < SIDE).then(|| picture[row * SIDE + column])
    };
    (0..SIDE * SIDE)
        .map(|index| pixel(index).unwrap_or(0))
        .collect()
}
