//! Random models and images, the values from a seed.

use no_std_core::format::{Axis, KIND_CONVOLUTION, KIND_DENSE, Shape};

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

    /// A convolution that moves like this over the input, if it fits.
    pub fn convolution(
        &mut self,
        input: Shape,
        [rows, columns]: [Axis; 2],
        channels: u16,
    ) -> LayerContents {
        let [down, right] = [(rows, input.rows), (columns, input.columns)].map(output_len);
        let taps = usize::from(rows.kernel) * usize::from(columns.kernel);
        LayerContents {
            rows,
            columns,
            ..self.layer(
                KIND_CONVOLUTION,
                shape(down, right, channels),
                taps * usize::from(input.channels),
            )
        }
    }

    pub fn dense(&mut self, input: Shape, units: u16) -> LayerContents {
        self.layer(KIND_DENSE, shape(1, 1, units), input.elements() as usize)
    }

    /// A layer with so many weights a channel that moves nowhere. Sums may come as near to overflowing as the loader
    /// allows; most outputs are not saturated.
    fn layer(&mut self, kind: u8, output: Shape, channel_weights: usize) -> LayerContents {
        let weights = self.values(usize::from(output.channels) * channel_weights, -127, 127);
        let channel = |weights: &[i8]| {
            let sum: i64 = weights.iter().map(|&weight| i64::from(weight).abs()).sum();
            let most = (1 << 31) - 1 - sum * 255;
            let usual = sum * 100 + 50;
            let bias = match self.within(0, 5) {
                0 => most,
                1 => -most,
                _ => self.within(-usual, usual).clamp(-most, most),
            };
            let usual = (sum * 100 + bias.abs() / 2 + 1) as f32;
            let m = self.within(1, 1 << 24) as f32 / usual
                * [1e-9, 1e-5, 2e-5, 4e-5, 1.0][self.within(0, 4) as usize];
            (bias as i32, multiplier(m))
        };
        let (biases, multipliers) = weights.chunks(channel_weights).map(channel).unzip();
        LayerContents {
            kind,
            output,
            output_zero_point: self.values(1, -128, 127)[0],
            rows: Axis::default(),
            columns: Axis::default(),
            weights,
            biases,
            multipliers,
        }
    }

    /// A model of convolutions with so many filters and dense layers with so many units, and an image for it.
    pub fn model(&mut self, input: Shape, filters: &[u16], units: &[u16]) -> (Contents, Vec<i8>) {
        let (mut layers, mut shape) = (Vec::new(), input);
        for &filters in filters {
            let axes = self.axes(shape);
            layers.push(self.convolution(shape, axes, filters));
            shape = layers[layers.len() - 1].output;
        }
        for &units in units {
            layers.push(self.dense(shape, units));
            shape = layers[layers.len() - 1].output;
        }
        let zero_point = self.values(1, -128, 127)[0];
        let model = Contents::new(input, zero_point, layers);
        let image = self.image(&model);
        (model, image)
    }

    /// Any kernel, stride, padding and tile that fit an input of these sizes.
    fn axes(&mut self, input: Shape) -> [Axis; 2] {
        [input.rows, input.columns].map(|len| {
            loop {
                let kernel = self.within(1, 7);
                let pads = [(); 2].map(|()| self.within(0, kernel - 1) as u8);
                let [kernel, stride, pool] =
                    [kernel, self.within(1, 4), self.within(1, 3)].map(|size| size as u8);
                let axis = axis(kernel, stride, pads, pool);
                if output_len((axis, len)) > 0 {
                    return axis;
                }
            }
        })
    }
}

fn output_len((axis, len): (Axis, u16)) -> u16 {
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
