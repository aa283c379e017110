//! Random models and images, the values from a seed.

use no_std_core::format::{Axis, KIND_CONVOLUTION, KIND_DENSE, Shape};
use no_std_core::requantize::Multiplier;
use proptest::prelude::*;

use crate::support::{Contents, LayerContents, axis, multiplier, shape};

/// A generator of 64-bit numbers (`SplitMix64`).
pub struct Random(pub u64);

impl Random {
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ mixed >> 31
    }

    /// A number of `low..=high`.
    pub fn within(&mut self, low: i64, high: i64) -> i64 {
        low + (self.bits() % (high - low + 1) as u64).cast_signed()
    }

    /// `len` numbers of `low..=high`: any of them, or only the two ends, or one of the ends alone.
    fn values(&mut self, len: usize, low: i8, high: i8) -> Vec<i8> {
        let (style, end) = (self.within(0, 3), [low, high][self.within(0, 1) as usize]);
        let value = |_| match style {
            0 => end,
            1 => [low, high][self.within(0, 1) as usize],
            _ => self.within(i64::from(low), i64::from(high)) as i8,
        };
        (0..len).map(value).collect()
    }

    /// An image for a model.
    pub fn image(&mut self, model: &Contents) -> Vec<i8> {
        self.values(model.input.elements() as usize, -128, 127)
    }

    /// Weights, biases and multipliers for so many channels of so many weights. Sums may come as near to overflowing as
    /// the loader allows; most outputs are not saturated.
    fn parameters(
        &mut self,
        channels: usize,
        weights: usize,
    ) -> (Vec<i8>, Vec<i32>, Vec<Multiplier>) {
        let all = self.values(channels * weights, -127, 127);
        let channel = |weights: &[i8]| {
            let sum: i64 = weights.iter().map(|&weight| i64::from(weight).abs()).sum();
            let most = (1 << 31) - 1 - sum * 255;
            let bias = match self.within(0, 5) {
                0 => most,
                1 => -most,
                _ => self
                    .within(-sum * 100 - 50, sum * 100 + 50)
                    .clamp(-most, most),
            };
            let usual = (sum * 100 + bias.abs() / 2 + 1) as f32;
            let m = self.within(1, 1 << 24) as f32 / usual
                * [1e-9, 1e-5, 2e-5, 4e-5, 1.0][self.within(0, 4) as usize];
            (bias as i32, multiplier(m))
        };
        let (biases, multipliers) = all.chunks(weights).map(channel).unzip();
        (all, biases, multipliers)
    }

    /// A convolution that moves like this over the input, if it fits.
    pub fn convolution(
        &mut self,
        input: Shape,
        [rows, columns]: [Axis; 2],
        channels: u16,
    ) -> LayerContents {
        let output = shape(
            output_len(rows, input.rows),
            output_len(columns, input.columns),
            channels,
        );
        let weights =
            usize::from(rows.kernel) * usize::from(columns.kernel) * usize::from(input.channels);
        let (weights, biases, multipliers) = self.parameters(usize::from(channels), weights);
        let output_zero_point = self.values(1, -128, 127)[0];
        LayerContents {
            kind: KIND_CONVOLUTION,
            output,
            output_zero_point,
            rows,
            columns,
            weights,
            biases,
            multipliers,
        }
    }

    pub fn dense(&mut self, input: Shape, units: u16) -> LayerContents {
        let (weights, biases, multipliers) =
            self.parameters(usize::from(units), input.elements() as usize);
        let output = shape(1, 1, units);
        let output_zero_point = self.values(1, -128, 127)[0];
        let [rows, columns] = [Axis::default(); 2];
        LayerContents {
            kind: KIND_DENSE,
            output,
            output_zero_point,
            rows,
            columns,
            weights,
            biases,
            multipliers,
        }
    }

    /// Any kernel, stride, padding and tile that fit an input of these sizes.
    fn axes(&mut self, input: Shape) -> [Axis; 2] {
        [input.rows, input.columns].map(|len| {
            loop {
                let kernel = self.within(1, 7) as u8;
                let [pad_begin, pad_end] =
                    [(); 2].map(|()| self.within(0, i64::from(kernel) - 1) as u8);
                let (stride, pool) = (self.within(1, 4) as u8, self.within(1, 3) as u8);
                let axis = Axis {
                    kernel,
                    stride,
                    pad_begin,
                    pad_end,
                    pool,
                };
                if output_len(axis, len) > 0 {
                    return axis;
                }
            }
        })
    }
}

fn output_len(axis: Axis, len: u16) -> u16 {
    let room = i32::from(len) + i32::from(axis.pad_begin) + i32::from(axis.pad_end)
        - i32::from(axis.kernel);
    if room < 0 {
        0
    } else {
        ((room / i32::from(axis.stride) + 1) / i32::from(axis.pool)) as u16
    }
}

/// The network of the project with random weights.
pub fn digits(random: &mut Random) -> Contents {
    let same = axis(5, 1, [2, 2], 2);
    let layers = vec![
        random.convolution(shape(28, 28, 1), [same; 2], 16),
        random.convolution(shape(14, 14, 16), [same; 2], 32),
        random.dense(shape(7, 7, 32), 128),
        random.dense(shape(1, 1, 128), 10),
    ];
    Contents::new(shape(28, 28, 1), -128, layers)
}

/// Models of one or two convolutions, a dense layer with up to 20 units, and one that gives up to 32 logits.
pub fn models() -> impl Strategy<Value = (Contents, Vec<i8>)> {
    let shapes = (
        1..12_u16,
        1..12_u16,
        1..5_u16,
        1..20_u16,
        0..10_u16,
        1..20_u16,
    );
    (shapes, 1..=32_u16, any::<u64>()).prop_map(
        |((rows, columns, channels, filters, more, units), classes, seed)| {
            let mut random = Random(seed);
            let input = shape(rows, columns, channels);
            let axes = random.axes(input);
            let mut layers = vec![random.convolution(input, axes, filters)];
            if more > 0 {
                let axes = random.axes(layers[0].output);
                layers.push(random.convolution(layers[0].output, axes, more));
            }
            layers.push(random.dense(layers[layers.len() - 1].output, units));
            layers.push(random.dense(shape(1, 1, units), classes));
            let zero_point = random.values(1, -128, 127)[0];
            let model = Contents::new(input, zero_point, layers);
            let image = random.image(&model);
            (model, image)
        },
    )
}

/// The same cases in every run.
pub fn config(cases: u32) -> ProptestConfig {
    ProptestConfig {
        cases,
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(8),
        ..ProptestConfig::default()
    }
}
