//! Random models and images, the values from a seed.

use no_std_core::format::{
    Axis, KIND_AVERAGE_POOL, KIND_CONCATENATE, KIND_CONVOLUTION, KIND_DENSE, KIND_DEPTHWISE,
    KIND_MAX_POOL, OperatorRecord, Shape, TensorRecord,
};

use super::support::{Contents, OperatorContents, axis, multiplier, shape};

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

    /// Whether something happens that does so once in `times`.
    pub fn once_in(&mut self, times: i64) -> bool {
        self.within(1, times) == 1
    }

    /// `len` numbers of `low..=high`: any of them, or only the two ends, or one of the ends alone.
    pub fn values(&mut self, len: usize, low: i8, high: i8) -> Vec<i8> {
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
        self.values(model.input.shape.elements() as usize, -128, 127)
    }

    /// A tensor whose values mean anything.
    pub fn tensor(&mut self, shape: Shape) -> TensorRecord {
        let scale = self.within(1, 255) as f32 / 255.0;
        TensorRecord::new(shape, scale, self.values(1, -128, 127)[0])
    }

    /// A convolution in groups that moves like this over the input, which it fits.
    pub fn convolution(
        &mut self,
        (index, input): (u16, Shape),
        axes: [Axis; 2],
        channels: u16,
        groups: u16,
    ) -> OperatorContents {
        let record = OperatorRecord {
            groups,
            ..windows(KIND_CONVOLUTION, index, axes)
        };
        let weights = taps(axes) * usize::from(input.channels / groups);
        self.weighted(record, pooled(input, axes, channels), weights)
    }

    pub fn depthwise(&mut self, (index, input): (u16, Shape), axes: [Axis; 2]) -> OperatorContents {
        let record = windows(KIND_DEPTHWISE, index, axes);
        self.weighted(record, pooled(input, axes, input.channels), taps(axes))
    }

    pub fn dense(&mut self, (index, input): (u16, Shape), units: u16) -> OperatorContents {
        let record = OperatorRecord::new(KIND_DENSE, index);
        self.weighted(record, shape(1, 1, units), input.elements() as usize)
    }

    /// An operator with so many weights a channel. Sums may come as near to overflowing as the loader allows; most outputs
    /// are not saturated.
    fn weighted(
        &mut self,
        record: OperatorRecord,
        output: Shape,
        channel_weights: usize,
    ) -> OperatorContents {
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
            let any = f32::from_bits(self.within(1 << 23, (151 << 23) - 1) as u32);
            (
                bias as i32,
                multiplier(if self.once_in(16) { any } else { m }),
            )
        };
        let (biases, multipliers) = weights.chunks(channel_weights).map(channel).unzip();
        OperatorContents {
            weights,
            biases,
            multipliers,
            ..OperatorContents::new(record, self.tensor(output))
        }
    }

    pub fn max_pool(&mut self, (index, input): (u16, &TensorRecord)) -> OperatorContents {
        let axes = self.axes(input.shape, 1);
        let shape = pooled(input.shape, axes, input.shape.channels);
        let output = TensorRecord { shape, ..*input };
        OperatorContents::new(windows(KIND_MAX_POOL, index, axes), output)
    }

    /// The mean over windows of any size, or over all places.
    pub fn average_pool(&mut self, (index, input): (u16, Shape)) -> OperatorContents {
        let whole = [input.rows, input.columns].map(|len| axis(len, 1, [0, 0], 1));
        let axes = if self.once_in(2) {
            whole
        } else {
            self.axes(input, 1)
        };
        let output = self.tensor(pooled(input, axes, input.channels));
        let m = self.within(1, 1 << 20) as f32 / (taps(axes) << 19) as f32;
        OperatorContents {
            multipliers: vec![multiplier(m)],
            ..OperatorContents::new(windows(KIND_AVERAGE_POOL, index, axes), output)
        }
    }

    /// The sum of two tensors of one meaning.
    pub fn add(&mut self, inputs: [u16; 2], input: &TensorRecord) -> OperatorContents {
        let output = self.tensor(input.shape);
        let m = multiplier(self.within(1, 1 << 20) as f32 / (1 << 19) as f32);
        OperatorContents::add(inputs, input.zero_point, m, output)
    }

    pub fn table(&mut self, (index, input): (u16, Shape)) -> OperatorContents {
        let values = self.values(256, -128, 127);
        let output = self.tensor(input);
        OperatorContents::table(index, &values.try_into().unwrap(), output)
    }

    /// A model of convolutions with so many filters and dense layers with so many units, and an image for it.
    pub fn chain(&mut self, input: Shape, filters: &[u16], units: &[u16]) -> (Contents, Vec<i8>) {
        let (mut operators, mut shape) = (Vec::new(), input);
        for &filters in filters {
            let axes = self.axes(shape, 3);
            let at = operators.len() as u16;
            operators.push(self.convolution((at, shape), axes, filters, 1));
            shape = operators[operators.len() - 1].output.shape;
        }
        for &units in units {
            let at = operators.len() as u16;
            operators.push(self.dense((at, shape), units));
            shape = operators[operators.len() - 1].output.shape;
        }
        let model = Contents::new(self.tensor(input), operators);
        let image = self.image(&model);
        (model, image)
    }

    /// Any kernel, stride, padding and tile up to `pool` that fit an input of these sizes.
    pub fn axes(&mut self, input: Shape, pool: i64) -> [Axis; 2] {
        [input.rows, input.columns].map(|len| {
            loop {
                let kernel = self.within(1, 7);
                let pads = [(); 2].map(|()| self.within(0, kernel - 1) as u16);
                let [kernel, stride, pool] =
                    [kernel, self.within(1, 4), self.within(1, pool)].map(|size| size as u16);
                let axis = axis(kernel, stride, pads, pool);
                if output_len(axis, len) > 0 {
                    return axis;
                }
            }
        })
    }
}

/// Axes that leave rows and columns as they are, for kernels of 1, 3 or 5.
pub fn same(random: &mut Random) -> [Axis; 2] {
    [(); 2].map(|()| {
        let side = random.within(0, 2) as u16;
        axis(2 * side + 1, 1, [side; 2], 1)
    })
}

/// The channels of two tensors of one meaning.
pub fn concatenate(inputs: [u16; 2], one: &TensorRecord, other: Shape) -> OperatorContents {
    let record = OperatorRecord {
        inputs,
        ..OperatorRecord::new(KIND_CONCATENATE, 0)
    };
    let mut output = *one;
    output.shape.channels += other.channels;
    OperatorContents::new(record, output)
}

fn windows(kind: u8, input: u16, [rows, columns]: [Axis; 2]) -> OperatorRecord {
    OperatorRecord {
        rows,
        columns,
        ..OperatorRecord::new(kind, input)
    }
}

fn taps([rows, columns]: [Axis; 2]) -> usize {
    usize::from(rows.kernel) * usize::from(columns.kernel)
}

fn pooled(input: Shape, [rows, columns]: [Axis; 2], channels: u16) -> Shape {
    let [rows, columns] =
        [(rows, input.rows), (columns, input.columns)].map(|(axis, len)| output_len(axis, len));
    shape(rows, columns, channels)
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
    let same = [axis(5, 1, [2, 2], 2); 2];
    let operators = vec![
        random.convolution((0, shape(28, 28, 1)), same, 16, 1),
        random.convolution((1, shape(14, 14, 16)), same, 32, 1),
        random.dense((2, shape(7, 7, 32)), 128),
        random.dense((3, shape(1, 1, 128)), 10),
    ];
    let input = TensorRecord::new(shape(28, 28, 1), 1.0 / 255.0, -128);
    Contents::new(input, operators)
}
