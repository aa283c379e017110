//! What each pixel of a data set becomes before a network sees them: the numbers that `infer` makes of them.

use input::normalization::Normalization;

/// A normalisation, with the number of each of a pixel's 256 values in each channel.
#[derive(Debug)]
pub struct PixelTable {
    pub of: Normalization,
    tables: Vec<[f32; 256]>,
}

impl PixelTable {
    pub fn new(of: &Normalization) -> Self {
        let number = |channel, pixel: usize| of.number(channel, pixel as u8);
        let table = |channel| std::array::from_fn(|pixel| number(channel, pixel));
        Self {
            tables: (0..of.channels()).map(table).collect(),
            of: of.clone(),
        }
    }

    /// Writes what the bytes of a picture become, `[channels, rows, columns]`.
    pub fn write(&self, bytes: &[u8], numbers: &mut [f32]) {
        let plane = (bytes.len() / self.tables.len()).max(1);
        let planes = bytes.chunks(plane).zip(numbers.chunks_mut(plane));
        for ((bytes, numbers), table) in planes.zip(&self.tables) {
            for (number, &byte) in numbers.iter_mut().zip(bytes) {
                *number = table[usize::from(byte)];
            }
        }
    }

    /// Makes shares of white, 0 to 1, what a picture of such becomes.
    pub fn apply(&self, shares: &mut [f32]) {
        let plane = (shares.len() / self.tables.len()).max(1);
        for (channel, plane) in shares.chunks_mut(plane).enumerate() {
            for share in plane {
                *share = self.of.of_share(channel, *share);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::augment::Variant;

    #[test]
    fn bytes_and_shares_become_the_same_to_the_bit() {
        let means = [0.4914, 0.4822, 0.1];
        let of = Normalization::new([0.0, 1.0], [&means, &[0.2, 0.3, 1.0]], 3).unwrap();
        let table = PixelTable::new(&of);
        let bytes: Vec<u8> = (0..3).flat_map(|_| 0..=255).collect();
        let (mut numbers, mut shares) = (vec![0.0; 768], vec![0.0; 768]);
        table.write(&bytes, &mut numbers);
        Variant::Plain.write(&bytes, &mut shares);
        table.apply(&mut shares);
        assert_eq!(numbers, shares);
        for (at, &number) in numbers.iter().enumerate() {
            let exact = (f64::from(bytes[at]) / 255.0 - f64::from(means[at / 256]))
                / [0.2, 0.3, 1.0][at / 256];
            assert!((f64::from(number) - exact).abs() < 1e-5);
        }
    }

    #[test]
    fn pixels_from_0_to_1_are_what_they_are_without() {
        let bytes: Vec<u8> = (0..=255).collect();
        let (mut numbers, mut plain) = (vec![0.0; 256], vec![0.0; 256]);
        PixelTable::new(&Normalization::up_to(1.0, 1)).write(&bytes, &mut numbers);
        Variant::Plain.write(&bytes, &mut plain);
        assert_eq!(numbers, plain);
    }
}
