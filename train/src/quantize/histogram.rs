//! How often numbers of each size were seen, in memory that does not grow with their count.

/// Bins on each side of 0.
const BINS: usize = 1024;

/// Counts of numbers in bins of one width. The width doubles where a number lies beyond the last bin, so that one pass
/// over numbers of any size does.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    low: f32,
    high: f32,
    width: f64,
    /// From the most negative ones up.
    bins: Vec<Bin>,
}

/// Numbers that lie next to each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Bin {
    /// How many there are.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares.
    pub squares: f64,
}

impl Bin {
    /// Their mean; 0 if there are none.
    pub fn mean(&self) -> f64 {
        self.sum / self.count.max(1) as f64
    }

    /// The sum of their squared differences from a number.
    pub fn squared_error(&self, number: f64) -> f64 {
        let error = self.squares - 2.0 * number * self.sum + number * number * self.count as f64;
        error.max(0.0)
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.squares += other.squares;
    }
}

impl Histogram {
    /// Nothing seen yet.
    pub fn new() -> Self {
        Self {
            low: 0.0,
            high: 0.0,
            width: 0.0,
            bins: vec![Bin::default(); 2 * BINS],
        }
    }

    /// Counts numbers; the first one that is not finite is the error.
    pub fn add<'a>(&mut self, values: impl IntoIterator<Item = &'a f32>) -> Result<(), f32> {
        for &value in values {
            if !value.is_finite() {
                return Err(value);
            }
            (self.low, self.high) = (self.low.min(value), self.high.max(value));
            let value = f64::from(value);
            self.widen(value.abs());
            let bin = self.place(value);
            self.bins[bin].merge(Bin {
                count: 1,
                sum: value,
                squares: value * value,
            });
        }
        Ok(())
    }

    /// The least number and the greatest one, and 0.
    pub fn ends(&self) -> [f32; 2] {
        [self.low, self.high]
    }

    /// The bins that hold numbers, those of the least ones first.
    pub fn bins(&self) -> impl DoubleEndedIterator<Item = &Bin> {
        self.bins.iter().filter(|bin| bin.count > 0)
    }

    fn place(&self, value: f64) -> usize {
        if self.width == 0.0 {
            return BINS;
        }
        (BINS as f64 + (value / self.width).floor()) as usize
    }

    /// Makes the bins wide enough for a number of this magnitude.
    fn widen(&mut self, magnitude: f64) {
        if self.width == 0.0 {
            self.width = magnitude / BINS as f64 * 2.0;
        }
        while magnitude > 0.0 && magnitude >= self.width * BINS as f64 {
            self.width *= 2.0;
            let mut wide = vec![Bin::default(); 2 * BINS];
            for (index, bin) in self.bins.iter().enumerate() {
                wide[usize::midpoint(index, BINS)].merge(*bin);
            }
            self.bins = wide;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    #[test]
    fn all_numbers_are_in_the_bin_of_their_size() {
        let mut random = Random::new(4, 0);
        let values: Vec<f32> = (0..20_000)
            .map(|index| random.bell(1.0) * (1.0 + index as f32 / 100.0))
            .collect();
        let mut histogram = Histogram::new();
        histogram.add(&values).unwrap();
        let count: u64 = histogram.bins().map(|bin| bin.count).sum();
        let sum: f64 = histogram.bins().map(|bin| bin.sum).sum();
        assert_eq!(count, 20_000);
        assert!((sum - values.iter().map(|&value| f64::from(value)).sum::<f64>()).abs() < 1e-6);
        let means: Vec<f64> = histogram.bins().map(Bin::mean).collect();
        assert!(means.is_sorted());
        // Less than a 512th of the greatest magnitude lies in one bin.
        let [low, high] = histogram.ends();
        for bin in histogram.bins() {
            let deviation = (bin.squared_error(bin.mean()) / bin.count as f64).sqrt();
            assert!(deviation <= f64::from(high.max(-low)) / 512.0);
        }
        let ends: [fn(f32, f32) -> f32; 2] = [f32::min, f32::max];
        let ends = ends.map(|end| values.iter().copied().fold(0.0, end).to_bits());
        assert_eq!([low, high].map(f32::to_bits), ends);
    }

    #[test]
    fn zeros_stay_apart_from_small_numbers_below_and_infinities_are_told() {
        let mut histogram = Histogram::new();
        histogram.add(&[0.0, 0.0, -1e-3, 1.0, -4.0]).unwrap();
        let counts: Vec<u64> = histogram.bins().map(|bin| bin.count).collect();
        assert_eq!(counts, [1, 1, 2, 1]);
        assert_eq!(histogram.add(&[1.0, f32::INFINITY]), Err(f32::INFINITY));
    }
}
