//! A flash file, checked once and read where it lies.

use core::fmt;

use crate::error::FormatError;
use crate::format::{self, Header, LayerRecord, Shape};
use crate::operators::{self, Operands, Operator};
use crate::plan::Plan;
use crate::prepare::Preparation;

mod check;

use check::Checked;

/// A model in a flash file. It borrows the file and copies nothing but its header.
#[derive(Clone)]
pub struct Model<'a>(Checked<'a>);

impl<'a> Model<'a> {
    /// Checks the file in `bytes`, all of it: its length, checksum, layout, shapes, windows, weights, multipliers,
    /// labels and tables, and that no sum can overflow. Whatever image a checked model runs on, nothing can panic.
    ///
    /// # Errors
    ///
    /// Which check failed, and at which byte of the file.
    pub fn new(bytes: &'a [u8]) -> Result<Self, FormatError> {
        check::check(bytes).map(Self)
    }

    /// Bytes of arena that a run needs.
    pub fn arena_len(&self) -> usize {
        self.0.plan.arena_len
    }

    /// Where the layers read and write in the arena.
    pub(crate) fn plan(&self) -> Plan {
        self.0.plan
    }

    /// The shape of the image that the model takes, laid out `[row][column][channel]`.
    pub fn input(&self) -> Shape {
        self.0.header.input
    }

    /// The number of values of the image.
    pub fn input_len(&self) -> usize {
        self.0.input_len
    }

    /// The int8 value that stands for 0 in the image.
    pub fn input_zero_point(&self) -> i8 {
        self.0.header.input_zero_point
    }

    /// How a picture becomes the model's image.
    pub fn preparation(&self) -> Preparation {
        // The loader has seen that these are the bytes of one.
        Preparation::from_bytes(&self.0.header.preparation).unwrap_or(Preparation::PLAIN)
    }

    /// The number of classes, 1 to [`MAX_CLASSES`](format::MAX_CLASSES).
    pub fn classes(&self) -> usize {
        usize::from(self.0.header.classes)
    }

    /// The labels, class 0 first.
    pub fn labels(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let mut rest = format::tail(self.0.file, self.0.header.labels_at).unwrap_or_default();
        (0..self.0.header.classes).map_while(move |_| {
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
        self.0.header.threshold
    }

    /// The entry of the probability table for a logit that is `distance` less than the greatest.
    pub(crate) fn probability(&self, distance: u8) -> u32 {
        let table = format::tail(self.0.file, self.0.header.probabilities_at).unwrap_or_default();
        table
            .as_chunks()
            .0
            .get(usize::from(distance))
            .map_or(0, |&entry| u32::from_le_bytes(entry))
    }

    /// The layers in the order they run.
    pub fn layers(&self) -> impl Iterator<Item = Layer<'a>> + use<'a> {
        let Checked { file, header, .. } = self.0;
        (0..header.layers).map_while(move |index| Layer::of(file, &header, index))
    }

    /// The layer at `index`. `None` if the model has fewer.
    pub(crate) fn layer(&self, index: u8) -> Option<Layer<'a>> {
        if index < self.0.header.layers {
            Layer::of(self.0.file, &self.0.header, index)
        } else {
            None
        }
    }

    /// The index of the last layer.
    pub(crate) fn last_layer(&self) -> u8 {
        self.0.header.layers.saturating_sub(1)
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
            .field("header", &self.0.header)
            .finish_non_exhaustive()
    }
}

/// One layer of a model: an operator of the program, and what it works with.
#[derive(Clone)]
pub struct Layer<'a> {
    operator: &'static Operator,
    operands: Operands<'a>,
}

impl<'a> Layer<'a> {
    #[inline(never)] // What it is put together of is not on the stack while it runs.
    fn of(file: &'a [u8], header: &Header, index: u8) -> Option<Self> {
        let record = format::layer_record(file, header.layers_at, index)?;
        let operator = operators::find(record.kind)?;
        Some(Self {
            operator,
            operands: Operands::of(file, record, (operator.channel_weights)(&record))?,
        })
    }

    /// The kind of layer: "convolution" or "dense".
    pub fn name(&self) -> &'static str {
        self.operator.name
    }

    /// Shapes, windows and zero points.
    pub fn record(&self) -> &LayerRecord {
        &self.operands.record
    }

    /// Bytes of the file that the layer's weights, biases and multipliers take.
    pub fn flash_len(&self) -> usize {
        // One bias and one multiplier a channel.
        self.operands.weights().len() + 2 * self.operands.multipliers.as_flattened().len()
    }

    /// Multiplications that the layer takes; [`u64::MAX`] if they are more.
    pub fn multiply_adds(&self) -> u64 {
        (self.operator.multiply_adds)(self.record())
    }

    /// Values of the input.
    pub(crate) fn input_len(&self) -> usize {
        self.record().input.elements() as usize
    }

    /// Values of the output.
    pub(crate) fn output_len(&self) -> usize {
        self.record().output.elements() as usize
    }

    /// Values of the output that one step computes, at least 1.
    pub(crate) fn step_len(&self) -> usize {
        (self.operator.step_len)(self.record()).max(1)
    }

    /// Computes the part of the output that belongs to one step from the input, of which only the part from
    /// [`LayerRecord::first_read`] on is there.
    pub(crate) fn step(&self, input: &[i8], step: usize, output: &mut [i8]) {
        (self.operator.step)(&self.operands, input, step, output);
    }
}
