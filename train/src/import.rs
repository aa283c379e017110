//! Reading a trained ONNX model as a [`Network`], whichever program has written it.
//!
//! Node by node, a [`Reader`] finds out what each value is: a constant, computed here; a [`View`] of a tensor of the
//! network; or a new tensor, made by a layer, which the files of [`layers`](crate::layers) read. `interface` says which
//! forms the input may have, `shapes` what changes a view, `fold` what is computed of constants, and `plain` what leaves
//! numbers as they are. At last `fuse` puts layers together that are one in integers.

mod call;
mod constant;
mod error;
mod fold;
mod fuse;
mod interface;
mod plain;
mod reader;
mod shapes;
mod view;
mod window;

use prost::Message;

pub use call::Call;
pub use constant::Constant;
pub use error::ImportError;
pub use reader::{Reader, Readers, Value};
pub use shapes::axes;
pub use view::{Axes, Axis, View};
pub use window::{image_axes, pool_window, window};

use crate::network::Network;
use crate::onnx;

/// Reads a model file with one input and one output, which [`input::onnx::for_one_picture`] has accepted.
///
/// The model does not say in which order its input has channels, rows and columns: the first order with which its layers
/// fit is taken. The batch is 1, whatever the file says.
pub fn import(onnx: &[u8]) -> Result<Network, ImportError> {
    let model = onnx::Model::decode(onnx)?;
    let graph = &model.graph.unwrap_or_default();
    // The refusal of the form that came furthest: most probably it is the one that is meant.
    let mut refusal = (0, error::form("an input", "none"));
    for form in interface::forms(graph)? {
        let mut reader = Reader::new(graph, &form);
        match reader.read(graph) {
            Ok(mut network) => {
                let metadata = model.metadata_props.into_iter();
                network.metadata = metadata.map(|entry| (entry.key, entry.value)).collect();
                fuse::fuse(&mut network);
                network.count_names();
                return Ok(network);
            }
            Err(found) if reader.progress() >= refusal.0 => {
                // Of equal ones the first, as forms come in the order in which they are usual.
                refusal = (reader.progress() + 1, found);
            }
            Err(_) => {}
        }
    }
    Err(refusal.1)
}

#[cfg(test)]
mod tests;
