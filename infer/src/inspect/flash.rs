//! What is in a flash file.

use input::labels::in_list;
use input::limits::Limits;
use no_std_core::format::{
    Axis, NO_TENSOR, ONE, OperatorRecord, OutputKind, Shape, TensorRecord, VERSION, stored_checksum,
};
use no_std_core::prepare::Preparation;
use no_std_core::requantize::Multiplier;
use no_std_core::{Model, Operation};

use super::{Inspection, crossed, fact, range, titles};
use crate::error::ModelError;
use crate::file::InFile;
use crate::flash::check_limits;

/// Looks into a flash file, whatever pictures it is for.
pub fn inspect(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
) -> Result<Inspection, InFile<ModelError>> {
    let model = Model::new(bytes).map_err(InFile::named(name))?;
    check_limits(&model, limits).map_err(InFile::named(name))?;
    Ok(Inspection {
        facts: facts(&model, bytes, name),
        layers: operators(&model, bytes),
    })
}

fn facts(model: &Model, bytes: &[u8], name: &str) -> Vec<[String; 2]> {
    let checksum = stored_checksum(bytes).unwrap_or_default();
    let mut facts = vec![
        fact("file", name),
        fact("kind", "flash file of 8-bit integers"),
        fact("format version", VERSION.to_string()),
        fact("bytes", bytes.len().to_string()),
        fact("CRC-32", format!("{checksum:08x}")),
        fact("input", tensor(&model.input())),
        fact("preparation", preparation(model.preparation())),
        fact("output", tensor(&model.output())),
    ];
    let threshold = f64::from(model.threshold());
    match model.output_kind() {
        OutputKind::Values => facts.push(fact("output kind", "values")),
        OutputKind::Classes => {
            let labels: Vec<_> = model.labels().map(in_list).collect();
            let labels = if labels.is_empty() {
                "numbers".to_owned()
            } else {
                labels.join(", ")
            };
            let threshold = threshold / f64::from(ONE);
            facts.push(fact("output kind", "classes"));
            facts.push(fact("labels", labels));
            facts.push(fact("threshold", format!("{threshold:.4}")));
        }
        OutputKind::Reconstruction => {
            let threshold = threshold / 256.0;
            facts.push(fact("output kind", "reconstruction of the input"));
            facts.push(fact("threshold", format!("{threshold:.2} squared steps")));
        }
    }
    facts.push(fact("arena bytes", model.arena_len().to_string()));
    facts.push(fact("multiply-adds", model.multiply_adds().to_string()));
    facts
}

fn operators(model: &Model, bytes: &[u8]) -> Vec<Vec<String>> {
    let titles = titles(
        "tensor | operator | reads | output | kernel | stride | padding | pool | groups | multipliers | rows held | flash bytes | multiply-adds",
    );
    let rows = model.operations().enumerate().map(|(index, operation)| {
        let record = operation.record();
        let output = operation.output();
        let of_axes = |field: fn(Axis) -> String| axes(&record, field);
        let reads: Vec<u16> = record
            .inputs
            .into_iter()
            .filter(|&at| at != NO_TENSOR)
            .collect();
        vec![
            (index + 1).to_string(),
            operation.name().to_owned(),
            reads
                .iter()
                .map(u16::to_string)
                .collect::<Vec<_>>()
                .join(", "),
            tensor(&output),
            of_axes(|axis| axis.kernel.to_string()),
            of_axes(|axis| axis.stride.to_string()),
            of_axes(|axis| format!("{}+{}", axis.pad_begin, axis.pad_end)),
            of_axes(|axis| axis.pool.to_string()),
            or_dash(record.groups),
            range(multipliers(&operation, bytes)),
            match output.held {
                0 => "all".to_owned(),
                held => held.to_string(),
            },
            operation.flash_len().to_string(),
            operation.multiply_adds().to_string(),
        ]
    });
    [titles].into_iter().chain(rows).collect()
}

/// A field of both axes; a dash where the operator has no windows.
fn axes(record: &OperatorRecord, field: fn(Axis) -> String) -> String {
    if record.rows == Axis::default() {
        "-".to_owned()
    } else {
        crossed(&[field(record.rows), field(record.columns)])
    }
}

fn or_dash(number: u16) -> String {
    match number {
        0 => "-".to_owned(),
        number => number.to_string(),
    }
}

/// The factors of the channels as real numbers.
fn multipliers(operation: &Operation, bytes: &[u8]) -> Vec<f32> {
    let record = operation.record();
    if record.multipliers_at == 0 {
        return Vec::new();
    }
    let section = bytes.get(record.multipliers_at as usize..);
    let (entries, _) = section.unwrap_or_default().as_chunks();
    let one_a_channel = record.biases_at > 0;
    let count = if one_a_channel {
        usize::from(operation.output().shape.channels)
    } else {
        1
    };
    let real = |&entry: &[u8; 4]| {
        let multiplier = Multiplier::decode(entry)?;
        let divisor = 2_f64.powi(i32::from(multiplier.shift()));
        Some((f64::from(multiplier.mantissa()) / divisor) as f32)
    };
    entries.iter().take(count).filter_map(real).collect()
}

fn preparation(preparation: Preparation) -> String {
    match (preparation.box_side(), preparation.fit()) {
        (Some(side), _) => format!("centred, in a box of {side} x {side}"),
        (None, Some(fit)) => format!("scaled, {}", fit.name()),
        (None, None) if preparation.takes_pictures() => "plain".to_owned(),
        (None, None) => "none, the input is no picture".to_owned(),
    }
}

/// Shape and meaning.
fn tensor(tensor: &TensorRecord) -> String {
    let Shape {
        rows,
        columns,
        channels,
    } = tensor.shape;
    let scale = f32::from_bits(tensor.scale);
    let shape = crossed(&[rows, columns, channels]);
    format!(
        "{shape}, scale {scale:.3e}, zero point {}",
        tensor.zero_point
    )
}
