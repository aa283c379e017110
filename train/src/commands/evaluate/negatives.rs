//! What a model makes of pictures of no class.

use ndarray::Array2;

use super::Measured;
use crate::commands::negatives;
use crate::data::Negatives;
use crate::error::Error;
use crate::report::{self, Acceptance};

/// What is accepted of the samples measured, whose logits these are, and of pictures of no class.
pub fn measure(
    measured: Measured<'_>,
    model: &[u8],
    wanted: &Negatives,
    logits: &Array2<f32>,
) -> Result<Acceptance, Error> {
    let (pictures, args) = (measured.pictures, measured.args);
    let found = negatives::measuring(wanted, pictures, args.data.options())?;
    let others = pictures.clone().take(0).with_negatives(found.pixels);
    let others = Measured {
        pictures: &others,
        ..measured
    };
    let of_others = others.logits(&args.model, model)?;
    let each = measured.variants.len();
    let kinds = found.kinds.into_iter().flat_map(|kind| vec![kind; each]);
    let kinds: Vec<u16> = kinds.collect();
    let others = report::Negatives {
        logits: &of_others,
        kinds: &kinds,
        names: &found.names,
    };
    Ok(Acceptance::new(&measured.labels(), logits, &others))
}
