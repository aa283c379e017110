//! Why integers are right less often than floats.

use super::compare::right;
use super::run::Runner;
use super::scale::Int8Layer;
use super::{QuantizeError, graphs};
use crate::data::Dataset;

/// Outputs that vary by less than this many steps are lost in the rounding.
const ENOUGH_STEPS: f64 = 4.0;

/// The layer that costs the most right answers when it alone is rounded to its integers, and what is wrong with it.
pub fn layer_at_fault(
    runner: &Runner,
    layers: &[Int8Layer],
    images: &Dataset,
) -> Result<String, QuantizeError> {
    let mut worst = (usize::MAX, &layers[0]);
    for (index, layer) in layers.iter().enumerate() {
        let logits = runner.logits(&graphs::float(layers, Some(index))?, images)?;
        let right = right(&logits, images)
            .into_iter()
            .filter(|&right| right)
            .count();
        if right < worst.0 {
            worst = (right, layer);
        }
    }
    let (right, layer) = worst;
    let share = right as f64 / (images.len() * runner.variants.len()) as f64;
    let reason = reason(layer, &deviations(runner, layers, layer, images)?);
    Ok(format!(
        "layer {} ({}), alone in integers, makes it {share:.4}: {reason}",
        layer.layer.name, layer.layer.node
    ))
}

/// What is wrong with a layer whose channels have these standard deviations, ascending.
fn reason(layer: &Int8Layer, deviations: &[f64]) -> String {
    let scale = f64::from(layer.to.scale);
    let varying: Vec<f64> = deviations
        .iter()
        .copied()
        .filter(|&one| one > 0.0)
        .collect();
    let middle = varying.get(varying.len() / 2).copied().unwrap_or_default();
    if middle < ENOUGH_STEPS * scale {
        let (low, high) = (layer.range.low, layer.range.high);
        return format!(
            "255 steps of {scale:.3e} cover its range of {low:.3} to {high:.3}, but the middle one of its channels \
             varies by {middle:.3e} only; filters of like scale and small biases help"
        );
    }
    let decibels = weight_signal_to_noise(layer);
    format!(
        "its weights in 8 bits keep {decibels:.1} dB of one filter; weights of like magnitude within a filter help"
    )
}

/// How much stronger the weights of a filter are than what rounding changes in them, in decibels; of the filter where that
/// is least.
fn weight_signal_to_noise(layer: &Int8Layer) -> f64 {
    let power = |values: ndarray::ArrayView3<f32>| {
        values
            .iter()
            .map(|&value| f64::from(value).powi(2))
            .sum::<f64>()
    };
    let noise = &layer.rounded_weight() - &layer.layer.weight;
    let filters = layer.layer.weight.outer_iter().zip(noise.outer_iter());
    let decibels = filters.map(|(signal, noise)| 10.0 * (power(signal) / power(noise)).log10());
    decibels.fold(f64::INFINITY, f64::min)
}

/// The standard deviation of each channel of a layer's float outputs, ascending.
fn deviations(
    runner: &Runner,
    layers: &[Int8Layer],
    layer: &Int8Layer,
    images: &Dataset,
) -> Result<Vec<f64>, QuantizeError> {
    let channels = layer.layer.output[0];
    let mut sums = vec![[0.0; 3]; channels];
    runner.run(
        &graphs::compared(layers)?,
        &[&layer.layer.name],
        images,
        |outputs| {
            for output in &outputs {
                for (sums, values) in sums.iter_mut().zip(output.axis_iter(ndarray::Axis(1))) {
                    for &value in values {
                        let value = f64::from(value);
                        *sums = [sums[0] + 1.0, sums[1] + value, sums[2] + value * value];
                    }
                }
            }
        },
    )?;
    let deviation =
        |[count, sum, squares]: [f64; 3]| (squares / count - (sum / count).powi(2)).max(0.0).sqrt();
    let mut deviations: Vec<f64> = sums.into_iter().map(deviation).collect();
    deviations.sort_by(f64::total_cmp);
    Ok(deviations)
}
