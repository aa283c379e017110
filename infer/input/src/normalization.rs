//! What the pixels of a picture become before a network sees them, as the metadata entries of an ONNX file hold it.

use thiserror::Error;

/// The entry with the numbers that black and white become first: `0..1`.
pub const RANGE: &str = "input_range";
/// The entry with what is then subtracted, a number or one for each channel with commas between them.
pub const MEAN: &str = "input_mean";
/// The entry with what is then divided by, likewise.
pub const DEVIATION: &str = "input_std";

/// `(low + pixel * (high - low) / 255 - mean) / deviation`, in 32-bit floats.
#[derive(Clone, Debug, PartialEq)]
pub struct Normalization {
    range: [f32; 2],
    /// Of each channel.
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

/// Why numbers say no normalisation.
#[derive(Clone, Debug, Error, PartialEq)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum NormalizationError {
    #[error("expected a range as 0..1, the numbers that black and white become, found {0}")]
    Range(String),
    #[error("expected a mean, or one for each of {channels} channels, found {found}")]
    Mean { channels: usize, found: String },
    #[error(
        "expected a standard deviation that is not 0, or one for each of {channels} channels, found {found}"
    )]
    Deviation { channels: usize, found: String },
}

impl Normalization {
    /// Black is 0 and white this number, in every channel.
    pub fn up_to(white: f32, channels: usize) -> Self {
        Self {
            range: [0.0, white],
            mean: vec![0.0; channels],
            deviation: vec![1.0; channels],
        }
    }

    /// A mean and a deviation stand for all channels or for one each.
    pub fn new(
        range: [f32; 2],
        [mean, deviation]: [&[f32]; 2],
        channels: usize,
    ) -> Result<Self, NormalizationError> {
        let of_channels = |numbers: &[f32], is_valid: fn(f32) -> bool| {
            let fits = numbers.len() == channels || numbers.len() == 1;
            let each = numbers.iter().copied().cycle().take(channels);
            (fits && numbers.iter().copied().all(is_valid)).then(|| each.collect())
        };
        let [low, high] = range;
        if !(low.is_finite() && high.is_finite() && low < high) {
            return Err(NormalizationError::Range(format!("{low}..{high}")));
        }
        let one = Self {
            range,
            mean: of_channels(mean, f32::is_finite).ok_or_else(|| NormalizationError::Mean {
                channels,
                found: list(mean),
            })?,
            deviation: of_channels(deviation, f32::is_normal).ok_or_else(|| {
                NormalizationError::Deviation {
                    channels,
                    found: list(deviation),
                }
            })?,
        };
        let ends =
            (0..channels).flat_map(|channel| [0, u8::MAX].map(|end| one.number(channel, end)));
        if ends.into_iter().all(f32::is_finite) {
            Ok(one)
        } else {
            Err(NormalizationError::Range(format!(
                "{low}..{high}, which becomes infinite"
            )))
        }
    }

    /// What the metadata of a model say, by the entries' names; `None` where none of the three is there.
    pub fn from_entries<'a>(
        entry: impl Fn(&str) -> Option<&'a str>,
        channels: usize,
    ) -> Result<Option<Self>, NormalizationError> {
        let texts = [RANGE, MEAN, DEVIATION].map(entry);
        if texts == [None; 3] {
            return Ok(None);
        }
        let [said, mean, deviation] =
            [0, 1, 2].map(|at| texts[at].unwrap_or(["0..1", "0", "1"][at]));
        let found = |text: &str| format!("{text:?}");
        let range = range(said).ok_or_else(|| NormalizationError::Range(found(said)))?;
        let mean = numbers(mean).ok_or_else(|| NormalizationError::Mean {
            channels,
            found: found(mean),
        })?;
        let deviation = numbers(deviation).ok_or_else(|| NormalizationError::Deviation {
            channels,
            found: found(deviation),
        })?;
        Self::new(range, [&mean, &deviation], channels).map(Some)
    }

    /// The entries that say it: the last two only where they change something.
    pub fn entries(&self) -> Vec<(&'static str, String)> {
        let [low, high] = self.range;
        let mut entries = vec![(RANGE, format!("{low}..{high}"))];
        for (key, numbers, usual) in [(MEAN, &self.mean, 0.0), (DEVIATION, &self.deviation, 1.0)] {
            if *numbers != vec![usual; numbers.len()] {
                entries.push((key, list(numbers)));
            }
        }
        entries
    }

    /// What is subtracted, of each channel.
    pub fn mean(&self) -> &[f32] {
        &self.mean
    }

    /// What is then divided by, of each channel.
    pub fn deviation(&self) -> &[f32] {
        &self.deviation
    }

    /// Channels of a picture.
    pub fn channels(&self) -> usize {
        self.mean.len()
    }

    /// What a pixel of a channel becomes.
    pub fn number(&self, channel: usize, pixel: u8) -> f32 {
        let [low, high] = self.range;
        self.of_number(channel, low + f32::from(pixel) * (high - low) / 255.0)
    }

    /// What a share of white becomes, 0 to 1: where black and white become these two first, that of `pixel / 255` is the number
    /// of the pixel to the bit.
    pub fn of_share(&self, channel: usize, share: f32) -> f32 {
        let [low, high] = self.range;
        self.of_number(channel, low + share * (high - low))
    }

    fn of_number(&self, channel: usize, number: f32) -> f32 {
        (number - self.mean[channel]) / self.deviation[channel]
    }

    /// This one and then another subtraction and division of each channel; `None` where floats do not reach so far.
    #[must_use]
    pub fn then(&self, mean: &[f32], deviation: &[f32]) -> Option<Self> {
        // ((x - m) / d - mean) / deviation = (x - (m + mean * d)) / (d * deviation)
        let own = self.mean.iter().zip(&self.deviation);
        let pairs = own.zip(mean.iter().zip(deviation));
        let both = pairs.map(|((m, d), (mean, deviation))| (m + mean * d, d * deviation));
        let (mean, deviation): (Vec<f32>, Vec<f32>) = both.unzip();
        Self::new(self.range, [&mean, &deviation], self.channels()).ok()
    }
}

/// Two numbers with two dots between them.
pub fn range(text: &str) -> Option<[f32; 2]> {
    let (low, high) = text
        .split_once("..")
        .filter(|(_, high)| !high.starts_with('.'))?;
    Some([low.trim().parse().ok()?, high.trim().parse().ok()?])
}

/// Numbers with commas between them.
pub fn numbers(text: &str) -> Option<Vec<f32>> {
    text.split(',').map(|one| one.trim().parse().ok()).collect()
}

fn list(numbers: &[f32]) -> String {
    let texts: Vec<String> = numbers.iter().map(f32::to_string).collect();
    texts.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `ImageNet`'s, as most tutorials have them.
    const MEANS: [f32; 3] = [0.485, 0.456, 0.406];
    const DEVIATIONS: [f32; 3] = [0.229, 0.224, 0.225];

    fn image_net() -> Normalization {
        Normalization::new([0.0, 1.0], [&MEANS, &DEVIATIONS], 3).unwrap()
    }

    #[test]
    fn entries_say_the_same_to_the_bit() {
        let minus_one_to_one = Normalization::new([-1.0, 1.0], [&[0.0], &[1.0]], 2).unwrap();
        for one in [
            image_net(),
            minus_one_to_one,
            Normalization::up_to(255.0, 1),
        ] {
            let entries = one.entries();
            let entry = |key: &str| {
                let found = entries.iter().find(|(name, _)| *name == key);
                found.map(|(_, text)| text.as_str())
            };
            let again = Normalization::from_entries(entry, one.channels());
            assert_eq!(again, Ok(Some(one)));
        }
        assert_eq!(Normalization::from_entries(|_| None, 3), Ok(None));
    }

    #[test]
    fn pixels_become_what_a_loop_in_double_precision_makes_of_them() {
        let both = image_net()
            .then(&[1.0, -2.0, 0.5], &[2.0, 0.25, -3.0])
            .unwrap();
        for pixel in 0..=255 {
            let unit = Normalization::up_to(1.0, 1).number(0, pixel);
            assert_eq!(unit.to_bits(), (f32::from(pixel) / 255.0).to_bits());
            let whole = Normalization::up_to(255.0, 1).number(0, pixel);
            assert_eq!(whole.to_bits(), f32::from(pixel).to_bits());
            for channel in 0..3 {
                let of = |numbers: [f32; 3]| f64::from(numbers[channel]);
                let one = (f64::from(pixel) / 255.0 - of(MEANS)) / of(DEVIATIONS);
                let found = f64::from(image_net().number(channel, pixel));
                assert!((found - one).abs() < 1e-6, "{pixel}: {found} and {one}");
                let two = (one - of([1.0, -2.0, 0.5])) / of([2.0, 0.25, -3.0]);
                let found = f64::from(both.number(channel, pixel));
                assert!((found - two).abs() < 1e-5, "{pixel}: {found} and {two}");
            }
        }
    }

    #[test]
    fn numbers_that_say_none_are_refused() {
        let of = |range: &str, mean: &str, deviation: &str| {
            let texts = [(RANGE, range), (MEAN, mean), (DEVIATION, deviation)];
            let texts = texts.map(|(key, text)| (key.to_owned(), text.to_owned()));
            let entry = |key: &str| {
                let found = texts.iter().find(|(name, _)| name == key);
                found.map(|(_, text)| text.as_str())
            };
            let result = Normalization::from_entries(entry, 3);
            result.unwrap_err().to_string()
        };
        for range in [
            "1..0", "0..0", "0", "a..b", "0..inf", "0..NaN", "0...1", "0..3e38",
        ] {
            assert!(of(range, "0", "1").starts_with("expected a range as 0..1"));
        }
        for mean in ["", "0,0", "NaN", "a"] {
            assert!(of("0..1", mean, "1").contains("one for each of 3 channels"));
        }
        for deviation in ["0", "1,1", "1,0,1", "inf", "-"] {
            assert!(of("0..1", "0", deviation).contains("that is not 0"));
        }
    }
}
