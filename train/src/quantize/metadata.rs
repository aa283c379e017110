//! What a float model tells about itself, and what its int8 model does.

use input::file::one_line;
use input::{labels, pair};

use super::QuantizeError;
use super::candidate::Candidate;
use super::compare::Measured;
use super::network::FloatNetwork;
use crate::data::augment::{Augment, Variant};

/// The names of the classes as a flash file can say them: on one line.
pub fn labels(network: &FloatNetwork) -> Result<Vec<String>, QuantizeError> {
    let labels = labels::of_classes(network.metadata(labels::KEY), network.classes())?;
    Ok(labels.iter().map(|label| one_line(label)).collect())
}

/// The images that a model was trained on: the metadata entry `augment`. Without it the inverted ones are not taken to
/// be among them.
pub fn augment(network: &FloatNetwork) -> Result<Option<Augment>, QuantizeError> {
    let Some(found) = network.metadata("augment") else {
        return Ok(None);
    };
    let known = [Augment::None, Augment::Invert];
    match known.into_iter().find(|augment| augment.name() == found) {
        Some(augment) => Ok(Some(augment)),
        None => Err(QuantizeError::Metadata {
            key: "augment",
            expected: "none or invert".into(),
            found: short(found),
        }),
    }
}

/// Fails if the model says that it takes other numbers than pixels from 0 to 1.
pub fn expect_input_range(network: &FloatNetwork) -> Result<(), QuantizeError> {
    const RANGE: &str = "0..1";
    match network.metadata("input_range") {
        Some(found) if found != RANGE => Err(QuantizeError::Metadata {
            key: "input_range",
            expected: RANGE.into(),
            found: short(found),
        }),
        _ => Ok(()),
    }
}

/// Text of any length and content, on a line of bearable length.
fn short(text: &str) -> String {
    const LONGEST: usize = 80;
    let line = one_line(text);
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line,
    }
}

/// How variants are called in reports.
pub fn variants_name(variants: &[Variant]) -> &'static str {
    match variants {
        [Variant::Plain] => "plain",
        _ => "plain and inverted",
    }
}

/// The float model's entries, and how the integers came to be: from how many training images, in which variants.
pub fn of_int8(
    network: &FloatNetwork,
    best: &Candidate,
    [calibration, held_out]: [usize; 2],
    measured: &Measured,
    flash: &[u8],
) -> Vec<(String, String)> {
    let meaning = best.meaning();
    let mut entries = network.metadata.clone();
    let mut set =
        |key: &str, value: String| match entries.iter_mut().find(|(other, _)| other == key) {
            Some(entry) => entry.1 = value,
            None => entries.push((key.into(), value)),
        };
    set("output", "logits; softmax makes them probabilities".into());
    set(
        "quantization",
        "int8; weights per filter, activations per tensor".into(),
    );
    set("quantization_ranges", best.method.name().into());
    set(
        "quantization_data",
        format!(
            "{calibration} training images for ranges, {held_out} others for method and threshold, by class"
        ),
    );
    set("logit_scale", meaning.scale.to_string());
    set("logit_zero_point", meaning.zero_point.to_string());
    for (name, _, comparison) in measured.rows() {
        for (form, share) in ["float", "int8"].into_iter().zip(comparison.accuracies()) {
            set(&format!("{name}_accuracy_{form}"), format!("{share:.6}"));
        }
    }
    set(
        pair::CHECKSUM_KEY,
        pair::checksum(flash).unwrap_or_default(),
    );
    entries
}
