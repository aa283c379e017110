//! What operators have in common: how they are called, and what they are called with.

use core::ops::Range;

use super::backend::Filters;
use super::rows::Rows;
use crate::error::Fault;
use crate::format::{self, Axis, OPERATOR_LEN, OperatorRecord, Shape, TENSOR_LEN, TensorRecord};
use crate::model::Operation;
#[cfg(feature = "host")]
use crate::requantize::Multiplier;

/// A kind of operator, with inner loops for some processor. A model runs with a table of these.
pub struct Operator {
    /// [`OperatorRecord::kind`].
    pub(crate) kind: u8,
    /// What people call it.
    pub(crate) name: &'static str,
    /// The rows of an input that a row of the output is made of.
    pub(crate) reach: Reach,
    /// Checks that the output, whose shape has no zero, is what the operator makes of its first input; an error comes with
    /// the field's place in the record.
    pub(crate) check: fn(&Operands<'_>) -> Result<(), (Fault, usize)>,
    /// The same for its second input, if it takes one.
    pub(crate) check_second: Option<CheckSecond>,
    /// What the file holds of it.
    pub(crate) sizes: fn(&Operands<'_>) -> Sizes,
    /// How many rows are made at once from a step on, if the operator works alone.
    pub(crate) rows_at_once: fn(&Operation<'_>, u16) -> u16,
    /// Whether a row of the output is written where an input, the second one or not, is needed no more for it; it takes the
    /// records of the input and of the output.
    pub(crate) spends: fn(bool, [&[u8; TENSOR_LEN]; 2]) -> bool,
    /// Computes one row of the output, or some, from the rows of its inputs that it is made of. `None` if they do not lie
    /// as they should.
    pub(crate) step: fn(&Operands<'_>, Rows<'_>, u16) -> Option<()>,
}

/// A check of the tensor that is an operator's second input.
type CheckSecond = fn(&Operands<'_>, &[u8; TENSOR_LEN]) -> Result<(), (Fault, usize)>;

/// Which rows of its inputs a row of an operator's output is made of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Those that the windows of the row cover.
    Windows,
    /// The same row.
    Row,
    /// All.
    Whole,
}

/// What the file holds of an operator.
#[derive(Default)]
pub(crate) struct Sizes {
    /// Weights of each output channel, of a table its entries; more than there can be in a file are [`u32::MAX`].
    pub weights: u32,
    /// The number of biases: one for each output channel that has weights, none of a table.
    pub biases: u16,
    /// The number of multipliers.
    pub multipliers: u16,
}

impl Sizes {
    /// A table of so many entries.
    pub const fn table(entries: usize) -> Self {
        Self {
            weights: entries as u32,
            biases: 0,
            multipliers: 0,
        }
    }

    /// So many weights, a bias and a multiplier for each channel of the output.
    pub const fn channels(output: &TensorRecord, weights: u32) -> Self {
        Self {
            weights,
            biases: output.shape.channels,
            multipliers: output.shape.channels,
        }
    }

    /// Bytes of weights, of biases and of multipliers.
    pub fn bytes(&self) -> [u32; 3] {
        let weights = self.weights.saturating_mul(self.biases.max(1).into());
        let (biases, multipliers) = (u32::from(self.biases), u32::from(self.multipliers));
        [weights, 4 * biases, 4 * multipliers]
    }
}

/// What an operator works with besides the values of its inputs and its output.
#[derive(Clone)]
pub(crate) struct Operands<'a> {
    /// The records, as they are in the file.
    pub record: &'a [u8; OPERATOR_LEN],
    pub input: &'a [u8; TENSOR_LEN],
    pub output: &'a [u8; TENSOR_LEN],
    /// Weights of each channel; of a table its entries.
    pub channel_weights: usize,
    /// The file from the weights on: backends read words that can begin in the weights and end behind them, in the biases.
    weights: &'a [u8],
    biases: &'a [[u8; 4]],
    pub multipliers: &'a [[u8; 4]],
}

impl<'a> Operands<'a> {
    /// What a record points to in its file, as far as the file has it.
    pub fn of(
        file: &'a [u8],
        operator: &Operator,
        record: &'a [u8; OPERATOR_LEN],
        [input, output]: [&'a [u8; TENSOR_LEN]; 2],
    ) -> Self {
        let mut operands = Self {
            record,
            input,
            output,
            channel_weights: 0,
            weights: &[],
            biases: &[],
            multipliers: &[],
        };
        let sizes = (operator.sizes)(&operands);
        let decoded = operands.record();
        operands.channel_weights = sizes.weights as usize;
        operands.weights = format::tail(file, decoded.weights_at);
        operands.biases = format::words(file, decoded.biases_at, sizes.biases);
        operands.multipliers = format::words(file, decoded.multipliers_at, sizes.multipliers);
        operands
    }

    #[inline(always)]
    pub fn record(&self) -> OperatorRecord {
        OperatorRecord::decode(self.record)
    }

    /// The first input.
    #[inline(always)]
    pub fn input(&self) -> TensorRecord {
        TensorRecord::decode(self.input)
    }

    #[inline(always)]
    pub fn output(&self) -> TensorRecord {
        TensorRecord::decode(self.output)
    }

    /// The table of an operator that looks its output up.
    pub fn table<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.weights.first_chunk()
    }

    /// The file from the weight at `first` of the channel at `channel` on.
    pub fn weights_from(&self, channel: usize, first: usize) -> &'a [u8] {
        // Before a file has been checked, it can say anything.
        let begin = channel.wrapping_mul(self.channel_weights);
        let begin = begin.wrapping_add(first);
        self.weights.get(begin..).unwrap_or_default()
    }

    /// Where among the weights that of a channel at an index lies.
    pub fn weight_place(&self, channel: usize, index: usize) -> usize {
        let sizes = [self.biases.len(), self.channel_weights];
        if self.record().kind == format::KIND_DENSE {
            format::dense_place(sizes, channel, index)
        } else {
            channel * self.channel_weights + index
        }
    }

    /// The filters from `first` on, `count` of them.
    pub fn filters(&self, first: usize, count: usize) -> Filters<'a> {
        let biases = self.biases.get(first..).unwrap_or_default();
        Filters {
            weights: self.weights_from(first, 0),
            stride: self.channel_weights,
            biases: biases.get(..count).unwrap_or_default(),
            multipliers: self.multipliers(first),
            zero_point: self.output().zero_point,
        }
    }

    /// What the sums of the channels from `first` on start from.
    pub fn biases(&self, first: usize) -> impl Iterator<Item = i32> + use<'a> {
        let biases = self.biases.get(first..).unwrap_or_default();
        biases.iter().map(|&bias| i32::from_le_bytes(bias))
    }

    /// The weight at an index of a channel.
    #[cfg(feature = "host")]
    pub fn weight(&self, channel: usize, index: usize) -> i8 {
        let weight = self.weights.get(self.weight_place(channel, index));
        weight.map_or(0, |weight| weight.cast_signed())
    }

    /// The multiplier of a channel as a number.
    #[cfg(feature = "host")]
    pub fn multiplier(&self, channel: usize) -> f32 {
        let multiplier = self.multipliers.get(channel);
        multiplier.map_or(0.0, |&bytes| Multiplier::of_checked(bytes).to_f32())
    }

    /// The multipliers of the channels from `first` on.
    pub fn multipliers(&self, first: usize) -> &'a [[u8; 4]] {
        self.multipliers.get(first..).unwrap_or_default()
    }

    /// Rows and columns of the output, as windows over the input make them; none may lie in the padding alone.
    pub fn check_windows(&self) -> Result<(), (Fault, usize)> {
        let (input, output) = (self.input().shape, self.output().shape);
        let check = |lens, at| check_axis(format::get(self.record, at), lens, input.channels, at);
        check([input.rows, output.rows], OperatorRecord::ROWS_AT)?;
        check([input.columns, output.columns], OperatorRecord::COLUMNS_AT)
    }

    /// That the output is as large as windows make it, with the channels of the input.
    pub fn check_pool(&self) -> Result<(), (Fault, usize)> {
        self.check_windows()?;
        for (axis, at) in [
            (self.record().rows, OperatorRecord::ROWS_AT),
            (self.record().columns, OperatorRecord::COLUMNS_AT),
        ] {
            ensure(axis.pool == 1, Fault::Window, at)?;
        }
        let channels = self.input().shape.channels == self.output().shape.channels;
        ensure(channels, Fault::Shape, Self::OUTPUT)
    }

    /// That an operator without windows has none.
    #[inline(never)]
    pub fn check_without_windows(&self) -> Result<(), (Fault, usize)> {
        for at in [OperatorRecord::ROWS_AT, OperatorRecord::COLUMNS_AT] {
            let axis: &[u8; Axis::LEN] = format::get(self.record, at);
            let is_none = axis.iter().all(|&byte| byte == 0);
            ensure(is_none, Fault::Window, at)?;
        }
        Ok(())
    }

    /// That values of the output mean what those of the first input do.
    pub fn check_same_meaning(&self) -> Result<(), (Fault, usize)> {
        let meaning = |tensor: &TensorRecord| (tensor.zero_point, tensor.scale);
        let same = meaning(&self.input()) == meaning(&self.output());
        ensure(same, Fault::Meaning, Self::MEANING)
    }

    /// In place of a field's place in the operator's record: the shape of its output, in the tensor's.
    pub const OUTPUT: usize = usize::MAX;
    /// The meaning of its output's values.
    pub const MEANING: usize = usize::MAX - 1;
}

/// That windows make one side of the output of one of an input with so many channels.
#[inline(never)]
fn check_axis(
    axis: &[u8; Axis::LEN],
    [input, output]: [u16; 2],
    channels: u16,
    at: usize,
) -> Result<(), (Fault, usize)> {
    let axis = Axis::decode(axis);
    let expected = axis.output(input).ok_or((Fault::Window, at))?;
    // Places in the padding have numbers that fit, too.
    let padded = u64::from(axis.padded(input)) * u64::from(channels);
    let fits =
        axis.pad_begin.max(axis.pad_end) < axis.kernel && padded <= u64::from(format::MAX_ELEMENTS);
    ensure(fits, Fault::Padding, at)?;
    ensure(
        expected == u32::from(output),
        Fault::Shape,
        Operands::OUTPUT,
    )
}

/// That a second input means the same as the first, and has the channels that the output has besides those of the first, or
/// all of them.
pub(super) fn check_second(
    operands: &Operands<'_>,
    second: &[u8; TENSOR_LEN],
) -> Result<(), (Fault, usize)> {
    let (input, output) = (operands.input(), operands.output().shape);
    let second = TensorRecord::decode(second);
    let others = output.channels - input.shape.channels;
    let channels = if others > 0 {
        others
    } else {
        input.shape.channels
    };
    let expected = Shape {
        channels,
        ..input.shape
    };
    ensure(second.shape == expected, Fault::Shape, Operands::OUTPUT)?;
    let meaning = |tensor: &TensorRecord| (tensor.zero_point, tensor.scale);
    let same = meaning(&input) == meaning(&second);
    ensure(same, Fault::Meaning, Operands::MEANING)
}

/// `Ok` if something holds.
pub(super) fn ensure(holds: bool, fault: Fault, at: usize) -> Result<(), (Fault, usize)> {
    if holds { Ok(()) } else { Err((fault, at)) }
}

impl Operator {
    /// The kind, as [`OperatorRecord::kind`] has it.
    pub const fn kind(&self) -> u8 {
        self.kind
    }

    /// What people call it.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Whether each place of the output is made of the same place of the inputs alone, so that rows one after the other are
    /// worked on as if they were one.
    pub(crate) fn is_pointwise(&self, record: &[u8; OPERATOR_LEN]) -> bool {
        let windows: &[u8; 2 * Axis::LEN] = format::get(record, OperatorRecord::ROWS_AT);
        match self.reach {
            Reach::Windows => {
                self.kind == format::KIND_CONVOLUTION && windows.as_chunks().0 == [Axis::POINT; 2]
            }
            Reach::Row => true,
            Reach::Whole => false,
        }
    }

    /// The rows of an input with so many that the row `row` of the output is made of.
    #[inline(always)]
    pub(crate) fn rows_read(&self, rows: Axis, len: u16, row: u16) -> Range<u16> {
        match self.reach {
            Reach::Windows => rows.covered(len, row),
            Reach::Row => row..row + 1,
            Reach::Whole => 0..len,
        }
    }
}
