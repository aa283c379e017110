//! What 8 bits change on the same samples.

use std::fmt;

use ndarray::Array2;
use serde::Serialize;

use super::{Answer, probabilities};
use crate::quantize::Comparison;

/// A model in floats beside the one in 8 bits that was made of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Int8 {
    /// The file of the model in 8 bits.
    pub model: String,
    pub samples: usize,
    /// Samples that each puts in their class.
    pub float_correct: usize,
    pub int8_correct: usize,
    pub float_accuracy: f64,
    pub int8_accuracy: f64,
    /// Samples that the two put in different classes.
    pub differ: usize,
    /// Samples on which one of the two is right and the other is not.
    pub only_float_correct: usize,
    pub only_int8_correct: usize,
    /// The probability of so many samples lost or more, if each that only one has right were lost or gained by a fair coin
    /// (sign test).
    pub probability_by_chance: f64,
    /// Mean difference, whatever its sign, of the probabilities of all classes and samples.
    pub probability_difference: f64,
}

impl Int8 {
    /// Of logits `[samples, classes]` of samples with these labels, of floats and of 8 bits.
    pub fn new(model: String, labels: &[u16], [float, int8]: [&Array2<f32>; 2]) -> Self {
        let (mut pairs, mut differ, mut difference) = (Vec::new(), 0, 0.0);
        let rows = float.outer_iter().zip(int8.outer_iter());
        for ((float, int8), &label) in rows.zip(labels) {
            let classes = [&float, &int8].map(|logits| Answer::new(logits).class);
            differ += usize::from(classes[0] != classes[1]);
            pairs.push(classes.map(|class| class == usize::from(label)).into());
            let [of_float, of_int8] = [&float, &int8].map(probabilities);
            let differences = of_float.iter().zip(&of_int8);
            difference += differences.map(|(a, b)| (a - b).abs()).sum::<f64>();
        }
        let counts = Comparison::of(pairs);
        let [float_accuracy, int8_accuracy] = counts.accuracies();
        Self {
            model,
            samples: counts.samples,
            float_correct: counts.float,
            int8_correct: counts.int8,
            float_accuracy,
            int8_accuracy,
            differ,
            only_float_correct: counts.lost,
            only_int8_correct: counts.gained(),
            probability_by_chance: counts.probability_by_chance(),
            probability_difference: difference / float.len() as f64,
        }
    }

    /// Name, accuracy and right answers of both.
    pub(super) fn rows(&self) -> [(&'static str, f64, usize); 2] {
        [
            ("floats", self.float_accuracy, self.float_correct),
            ("8 bits", self.int8_accuracy, self.int8_correct),
        ]
    }

    /// How far the two are apart.
    pub(super) fn differences(&self) -> String {
        let neither = self.differ - self.only_float_correct - self.only_int8_correct;
        format!(
            "{} answers differ: of these floats have {} right, 8 bits {}, neither {neither}; as many or more are lost by chance \
             with a probability of {:.4} (sign test). Probabilities differ by {:.5} in the mean.",
            self.differ,
            self.only_float_correct,
            self.only_int8_correct,
            self.probability_by_chance,
            self.probability_difference
        )
    }
}

impl fmt::Display for Int8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "floats and 8 bits ({}):", self.model)?;
        for (name, accuracy, correct) in self.rows() {
            writeln!(
                f,
                "{name} {accuracy:.4} ({correct} of {} right)",
                self.samples
            )?;
        }
        f.write_str(&self.differences())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::random::Random;

    #[test]
    fn answers_and_probabilities_are_compared_sample_by_sample() {
        let mut random = Random::new(5, 0);
        let (count, classes) = (300, 4);
        let float = Array2::from_shape_simple_fn((count, classes), || random.between(-2.0, 2.0));
        let int8 = float.mapv(|logit| logit + random.between(-1.0, 1.0));
        let labels: Vec<u16> = (0..count).map(|_| random.below(classes) as u16).collect();
        let found = Int8::new("m".into(), &labels, [&float, &int8]);

        let (mut counts, mut difference) = ([0; 5], 0.0);
        for (sample, &label) in labels.iter().enumerate() {
            let [a, b] = [&float, &int8].map(|logits| {
                let row: Vec<f64> = logits.row(sample).iter().map(|&one| one.into()).collect();
                let sum: f64 = row.iter().map(|logit| logit.exp()).sum();
                let shares: Vec<f64> = row.iter().map(|logit| logit.exp() / sum).collect();
                let best = (0..classes).max_by(|&a, &b| shares[a].total_cmp(&shares[b]));
                (best.unwrap(), shares)
            });
            let label = usize::from(label);
            let right = [a.0 == label, b.0 == label];
            let hits = [
                right[0],
                right[1],
                a.0 != b.0,
                right == [true, false],
                right == [false, true],
            ];
            for (count, hit) in counts.iter_mut().zip(hits) {
                *count += usize::from(hit);
            }
            difference +=
                a.1.iter()
                    .zip(&b.1)
                    .map(|(a, b)| (a - b).abs())
                    .sum::<f64>();
        }
        let Int8 {
            float_correct,
            int8_correct,
            differ,
            only_float_correct,
            only_int8_correct,
            ..
        } = found;
        assert_eq!(
            [
                float_correct,
                int8_correct,
                differ,
                only_float_correct,
                only_int8_correct
            ],
            counts
        );
        assert!(counts.iter().all(|&count| count > 0), "{counts:?}");
        let mean = difference / (count * classes) as f64;
        assert!(
            (found.probability_difference - mean).abs() < 1e-6,
            "{mean} {found:?}"
        );
        let text = found.to_string();
        let part =
            format!("{differ} answers differ: of these floats have {only_float_correct} right");
        assert!(text.contains(&part), "{text}");
    }
}
