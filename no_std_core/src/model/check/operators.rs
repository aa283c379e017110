//! The checks of the operators and of everything they point to.

use super::sections::{Result, Sections, check_zeros, ensure, error};
use crate::error::Fault;
use crate::format::{self, NO_TENSOR, OperatorRecord, TensorRecord};
use crate::model::{Model, Operation};
use crate::operators::Operands;
use crate::requantize::Multiplier;

/// No input is further from its zero point than this.
const MAX_INPUT: u32 = 255;

/// Sums from here on need more than 32 bits.
const TOO_LARGE: u32 = 1 << 31;

/// Checks the operator at an index.
#[inline(never)] // What it needs is not on the stack during other checks.
pub(super) fn check_operator(
    sections: &mut Sections<'_>,
    model: &Model<'_>,
    index: usize,
) -> Result<()> {
    let at = format::operator_at(model.program.operators.len(), index);
    let zeros = OperatorRecord::ZEROS;
    check_zeros(sections.file, at + zeros.start..at + zeros.end)?;
    let kind = error(Fault::Kind, at + OperatorRecord::KIND_AT);
    let node = model.program.node(index).ok_or(kind)?;
    let upwards = sections.file.get(at + OperatorRecord::UPWARDS_AT);
    let is_flag = upwards.is_some_and(|&upwards| upwards <= 1);
    ensure(is_flag, Fault::Direction, at + OperatorRecord::UPWARDS_AT)?;
    let record = node.record();
    let check_second = node.operator.check_second;
    check_inputs(&record, check_second.is_some(), index, at)?;

    let Some(Operation {
        operands, second, ..
    }) = &model.operation(index)
    else {
        return Err(kind);
    };
    let [weights, biases, multipliers] = (node.operator.sizes)(operands).bytes();
    let mut take = |field, offset, len| sections.take(at + field, offset, len);
    take(OperatorRecord::WEIGHTS_AT, record.weights_at, weights)?;
    take(OperatorRecord::BIASES_AT, record.biases_at, biases)?;
    take(
        OperatorRecord::MULTIPLIERS_AT,
        record.multipliers_at,
        multipliers,
    )?;
    let made = format::tensor_at(index + 1);
    let checked = (node.operator.check)(operands).and_then(|()| match (check_second, second) {
        (Some(check), Some(second)) => check(operands, second),
        _ => Ok(()),
    });
    checked.map_err(|(fault, field)| {
        let place = match field {
            Operands::OUTPUT => made + TensorRecord::SHAPE_AT,
            Operands::MEANING => made + TensorRecord::ZERO_POINT_AT,
            field => at + field,
        };
        error(fault, place)
    })?;
    check_channels(operands)?;
    check_multipliers(operands)
}

/// That there are as many inputs as the operator takes, none of them twice, all made before.
fn check_inputs(record: &OperatorRecord, has_second: bool, index: usize, at: usize) -> Result<()> {
    let [first, second] = record.inputs;
    let (first, second) = (usize::from(first), usize::from(second));
    let [first_at, second_at] = OperatorRecord::INPUTS_AT;
    ensure(first <= index, Fault::Input, at + first_at)?;
    let fits = if has_second {
        second <= index && second != first
    } else {
        second == NO_TENSOR.into()
    };
    ensure(fits, Fault::Input, at + second_at)
}

/// That weights are such and that no sum can overflow.
fn check_channels(operands: &Operands<'_>) -> Result<()> {
    let record = operands.record();
    let weights = operands.weights_from(0, 0);
    let biases_at = (record.biases_at as usize..).step_by(4);
    for (channel, (bias, at)) in operands.biases(0).zip(biases_at).enumerate() {
        let mut bound = bias.unsigned_abs();
        for index in 0..operands.channel_weights {
            let place = operands.weight_place(channel, index);
            let weight = weights.get(place).map_or(0, |weight| weight.cast_signed());
            let at = record.weights_at as usize + place;
            ensure(weight != i8::MIN, Fault::Weight, at)?;
            bound += u32::from(weight.unsigned_abs()) * MAX_INPUT;
            bound = bound.min(TOO_LARGE);
        }
        ensure(bound < TOO_LARGE, Fault::Accumulator, at)?;
    }
    Ok(())
}

fn check_multipliers(operands: &Operands<'_>) -> Result<()> {
    let places = (operands.record().multipliers_at as usize..).step_by(4);
    for (multiplier, at) in operands.multipliers.iter().zip(places) {
        let is_one = Multiplier::decode(*multiplier).is_some();
        ensure(is_one, Fault::Multiplier, at)?;
    }
    Ok(())
}
