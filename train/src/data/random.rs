use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// Random numbers that are the same on every machine and with every release of the generator's crate: the words are
/// those of `ChaCha8` by its definition, and what is made of them here uses exact arithmetic only.
pub struct Random(ChaCha8Rng);

impl Random {
    /// The generator of `seed`; each `stream` of a seed is independent of the others.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(stream);
        Self(generator)
    }

    /// All 64 bits of the next word.
    pub fn word(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number below `limit`, which is at least 1; the bias of less than `limit` in 2^64 is of no account.
    pub fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.word()) * limit as u128) >> 64) as usize
    }

    /// A number from `low` up to but not including `high`, evenly spread over 2^24 steps.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * ((self.0.next_u32() >> 8) as f32 / (1 << 24) as f32)
    }

    /// As many numbers as [`Self::between`] 0 and 1 gives one by one, at several times the speed.
    pub fn units(&mut self, count: usize) -> Vec<f32> {
        let mut bytes = vec![0; 4 * count];
        self.0.fill_bytes(&mut bytes);
        let (words, _) = bytes.as_chunks();
        let unit = |&word: &[u8; 4]| (u32::from_le_bytes(word) >> 8) as f32 / (1 << 24) as f32;
        words.iter().map(unit).collect()
    }

    /// A number around 0 with standard deviation `deviation`, bell-shaped as the sum of four even ones is.
    pub fn bell(&mut self, deviation: f32) -> f32 {
        // One even number of -1..1 has the variance 1/3, so four have 4/3.
        let sum: f32 = (0..4).map(|_| self.between(-1.0, 1.0)).sum();
        sum * deviation * 0.866_025_4
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_words_are_those_of_chacha8_by_its_definition() {
        // The key stream for a key and a nonce of zeros, as in the test vectors of Strombergson.
        let expected = [0x3e, 0x00, 0xef, 0x2f, 0x89, 0x5f, 0x40, 0xd6];
        assert_eq!(Random::new(0, 0).word(), u64::from_le_bytes(expected));
    }

    #[test]
    fn seeds_and_streams_are_all_different() {
        let first = |seed, stream| Random::new(seed, stream).word();
        let of_seed = |seed| (0..40).map(move |stream| first(seed, stream));
        let words: BTreeSet<u64> = (0..40).flat_map(of_seed).collect();
        assert_eq!(words.len(), 1600);
        assert_eq!(first(7, 3), first(7, 3));
    }

    #[test]
    fn below_reaches_every_number_equally_often() {
        let mut random = Random::new(1, 0);
        let mut counts = [0; 7];
        for _ in 0..70_000 {
            counts[random.below(7)] += 1;
        }
        // Five standard deviations (93 each) around 10 000.
        let is_near = |count: &i32| (9_535..=10_465).contains(count);
        assert!(counts.iter().all(is_near), "{counts:?}");
        assert!((0..100).all(|_| random.below(1) == 0));
    }

    #[test]
    fn between_stays_inside_its_bounds_and_fills_them() {
        let mut random = Random::new(2, 0);
        let numbers: Vec<f32> = (0..10_000).map(|_| random.between(-2.0, 3.0)).collect();
        assert!(numbers.iter().all(|number| (-2.0..3.0).contains(number)));
        assert!(numbers.iter().any(|&number| number < -1.99));
        assert!(numbers.iter().any(|&number| number > 2.99));
    }

    #[test]
    fn units_are_the_numbers_between_0_and_1() {
        let (mut one_by_one, mut at_once) = (Random::new(4, 0), Random::new(4, 0));
        for count in [1, 3, 0, 64, 1000, 7] {
            let expected: Vec<f32> = (0..count).map(|_| one_by_one.between(0.0, 1.0)).collect();
            assert_eq!(at_once.units(count), expected);
        }
        assert_eq!(at_once.word(), one_by_one.word());
    }

    #[test]
    fn bell_has_mean_0_and_the_deviation_asked_for() {
        let mut random = Random::new(3, 0);
        let numbers: Vec<f32> = (0..40_000).map(|_| random.bell(3.0)).collect();
        let mean = numbers.iter().sum::<f32>() / 40_000.0;
        let variance = numbers.iter().map(|number| number * number).sum::<f32>() / 40_000.0;
        assert!(mean.abs() < 0.075, "{mean}");
        assert!((variance.sqrt() - 3.0).abs() < 0.06, "{variance}");
    }
}
