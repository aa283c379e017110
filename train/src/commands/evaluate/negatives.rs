//! What a model makes of pictures of no class.

use ndarray::Array2;

use super::Measured;
use crate::commands::negatives::Found;
use crate::error::Error;
use crate::report::{self, Acceptance};

/// What is accepted of the samples measured, whose logits these are, and of pictures of no class.
pub fn measure(
    measured: Measured<'_>,
    model: &[u8],
    found: &Found,
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
    Ok(Acceptance::new(&measured.labels(), logits, &others))
}
