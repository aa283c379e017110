//! What a model gives, and all that follows from it, in integers.

use core::num::NonZeroU32;

use crate::divide::quotient;
use crate::format::{ONE, OutputKind, TensorRecord};
use crate::model::Model;

/// What a run ends with.
#[derive(Clone, Copy, Debug)]
pub enum Output<'r> {
    /// Of a model that tells classes apart.
    Classes(Classes<'r>),
    /// Of any other.
    Values(Values<'r>),
}

impl<'r> Output<'r> {
    /// What follows from the values that a model has given, of which more than it has are ignored; `input` is what they
    /// were made of, for a reconstruction.
    pub fn new(model: &Model<'r>, values: &'r [i8], input: &'r [i8]) -> Self {
        let len = model.output().shape.elements() as usize;
        let values = values.get(..len).unwrap_or(values);
        let kind = model.output_kind();
        if kind == OutputKind::Classes {
            return Self::Classes(Classes::new(model, values));
        }
        let compared = kind == OutputKind::Reconstruction;
        Self::Values(Values {
            tensor: model.output(),
            integers: values,
            difference: compared.then(|| Difference::new(values, input, model.threshold())),
        })
    }

    /// The int8 values, be they logits or not.
    pub fn values(&self) -> &'r [i8] {
        match self {
            Self::Classes(classes) => classes.logits,
            Self::Values(values) => values.integers,
        }
    }

    /// Whether the input is one of those that the model was made for; of values that do not tell, true.
    pub fn accepted(&self) -> bool {
        match self {
            Self::Classes(classes) => classes.accepted(),
            Self::Values(values) => values.difference.is_none_or(|found| found.accepted),
        }
    }
}

/// Logits, the class that they are for, and how sure that is.
#[derive(Clone, Copy)]
pub struct Classes<'r> {
    logits: &'r [i8],
    /// See [`PROBABILITY_ENTRIES`](crate::format::PROBABILITY_ENTRIES).
    probabilities: &'r [[u8; 4]],
    threshold: u32,
    best: i8,
    class: usize,
    /// The entries of all logits together.
    sum: NonZeroU32,
}

impl<'r> Classes<'r> {
    /// What follows from the logits of a model with classes.
    pub fn new(model: &Model<'r>, logits: &'r [i8]) -> Self {
        let mut classes = Self {
            logits,
            probabilities: model.probabilities(),
            threshold: model.threshold(),
            best: i8::MIN,
            class: 0,
            sum: NonZeroU32::MIN,
        };
        for (class, &logit) in logits.iter().enumerate() {
            if logit > classes.best {
                (classes.best, classes.class) = (logit, class);
            }
        }
        // The best logit has an entry of 1, so this is not zero; of as many classes as there may be it does not overflow.
        let weights = logits.iter().map(|&logit| classes.weight(logit));
        let sum = weights.fold(0, u32::wrapping_add);
        classes.sum = NonZeroU32::new(sum).unwrap_or(NonZeroU32::MIN);
        classes
    }

    fn weight(&self, logit: i8) -> u32 {
        let entry = self
            .probabilities
            .get(usize::from(self.best.abs_diff(logit)));
        entry.map_or(0, |&entry| u32::from_le_bytes(entry))
    }

    /// `weight * ONE / sum`, the last bit on its own: the product can have 33 bits.
    fn share(&self, logit: i8) -> u32 {
        let product = self.weight(logit) * (ONE / 2);
        let rest = product % self.sum;
        product / self.sum * 2 + u32::from(rest >= self.sum.get() - rest)
    }

    /// The int8 value of each class, class 0 first.
    pub fn logits(&self) -> &'r [i8] {
        self.logits
    }

    /// The class with the greatest logit, the first of equal ones.
    pub fn class(&self) -> usize {
        self.class
    }

    /// The probability of each class in 1/65536, rounded down.
    pub fn probabilities(&self) -> impl Iterator<Item = u32> {
        self.logits.iter().map(|&logit| self.share(logit))
    }

    /// The probability of [`class`](Self::class) in 1/65536; 0 if there are no logits.
    pub fn probability(&self) -> u32 {
        if self.logits.is_empty() {
            return 0;
        }
        self.share(self.best)
    }

    /// Whether the probability reaches the model's threshold: otherwise the image is likely of no class at all.
    pub fn accepted(&self) -> bool {
        self.probability() >= self.threshold
    }
}

impl core::fmt::Debug for Classes<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Classes")
            .field("logits", &self.logits)
            .field("class", &self.class)
            .finish_non_exhaustive()
    }
}

/// Int8 values, and what they stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'r> {
    tensor: TensorRecord,
    integers: &'r [i8],
    difference: Option<Difference>,
}

impl<'r> Values<'r> {
    /// The values, `[row][column][channel]`.
    pub fn values(&self) -> &'r [i8] {
        self.integers
    }

    /// Their shape, scale and zero point.
    pub fn tensor(&self) -> &TensorRecord {
        &self.tensor
    }

    /// How far a reconstruction is from its input. `None` if the values are no reconstruction.
    pub fn difference(&self) -> Option<Difference> {
        self.difference
    }
}

/// How far a reconstruction is from its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The mean of the squared differences of the int8 values, in 1/256, rounded down.
    pub mean: u32,
    /// Whether that is at most the model's threshold: otherwise the input is unlike what the model was made for.
    pub accepted: bool,
}

impl Difference {
    fn new(values: &[i8], input: &[i8], threshold: u32) -> Self {
        let square = |(&one, &other): (&i8, &i8)| u64::from(u32::from(one.abs_diff(other)).pow(2));
        let sum: u64 = values.iter().zip(input).map(square).sum();
        // So few values that the sum has 46 bits; a mean is at most 256 * 255^2.
        let mean = quotient(sum * 256, values.len() as u64, 24);
        Self {
            mean,
            accepted: mean <= threshold,
        }
    }
}
