//! What follows from integers that another runtime has computed, decided by the core: by one rule everywhere.

use input::probabilities;
use no_std_core::format::{Contents, OperatorContents, OutputKind, TensorRecord};
use no_std_core::{FormatError, Model, Output as CoreOutput};

use crate::output::Output;

/// The rule of one model, as a flash file with the end of that model and without its network.
#[derive(Clone, Debug)]
pub struct Decision {
    model: Model<'static>,
}

impl Decision {
    /// For outputs of this kind, shape and meaning, accepted by this threshold.
    pub fn new(
        kind: OutputKind,
        output: TensorRecord,
        threshold: u32,
    ) -> Result<Self, FormatError> {
        let same: [i8; 256] = std::array::from_fn(|at| (at as u8 ^ 0x80).cast_signed());
        let mut contents = Contents {
            output: kind,
            threshold,
            ..Contents::values(output, vec![OperatorContents::table(0, &same, output)])
        };
        if kind == OutputKind::Classes {
            let scale = f32::from_bits(output.scale);
            contents.probabilities = probabilities::table(scale).to_vec();
        }
        contents.plan();
        let file = contents
            .to_file()
            .expect("one operator and no labels fit a file");
        // Checked here and not for every input, the file has to stay: two or three KiB, as long as the program runs.
        let model = Model::new(file.leak())?;
        Ok(Self { model })
    }

    /// What follows from the values of an output, of a reconstruction together with the input.
    pub fn output(&self, values: &[i8], input: &[i8]) -> Output {
        let output = CoreOutput::new(&self.model, values, input);
        Output::of_core(&self.model, &output)
    }
}

#[cfg(test)]
mod tests {
    use no_std_core::format::{ONE, Shape};

    use super::*;
    use crate::output::{share, squared_steps};

    fn tensor(channels: u16) -> TensorRecord {
        let shape = Shape {
            rows: 1,
            columns: 1,
            channels,
        };
        TensorRecord::new(shape, 0.05, 3)
    }

    /// Integers from a linear congruential generator.
    fn integers(count: usize, state: &mut u32) -> Vec<i8> {
        let mut next = || {
            *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            ((*state >> 24) as u8).cast_signed()
        };
        (0..count).map(|_| next()).collect()
    }

    #[test]
    fn classes_are_decided_by_the_rule_of_the_format() {
        let threshold = 40_000;
        let decision = Decision::new(OutputKind::Classes, tensor(3), threshold).unwrap();
        let table = probabilities::table(0.05);
        let mut state = 1;
        for _ in 0..200 {
            let logits = integers(3, &mut state);
            let best = *logits.iter().max().unwrap();
            let weight = |logit: &i8| u64::from(table[usize::from(best.abs_diff(*logit))]);
            let sum: u64 = logits.iter().map(weight).sum();
            let share_of = |logit| (u64::from(ONE) * weight(logit) / sum) as u32;
            let Output::Classes(found) = decision.output(&logits, &[]) else {
                panic!("these are classes");
            };
            let expected: Vec<f64> = logits.iter().map(|logit| share(share_of(logit))).collect();
            assert_eq!(found.probabilities, expected);
            assert_eq!(logits[found.class], best);
            assert_eq!(found.accepted, Some(share_of(&best) >= threshold));
        }
    }

    #[test]
    fn reconstructions_are_decided_by_the_rule_of_the_format() {
        let threshold = 10_922 * 256;
        let decision = Decision::new(OutputKind::Reconstruction, tensor(7), threshold).unwrap();
        let mut state = 2;
        let mut accepted = 0;
        for _ in 0..200 {
            let [input, values] = [integers(7, &mut state), integers(7, &mut state)];
            let squares = input.iter().zip(&values);
            let squares = squares.map(|(&a, &b)| (i32::from(a) - i32::from(b)).pow(2) as u32);
            let mean = 256 * squares.sum::<u32>() / 7;
            let Output::Reconstruction { difference, .. } = decision.output(&values, &input) else {
                panic!("this is a reconstruction");
            };
            assert_eq!(difference.score.to_bits(), squared_steps(mean).to_bits());
            assert_eq!(difference.accepted, mean <= threshold);
            accepted += usize::from(difference.accepted);
        }
        assert!((50..150).contains(&accepted), "{accepted}");
        assert!((squared_steps(threshold) - 10_922.0).abs() < f64::EPSILON);
    }
}
