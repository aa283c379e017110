//! What operators have in common: how they are called, and what they are called with.

use crate::error::Fault;
use crate::format::{self, LayerRecord};
use crate::requantize::Multiplier;

/// Everything that differs between kinds of operators.
pub(crate) struct Operator {
    /// [`LayerRecord::kind`].
    pub kind: u8,
    /// What people call it.
    pub name: &'static str,
    /// Checks that the output's shape, which has no zero, is what the operator makes of its input; an error comes with the
    /// field's place in the record.
    pub check: fn(&LayerRecord) -> Result<(), (Fault, usize)>,
    /// Weights that each output channel has.
    pub channel_weights: fn(&LayerRecord) -> u64,
    /// Multiplications that it takes; [`u64::MAX`] if they are more.
    pub multiply_adds: fn(&LayerRecord) -> u64,
    /// Values of the output that one step computes; the last step may have fewer.
    pub step_len: fn(&LayerRecord) -> usize,
    /// Computes one step: of the input from [`LayerRecord::first_read`] on, the step's number, and its part of the output.
    pub step: fn(&Operands<'_>, &[i8], usize, &mut [i8]),
}

/// What an operator works with besides its input and its output.
#[derive(Clone)]
pub(crate) struct Operands<'a> {
    pub record: LayerRecord,
    /// Weights of each channel.
    pub channel_weights: usize,
    /// The file from the weights on: backends read words that can begin in the weights and end behind them, in the biases.
    weights: &'a [u8],
    biases: &'a [[u8; 4]],
    pub multipliers: &'a [[u8; 4]],
}

impl<'a> Operands<'a> {
    #[inline(never)] // Loading and running share it.
    /// What a record points to in its file, with so many weights a channel. `None` if a table ends beyond the file.
    pub fn of(file: &'a [u8], record: LayerRecord, channel_weights: u64) -> Option<Self> {
        let channels = usize::from(record.output.channels);
        let table = |at| format::tail(file, at)?.as_chunks().0.get(..channels);
        let operands = Self {
            record,
            channel_weights: usize::try_from(channel_weights).ok()?,
            weights: format::tail(file, record.weights_at)?,
            biases: table(record.biases_at)?,
            multipliers: table(record.multipliers_at)?,
        };
        let weights_len = channels.checked_mul(operands.channel_weights)?;
        (weights_len <= operands.weights.len()).then_some(operands)
    }

    /// All weights, channel by channel.
    pub fn weights(&self) -> &'a [u8] {
        let len = self.biases.len() * self.channel_weights;
        self.weights.get(..len).unwrap_or_default()
    }

    /// The file from the weight at `first` of the channel at `channel` on.
    pub fn weights_from(&self, channel: usize, first: usize) -> &'a [u8] {
        let begin = channel.saturating_mul(self.channel_weights);
        let begin = begin.saturating_add(first);
        self.weights.get(begin..).unwrap_or_default()
    }

    /// What the sums of the channels from `first` on start from.
    pub fn biases(&self, first: usize) -> impl Iterator<Item = i32> + use<'a> {
        let biases = self.biases.get(first..).unwrap_or_default();
        biases.iter().map(|&bias| i32::from_le_bytes(bias))
    }

    /// For each channel from `first` on, what makes a sum its int8 output.
    pub fn requantizers(
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
}
