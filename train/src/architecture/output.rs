//! What the outputs of a network are.

use no_std_core::format::OutputKind;
use serde::Deserialize;

use super::Node;
use crate::layers::ActivationFunction;
use crate::network::{self, Shape};

/// What a network's file may say of outputs that are no classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Declared {
    /// Numbers, held against those that belong to each sample.
    Values,
    /// What is made of the input again, held against the input.
    Reconstruction,
}

impl Declared {
    /// As the file has it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Values => "values",
            Self::Reconstruction => "reconstruction",
        }
    }
}

/// The kind of the outputs of a network with so many classes and this last layer: what its file says, else classes where
/// there are some, a reconstruction where as much comes out as goes in, and values. Fails unless the last layer can make them.
pub(super) fn kind(
    declared: Option<Declared>,
    last: &Node,
    input: Shape,
    classes: usize,
) -> Result<OutputKind, String> {
    let kind = match declared {
        _ if classes > 0 => return Ok(OutputKind::Classes),
        Some(Declared::Reconstruction) => OutputKind::Reconstruction,
        None if last.output_len() == network::elements(input) => OutputKind::Reconstruction,
        Some(Declared::Values) | None => OutputKind::Values,
    };
    let is_function = last.activation != ActivationFunction::None || last.kind == "activation";
    if is_function {
        return Err(format!(
            "expected no activation after the last layer, `{}`, whose outputs are numbers of any size, found one",
            last.name
        ));
    }
    if kind == OutputKind::Reconstruction && !is_reconstruction(&last.output, input) {
        return Err(format!(
            "expected outputs of the last layer, `{}`, in the form of the input, {input:?}, or as many numbers where that has \
             one channel or one place, found {:?}; `units = \"inputs\"` follows the data",
            last.name, last.output
        ));
    }
    Ok(kind)
}

/// Whether outputs of this shape have the numbers of an input in its order, on boards too, which keep channels last.
fn is_reconstruction(output: &[usize], input: Shape) -> bool {
    let [channels, rows, columns] = input;
    let has_one_order = channels == 1 || rows * columns == 1;
    output == input || output == [network::elements(input)] && has_one_order
}
