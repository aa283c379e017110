//! What a run gives: the logits and all that follows from them, in integers.

use heapless::Vec;

use crate::format::{MAX_CLASSES, ONE};
use crate::model::Model;

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scores {
    logits: Vec<i8, MAX_CLASSES>,
    probabilities: Vec<u32, MAX_CLASSES>,
    class: usize,
    accepted: bool,
}

impl Scores {
    /// The scores of a model that ended with these logits, one a class (more are ignored); [`run`](crate::run()) gives
    /// those of an image.
    pub fn new(model: &Model<'_>, logits: &[i8]) -> Self {
        let logits = logits.get(..model.classes()).unwrap_or(logits);
        let best = logits.iter().copied().max().unwrap_or_default();
        let weight = |&logit: &i8| model.probability(best.abs_diff(logit));
        // The best logit has an entry of 1, so the sum is not zero; all of them are far from overflowing.
        let sum = logits.iter().map(weight).sum::<u32>().max(1);
        // `weight * ONE / sum`, the last bit on its own: the product can have 33 bits.
        let share = |logit| {
            let product = weight(logit) * (ONE / 2);
            product / sum * 2 + u32::from(product % sum * 2 >= sum)
        };

        let class = logits
            .iter()
            .position(|&logit| logit == best)
            .unwrap_or_default();
        let mut scores = Self {
            logits: Vec::new(),
            probabilities: Vec::new(),
            class,
            accepted: false,
        };
        for logit in logits {
            // There are places for as many classes as the loader lets through.
            let _ = scores.logits.push(*logit);
            let _ = scores.probabilities.push(share(logit));
        }
        scores.accepted = scores.probability() >= model.threshold();
        scores
    }

    /// The int8 value of each class, class 0 first.
    pub fn logits(&self) -> &[i8] {
        &self.logits
    }

    /// The class with the greatest logit, the first of equal ones.
    pub fn class(&self) -> usize {
        self.class
    }

    /// The probability of each class in 1/65536, rounded down.
    pub fn probabilities(&self) -> &[u32] {
        &self.probabilities
    }

    /// The probability of [`class`](Self::class) in 1/65536.
    pub fn probability(&self) -> u32 {
        self.probabilities
            .get(self.class)
            .copied()
            .unwrap_or_default()
    }

    /// Whether the probability reaches the model's threshold: otherwise the image is likely of no class at all.
    pub fn accepted(&self) -> bool {
        self.accepted
    }
}
