//! A flash file, checked once and read where it lies.

use core::fmt;

use crate::error::FormatError;
use crate::format::{self, Header, LayerRecord, Shape};
use crate::kernels::{self, Kernel};
use crate::plan::Plan;
use crate::prepare::Preparation;
use crate::requantize::Multiplier;

mod check;

/// A model in a flash file. It borrows the file and copies nothing but its header.
#[derive(Clone)]
pub struct Model<'a> {
    file: &'a [u8],
    header: Header,
    input_len: usize,
    plan: Plan,
}

impl<'a> Model<'a> {
    /// Checks the file in `bytes`, all of it: its length, checksum, layout, shapes, windows, weights, multipliers,
    /// labels and tables, and that no sum can overflow. Whatever image a checked model runs on, nothing can panic.
    ///
    /// # Errors
    ///
    /// Which check failed, and at which byte of the file.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FormatError> {
        check::check(bytes)
    }

    /// Bytes of arena that a run needs.
    pub fn arena_len(&self) -> usize {
        self.plan.arena_len
    }

    /// Where the layers read and write in the arena.
    pub(crate) fn plan(&self) -> Plan {
        self.plan
    }

    /// The shape of the image that the model takes, laid out `[row][column][channel]`.
    pub fn input(&self) -> Shape {
        self.header.input
    }

    /// The number of values of the image.
    pub fn input_len(&self) -> usize {
        self.input_len
    }

    /// The int8 value that stands for 0 in the image.
    pub fn input_zero_point(&self) -> i8 {
        self.header.input_zero_point
    }

    /// How a picture becomes the model's image.
    pub fn preparation(&self) -> Preparation {
        // The loader has seen that these are the bytes of one.
        Preparation::from_bytes(&self.header.preparation).unwrap_or(Preparation::PLAIN)
    }

    /// The number of classes, 1 to [`MAX_CLASSES`](format::MAX_CLASSES).
    pub fn classes(&self) -> usize {
        usize::from(self.header.classes)
    }

    /// The labels, class 0 first.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut rest = format::tail(self.file, self.header.labels_at).unwrap_or_default();
        (0..self.header.classes).map_while(move |_| {
            let (label, others) = format::split_label(rest)?;
            rest = others;
            core::str::from_utf8(label).ok()
        })
    }

    /// The name of a class. `None` if the model has fewer.
    pub fn label(&self, class: usize) -> Option<&'a str> {
        self.labels().nth(class)
    }

    /// A picture is accepted if its best class has at least this probability, in 1/65536.
    pub fn threshold(&self) -> u32 {
        self.header.threshold
    }

    /// The entry of the probability table for a logit that is `distance` less than the greatest.
    pub(crate) fn probability(&self, distance: u8) -> u32 {
        let table = format::tail(self.file, self.header.probabilities_at).unwrap_or_default();
        table
            .as_chunks()
            .0
            .get(usize::from(distance))
            .map_or(0, |&entry| u32::from_le_bytes(entry))
    }

    /// The layers in the order they run.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'a>> + use<'a> {
        let Self { file, header, .. } = *self;
        (0..header.layers).map_while(move |index| Layer::of(file, &header, index))
    }

    /// The layer at `index`. `None` if the model has fewer.
    pub(crate) fn layer(&self, index: u8) -> Option<Layer<'a>> {
        if index < self.header.layers {
            Layer::of(self.file, &self.header, index)
        } else {
            None
        }
    }

    /// The index of the last layer.
    pub(crate) fn last_layer(&self) -> u8 {
        self.header.layers.saturating_sub(1)
    }

    /// Multiplications that a run takes; [`u64::MAX`] if they are more. Who runs files of others may want to limit them.
    pub fn multiply_adds(&self) -> u64 {
        self.layers()
            .fold(0, |sum, layer| sum.saturating_add(layer.multiply_adds()))
    }
}

impl fmt::Debug for Model<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("header", &self.header)
            .finish_non_exhaustive()
    }
}

/// One layer of a model.
#[derive(Clone)]
pub struct Layer<'a> {
    record: LayerRecord,
    kernel: &'static Kernel,
    /// Weights of each channel.
    channel_weights: usize,
    /// The file from the weights on: the twins of the inner loops read words that can begin in the weights and end behind
    /// them, in the biases.
    weights: &'a [u8],
    biases: &'a [[u8; 4]],
    multipliers: &'a [[u8; 4]],
}

impl<'a> Layer<'a> {
    fn of(file: &'a [u8], header: &Header, index: u8) -> Option<Self> {
        let record = format::layer_record(file, header.layers_at, index)?;
        let kernel = kernels::find(record.kind)?;
        let channels = usize::from(record.output.channels);
        let table = |at| format::tail(file, at)?.as_chunks().0.get(..channels);
        let layer = Self {
            record,
            kernel,
            channel_weights: usize::try_from((kernel.channel_weights)(&record)).ok()?,
            weights: format::tail(file, record.weights_at)?,
            biases: table(record.biases_at)?,
            multipliers: table(record.multipliers_at)?,
        };
        let weights_len = channels.checked_mul(layer.channel_weights)?;
        (weights_len <= layer.weights.len()).then_some(layer)
    }

    /// The kind of layer: "convolution" or "dense".
    pub fn name(&self) -> &'static str {
        self.kernel.name
    }

    /// Shapes, windows and zero points.
    pub fn record(&self) -> &LayerRecord {
        &self.record
    }

    /// Bytes of the file that the layer's weights, biases and multipliers take.
    pub fn flash_len(&self) -> usize {
        self.weights().len()
            + self.biases.as_flattened().len()
            + self.multipliers.as_flattened().len()
    }

    /// Multiplications that the layer takes; [`u64::MAX`] if they are more.
    pub fn multiply_adds(&self) -> u64 {
        (self.kernel.multiply_adds)(&self.record)
    }

    /// All weights, channel by channel.
    pub(crate) fn weights(&self) -> &'a [u8] {
        let len = self.biases.len() * self.channel_weights;
        self.weights.get(..len).unwrap_or_default()
    }

    /// Weights of each channel.
    pub(crate) fn channel_weights(&self) -> usize {
        self.channel_weights
    }

    /// The file from the weight at `first` of the channel at `channel` on.
    pub(crate) fn weights_from(&self, channel: usize, first: usize) -> &'a [u8] {
        let begin = channel.saturating_mul(self.channel_weights);
        let begin = begin.saturating_add(first);
        self.weights.get(begin..).unwrap_or_default()
    }

    /// What the sums of the channels from `first` on start from.
    pub(crate) fn biases(&self, first: usize) -> impl Iterator<Item = i32> + use<'a> {
        let biases = self.biases.get(first..).unwrap_or_default();
        biases.iter().map(|&bias| i32::from_le_bytes(bias))
    }

    /// The int8 output of a sum of the channel at `index`.
    pub(crate) fn requantizers(
        &self,
        first: usize,
    ) -> impl Iterator<Item = impl Fn(i32) -> i8 + use<>> + use<'a> {
        let zero_point = self.record.output_zero_point;
        let multipliers = self.multipliers.get(first..).unwrap_or_default();
        multipliers.iter().map(move |&multiplier| {
            let multiplier = Multiplier::of_checked(multiplier);
            move |sum| multiplier.requantize(sum, zero_point)
        })
    }

    /// Values of the input.
    pub(crate) fn input_len(&self) -> usize {
        self.record.input.elements() as usize
    }

    /// Values of the output.
    pub(crate) fn output_len(&self) -> usize {
        self.record.output.elements() as usize
    }

    /// Values of the output that one step computes, at least 1.
    pub(crate) fn step_len(&self) -> usize {
        (self.kernel.step_len)(&self.record).max(1)
    }

    /// Computes the piece of the output that belongs to one step from the input, of which only the part from
    /// [`LayerRecord::first_read`] on is there.
    pub(crate) fn step(&self, input: &[i8], step: usize, output: &mut [i8]) {
        (self.kernel.step)(self, input, step, output);
    }
}
