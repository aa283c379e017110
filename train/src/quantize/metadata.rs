//! What an int8 model tells about itself.

use super::QuantizeError;
use super::choose::Candidate;
use super::measure::Measured;
use super::network::FloatNetwork;

/// The names of the classes: the metadata entry `labels`, else their indices.
pub fn labels(network: &FloatNetwork) -> Result<Vec<String>, QuantizeError> {
    let classes = network.classes();
    let Some(found) = network.metadata("labels") else {
        return Ok((0..classes).map(|class| class.to_string()).collect());
    };
    let labels: Vec<String> = found.split(',').map(Into::into).collect();
    let is_name = |label: &String| !label.is_empty() && !label.contains(char::is_control);
    if labels.len() == classes && labels.iter().all(is_name) {
        return Ok(labels);
    }
    Err(QuantizeError::Labels {
        classes,
        found: found.escape_debug().to_string(),
    })
}

/// The float model's entries, and how the integers came to be.
pub fn of_int8(
    network: &FloatNetwork,
    best: &Candidate,
    measured: &Measured,
) -> Vec<(String, String)> {
    let meaning = best.meaning();
    let share = |share: f64| format!("{share:.6}");
    let entries = [
        (
            "quantization",
            "int8; weights per filter, activations per tensor".into(),
        ),
        ("quantization_ranges", best.method.name().into()),
        ("logit_scale", meaning.scale.to_string()),
        ("logit_zero_point", meaning.zero_point.to_string()),
        ("held_out_accuracy_float", share(measured.held_out.float)),
        ("held_out_accuracy_int8", share(measured.held_out.int8)),
        ("test_accuracy_float", share(measured.test.float)),
        ("test_accuracy_int8", share(measured.test.int8)),
        (
            "inverted_test_accuracy_float",
            share(measured.inverted.float),
        ),
        ("inverted_test_accuracy_int8", share(measured.inverted.int8)),
    ];
    let is_new = |key: &String| entries.iter().all(|(other, _)| other != key);
    let kept = network
        .metadata
        .iter()
        .filter(|(key, _)| is_new(key))
        .cloned();
    kept.chain(entries.clone().map(|(key, value)| (key.to_owned(), value)))
        .collect()
}
