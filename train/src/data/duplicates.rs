//! Pictures that are the same, or nearly: frames of one burst, copies saved again.

use std::collections::HashMap;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{DataError, Dataset, Element};
use crate::network::Shape;

/// Bits in which the hashes of near-duplicates may differ. Each of this number and one more bands of bits is compared as a
/// whole: one of them is equal.
const DISTANCE: u32 = 3;
const BANDS: u32 = DISTANCE + 1;
/// Hashes with an equal band that each one is compared with, at most: pictures with large empty parts have many.
const COMPARED: usize = 1000;
/// Correlation of the pixels of near-duplicates, at least.
const CORRELATION: f64 = 0.98;
/// Squared deviation of a value from the mean, on average, below which a picture is of one colour.
const BLANK: f64 = 4.0;

/// Pairs of pictures, by their places: as many as tie each group of them together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicates {
    /// Pictures whose pixels are equal, the first of them before each other one.
    pub same: Vec<[u32; 2]>,
    /// Pictures that look alike.
    pub near: Vec<[u32; 2]>,
}

impl Duplicates {
    /// Looks for them among all pictures. Equal pixels are told by SHA-256, near ones by a difference hash and then by their
    /// correlation. Of numbers only equal ones are.
    pub fn find(pictures: &Dataset) -> Result<Self, DataError> {
        let are_pictures = pictures.element() == Element::Pixel;
        let see = |pixels: &mut Vec<u8>, picture| {
            pictures.read(picture, pixels)?;
            let hash = if are_pictures {
                difference_hash(pixels, pictures.shape())
            } else {
                0
            };
            let digest: [u8; 32] = Sha256::digest(&*pixels).into();
            Ok((digest, hash))
        };
        let buffer = || vec![0; pictures.picture_len()];
        let seen = (0..pictures.len()).into_par_iter().map_init(buffer, see);
        let seen: Vec<([u8; 32], u64)> = seen.collect::<Result<_, DataError>>()?;
        let mut found = Self::default();
        let (mut firsts, mut by_hash) = (HashMap::new(), HashMap::<u64, Vec<u32>>::new());
        for (picture, (digest, hash)) in (0..).zip(&seen) {
            if let Some(&first) = firsts.get(digest) {
                found.same.push([first, picture]);
            } else {
                firsts.insert(digest, picture);
                by_hash.entry(*hash).or_default().push(picture);
            }
        }
        if !are_pictures {
            return Ok(found);
        }
        let mut by_hash: Vec<(u64, Vec<u32>)> = by_hash.into_iter().collect();
        by_hash.sort_unstable();
        let mut search = Search {
            pictures,
            groups: Groups::new(pictures.len()),
            found,
        };
        for (_, alike) in &by_hash {
            for &other in &alike[1..] {
                search.compare(alike[0], other)?;
            }
        }
        search.across(&by_hash)?;
        Ok(search.found)
    }

    /// A group's number for each of so many pictures: the place of its first.
    pub fn groups(&self, pictures: usize) -> Vec<u32> {
        let mut groups = Groups::new(pictures);
        for &[first, second] in self.same.iter().chain(&self.near) {
            groups.join(first, second);
        }
        (0..pictures as u32)
            .map(|picture| groups.first(picture))
            .collect()
    }
}

struct Search<'a> {
    pictures: &'a Dataset,
    groups: Groups,
    found: Duplicates,
}

impl Search<'_> {
    /// Compares pictures with hashes that differ little.
    fn across(&mut self, by_hash: &[(u64, Vec<u32>)]) -> Result<(), DataError> {
        for band in 0..BANDS {
            let mut banded: Vec<(u64, u64, u32)> = by_hash
                .iter()
                .map(|(hash, pictures)| (bits_of_band(*hash, band), *hash, pictures[0]))
                .collect();
            banded.sort_unstable();
            for (at, &(bits, hash, picture)) in banded.iter().enumerate() {
                let others = banded[at + 1..].iter().take(COMPARED);
                for &(_, other_hash, other) in others.take_while(|&&(other, ..)| other == bits) {
                    if (hash ^ other_hash).count_ones() <= DISTANCE {
                        self.compare(picture, other)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn compare(&mut self, first: u32, second: u32) -> Result<(), DataError> {
        if self.groups.first(first) == self.groups.first(second) {
            return Ok(());
        }
        let [mut a, mut b] = [(); 2].map(|()| vec![0; self.pictures.picture_len()]);
        self.pictures.read(first as usize, &mut a)?;
        self.pictures.read(second as usize, &mut b)?;
        if look_alike(&a, &b) {
            self.groups.join(first, second);
            self.found.near.push([first.min(second), first.max(second)]);
        }
        Ok(())
    }
}

/// Every fourth bit, so that empty parts of pictures are in all bands.
fn bits_of_band(hash: u64, band: u32) -> u64 {
    hash & (0x1111_1111_1111_1111 << band)
}

/// For each of 8 rows and 8 columns whether it gets darker to the right, in a picture of 8 x 9 means.
fn difference_hash(pixels: &[u8], [channels, rows, columns]: Shape) -> u64 {
    let span = |at: usize, count: usize, len: usize| {
        let start = (at * len / count).min(len - 1);
        start..((at + 1) * len / count).clamp(start + 1, len)
    };
    let mean = |row: usize, column: usize| {
        let (rows_of, columns_of) = (span(row, 8, rows), span(column, 9, columns));
        let count = channels * rows_of.len() * columns_of.len();
        let mut sum = 0;
        for channel in 0..channels {
            for row in rows_of.clone() {
                let row = &pixels[(channel * rows + row) * columns..][..columns];
                sum += row[columns_of.clone()]
                    .iter()
                    .map(|&pixel| usize::from(pixel))
                    .sum::<usize>();
            }
        }
        sum / count
    };
    let mut hash = 0;
    for row in 0..8 {
        let means: [usize; 9] = std::array::from_fn(|column| mean(row, column));
        for pair in means.windows(2) {
            hash = hash << 1 | u64::from(pair[0] > pair[1]);
        }
    }
    hash
}

/// Whether pictures of one shape show the same but for brightness, contrast and what little compression changes.
fn look_alike(a: &[u8], b: &[u8]) -> bool {
    let count = a.len() as f64;
    let sums = |sum: [u64; 5], (&a, &b): (&u8, &u8)| {
        let (a, b) = (u64::from(a), u64::from(b));
        let [of_a, of_b, aa, bb, ab] = sum;
        [of_a + a, of_b + b, aa + a * a, bb + b * b, ab + a * b]
    };
    let sums = a.iter().zip(b).fold([0; 5], sums);
    let [mean_a, mean_b, aa, bb, ab] = sums.map(|sum| sum as f64 / count);
    let variances = [aa - mean_a * mean_a, bb - mean_b * mean_b];
    match variances.map(|variance| variance < BLANK) {
        [true, true] => (mean_a - mean_b).abs() < BLANK,
        [false, false] => {
            let covariance = ab - mean_a * mean_b;
            covariance >= CORRELATION * (variances[0] * variances[1]).sqrt()
        }
        _ => false,
    }
}

/// Disjoint sets of pictures, each known by its first one.
struct Groups(Vec<u32>);

impl Groups {
    fn new(pictures: usize) -> Self {
        Self((0..pictures as u32).collect())
    }

    fn first(&mut self, picture: u32) -> u32 {
        let mut at = picture as usize;
        while self.0[at] as usize != at {
            // Every other one on the way points further from now on.
            self.0[at] = self.0[self.0[at] as usize];
            at = self.0[at] as usize;
        }
        at as u32
    }

    fn join(&mut self, one: u32, other: u32) {
        let [one, other] = [one, other].map(|picture| self.first(picture));
        self.0[one.max(other) as usize] = one.min(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;
    use crate::data::{numbers, synthetic};

    const SIDE: usize = 32;

    /// Smooth pictures, each unlike the others.
    fn blobs(count: usize, seed: u64) -> Vec<Vec<u8>> {
        let mut random = Random::new(seed, 0);
        let picture = |_| {
            let waves: Vec<[f32; 4]> = (0..4)
                .map(|_| [(); 4].map(|()| random.between(-0.4, 0.4)))
                .collect();
            let value = |at: usize| {
                let (x, y) = ((at % SIDE) as f32, (at / SIDE) as f32);
                let wave =
                    |[a, b, phase, size]: &[f32; 4]| size * (a * x + b * y + 9.0 * phase).sin();
                (128.0 + 100.0 * waves.iter().map(wave).sum::<f32>()).clamp(0.0, 255.0) as u8
            };
            (0..SIDE * SIDE).map(value).collect()
        };
        (0..count).map(picture).collect()
    }

    fn dataset(pictures: &[Vec<u8>]) -> Dataset {
        let labels = vec![0; pictures.len()];
        Dataset::new([1, SIDE, SIDE], pictures.concat(), labels, numbers(0, 1))
    }

    #[test]
    fn copies_are_found_however_they_were_saved() {
        let originals = blobs(200, 1);
        let mut random = Random::new(2, 0);
        let mut pictures = originals.clone();
        pictures.push(originals[7].clone());
        let noisy = |pixel: &u8| pixel.saturating_add(random.below(9) as u8);
        pictures.push(originals[30].iter().map(noisy).collect());
        let dim = |pixel: &u8| pixel / 4 * 3 + 20;
        pictures.push(originals[90].iter().map(dim).collect());
        pictures.push(originals[7].clone());
        let found = Duplicates::find(&dataset(&pictures)).unwrap();
        assert_eq!(found.same, [[7, 200], [7, 203]]);
        assert_eq!(found.near, [[30, 201], [90, 202]]);
        let groups = found.groups(204);
        let firsts: Vec<u32> = groups[200..].to_vec();
        assert_eq!(firsts, [7, 30, 90, 7]);
        assert!((0..200).eq(groups[..200].iter().copied()));
    }

    #[test]
    fn digits_in_many_hands_are_hardly_ever_near() {
        let digits = synthetic::digits(1500, 1, 3).train;
        let found = Duplicates::find(&digits).unwrap();
        assert_eq!(found.same, [[0; 2]; 0]);
        assert!(found.near.len() < 15, "{}", found.near.len());
    }

    #[test]
    fn blank_pictures_are_alike_if_they_are_of_one_grey() {
        let pictures: Vec<Vec<u8>> = [10, 11, 200, 10].map(|grey| vec![grey; SIDE * SIDE]).into();
        let found = Duplicates::find(&dataset(&pictures)).unwrap();
        assert_eq!((found.same, found.near), (vec![[0, 3]], vec![[0, 1]]));
    }

    #[test]
    fn the_smallest_pictures_have_a_hash_too() {
        for shape in [[1, 1, 1], [3, 1, 20], [1, 20, 1], [3, 2, 3]] {
            let len = shape.iter().product();
            difference_hash(&vec![7; len], shape);
        }
        // Darker from left to right everywhere.
        let falling: Vec<u8> = (0..8).flat_map(|_| (0..9).rev()).collect();
        assert_eq!(difference_hash(&falling, [1, 8, 9]), u64::MAX);
    }
}
