//! The checks of a flash file: first that it is whole, then each section in the order of the file, then the memory plan.

use core::ops::Range;

use super::Model;
use crate::error::Fault;
use crate::format::{
    self, HEADER_LEN, Header, MAGIC, MAX_CLASSES, MAX_ELEMENTS, MAX_OPERATORS, ONE, OPERATOR_LEN,
    OutputKind, PIXEL_ENTRIES, PROBABILITY_ENTRIES, Shape, TENSOR_LEN, TensorRecord, VERSION,
};
use crate::operators::Operator;
use crate::plan;
use crate::prepare::{Preparation, SIDE};

mod operators;
mod sections;

use sections::{Result, Sections, check_zeros, ensure, error};

/// What a centred preparation makes of a picture.
const PREPARED: Shape = Shape {
    rows: SIDE as u16,
    columns: SIDE as u16,
    channels: 1,
};

/// The bits of positive normal numbers in single precision: compared so, they take no floats.
const SCALES: Range<u32> = f32::MIN_POSITIVE.to_bits()..f32::INFINITY.to_bits();

/// Checks all of a file.
#[inline(never)] // What the checks need is not on the stack while the model runs.
pub(super) fn check<'a>(
    file: &'a [u8],
    operators: &'static [&'static Operator],
) -> Result<Model<'a>> {
    let header = check_whole(file)?;
    let tables_len = TENSOR_LEN + (TENSOR_LEN + OPERATOR_LEN) * usize::from(header.operators);
    let end = (HEADER_LEN + tables_len) as u32;
    let fits = (1..=MAX_OPERATORS).contains(&header.operators) && end as usize <= file.len();
    let fault = Fault::Operators(header.operators);
    ensure(fits, fault, Header::OPERATORS_AT)?;
    let model = Model {
        file,
        header,
        operators,
    };
    check_tensors(&model)?;
    let mut sections = Sections { file, end };
    check_output(&mut sections, &model)?;
    check_input(&mut sections, &model)?;
    for zeros in Header::ZEROS {
        check_zeros(file, zeros)?;
    }
    for index in 0..model.header.operators {
        operators::check_operator(&mut sections, &model, index)?;
    }
    let length = Fault::Length {
        expected: sections.end,
        found: model.header.total_len,
    };
    ensure(
        sections.end == model.header.total_len,
        length,
        Header::TOTAL_LEN_AT,
    )?;
    plan::check(&model).map_err(|(fault, tensor)| {
        let field = match fault {
            Fault::Held => TensorRecord::HELD_AT,
            Fault::Overlap => TensorRecord::ARENA_AT,
            _ => 0,
        };
        error(fault, format::tensor_at(tensor.into()) + field)
    })?;
    Ok(model)
}

/// That this is a whole, undamaged file of this version.
#[inline(never)] // As above.
fn check_whole(file: &[u8]) -> Result<Header> {
    let len = u32::try_from(file.len()).unwrap_or(u32::MAX);
    let too_short = error(
        Fault::Length {
            expected: HEADER_LEN as u32,
            found: len,
        },
        0,
    );
    let header = format::header(file).ok_or(too_short)?;
    ensure(file.starts_with(&MAGIC), Fault::Magic, 0)?;
    let version = format::version(file).ok_or(too_short)?;
    ensure(
        version == VERSION,
        Fault::Version(version),
        Header::VERSION_AT,
    )?;
    let length = Fault::Length {
        expected: header.total_len,
        found: len,
    };
    let is_whole = u64::from(header.total_len) == file.len() as u64;
    ensure(is_whole, length, Header::TOTAL_LEN_AT)?;
    let expected = format::checksum(file).ok_or(too_short)?;
    let found = format::stored_checksum(file).ok_or(too_short)?;
    ensure(
        expected == found,
        Fault::Checksum { expected, found },
        Header::CHECKSUM_AT,
    )?;
    Ok(header)
}

/// Shape, scale and place of each tensor.
#[inline(never)] // As above.
fn check_tensors(model: &Model<'_>) -> Result<()> {
    let mut end = 0;
    for index in 0..=model.header.operators {
        let at = format::tensor_at(index.into());
        let tensor = model.tensor_or_none(index);
        check_shape(tensor.shape, at)?;
        ensure(
            SCALES.contains(&tensor.scale),
            Fault::Scale,
            at + TensorRecord::SCALE_AT,
        )?;
        let partly = u16::from(tensor.held) < tensor.shape.rows;
        ensure(partly, Fault::Held, at + TensorRecord::HELD_AT)?;
        end = tensor.place().end.max(end);
    }
    let arena = Fault::Arena {
        expected: end,
        found: model.header.arena_len,
    };
    let is_arena = u64::from(model.header.arena_len) == end;
    ensure(is_arena, arena, Header::ARENA_LEN_AT)?;
    let fits = end <= u64::from(MAX_ELEMENTS);
    ensure(fits, Fault::Memory, Header::ARENA_LEN_AT)
}

fn check_shape(shape: Shape, at: usize) -> Result<()> {
    let elements = u64::from(shape.rows)
        .saturating_mul(shape.columns.into())
        .saturating_mul(shape.channels.into());
    let fits = (1..=u64::from(MAX_ELEMENTS)).contains(&elements);
    ensure(fits, Fault::Shape, at)
}

/// Labels, probabilities and threshold of what the model gives.
#[inline(never)] // As above.
fn check_output(sections: &mut Sections<'_>, model: &Model<'_>) -> Result<()> {
    let Header {
        output, threshold, ..
    } = model.header;
    let kind = OutputKind::from_byte(output);
    let kind = kind.ok_or(error(Fault::OutputKind(output), Header::OUTPUT_AT))?;
    let shape = model.output().shape;
    let (has_classes, limit) = match kind {
        OutputKind::Values => (false, 0),
        OutputKind::Classes => (true, ONE),
        OutputKind::Reconstruction => (false, u32::MAX),
    };
    let fault = Fault::Threshold(threshold);
    ensure(threshold <= limit, fault, Header::THRESHOLD_AT)?;
    if has_classes {
        let few = shape.elements() <= MAX_CLASSES as u64;
        ensure(few, Fault::Classes, Header::OUTPUT_AT)?;
    }
    if kind == OutputKind::Reconstruction {
        let meaning = |tensor: TensorRecord| (tensor.shape, tensor.scale, tensor.zero_point);
        let same = meaning(model.input()) == meaning(model.output());
        ensure(same, Fault::Reconstruction, Header::OUTPUT_AT)?;
    }
    check_labels(sections, model, has_classes)?;
    check_probabilities(sections, &model.header, has_classes)
}

/// The labels that a model with classes may have.
fn check_labels(sections: &mut Sections<'_>, model: &Model<'_>, has_classes: bool) -> Result<()> {
    let at = model.header.labels_at;
    if at == 0 || !has_classes {
        sections.take(Header::LABELS_AT, at, 0)?;
        return Ok(());
    }
    let labels = sections.begin(Header::LABELS_AT, at)?;
    let mut rest = labels;
    for _ in 0..model.output().shape.elements() {
        let (label, others) =
            format::split_label(rest).ok_or(error(Fault::Section, Header::LABELS_AT))?;
        let at = at as usize + labels.len() - rest.len();
        let text = core::str::from_utf8(label).unwrap_or_default();
        ensure(
            !text.is_empty() && !text.contains(char::is_control),
            Fault::Label,
            at,
        )?;
        rest = others;
    }
    let len = labels.len() - rest.len();
    sections.take(Header::LABELS_AT, at, len as u64)?;
    Ok(())
}

/// The probability table of a model with classes.
fn check_probabilities(
    sections: &mut Sections<'_>,
    header: &Header,
    has_classes: bool,
) -> Result<()> {
    let entries = if has_classes { PROBABILITY_ENTRIES } else { 0 };
    let (field, at) = (Header::PROBABILITIES_AT, header.probabilities_at);
    let table = sections.take(field, at, (entries * size_of::<u32>()) as u64)?;
    let mut range = ONE..=ONE;
    for (entry, at) in table.as_chunks().0.iter().zip((at as usize..).step_by(4)) {
        let probability = u32::from_le_bytes(*entry);
        ensure(
            range.contains(&probability),
            Fault::Probability(probability),
            at,
        )?;
        range = 0..=probability;
    }
    Ok(())
}

/// How pictures become the input.
#[inline(never)] // As above.
fn check_input(sections: &mut Sections<'_>, model: &Model<'_>) -> Result<()> {
    let (header, input) = (&model.header, model.input());
    let preparation = Preparation::from_bytes(&header.preparation);
    let fault = error(Fault::Preparation, Header::PREPARATION_AT);
    let preparation = preparation.ok_or(fault)?;
    let pixels = if header.pixels_at == 0 || !preparation.takes_pictures() {
        0
    } else {
        u64::from(input.shape.channels) * PIXEL_ENTRIES as u64
    };
    sections.take(Header::PIXELS_AT, header.pixels_at, pixels)?;
    let is_prepared =
        input.shape == PREPARED && input.zero_point == i8::MIN && header.pixels_at == 0;
    let gives_input = preparation.box_side().is_none() || is_prepared;
    ensure(gives_input, fault.fault, Header::PREPARATION_AT)
}
