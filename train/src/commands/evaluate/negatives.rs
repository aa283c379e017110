//! What a model makes of pictures of no class.

use input::metadata;
use ndarray::Array2;
use no_std_core::format::ONE;
use prost::Message;

use super::Measured;
use crate::cli::EvaluateArgs;
use crate::commands::negatives::{NegativeSet, measuring};
use crate::data::Dataset;
use crate::error::Error;
use crate::export::NEGATIVES_SHA256;
use crate::onnx;
use crate::picture_input::Pictures;
use crate::report::{self, Acceptance};

/// The pictures of no class to measure a model on, if any are asked for; not those that it learnt.
pub fn find(
    args: &EvaluateArgs,
    model: &[u8],
    test: &Dataset,
) -> Result<Option<NegativeSet>, Error> {
    let Some(wanted) = &args.negatives else {
        return Ok(None);
    };
    let options = args.data.options_for(&Pictures::of_model(model));
    let model = onnx::Model::decode(model).unwrap_or_default();
    let learnt = model.metadata(NEGATIVES_SHA256);
    measuring(wanted, test, options, learnt).map(Some)
}

/// What is accepted of the samples measured, whose logits these are, and of pictures of no class.
pub fn measure(
    measured: Measured<'_>,
    model: &[u8],
    found: &NegativeSet,
    logits: &Array2<f32>,
) -> Result<Acceptance, Error> {
    let none = measured.pictures.clone().take(0);
    let others = none.with_negatives(found.pixels.clone());
    let others = Measured {
        pictures: &others,
        ..measured
    };
    let of_others = others.logits(&measured.args.model, model)?;
    let each = measured.variants.len();
    let kinds = found.kinds.iter().flat_map(|&kind| vec![kind; each]);
    let kinds: Vec<u16> = kinds.collect();
    let others = report::Negatives {
        logits: &of_others,
        kinds: &kinds,
        names: &found.names,
        counted: found.counted,
    };
    let own = own_threshold(model);
    Ok(Acceptance::new(&measured.labels(), logits, &others, own))
}

/// The least probability of an answer that a model accepts by itself.
fn own_threshold(model: &[u8]) -> Option<f64> {
    let model = onnx::Model::decode(model).ok()?;
    let of_floats = || model.metadata(metadata::LEAST_PROBABILITY)?.parse().ok();
    let of_int8 = || {
        let threshold: u32 = model.metadata(metadata::THRESHOLD)?.parse().ok()?;
        Some(f64::from(threshold) / f64::from(ONE))
    };
    of_int8().or_else(of_floats)
}
