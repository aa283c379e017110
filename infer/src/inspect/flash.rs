//! What is in a flash file.

use input::onnx::Limits;
use no_std_core::format::{Axis, LayerRecord, ONE, Shape, VERSION, stored_checksum};
use no_std_core::prepare::Preparation;
use no_std_core::requantize::Multiplier;
use no_std_core::{Layer, Model};

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
        layers: layers(&model, bytes),
    })
}

fn facts(model: &Model, bytes: &[u8], name: &str) -> Vec<[String; 2]> {
    let checksum = stored_checksum(bytes).unwrap_or_default();
    let labels: Vec<&str> = model.labels().collect();
    let (input, zero_point) = (show(model.input()), model.input_zero_point());
    let threshold = f64::from(model.threshold()) / f64::from(ONE);
    vec![
        fact("file", name),
        fact("kind", "flash file of 8-bit integers"),
        fact("format version", VERSION.to_string()),
        fact("bytes", bytes.len().to_string()),
        fact("CRC-32", format!("{checksum:08x}")),
        fact("labels", labels.join(", ")),
        fact("input", format!("{input}, zero point {zero_point}")),
        fact("preparation", preparation(model.preparation())),
        fact("threshold", format!("{threshold:.4}")),
        fact("arena bytes", model.arena_len().to_string()),
        fact("multiply-adds", model.multiply_adds().to_string()),
    ]
}

fn layers(model: &Model, bytes: &[u8]) -> Vec<Vec<String>> {
    let titles = titles(
        "layer | input | output | kernel | stride | padding | pool | zero points | multipliers | flash bytes | multiply-adds",
    );
    let rows = model.layers().map(|layer| {
        let record = layer.record();
        let of_axes = |field: fn(Axis) -> String| axes(&layer, field);
        vec![
            layer.name().to_owned(),
            show(record.input),
            show(record.output),
            of_axes(|axis| axis.kernel.to_string()),
            of_axes(|axis| axis.stride.to_string()),
            of_axes(|axis| format!("{}+{}", axis.pad_begin, axis.pad_end)),
            of_axes(|axis| axis.pool.to_string()),
            format!(
                "{} to {}",
                record.input_zero_point, record.output_zero_point
            ),
            range(multipliers(record, bytes)),
            layer.flash_len().to_string(),
            layer.multiply_adds().to_string(),
        ]
    });
    [titles].into_iter().chain(rows).collect()
}

/// A field of both axes; a dash where the layer has no windows.
fn axes(layer: &Layer, field: fn(Axis) -> String) -> String {
    let record = layer.record();
    if record.rows == Axis::default() {
        "-".to_owned()
    } else {
        crossed(&[field(record.rows), field(record.columns)])
    }
}

/// The factors of the channels as real numbers.
fn multipliers(record: &LayerRecord, bytes: &[u8]) -> Vec<f32> {
    let section = bytes.get(record.multipliers_at as usize..);
    let (entries, _) = section.unwrap_or_default().as_chunks();
    let channels = usize::from(record.output.channels);
    let real = |&entry: &[u8; 4]| {
        let multiplier = Multiplier::decode(entry)?;
        let divisor = 2_f64.powi(i32::from(multiplier.shift()));
        Some((f64::from(multiplier.mantissa()) / divisor) as f32)
    };
    entries.iter().take(channels).filter_map(real).collect()
}

fn preparation(preparation: Preparation) -> String {
    match preparation.box_side() {
        Some(side) => format!("centred, in a box of {side} x {side}"),
        None => "plain".to_owned(),
    }
}

fn show(shape: Shape) -> String {
    crossed(&[shape.rows, shape.columns, shape.channels])
}
