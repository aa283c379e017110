//! The checks of a flash file: first that it is whole, then each section in the order of the file.

use crate::error::Fault;
use crate::format::{
    self, HEADER_LEN, Header, LAYER_LEN, LAYOUT_PORTABLE, MAGIC, MAX_CLASSES, ONE,
    PROBABILITY_ENTRIES, Shape, VERSION,
};
use crate::plan::Plan;
use crate::prepare::{Preparation, SIDE};

mod layer;
mod sections;

use sections::{Result, Sections, check_shape, check_zeros, ensure, error};

/// What a centred preparation makes of a picture.
const PREPARED: Shape = Shape {
    rows: SIDE as u16,
    columns: SIDE as u16,
    channels: 1,
};

/// A file that has passed all checks, and what is known of it.
#[derive(Clone)]
pub(super) struct Checked<'a> {
    pub file: &'a [u8],
    pub header: Header,
    pub input_len: usize,
    pub plan: Plan,
}

/// Checks all of a file.
#[inline(never)] // What the checks need is not on the stack while the model runs.
pub(super) fn check(file: &[u8]) -> Result<Checked<'_>> {
    let header = check_whole(file)?;
    check_header(file, &header)?;
    let mut sections = Sections {
        file,
        end: HEADER_LEN as u32,
    };
    let table_len = u64::from(header.layers) * LAYER_LEN as u64;
    sections.take(Header::TABLE_AT, header.layers_at, table_len)?;
    check_probabilities(&mut sections, &header)?;
    check_labels(&mut sections, &header)?;
    layer::check_layers(&mut sections, &header)?;
    let length = Fault::Length {
        expected: sections.end,
        found: header.total_len,
    };
    ensure(
        sections.end == header.total_len,
        length,
        Header::TOTAL_LEN_AT,
    )?;

    let memory = error(Fault::Memory, Header::TABLE_AT);
    let plan = Plan::of(file).ok_or(memory)?;
    let input_len = usize::try_from(header.input.elements()).map_err(|_| memory)?;
    Ok(Checked {
        file,
        header,
        input_len,
        plan,
    })
}

/// That this is a whole, undamaged file of this version.
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

fn check_header(file: &[u8], header: &Header) -> Result<()> {
    let Header {
        weight_layout,
        layers,
        classes,
        threshold,
        input,
        input_zero_point,
        ..
    } = *header;
    ensure(
        weight_layout == LAYOUT_PORTABLE,
        Fault::WeightLayout(weight_layout),
        Header::WEIGHT_LAYOUT_AT,
    )?;
    ensure(layers > 0, Fault::NoLayers, Header::LAYERS_AT)?;
    check_shape(input, Header::INPUT_AT)?;
    let classes_fit = (1..=MAX_CLASSES).contains(&usize::from(classes));
    ensure(classes_fit, Fault::Classes(classes), Header::CLASSES_AT)?;
    ensure(
        threshold <= ONE,
        Fault::Threshold(threshold),
        Header::THRESHOLD_AT,
    )?;
    let preparation = Preparation::from_bytes(&header.preparation);
    let gives_input = preparation.is_some_and(|preparation| {
        preparation == Preparation::PLAIN || input == PREPARED && input_zero_point == i8::MIN
    });
    ensure(gives_input, Fault::Preparation, Header::PREPARATION_AT)?;
    check_zeros(file, Header::ZEROS)
}

fn check_probabilities(sections: &mut Sections<'_>, header: &Header) -> Result<()> {
    let len = (PROBABILITY_ENTRIES * size_of::<u32>()) as u64;
    let table = sections.take(Header::PROBABILITIES_AT, header.probabilities_at, len)?;
    let mut range = ONE..=ONE;
    for (entry, at) in table
        .as_chunks()
        .0
        .iter()
        .zip((header.probabilities_at as usize..).step_by(4))
    {
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

fn check_labels(sections: &mut Sections<'_>, header: &Header) -> Result<()> {
    let labels = sections.begin(Header::LABELS_AT, header.labels_at)?;
    let mut rest = labels;
    for _ in 0..header.classes {
        let (label, others) =
            format::split_label(rest).ok_or(error(Fault::Section, Header::LABELS_AT))?;
        let at = header.labels_at as usize + labels.len() - rest.len();
        let text = core::str::from_utf8(label).unwrap_or_default();
        ensure(
            !text.is_empty() && !text.contains(char::is_control),
            Fault::Label,
            at,
        )?;
        rest = others;
    }
    let len = labels.len() - rest.len();
    sections.take(Header::LABELS_AT, header.labels_at, len as u64)?;
    Ok(())
}
