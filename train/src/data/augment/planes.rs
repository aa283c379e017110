//! Planes of numbers, row by row: between their places, blurred, and smooth by chance.

use crate::data::random::Random;

/// Rows or columns of smooth numbers that are drawn at most; others lie between them.
const DRAWN: f32 = 32.0;
/// The standard deviation of a blur, in drawn numbers, that makes them so smooth that no more are needed.
const SMOOTH: f32 = 2.0;

/// A place between two numbers of a line.
#[derive(Clone, Copy)]
pub struct Between {
    before: usize,
    behind: usize,
    /// How far from the one before, 0 to 1.
    share: f32,
}

impl Between {
    /// A place of a line of `size` numbers, or its nearest end.
    pub fn new(place: f32, size: usize) -> Self {
        let place = place.clamp(0.0, (size - 1) as f32);
        let before = place as usize;
        Self {
            before,
            behind: (before + 1).min(size - 1),
            share: place - before as f32,
        }
    }

    pub fn of(self, number: impl Fn(usize) -> f32) -> f32 {
        let before = number(self.before);
        before + (number(self.behind) - before) * self.share
    }
}

/// The places of a plane, row by row, in pixels down and across from its middle.
pub fn places([rows, columns]: [usize; 2]) -> impl Iterator<Item = [f32; 2]> {
    let middle = [rows, columns].map(|size| (size as f32 - 1.0) / 2.0);
    let place = move |index: usize| {
        let (row, column) = (index / columns, index % columns);
        [row as f32 - middle[0], column as f32 - middle[1]]
    };
    (0..rows * columns).map(place)
}

/// Blurs one or more planes by a bell curve of this standard deviation in pixels, along rows and along columns. What is from
/// outside is as the edge.
pub fn blur(numbers: &mut Vec<f32>, [rows, columns]: [usize; 2], deviation: f32) {
    let weights = bell_curve(deviation);
    for (size, step) in [(columns, 1), (rows, columns)] {
        let reach = weights.len() - 1;
        let blurred = (0..numbers.len()).map(|index| {
            let place = index / step % size;
            let first = index - place * step;
            let number = |place: usize| numbers[first + place.min(size - 1) * step];
            let sides = (1..=reach).map(|distance| {
                let sides = number(place.saturating_sub(distance)) + number(place + distance);
                weights[distance] * sides
            });
            weights[0] * numbers[index] + sides.sum::<f32>()
        });
        *numbers = blurred.collect();
    }
}

/// Random numbers of mean 0 and standard deviation 1 that are alike within this share of the longer side: white noise, blurred.
pub fn smooth(size: [usize; 2], share: f32, random: &mut Random) -> Vec<f32> {
    let longer = size[0].max(size[1]) as f32;
    let most = longer.min(DRAWN).min(SMOOTH / share);
    let drawn_of = |side: usize| (side as f32 / longer * most).ceil() as usize;
    let [rows, columns] = size.map(drawn_of);
    let mut drawn: Vec<f32> = (0..rows * columns).map(|_| random.bell(1.0)).collect();
    blur(
        &mut drawn,
        [rows, columns],
        share * rows.max(columns) as f32,
    );
    standardize(&mut drawn);
    let places = |side: usize, drawn: usize| {
        let scale = drawn as f32 / side as f32;
        let place = move |at: usize| Between::new((at as f32 + 0.5) * scale - 0.5, drawn);
        (0..side).map(place)
    };
    let mut numbers = Vec::with_capacity(size[0] * size[1]);
    for row in places(size[0], rows) {
        for column in places(size[1], columns) {
            let line = |row: usize| column.of(|column| drawn[row * columns + column]);
            numbers.push(row.of(line));
        }
    }
    numbers
}

/// Gives numbers the mean 0 and the standard deviation 1; equal ones become 0.
fn standardize(numbers: &mut [f32]) {
    let count = numbers.len() as f32;
    let mean = numbers.iter().sum::<f32>() / count;
    let squares = numbers.iter().map(|number| (number - mean).powi(2));
    let deviation = (squares.sum::<f32>() / count).sqrt().max(f32::MIN_POSITIVE);
    for number in numbers {
        *number = (*number - mean) / deviation;
    }
}

/// The middle and one side of a bell curve of this standard deviation; both sides and the middle are 1 in sum.
fn bell_curve(deviation: f32) -> Vec<f32> {
    let reach = (3.0 * deviation).ceil() as usize;
    let height = |distance: usize| {
        let deviations = distance as f32 / deviation;
        libm::expf(-deviations * deviations / 2.0)
    };
    let sides: Vec<f32> = (1..=reach).map(height).collect();
    let sum = 1.0 + 2.0 * sides.iter().sum::<f32>();
    let all = [1.0].into_iter().chain(sides);
    all.map(|height| height / sum).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_measured_from_the_middle() {
        let found: Vec<_> = places([2, 3]).collect();
        let expected = [
            [-0.5, -1.0],
            [-0.5, 0.0],
            [-0.5, 1.0],
            [0.5, -1.0],
            [0.5, 0.0],
            [0.5, 1.0],
        ];
        assert_eq!(found, expected);
    }

    /// The mean difference of neighbours tells how smooth numbers are.
    #[test]
    fn smooth_numbers_are_standardised_and_the_smoother_the_longer_their_share() {
        let mut random = Random::new(6, 0);
        for size in [[28, 28], [20, 70], [100, 90], [1, 9]] {
            let mut steps = Vec::new();
            for share in [0.02, 0.1, 0.3] {
                let numbers = smooth(size, share, &mut random);
                assert_eq!(numbers.len(), size[0] * size[1]);
                let count = numbers.len() as f32;
                let mean = numbers.iter().sum::<f32>() / count;
                let square = numbers.iter().map(|number| number * number).sum::<f32>() / count;
                assert!(
                    mean.abs() < 0.3 && (0.4..1.6).contains(&square),
                    "{size:?} {share}"
                );
                let differences = numbers.windows(2).map(|pair| (pair[0] - pair[1]).abs());
                steps.push(differences.sum::<f32>() / count);
            }
            assert!(
                steps.windows(2).all(|pair| pair[0] > pair[1]),
                "{size:?} {steps:?}"
            );
        }
        assert_eq!(smooth([1, 1], 0.1, &mut random), [0.0]);
    }
}
