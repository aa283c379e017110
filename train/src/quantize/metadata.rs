//! What a float model tells about itself, and what its int8 model does.

use input::file::one_line;
use input::normalization::Normalization;
use input::{labels, metadata, pair};
use no_std_core::Model;
use no_std_core::format::OutputKind;
use no_std_core::prepare::Fit;

use super::QuantizeError;
use super::candidate::Candidate;
use super::compare::Measured;
use super::layers::Origins;
use super::samples::Samples;
use crate::data::augment::Augment;
use crate::network::Network;
use crate::ops::Quantization;

/// The entry that says how a model was quantised.
const QUANTIZATION: &str = "quantization";
/// The float model's entries that an int8 model may say otherwise, or, as how sure floats must be, not at all.
const REPLACED: [&str; 4] = [
    "output",
    "input_shape",
    labels::KEY,
    metadata::LEAST_PROBABILITY,
];

/// The names of the classes as a flash file can say them: on one line.
pub fn labels(network: &Network) -> Result<Vec<String>, QuantizeError> {
    let labels = labels::of_classes(network.metadata(labels::KEY), network.output()[0])?;
    Ok(labels.iter().map(|label| one_line(label)).collect())
}

/// Whether nothing speaks against an int8 model being made of a float model: it says how it was quantised, and says all
/// else as the float model does, its checkpoint among that.
pub fn may_be_of(int8: &[u8], float: &[u8]) -> bool {
    let [Ok(int8), Ok(float)] = [int8, float].map(input::onnx::parse) else {
        return false;
    };
    let entry = |key: &str| int8.metadata_props.iter().find(|entry| entry.key == key);
    let is_kept = |key: &str| !REPLACED.contains(&key);
    let mut kept = float.metadata_props.iter().filter(|one| is_kept(&one.key));
    entry(QUANTIZATION).is_some()
        && kept.all(|one| entry(&one.key).is_some_and(|entry| entry.value == one.value))
}

/// The images that a model was trained on: the metadata entry `augment`. Without it the inverted ones are not taken to
/// be among them.
pub fn augment(network: &Network) -> Result<Option<Augment>, QuantizeError> {
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
pub fn expect_input_range(network: &Network) -> Result<(), QuantizeError> {
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

/// How pictures are scaled to the model's size, if it says that.
pub fn fit(network: &Network) -> Option<Fit> {
    let said = network.metadata(metadata::PREPARATION)?;
    metadata::preparation(said)?.fit()
}

/// What the pixels of its pictures become, where that is not simply 0 to 1.
pub fn normalization(network: &Network) -> Result<Option<Normalization>, QuantizeError> {
    let channels = network.input.shape[0];
    let said = Normalization::from_entries(|key| network.metadata(key), channels)?;
    Ok(said.filter(|said| *said != Normalization::up_to(1.0, channels)))
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

/// Entries of which each key has one.
struct Entries(Vec<(String, String)>);

impl Entries {
    fn set(&mut self, key: &str, value: impl Into<String>) {
        let value = value.into();
        match self.0.iter_mut().find(|(other, _)| other == key) {
            Some(entry) => entry.1 = value,
            None => self.0.push((key.into(), value)),
        }
    }

    /// The share of right answers in floats and in integers, of each kind of samples.
    fn set_accuracies(&mut self, measured: &Measured) {
        for (name, _, comparison) in measured.rows() {
            for (form, share) in ["float", "int8"].into_iter().zip(comparison.accuracies()) {
                self.set(&format!("{name}_accuracy_{form}"), format!("{share:.6}"));
            }
        }
    }
}

/// What an output is, and how entries of its integers begin.
fn output(kind: OutputKind) -> [&'static str; 2] {
    match kind {
        OutputKind::Classes => ["logits; softmax makes them probabilities", "logit"],
        OutputKind::Values => ["values", "output"],
        OutputKind::Reconstruction => ["what is made of the input again", "output"],
    }
}

/// From which samples the integers came.
fn origin([calibration, held_out]: [&Samples; 2]) -> String {
    let (others, by) = match held_out {
        Samples::Pictures { images, .. } => (images.len(), ", by class"),
        Samples::Pixels { .. } | Samples::Arrays { .. } => (held_out.len(), ""),
    };
    let calibration = calibration.describe("");
    format!("{calibration} for ranges, {others} others for method and threshold{by}")
}

/// The float model's entries, and how the integers came to be, from how many samples.
pub fn of_int8(
    best: &Candidate,
    samples: [&Samples; 2],
    measured: Option<&Measured>,
    layers: &Origins,
    (flash_file, pixels): (&[u8], Option<&Normalization>),
) -> Result<Vec<(String, String)>, QuantizeError> {
    let flash = Model::new(flash_file).map_err(QuantizeError::Core)?;
    let network = &best.network;
    let mut entries = Entries(network.metadata.clone());
    entries
        .0
        .retain(|(key, _)| key != metadata::LEAST_PROBABILITY);
    let [output, prefix] = output(flash.output_kind());
    entries.set("output", output);
    let shape = network.input.shape.map(|size| size.to_string());
    entries.set("input_shape", shape.join(","));
    let integers = "int8; weights per filter, activations per tensor";
    entries.set(QUANTIZATION, integers);
    entries.set("quantization_ranges", best.method.name());
    entries.set("quantization_data", origin(samples));
    let Quantization { scale, zero_point } = best.int8.output();
    entries.set(&format!("{prefix}_scale"), scale.to_string());
    entries.set(&format!("{prefix}_zero_point"), zero_point.to_string());
    if let Some(measured) = measured {
        entries.set_accuracies(measured);
    }
    let names: Vec<String> = flash.labels().map(str::to_owned).collect();
    let says_them =
        network.metadata(labels::KEY).is_some() && labels(network).is_ok_and(|said| said == names);
    if !names.is_empty() && !says_them {
        entries.set(labels::KEY, labels::to_metadata(&names));
    }
    let pixels = pixels.map_or_else(Vec::new, Normalization::entries);
    for (key, value) in pixels.into_iter().chain(metadata::of_flash_file(&flash)) {
        entries.set(key, value);
    }
    entries.set(Origins::KEY, layers.to_metadata());
    let checksum = pair::checksum(flash_file).unwrap_or_default();
    entries.set(pair::CHECKSUM_KEY, checksum);
    Ok(entries.0)
}
