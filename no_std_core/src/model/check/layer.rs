//! The checks of the layers and of everything they point to.

use super::sections::{Result, Sections, check_shape, check_zeros, ensure, error};
use crate::error::Fault;
use crate::format::{self, Header, LAYER_LEN, LayerRecord, Shape};
use crate::operators::{self, Operands};
use crate::requantize::Multiplier;

/// No input is further from its zero point than this.
const MAX_INPUT: u64 = 255;

/// An activation: its shape and its zero point.
type Tensor = (Shape, i8);

/// That each layer takes what the one before gives, and the last gives one value a class.
pub(super) fn check_layers(sections: &mut Sections<'_>, header: &Header) -> Result<()> {
    let mut tensor = (header.input, header.input_zero_point);
    let mut at = 0;
    for index in 0..header.layers {
        at = header.layers_at as usize + usize::from(index) * LAYER_LEN;
        tensor = check_layer(sections, header, index, at, tensor)?;
    }
    let one_each = tensor.0.elements() == u64::from(header.classes);
    ensure(one_each, Fault::Logits, at + LayerRecord::OUTPUT_AT)
}

/// The output of the layer at `index`, whose record lies at `at`.
fn check_layer(
    sections: &mut Sections<'_>,
    header: &Header,
    index: u8,
    at: usize,
    (shape, zero_point): Tensor,
) -> Result<Tensor> {
    let beyond = error(Fault::Section, at);
    let record = format::layer_record(sections.file, header.layers_at, index).ok_or(beyond)?;
    for zeros in LayerRecord::ZEROS {
        check_zeros(sections.file, at + zeros.start..at + zeros.end)?;
    }
    let operator = operators::find(record.kind)
        .ok_or(error(Fault::Kind(record.kind), at + LayerRecord::KIND_AT))?;
    ensure(
        record.input == shape,
        Fault::Chain,
        at + LayerRecord::INPUT_AT,
    )?;
    ensure(
        record.input_zero_point == zero_point,
        Fault::Chain,
        at + LayerRecord::ZERO_POINTS_AT,
    )?;
    check_shape(record.output, at + LayerRecord::OUTPUT_AT)?;
    (operator.check)(&record).map_err(|(fault, field)| error(fault, at + field))?;

    let channels = u64::from(record.output.channels);
    let channel_weights = (operator.channel_weights)(&record);
    let weights = channels * channel_weights;
    sections.take(at + LayerRecord::WEIGHTS_AT, record.weights_at, weights)?;
    sections.take(at + LayerRecord::BIASES_AT, record.biases_at, channels * 4)?;
    sections.take(
        at + LayerRecord::MULTIPLIERS_AT,
        record.multipliers_at,
        channels * 4,
    )?;
    check_channels(&Operands::of(sections.file, record, channel_weights).ok_or(beyond)?)?;
    Ok((record.output, record.output_zero_point))
}

/// That weights and multipliers are such and that no sum can overflow.
fn check_channels(operands: &Operands<'_>) -> Result<()> {
    let record = &operands.record;
    for (weight, at) in operands.weights().iter().zip(record.weights_at as usize..) {
        ensure(weight.cast_signed() != i8::MIN, Fault::Weight, at)?;
    }
    for (multiplier, at) in operands
        .multipliers
        .iter()
        .zip((record.multipliers_at as usize..).step_by(4))
    {
        ensure(
            Multiplier::decode(*multiplier).is_some(),
            Fault::Multiplier,
            at,
        )?;
    }
    let channels = operands.weights().chunks(operands.channel_weights.max(1));
    for ((bias, weights), at) in operands
        .biases(0)
        .zip(channels)
        .zip((record.biases_at as usize..).step_by(4))
    {
        let magnitude = |weight: &u8| u64::from(weight.cast_signed().unsigned_abs());
        let weights = weights.iter().map(magnitude).sum::<u64>();
        let bound = u64::from(bias.unsigned_abs()) + weights * MAX_INPUT;
        ensure(bound < 1 << 31, Fault::Accumulator, at)?;
    }
    Ok(())
}
