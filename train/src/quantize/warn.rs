//! What a user should know of a network in integers before it is used: signs that samples and model do not fit.

use input::labels::in_list;
use ndarray::{Array2, Axis};

use super::candidate::Candidate;
use super::samples::Samples;
use super::{QuantizeError, sets::Sets};
use crate::ops::Quantization;

/// A share of the input's numbers beyond its integers that is told.
const SATURATED: f64 = 1e-2;
/// Steps of the input's integers that tell something of a number, at least.
const FEW_STEPS: f32 = 8.0;
/// Classes and features that are named, at most.
const NAMED: usize = 10;
/// Samples that are enough to expect each class among the answers.
const ENOUGH: usize = 10;

/// All that is to be said of a network in integers after it answered the samples held out.
pub fn warnings(best: &Candidate, sets: &Sets) -> Result<Vec<String>, QuantizeError> {
    let mut warnings = constant(&best.integers, &sets.labels);
    warnings.extend(saturated(&sets.held_out, best.int8.from)?);
    if sets.pixels.is_none() {
        warnings.extend(coarse(&sets.held_out, best.int8.from)?);
    }
    if !sets.labels.is_empty() {
        warnings.extend(unanswered(&best.integers, &sets.held_out, &sets.labels));
    }
    Ok(warnings)
}

/// Outputs that are one integer for all samples.
fn constant(integers: &Array2<i8>, labels: &[String]) -> Vec<String> {
    let is_constant = |output: &usize| {
        let values = integers.column(*output);
        values.iter().all(|value| value == &values[0])
    };
    let outputs: Vec<usize> = (0..integers.ncols()).filter(is_constant).collect();
    if outputs.is_empty() || integers.nrows() < 2 {
        return Vec::new();
    }
    let names = names(&outputs, labels);
    vec![format!(
        "{} of {} outputs are the same for all {} samples held out: {names}",
        outputs.len(),
        integers.ncols(),
        integers.nrows()
    )]
}

/// Numbers of the input that its integers do not reach.
fn saturated(samples: &Samples, from: Quantization) -> Result<Option<String>, QuantizeError> {
    let [low, high] = [i8::MIN, i8::MAX].map(|end| from.real(end));
    let (mut beyond, mut count) = (0_usize, 0_usize);
    samples.each(|sample| {
        let is_beyond = |value: &&f32| **value < low - from.scale || **value > high + from.scale;
        beyond += sample.iter().filter(is_beyond).count();
        count += sample.len();
        Ok(())
    })?;
    let share = beyond as f64 / count.max(1) as f64;
    Ok((share > SATURATED).then(|| {
        format!(
            "{:.1} % of the input's numbers lie beyond {low:.3} to {high:.3}, which is all that its integers reach: see \
             --input-scale and --input-zero-point",
            100.0 * share
        )
    }))
}

/// Features of numbers, one a channel, that change by so few steps of the integers that these hardly tell anything.
fn coarse(samples: &Samples, from: Quantization) -> Result<Option<String>, QuantizeError> {
    let steps = spreads(samples)?
        .into_iter()
        .map(|spread| spread / from.scale);
    let steps: Vec<f32> = steps.collect();
    // What never changes tells nothing in floats either.
    let is_coarse = |(_, steps): &(usize, &f32)| (f32::MIN_POSITIVE..FEW_STEPS).contains(*steps);
    let coarse: Vec<_> = steps.iter().enumerate().filter(is_coarse).collect();
    if coarse.is_empty() {
        return Ok(None);
    }
    let name = |(feature, steps): &(usize, &f32)| format!("{feature} ({steps:.1} steps)");
    let named: Vec<String> = coarse.iter().take(NAMED).map(name).collect();
    Ok(Some(format!(
        "all numbers of the input share steps of {:.3e}, of which {} of {} features, counted from 0, span less than {FEW_STEPS}: {}{}; \
         bring all features to one size, as a mean of 0 and a deviation of 1, before the model is trained on them and asked",
        from.scale,
        coarse.len(),
        steps.len(),
        named.join(", "),
        if coarse.len() > NAMED {
            " and others"
        } else {
            ""
        }
    )))
}

/// How far apart the least and the greatest number of each channel are.
fn spreads(samples: &Samples) -> Result<Vec<f32>, QuantizeError> {
    let mut ends = Vec::new();
    samples.each(|sample| {
        ends.resize(sample.len_of(Axis(1)), [f32::INFINITY, f32::NEG_INFINITY]);
        for ([low, high], channel) in ends.iter_mut().zip(sample.axis_iter(Axis(1))) {
            *low = channel.iter().copied().fold(*low, f32::min);
            *high = channel.iter().copied().fold(*high, f32::max);
        }
        Ok(())
    })?;
    Ok(ends.into_iter().map(|[low, high]| high - low).collect())
}

/// Classes that are never answered though samples are labelled so, or that are never answered at all.
fn unanswered(integers: &Array2<i8>, samples: &Samples, labels: &[String]) -> Option<String> {
    let mut answered = vec![false; labels.len()];
    for row in integers.outer_iter() {
        let best = (0..row.len()).rev().max_by_key(|&class| row[class]);
        if let Some(class) = best {
            answered[class] = true;
        }
    }
    let true_classes = samples.labels();
    let is_there = |class: usize| match &true_classes {
        Some(classes) => classes.contains(&class),
        None => integers.nrows() >= ENOUGH * labels.len(),
    };
    let missing: Vec<usize> = (0..labels.len())
        .filter(|&class| !answered[class] && is_there(class))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "{} of {} classes are never the answer on {} samples held out: {}",
            missing.len(),
            labels.len(),
            integers.nrows(),
            names(&missing, labels)
        )
    })
}

/// The names of outputs, or their numbers; of many the first ones.
fn names(outputs: &[usize], labels: &[String]) -> String {
    let name = |&output: &usize| match labels.get(output) {
        Some(label) => in_list(label).into_owned(),
        None => output.to_string(),
    };
    let first: Vec<String> = outputs.iter().take(NAMED).map(name).collect();
    let more = outputs.len() - first.len();
    match more {
        0 => first.join(", "),
        _ => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array4, arr2};

    use super::*;

    fn samples(count: usize, labels: Option<Vec<usize>>) -> Samples {
        let inputs = Array4::from_shape_fn((count, 1, 10, 10), |(_, _, row, column)| {
            (10 * row + column) as f32
        });
        Samples::Arrays { inputs, labels }
    }

    #[test]
    fn outputs_that_never_change_and_classes_that_never_win_are_named() {
        let labels = ["a", "b", "c"].map(String::from);
        let integers = arr2(&[[3, 1, 7], [9, 1, 7], [2, 1, 9]]);
        let found = constant(&integers, &labels);
        assert_eq!(
            found,
            ["1 of 3 outputs are the same for all 3 samples held out: b"]
        );
        assert_eq!(constant(&integers, &[])[0].chars().last(), Some('1'));
        assert!(constant(&arr2(&[[1, 2], [2, 1]]), &[]).is_empty());
        let of_labels =
            |classes: &[usize]| unanswered(&integers, &samples(3, Some(classes.to_vec())), &labels);
        assert_eq!(of_labels(&[0, 2, 2]), None);
        let found = of_labels(&[1, 2, 2]).unwrap();
        assert!(found.ends_with("3 samples held out: b"), "{found}");
        // Three samples are too few to expect each of three classes.
        assert_eq!(unanswered(&integers, &samples(3, None), &labels), None);
    }

    #[test]
    fn numbers_beyond_the_integers_are_counted() {
        let of = |scale| Quantization {
            scale,
            zero_point: -128,
        };
        let told = |scale| saturated(&samples(4, None), of(scale)).unwrap();
        // The greatest number is 99, that of the last integer 255 scales.
        assert_eq!(told(99.0 / 255.0), None);
        let found = told(79.0 / 255.0).unwrap();
        assert!(
            found.starts_with("20.0 % of the input's numbers lie beyond 0.000 to 79.000"),
            "{found}"
        );
    }
    #[test]
    fn features_too_small_for_the_shared_steps_are_named() {
        // The second is a thousandth of the first, the third never changes.
        let inputs = Array4::from_shape_fn((9, 3, 1, 1), |(sample, feature, ..)| {
            sample as f32 * [100.0, 0.1, 0.0][feature] + 1.0
        });
        let samples = Samples::Arrays {
            inputs,
            labels: None,
        };
        let of = |scale| Quantization {
            scale,
            zero_point: -128,
        };
        let found = coarse(&samples, of(801.0 / 255.0)).unwrap().unwrap();
        assert!(
            found.contains(
                "1 of 3 features, counted from 0, span less than 8: 1 (0.3 steps); bring"
            ),
            "{found}"
        );
        assert_eq!(coarse(&samples, of(0.05)).unwrap(), None);
    }
}
