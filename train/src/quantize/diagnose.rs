//! Why integers are right less often than floats.

use ndarray::{ArrayD, ArrayView3, Axis};

use super::candidate::right;
use super::run::Runner;
use super::scale::Int8Layer;
use super::{QuantizeError, graphs};
use crate::data::Dataset;

/// Outputs that vary by less than this many steps are lost in the rounding.
const ENOUGH_STEPS: f64 = 4.0;

/// The layer whose integers cannot follow its floats, and what is wrong with it: its outputs, or else its weights.
pub fn layer_at_fault(
    runner: &Runner,
    layers: &[Int8Layer],
    images: &Dataset,
) -> Result<String, QuantizeError> {
    let deviations = deviations(runner, layers, images)?;
    let steps = |(layer, deviation): (_, f64)| {
        let layer: &Int8Layer = layer;
        (deviation / f64::from(layer.to.scale), layer, deviation)
    };
    let coarsest = layers.iter().zip(deviations).map(steps);
    let coarsest = coarsest.min_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((steps, layer, deviation)) = coarsest
        && steps < ENOUGH_STEPS
    {
        return Ok(outputs_at_fault(layer, deviation));
    }
    let mut worst = (usize::MAX, &layers[0]);
    for (index, layer) in layers.iter().enumerate() {
        let logits = runner.logits(&graphs::float(layers, Some(index))?, images)?;
        let right = right(&logits, images).into_iter().filter(|&right| right);
        let right = right.count();
        if right < worst.0 {
            worst = (right, layer);
        }
    }
    let (right, layer) = worst;
    let share = right as f64 / (images.len() * runner.variants.len()) as f64;
    Ok(weights_at_fault(layer, share))
}

/// What is wrong with a layer whose middle channel has this standard deviation.
fn outputs_at_fault(layer: &Int8Layer, deviation: f64) -> String {
    let (name, node) = (&layer.layer.name, &layer.layer.node);
    let (low, high, scale) = (layer.range.low, layer.range.high, layer.to.scale);
    format!(
        "layer {name} ({node}): 255 steps of {scale:.3e} cover its range of {low:.3} to {high:.3}, {:.1e} times what its \
         middle channel varies by ({deviation:.3e}); filters of like scale and small biases help",
        f64::from(high - low) / deviation
    )
}

/// What is wrong with a layer that makes the accuracy this share when it alone is in integers.
fn weights_at_fault(layer: &Int8Layer, share: f64) -> String {
    let power = |values: ArrayView3<f32>| {
        let squares = values.iter().map(|&value| f64::from(value).powi(2));
        squares.sum::<f64>()
    };
    let noise = &layer.rounded_weight() - &layer.layer.weight;
    let filters = layer.layer.weight.outer_iter().zip(noise.outer_iter());
    let decibels = filters.map(|(signal, noise)| 10.0 * (power(signal) / power(noise)).log10());
    let decibels = decibels.fold(f64::INFINITY, f64::min);
    let (name, node) = (&layer.layer.name, &layer.layer.node);
    format!(
        "layer {name} ({node}), alone in integers, makes it {share:.4}: its weights in 8 bits keep {decibels:.1} dB of one \
         filter; weights of like magnitude within a filter help"
    )
}

/// For each layer the standard deviation of its middle channel's float outputs, of the channels that vary.
fn deviations(
    runner: &Runner,
    layers: &[Int8Layer],
    images: &Dataset,
) -> Result<Vec<f64>, QuantizeError> {
    let names: Vec<&str> = layers.iter().map(|layer| &layer.layer.name[..]).collect();
    let channels = |layer: &Int8Layer| vec![[0.0; 3]; layer.layer.output[0]];
    let mut sums: Vec<_> = layers.iter().map(channels).collect();
    runner.run(&graphs::compared(layers)?, &names, images, |outputs| {
        for (sums, output) in sums.iter_mut().zip(&outputs) {
            add(sums, output);
        }
    })?;
    let deviation = |&[count, sum, squares]: &[f64; 3]| {
        let variance = squares / count - (sum / count).powi(2);
        variance.max(0.0).sqrt()
    };
    let middle = |channels: Vec<[f64; 3]>| {
        let all = channels.iter().map(deviation);
        let mut varying: Vec<f64> = all.filter(|&one| one > 0.0).collect();
        varying.sort_by(f64::total_cmp);
        varying.get(varying.len() / 2).copied().unwrap_or_default()
    };
    Ok(sums.into_iter().map(middle).collect())
}

/// Adds an output `[1, channels, rows, columns]` to count, sum and sum of squares of each channel.
fn add(sums: &mut [[f64; 3]], output: &ArrayD<f32>) {
    for (sums, values) in sums.iter_mut().zip(output.axis_iter(Axis(1))) {
        for &value in values {
            let value = f64::from(value);
            *sums = [sums[0] + 1.0, sums[1] + value, sums[2] + value * value];
        }
    }
}
