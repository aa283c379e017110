//! A random model: one or two convolutions, the second of which may write over what it reads, and a dense layer.

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
pub const ARENA_LEN: usize = 1024; // No more than `IMAGE_LEN`.

/// What the weights of both layers may take of the file.
const WEIGHTS_LEN: usize = 4096;

/// The most layers of a case.
const MAX_LAYERS: usize = 3;

/// Where the layers of the largest case end.
const PROBABILITIES_AT: usize = HEADER_LEN + MAX_LAYERS * LAYER_LEN;
const LABELS_AT: usize = PROBABILITIES_AT + 4 * PROBABILITY_ENTRIES;

/// A model that fits the memory.
#[derive(Debug)]
pub struct Case {
    layers: [LayerRecord; MAX_LAYERS],
    /// How many of them there are.
    len: usize,
    total_len: u32,
    values: Random,
}

impl Case {
    /// The first of some random models that fits.
    pub fn new(mut random: Random) -> Self {
        loop {
            let convolutions = usize::from(random.within(1, 2));
            let first = convolution(&mut random, None);
            let second = convolution(&mut random, Some(&first));
            let dense = dense(
                &mut random,
                if convolutions == 1 { &first } else { &second },
            );
            let layers = if convolutions == 1 {
                [first, dense, dense]
            } else {
                [first, second, dense]
            };
            let fits = layers.iter().all(|layer| layer.output.elements() > 0)
                && layers[1..].iter().all(|layer| needed(layer) <= ARENA_LEN)
                && layers[0].input.elements() as usize <= IMAGE_LEN
                && layers.iter().map(weights_len).sum::<usize>() <= WEIGHTS_LEN;
            if fits {
                return Self::place(layers, convolutions + 1, random);
            }
        }
    }

    /// The layers with their places in the file.
    fn place(mut layers: [LayerRecord; MAX_LAYERS], len: usize, values: Random) -> Self {
        let classes = usize::from(layers[len - 1].output.channels);
        let mut end = align(LABELS_AT - (MAX_LAYERS - len) * LAYER_LEN + 2 * classes);
        for layer in &mut layers[..len] {
            let channels = usize::from(layer.output.channels);
            let biases = align(end + weights_len(layer));
            let multipliers = align(biases + 4 * channels);
            (layer.weights_at, layer.biases_at) = (end as u32, biases as u32);
            layer.multipliers_at = multipliers as u32;
            end = align(multipliers + 4 * channels);
        }
        Self {
            layers,
            len,
            total_len: end as u32,
            values,
        }
    }

    /// The layers in the order they run.
    pub fn layers(&self) -> &[LayerRecord] {
        &self.layers[..self.len]
    }

    /// The image in the first bytes of `image`.
    pub fn image<'i>(&self, image: &'i mut [i8]) -> &'i [i8] {
        let mut random = self.values;
        let image = &mut image[..self.layers[0].input.elements() as usize];
        image.fill_with(|| random.value(i8::MIN));
        image
    }

    /// The model in the first bytes of `file`, which are zero.
    pub fn write<'f>(&self, file: &'f mut [u8]) -> &'f [u8] {
        let mut random = self.values;
        let file = &mut file[..self.total_len as usize];
        let header = self.header();
        put(file, 0, &header.encode());
        put(file, header.probabilities_at as usize, &ONE.to_le_bytes());
        for class in 0..header.classes {
            let at = header.labels_at as usize + 2 * usize::from(class);
            put(file, at, &[1, b'0' + class]);
        }
        for (index, layer) in self.layers().iter().enumerate() {
            put(file, HEADER_LEN + index * LAYER_LEN, &layer.encode());
            write_numbers(file, layer, &mut random);
        }
        format::seal(file).expect("a file is longer than its header");
        file
    }

    fn header(&self) -> Header {
        let shorter = ((MAX_LAYERS - self.len) * LAYER_LEN) as u32;
        Header {
            weight_layout: LAYOUT_PORTABLE,
            layers: self.len as u8,
            total_len: self.total_len,
            input: self.layers[0].input,
            input_zero_point: self.layers[0].input_zero_point,
            classes: self.layers[self.len - 1].output.channels as u8,
            layers_at: HEADER_LEN as u32,
            probabilities_at: PROBABILITIES_AT as u32 - shorter,
            labels_at: LABELS_AT as u32 - shorter,
            threshold: 0,
            preparation: Preparation::PLAIN.to_bytes(),
        }
    }
}

/// A convolution, of the image or of what another one gives.
fn convolution(random: &mut Random, before: Option<&LayerRecord>) -> LayerRecord {
    let image = Shape {
        rows: random.within(1, 12),
        columns: random.within(1, 12),
        channels: random.within(1, 20),
    };
    let zero_point = random.value(i8::MIN);
    let (input, input_zero_point) = before.map_or((image, zero_point), |before| {
        (before.output, before.output_zero_point)
    });
    let [rows, columns] = [(); 2].map(|()| axis(random));
    LayerRecord {
        kind: KIND_CONVOLUTION,
        input_zero_point,
        output_zero_point: random.value(i8::MIN),
        input,
        output: Shape {
            rows: windows(rows, input.rows) / u16::from(rows.pool),
            columns: windows(columns, input.columns) / u16::from(columns.pool),
            channels: random.within(1, 36),
        },
        rows,
        columns,
        weights_at: 0,
        biases_at: 0,
        multipliers_at: 0,
    }
}

/// Windows along an axis; 0 where none fits.
fn windows(axis: Axis, input: u16) -> u16 {
    let padded = input + u16::from(axis.pad_begin) + u16::from(axis.pad_end);
    match padded.checked_sub(u16::from(axis.kernel)) {
        Some(room) if input > 0 => room / u16::from(axis.stride) + 1,
        _ => 0,
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

fn dense(random: &mut Random, before: &LayerRecord) -> LayerRecord {
    LayerRecord {
        kind: KIND_DENSE,
        input_zero_point: before.output_zero_point,
        output_zero_point: random.value(i8::MIN),
        input: before.output,
        output: Shape {
            rows: 1,
            columns: 1,
            channels: random.within(1, 9),
        },
        rows: Axis::default(),
        columns: Axis::default(),
        ..*before
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

/// Bytes that input and output of a layer take side by side.
fn needed(layer: &LayerRecord) -> usize {
    (layer.input.elements() + layer.output.elements()) as usize
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
