//! The checks of a flash file: first that it is whole, then each section in the order of the file, then the memory plan.

use core::ops::Range;

use super::Model;
use crate::error::{Fault, Refusal};
use crate::format::{
    self, HEADER_LEN, Header, MAX_CLASSES, MAX_ELEMENTS, MAX_OPERATORS, ONE, OutputKind,
    PIXEL_ENTRIES, PROBABILITY_ENTRIES, Shape, TENSOR_LEN, TensorRecord, VERSION,
};
use crate::operators::Operator;
use crate::plan;
use crate::prepare::{Preparation, SIDE};

mod operators;
mod sections;
mod text;

use sections::{Result, Sections, check_zeros, ensure, error};

/// What a centred preparation makes of a picture.
const PREPARED: Shape = Shape {
    rows: SIDE as u16,
    columns: SIDE as u16,
    channels: 1,
};

/// The bits of positive normal numbers in single precision: compared so, they take no floats.
const SCALES: Range<u32> = f32::MIN_POSITIVE.to_bits()..f32::INFINITY.to_bits();

/// Checks all of a file. An error comes with the number that should have been there.
#[inline(never)] // What the checks need is not on the stack while the model runs.
pub(super) fn check<'a>(
    file: &'a [u8],
    operators: &'static [&'static Operator],
) -> core::result::Result<Model<'a>, (Refusal, u32)> {
    let mut sections = Sections {
        file,
        end: 0,
        expected: HEADER_LEN as u32,
    };
    let checked = check_whole(&mut sections).and_then(|()| {
        let model = Model::of(file, operators);
        let model = model.ok_or(error(Fault::Operators, Header::OPERATORS_AT))?;
        check_parts(&mut sections, &model)?;
        Ok(model)
    });
    checked.map_err(|refusal| (refusal, sections.expected))
}

/// That this is a whole, undamaged file of this version.
#[inline(never)] // As above.
fn check_whole(sections: &mut Sections<'_>) -> Result<()> {
    let file = sections.file;
    let header = format::header(file).ok_or(error(Fault::Length, 0))?;
    ensure(format::has_magic(file), Fault::Magic, 0)?;
    let is_known = format::version(file) == Some(VERSION);
    ensure(is_known, Fault::Version, Header::VERSION_AT)?;
    sections.expected = header.total_len;
    let is_whole = u32::try_from(file.len()) == Ok(header.total_len);
    ensure(is_whole, Fault::Length, Header::TOTAL_LEN_AT)?;
    let found = format::stored_checksum(file).unwrap_or_default();
    let expected = format::checksum(file).unwrap_or_default();
    sections.compare(found, expected, Fault::Checksum, Header::CHECKSUM_AT)?;
    let fits = (1..=MAX_OPERATORS).contains(&header.operators);
    ensure(fits, Fault::Operators, Header::OPERATORS_AT)
}

/// The checks of each section, and of the memory plan.
#[inline(never)] // As above.
fn check_parts(sections: &mut Sections<'_>, model: &Model<'_>) -> Result<()> {
    check_tensors(sections, model)?;
    let count = model.program.operators.len();
    sections.end = format::operator_at(count, count) as u32;
    check_output(sections, model)?;
    check_input(sections, model)?;
    let [first, second] = Header::ZEROS;
    check_zeros(sections.file, first)?;
    check_zeros(sections.file, second)?;
    for index in 0..count {
        operators::check_operator(sections, model, index)?;
    }
    let (end, found) = (sections.end, model.header().total_len);
    sections.compare(found, end, Fault::Length, Header::TOTAL_LEN_AT)?;
    let keeps_input = model.output_kind() == OutputKind::Reconstruction;
    plan::check(&model.program, keeps_input).map_err(|(fault, tensor)| {
        let field = match fault {
            Fault::Held => TensorRecord::HELD_AT,
            Fault::Overlap => TensorRecord::ARENA_AT,
            _ => 0,
        };
        error(fault, format::tensor_at(tensor) + field)
    })
}

/// Shape, scale and place of each tensor.
#[inline(never)] // As above.
fn check_tensors(sections: &mut Sections<'_>, model: &Model<'_>) -> Result<()> {
    let mut end = 0;
    let places = (format::tensor_at(0)..).step_by(TENSOR_LEN);
    for (tensor, at) in model.program.tensors.iter().zip(places) {
        let tensor = TensorRecord::decode(tensor);
        let elements = tensor.shape.elements();
        let fits = (1..=u64::from(MAX_ELEMENTS)).contains(&elements);
        ensure(fits, Fault::Shape, at)?;
        let is_scale = SCALES.contains(&tensor.scale);
        ensure(is_scale, Fault::Scale, at + TensorRecord::SCALE_AT)?;
        let partly = u16::from(tensor.held) < tensor.shape.rows;
        ensure(partly, Fault::Held, at + TensorRecord::HELD_AT)?;
        end = tensor.end().max(end);
    }
    let end = u32::try_from(end).unwrap_or(u32::MAX);
    let found = model.header().arena_len;
    sections.compare(found, end, Fault::Arena, Header::ARENA_LEN_AT)?;
    ensure(end <= MAX_ELEMENTS, Fault::Memory, Header::ARENA_LEN_AT)
}

/// Labels, probabilities and threshold of what the model gives.
#[inline(never)] // As above.
fn check_output(sections: &mut Sections<'_>, model: &Model<'_>) -> Result<()> {
    let Header {
        output, threshold, ..
    } = model.header();
    let kind = OutputKind::from_byte(output);
    let kind = kind.ok_or(error(Fault::OutputKind, Header::OUTPUT_AT))?;
    let limit = match kind {
        OutputKind::Values => 0,
        OutputKind::Classes => ONE,
        OutputKind::Reconstruction => u32::MAX,
    };
    ensure(threshold <= limit, Fault::Threshold, Header::THRESHOLD_AT)?;
    let mut classes = 0;
    if kind == OutputKind::Classes {
        classes = model.output().shape.elements() as usize;
        ensure(classes <= MAX_CLASSES, Fault::Classes, Header::OUTPUT_AT)?;
    }
    if kind == OutputKind::Reconstruction {
        let [input, output] = [model.input(), model.output()];
        let meaning = |tensor: TensorRecord| (tensor.scale, tensor.zero_point);
        let same = meaning(input) == meaning(output) && have_one_order(input.shape, output.shape);
        ensure(same, Fault::Reconstruction, Header::OUTPUT_AT)?;
    }
    check_labels(sections, model, classes)?;
    check_probabilities(sections, model, classes > 0)
}

/// Whether two tensors have as many values, which are the same ones in the same places.
fn have_one_order(first: Shape, second: Shape) -> bool {
    let is_line = |shape: Shape| shape.channels == 1 || (shape.rows, shape.columns) == (1, 1);
    first == second || first.elements() == second.elements() && is_line(first) && is_line(second)
}

/// The labels that a model with so many classes may have.
fn check_labels(sections: &mut Sections<'_>, model: &Model<'_>, classes: usize) -> Result<()> {
    let (field, at) = (Header::LABELS_AT, model.header().labels_at);
    let labels = format::tail(sections.file, at);
    let mut rest = labels;
    if at > 0 && classes > 0 {
        sections.compare(at, sections.end, Fault::Offset, field)?;
        for _ in 0..classes {
            let place = sections.file.len() - rest.len();
            let (label, others) = format::split_label(rest).ok_or(error(Fault::Section, field))?;
            let is_label = !label.is_empty() && text::is_text(label);
            ensure(is_label, Fault::Label, place)?;
            rest = others;
        }
    }
    sections.take(field, at, (labels.len() - rest.len()) as u32)
}

/// The probability table of a model with classes.
fn check_probabilities(
    sections: &mut Sections<'_>,
    model: &Model<'_>,
    has_classes: bool,
) -> Result<()> {
    let (field, at) = (Header::PROBABILITIES_AT, model.header().probabilities_at);
    if !has_classes {
        return sections.take(field, at, 0);
    }
    sections.take(field, at, (PROBABILITY_ENTRIES * size_of::<u32>()) as u32)?;
    let (mut least, mut most) = (ONE, ONE);
    for (entry, at) in model.probabilities().iter().zip((at as usize..).step_by(4)) {
        let probability = u32::from_le_bytes(*entry);
        let falls = (least..=most).contains(&probability);
        ensure(falls, Fault::Probability, at)?;
        (least, most) = (0, probability);
    }
    Ok(())
}

/// How pictures become the input.
#[inline(never)] // As above.
fn check_input(sections: &mut Sections<'_>, model: &Model<'_>) -> Result<()> {
    let (header, input) = (model.header(), model.input());
    let preparation = Preparation::from_bytes(&header.preparation);
    let fault = error(Fault::Preparation, Header::PREPARATION_AT);
    let preparation = preparation.ok_or(fault)?;
    let pixels = if header.pixels_at == 0 || !preparation.takes_pictures() {
        0
    } else {
        u32::from(input.shape.channels) * PIXEL_ENTRIES as u32
    };
    sections.take(Header::PIXELS_AT, header.pixels_at, pixels)?;
    let is_prepared =
        input.shape == PREPARED && input.zero_point == i8::MIN && header.pixels_at == 0;
    let is_of_pictures = matches!(input.shape.channels, 1 | 3);
    let gives_input = match preparation.box_side() {
        Some(_) => is_prepared,
        None => preparation.fit().is_none() || is_of_pictures,
    };
    ensure(gives_input, Fault::Preparation, Header::PREPARATION_AT)
}
