//! A random model: a convolution, and a dense layer of what it gives.

use no_std_core::format::{
    self, Axis, HEADER_LEN, Header, KIND_CONVOLUTION, KIND_DENSE, LAYER_LEN, LAYOUT_PORTABLE,
    LayerRecord, ONE, PROBABILITY_ENTRIES, Shape,
};
use no_std_core::prepare::Preparation;
use no_std_core::requantize::Multiplier;

use super::random::Random;

/// Bytes for everything, on a machine with 16 KB of memory.
pub const FILE_LEN: usize = 6144;
pub const IMAGE_LEN: usize = 1024;
pub const ARENA_LEN: usize = 1024;

/// What the weights of both layers may take of the file.
const WEIGHTS_LEN: usize = 4096;

/// Where the probability table and the labels of two layers are.
const PROBABILITIES_AT: usize = HEADER_LEN + 2 * LAYER_LEN;
const LABELS_AT: usize = PROBABILITIES_AT + 4 * PROBABILITY_ENTRIES;

/// A model that fits the memory.
#[derive(Debug)]
pub struct Case {
    pub convolution: LayerRecord,
    pub dense: LayerRecord,
    total_len: u32,
    values: Random,
}

impl Case {
    /// The first of some random models that fits.
    pub fn new(mut random: Random) -> Self {
        loop {
            let convolution = convolution(&mut random);
            let dense = dense(&mut random, &convolution);
            let outputs = convolution.output.elements() as usize;
            let image = convolution.input.elements() as usize;
            let weights = weights_len(&convolution) + weights_len(&dense);
            if (1..ARENA_LEN - 9).contains(&outputs) && image <= IMAGE_LEN && weights <= WEIGHTS_LEN
            {
                return Self::place(convolution, dense, random);
            }
        }
    }

    /// The layers with their places in the file.
    fn place(mut convolution: LayerRecord, mut dense: LayerRecord, values: Random) -> Self {
        let mut end = align(LABELS_AT + 2 * usize::from(dense.output.channels));
        for layer in [&mut convolution, &mut dense] {
            let channels = usize::from(layer.output.channels);
            let biases = align(end + weights_len(layer));
            let multipliers = align(biases + 4 * channels);
            (layer.weights_at, layer.biases_at) = (end as u32, biases as u32);
            layer.multipliers_at = multipliers as u32;
            end = align(multipliers + 4 * channels);
        }
        Self {
            convolution,
            dense,
            total_len: end as u32,
            values,
        }
    }

    /// The image in the first bytes of `image`.
    pub fn image<'i>(&self, image: &'i mut [i8]) -> &'i [i8] {
        let mut random = self.values;
        let image = &mut image[..self.convolution.input.elements() as usize];
        image.fill_with(|| random.value(i8::MIN));
        image
    }

    /// The model in the first bytes of `file`, which are zero.
    pub fn write<'f>(&self, file: &'f mut [u8]) -> &'f [u8] {
        let mut random = self.values;
        let file = &mut file[..self.total_len as usize];
        put(file, 0, &self.header().encode());
        put(file, HEADER_LEN, &self.convolution.encode());
        put(file, HEADER_LEN + LAYER_LEN, &self.dense.encode());
        put(file, PROBABILITIES_AT, &ONE.to_le_bytes());
        for class in 0..usize::from(self.dense.output.channels) {
            put(file, LABELS_AT + 2 * class, &[1, b'0' + class as u8]);
        }
        for layer in [&self.convolution, &self.dense] {
            write_numbers(file, layer, &mut random);
        }
        format::seal(file).expect("a file is longer than its header");
        file
    }

    fn header(&self) -> Header {
        Header {
            weight_layout: LAYOUT_PORTABLE,
            layers: 2,
            total_len: self.total_len,
            input: self.convolution.input,
            input_zero_point: self.convolution.input_zero_point,
            classes: self.dense.output.channels as u8,
            layers_at: HEADER_LEN as u32,
            probabilities_at: PROBABILITIES_AT as u32,
            labels_at: LABELS_AT as u32,
            threshold: 0,
            preparation: Preparation::PLAIN.to_bytes(),
        }
    }
}

fn convolution(random: &mut Random) -> LayerRecord {
    let channels = random.within(1, 20);
    let input = Shape {
        rows: random.within(1, 12),
        columns: random.within(1, 12),
        channels,
    };
    let [rows, columns] = [(); 2].map(|()| axis(random));
    let len = |axis: Axis, input| axis.output(input).unwrap_or(0) as u16;
    LayerRecord {
        kind: KIND_CONVOLUTION,
        input_zero_point: random.value(i8::MIN),
        output_zero_point: random.value(i8::MIN),
        input,
        output: Shape {
            rows: len(rows, input.rows),
            columns: len(columns, input.columns),
            channels: random.within(1, 36),
        },
        rows,
        columns,
        weights_at: 0,
        biases_at: 0,
        multipliers_at: 0,
    }
}

fn axis(random: &mut Random) -> Axis {
    let kernel = random.within(1, 5);
    let mut pad = || random.within(0, kernel - 1) as u8;
    Axis {
        kernel: kernel as u8,
        pad_begin: pad(),
        pad_end: pad(),
        stride: random.within(1, 3) as u8,
        pool: random.within(1, 3) as u8,
    }
}

fn dense(random: &mut Random, convolution: &LayerRecord) -> LayerRecord {
    LayerRecord {
        kind: KIND_DENSE,
        input_zero_point: convolution.output_zero_point,
        output_zero_point: random.value(i8::MIN),
        input: convolution.output,
        output: Shape {
            rows: 1,
            columns: 1,
            channels: random.within(1, 9),
        },
        rows: Axis::default(),
        columns: Axis::default(),
        ..*convolution
    }
}

/// Values that each weight of an output channel belongs to.
pub fn window_len(layer: &LayerRecord) -> usize {
    if layer.kind == KIND_DENSE {
        return layer.input.elements() as usize;
    }
    let places = usize::from(layer.rows.kernel) * usize::from(layer.columns.kernel);
    places * usize::from(layer.input.channels)
}

fn weights_len(layer: &LayerRecord) -> usize {
    window_len(layer) * usize::from(layer.output.channels)
}

/// Writes weights, biases and multipliers.
fn write_numbers(file: &mut [u8], layer: &LayerRecord, random: &mut Random) {
    let weights = &mut file[layer.weights_at as usize..][..weights_len(layer)];
    weights.fill_with(|| random.value(-i8::MAX).cast_unsigned());
    for channel in 0..usize::from(layer.output.channels) {
        let bias = i32::from(random.value(i8::MIN)) << random.within(0, 12);
        put(
            file,
            layer.biases_at as usize + 4 * channel,
            &bias.to_le_bytes(),
        );
        let mantissa = 1 << 23 | u32::from(random.within(0, u16::MAX - 1)) << 7;
        let multiplier = Multiplier::new(mantissa, random.within(22, 42) as u8);
        let multiplier = multiplier.expect("its parts are in range").encode();
        put(
            file,
            layer.multipliers_at as usize + 4 * channel,
            &multiplier,
        );
    }
}

fn put(file: &mut [u8], at: usize, bytes: &[u8]) {
    file[at..][..bytes.len()].copy_from_slice(bytes);
}

fn align(end: usize) -> usize {
    end.next_multiple_of(format::ALIGNMENT as usize)
}
