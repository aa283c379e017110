//! What the numbers of a recipe may be.

use std::path::Path;

use super::{Recipe, RecipeError};
use crate::data::augment::Transform;

/// Each of them is kept in memory.
const MOST_DRAWN: f32 = 1e6;

/// What is expected of a number, the number if it is given, and whether a number is right.
type Number = (&'static str, Option<f32>, fn(f32) -> bool);

impl Recipe {
    /// Fails unless each number is in its range.
    pub(super) fn expect_in_range(&self, path: &Path) -> Result<(), RecipeError> {
        for (expected, found, is_right) in self.numbers() {
            if let Some(found) = found.filter(|&found| !is_right(found)) {
                return Err(RecipeError::Value {
                    path: path.into(),
                    expected,
                    found,
                });
            }
        }
        Ok(())
    }

    fn numbers(&self) -> [Number; 11] {
        let count = |number: Option<u32>| number.map(|number| number as f32);
        let counts = |number: f32| number >= 1.0;
        let is_share = |number: f32| (0.0..1.0).contains(&number);
        [
            (
                "at most 1000000 negatives",
                count(Some(self.negatives)),
                |number| number <= MOST_DRAWN,
            ),
            (
                "at most 1000000 printed",
                count(Some(self.printed)),
                |number| number <= MOST_DRAWN,
            ),
            ("at most one mixup", Some(self.mixups()), |number| {
                number <= 1.0
            }),
            ("epochs of 1 or more", count(self.epochs), counts),
            ("a batch of 1 or more", count(self.batch), counts),
            ("a patience of 1 or more", count(self.patience), counts),
            ("a learning_rate above 0", self.learning_rate, |rate| {
                rate > 0.0 && rate.is_finite()
            }),
            (
                "a warm_up of 0 or more epochs",
                Some(self.warm_up),
                |epochs| epochs >= 0.0 && epochs.is_finite(),
            ),
            (
                "a weight_decay from 0 to less than 1",
                self.weight_decay,
                is_share,
            ),
            ("an average from 0 to less than 1", self.average, is_share),
            (
                "a label_smoothing from 0 to less than 1",
                Some(self.label_smoothing),
                is_share,
            ),
        ]
    }

    fn mixups(&self) -> f32 {
        let mixes = |transform: &&Transform| matches!(transform, Transform::Mixup(_));
        self.augment.iter().filter(mixes).count() as f32
    }
}
