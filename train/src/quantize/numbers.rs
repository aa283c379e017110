//! Which samples of data sets decide what, for networks of ours whose outputs are numbers.

use input::normalization::Normalization;
use input::{labels, metadata as entries};
use ndarray::Array4;
use no_std_core::format::OutputKind;
use no_std_core::prepare::Preparation;

use super::groups::Given;
use super::run::Names;
use super::samples::Samples;
use super::sets::{self, IMAGE, Sets};
use super::{QuantizeError, arrays, metadata};
use crate::data::augment::Variant;
use crate::data::usual::Usual;
use crate::data::{self, Dataset, Element};
use crate::models;
use crate::network::Network;

/// Of a reconstruction the share of normal inputs that may count as strange, where the model does not say it.
const FALSE_ALARMS: f64 = 0.005;

/// What a model says that its output is.
pub fn output_kind(network: &Network) -> Option<OutputKind> {
    entries::output_kind(network.metadata(entries::OUTPUT_KIND)?)
}

/// The share of normal inputs that may count as strange, as the model says it.
pub fn false_alarms(network: &Network) -> f64 {
    let said = network.metadata(entries::FALSE_ALARMS);
    let said = said.and_then(|text| text.parse().ok());
    said.filter(|share| (0.0..=1.0).contains(share))
        .unwrap_or(FALSE_ALARMS)
}

/// The samples for a network of values or reconstructions. What chooses is the validation set; by that of a reconstruction the
/// threshold is set in floats and in integers.
pub fn of_sets(
    network: &Network,
    sets: &data::Sets,
    (output, preparation): (OutputKind, Preparation),
) -> Result<Sets, QuantizeError> {
    arrays::expect_output(network, output)?;
    let (expected, found) = (network.input.shape, sets.train.shape());
    if expected != found {
        return Err(QuantizeError::OtherData {
            expected: format!("samples of {found:?}"),
            found: format!("{expected:?}"),
        });
    }
    let (sets, notes) = match output {
        OutputKind::Reconstruction => {
            let normal = network.metadata(entries::NORMAL);
            let normal = normal.map_or(Ok(Vec::new()), labels::from_metadata)?;
            let usual = Usual::of(sets.clone(), &normal)?;
            (usual.sets, usual.notes)
        }
        OutputKind::Classes | OutputKind::Values => (sets.clone(), Vec::new()),
    };
    let [calibration, held_out] = sets::chosen(&sets)?;
    let variants = metadata::augment(network)?.unwrap_or_default().variants();
    let samples = |set: &Dataset| samples(set, variants);
    let checked = samples(&held_out.clone().take(arrays::CHECKED))?;
    let are_pixels = sets.train.element() == Element::Pixel;
    let [input, name] = models::names(output);
    Ok(Sets {
        calibration: samples(&calibration)?,
        held_out: samples(&held_out)?,
        test: None,
        checked,
        given: Given {
            input: are_pixels.then_some(IMAGE),
            is_reconstruction: output == OutputKind::Reconstruction,
        },
        output,
        labels: Vec::new(),
        preparation: if are_pixels {
            preparation
        } else {
            Preparation::NONE
        },
        pixels: are_pixels.then(|| Normalization::up_to(1.0, found[0])),
        names: Names {
            input,
            output: name,
        },
        notes,
    })
}

/// Pictures in these variants, numbers as arrays.
fn samples(set: &Dataset, variants: &'static [Variant]) -> Result<Samples, QuantizeError> {
    if set.element() == Element::Pixel {
        return Ok(Samples::Pictures {
            images: set.clone(),
            variants,
        });
    }
    let [channels, rows, columns] = set.shape();
    let mut inputs = Array4::zeros((set.len(), channels, rows, columns));
    let mut bytes = vec![0; set.picture_len()];
    let all = inputs.as_slice_mut().unwrap_or_default();
    for (sample, numbers) in all.chunks_exact_mut(set.elements()).enumerate() {
        set.read(sample, &mut bytes)?;
        set.numbers(&bytes, Variant::Plain, numbers);
    }
    Ok(Samples::Arrays {
        inputs,
        labels: None,
    })
}
