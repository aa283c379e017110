//! Why integers are right less often than floats.

use ndarray::{ArrayD, ArrayView3, Axis};

use super::candidate::{Candidate, right};
use super::int8::Int8Node;
use super::run::Runner;
use super::samples::Samples;
use super::{QuantizeError, graphs};
use crate::layers::{Conv, Dense, Int8Layer, Layer};
use crate::network::Node;

/// Outputs that vary by less than this many steps are lost in the rounding.
const ENOUGH_STEPS: f64 = 4.0;

/// The layer whose integers cannot follow its floats, and what is wrong with it: its outputs, or else its weights.
pub fn layer_at_fault(
    runner: &Runner,
    best: &Candidate,
    (samples, classes): (&Samples, &[usize]),
) -> Result<String, QuantizeError> {
    let layers = &best.int8.nodes;
    let deviations = deviations(runner, best, samples)?;
    let steps = |(layer, deviation): (_, f64)| {
        let layer: &Int8Node = layer;
        (deviation / f64::from(layer.to.scale), layer, deviation)
    };
    let coarsest = layers.iter().zip(deviations).map(steps);
    let coarsest = coarsest.min_by(|one, other| one.0.total_cmp(&other.0));
    if let Some((steps, layer, deviation)) = coarsest
        && steps < ENOUGH_STEPS
    {
        return Ok(outputs_at_fault(layer, deviation));
    }
    let mut worst = (usize::MAX, 0);
    for (index, layer) in layers.iter().enumerate() {
        let model = graphs::float(&best.network, Some((index, layer)), runner.names)?;
        let right = right(&runner.outputs(&model, samples)?, classes);
        let right = right.into_iter().filter(|&right| right).count();
        if right < worst.0 {
            worst = (right, index);
        }
    }
    let (right, index) = worst;
    let share = right as f64 / samples.len() as f64;
    Ok(weights_at_fault(
        &best.network.nodes[index],
        &layers[index],
        share,
    ))
}

/// What is wrong with a layer whose middle channel has this standard deviation.
fn outputs_at_fault(layer: &Int8Node, deviation: f64) -> String {
    let (name, node) = (&layer.name, &layer.origin);
    let (low, high, scale) = (layer.range.low, layer.range.high, layer.to.scale);
    format!(
        "layer {name} ({node}): 255 steps of {scale:.3e} cover its range of {low:.3} to {high:.3}, {:.1e} times what its \
         middle channel varies by ({deviation:.3e}); filters of like scale and small biases help",
        f64::from(high - low) / deviation
    )
}

/// What is wrong with a layer that makes the accuracy this share when it alone is in integers.
fn weights_at_fault(node: &Node, int8: &Int8Node, share: f64) -> String {
    let what = match (&node.layer, &int8.layer) {
        (
            Layer::Conv(Conv { weight, .. }) | Layer::Dense(Dense { weight, .. }),
            Int8Layer::Sums(sums),
        ) => {
            let noise = &sums.rounded_weight() - weight;
            let filters = weight.outer_iter().zip(noise.outer_iter());
            let decibels =
                filters.map(|(signal, noise)| 10.0 * (power(&signal) / power(&noise)).log10());
            let decibels = decibels.fold(f64::INFINITY, f64::min);
            format!(
                "its weights in 8 bits keep {decibels:.1} dB of one filter; weights of like magnitude within a filter help"
            )
        }
        _ => "its outputs need more than 8 bits".into(),
    };
    let (name, node) = (&int8.name, &int8.origin);
    format!("layer {name} ({node}), alone in integers, makes it {share:.4}: {what}")
}

fn power(values: &ArrayView3<f32>) -> f64 {
    let squares = values.iter().map(|&value| f64::from(value).powi(2));
    squares.sum()
}

/// For each layer the standard deviation of its middle channel's float outputs, of the channels that vary.
fn deviations(
    runner: &Runner,
    best: &Candidate,
    samples: &Samples,
) -> Result<Vec<f64>, QuantizeError> {
    let layers = &best.int8.nodes;
    let names: Vec<&str> = layers.iter().map(|layer| &layer.name[..]).collect();
    let channels = |layer: &Int8Node| vec![[0.0; 3]; layer.shape[0]];
    let mut sums: Vec<_> = layers.iter().map(channels).collect();
    let model = graphs::float_layers(&best.network, runner.names)?;
    runner.run(&model, &names, samples, |outputs| {
        for (sums, output) in sums.iter_mut().zip(&outputs) {
            add(sums, output);
        }
        Ok(())
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
