//! Digit models in flash files, run by the integer engine that boards run.

use std::cell::RefCell;

use input::onnx::Limits;
use no_std_core::format::{ONE, OutputKind, Shape, TensorRecord};
use no_std_core::prepare::Preparation;
use no_std_core::{Output, quantize_pixel};

use crate::engine::{Engine, Logits, Scores};
use crate::error::{ModelError, RunError};
use crate::file::InFile;
use crate::picture::{Pixels, SIDE};

const INPUT: Shape = Shape {
    rows: SIDE as u16,
    columns: SIDE as u16,
    channels: 1,
};

/// The integer that stands for 0 where the image is `pixel - 128`.
const INPUT_ZERO_POINT: i8 = -128;

/// A digit model in a flash file (`models/FORMAT.md`), ready to run.
///
/// Its input is 28 x 28 x 1 with zero point -128. It borrows the file's bytes.
#[derive(Clone, Debug)]
pub struct FlashModel<'a> {
    model: no_std_core::Model<'a>,
    labels: Vec<String>,
    /// The memory of the network, for one picture after the other.
    arena: RefCell<Vec<i8>>,
}

impl<'a> FlashModel<'a> {
    /// Checks the file in `bytes`; errors call it `name`.
    pub fn from_bytes(bytes: &'a [u8], name: &str) -> Result<Self, InFile<ModelError>> {
        Self::within(bytes, name, &Limits::default())
    }

    /// Like [`FlashModel::from_bytes`], with other limits than the usual ones.
    pub fn within(
        bytes: &'a [u8],
        name: &str,
        limits: &Limits,
    ) -> Result<Self, InFile<ModelError>> {
        let model = no_std_core::Model::new(bytes).map_err(InFile::named(name))?;
        check_digits(&model).map_err(InFile::named(name))?;
        check_limits(&model, limits).map_err(InFile::named(name))?;
        let classes = model.output().shape.elements();
        let label = |class: u64| {
            let name = model.label(class as usize).map(str::to_owned);
            name.unwrap_or_else(|| class.to_string())
        };
        Ok(Self {
            labels: (0..classes).map(label).collect(),
            arena: RefCell::new(vec![0; model.arena_len()]),
            model,
        })
    }

    /// The model as the engine sees it.
    pub fn model(&self) -> &no_std_core::Model<'a> {
        &self.model
    }
}

impl Engine for FlashModel<'_> {
    fn labels(&self) -> &[String] {
        &self.labels
    }

    fn preparation(&self) -> Preparation {
        self.model.preparation()
    }

    fn scores(&self, pixels: &Pixels) -> Result<Scores, InFile<RunError>> {
        let image = pixels.map(quantize_pixel);
        let mut arena = self.arena.borrow_mut();
        let output = no_std_core::run(&self.model, &image, &mut arena)
            .expect("the input was checked on opening, and the arena is as long as it must be");
        let Output::Classes(classes) = output else {
            unreachable!("the kind of output was checked on opening")
        };
        let share = |probability| f64::from(probability) / f64::from(ONE);
        Ok(Scores {
            class: classes.class(),
            probabilities: classes.probabilities().map(share).collect(),
            accepted: Some(classes.accepted()),
            logits: Logits::Int8(classes.logits().to_vec()),
            cost: None,
        })
    }
}

/// Refuses a model that is for other inputs than pictures of digits, or that has no classes.
fn check_digits(model: &no_std_core::Model<'_>) -> Result<(), ModelError> {
    let TensorRecord {
        shape, zero_point, ..
    } = model.input();
    if shape != INPUT || zero_point != INPUT_ZERO_POINT {
        let expected = show_input(INPUT, INPUT_ZERO_POINT);
        return Err(ModelError::form(expected, show_input(shape, zero_point)));
    }
    if model.output_kind() != OutputKind::Classes {
        return Err(ModelError::form("a model with classes", "one of values"));
    }
    Ok(())
}

/// Refuses a model that takes too much, whatever its file says of it.
pub(crate) fn check_limits(
    model: &no_std_core::Model<'_>,
    limits: &Limits,
) -> Result<(), ModelError> {
    let arena = model.arena_len() as u64;
    limits.check_bytes(arena, "its tensors")?;
    Ok(limits.check_multiply_adds(model.multiply_adds(), "its operators")?)
}

fn show_input(shape: Shape, zero_point: i8) -> String {
    let (rows, columns, channels) = (shape.rows, shape.columns, shape.channels);
    format!("input {rows} x {columns} x {channels} with zero point {zero_point}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::flash::{brightness, shape};

    #[test]
    fn models_of_other_pictures_are_refused() {
        let (mut small, mut shifted) = (brightness(), brightness());
        small.input.shape = shape(14, 56, 1);
        shifted.input.zero_point = 0;
        for (model, found) in [
            (small, "14 x 56 x 1 with zero point -128"),
            (shifted, "28 x 28 x 1 with zero point 0"),
        ] {
            let file = model.to_file().unwrap();
            assert_eq!(
                FlashModel::from_bytes(&file, "m.q8")
                    .unwrap_err()
                    .to_string(),
                format!(
                    "m.q8: expected input 28 x 28 x 1 with zero point -128, found input {found}"
                )
            );
        }
    }
}
