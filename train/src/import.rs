//! Reading a trained ONNX model as a [`Network`], whichever program has written it.
//!
//! Node by node, a [`Reader`] finds out what each value is: a constant, computed here; a [`View`] of a tensor of the
//! network; or a new tensor, made by a layer, which the files of [`layers`](crate::layers) read. `interface` says which
//! forms the input may have, `shapes` what changes a view (`shuffle` where that divides channels, `select` where
//! it picks some), `fold` what is computed of constants, `plain` what leaves
//! numbers as they are, and `quantized` what a model in 8 bits says of its tensors. At last `fuse` puts layers together
//! that are one in integers. `survey` lists all nodes that nothing reads.
//!
//! Before that, `external` reads weights from files beside the model, `needed` leaves what the output depends on, and
//! `integer_operators` writes operators of integers out. Nothing is run, and `budget` bounds what is computed: any bytes
//! give a network or an error.

mod budget;
mod call;
mod constant;
mod error;
mod external;
mod fold;
mod fuse;
mod integer_operators;
mod interface;
mod needed;
mod plain;
mod quantized;
mod reader;
mod remedy;
mod select;
mod shapes;
mod shuffle;
mod survey;
mod view;
mod window;

use std::path::Path;

use input::limits::Limits;
use input::metadata;
use prost::Message;

pub use call::Call;
pub use constant::Constant;
pub use error::ImportError;
pub use reader::{Reader, Readers, Value};
pub use survey::{Survey, survey};
pub use view::{Axes, Axis, View};
pub use window::{image_axes, over_places, pool_window, window};

use crate::network::{Layout, Network};
use crate::onnx::{self, Graph, Model};

/// The entry of a model of ours with channels, rows and columns of its input.
const INPUT_SHAPE: &str = "input_shape";
/// What a model of ours says of its input that is no picture.
const NO_PICTURE: &str = "none";

/// What to read of a model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options<'a> {
    /// The output that is wanted; needed where there are several.
    pub output: Option<&'a str>,
    /// The folder of the model, where weights in files of their own are looked for.
    pub folder: Option<&'a Path>,
    /// The order that the input's axes have; else the first with which the layers fit.
    pub layout: Option<Layout>,
    /// What the model may take.
    pub limits: Limits,
}

/// Reads a model file with one input and one output.
pub fn import(onnx: &[u8]) -> Result<Network, ImportError> {
    import_with(onnx, &Options::default())
}

/// Reads a model file with one input.
///
/// A model of ours says channels, rows and columns of its input. Others do not say in which order these are: the first one with
/// which the layers fit is taken. The batch is 1, whatever the file says.
pub fn import_with(onnx: &[u8], options: &Options) -> Result<Network, ImportError> {
    let (model, graph, output) = prepared(onnx, options)?;
    let limits = (opset(&model).unwrap_or(onnx::OPSET), options.limits);
    let read = |layout| first_that_fits(&graph, &output, layout, limits);
    let says_order = model.metadata(INPUT_SHAPE).is_some();
    let ours = (says_order && options.layout.is_none()).then_some(Layout::ChannelsFirst);
    let first = ours.and_then(|layout| read(Some(layout)).ok());
    let network = first.map_or_else(|| read(options.layout), Ok);
    let mut network = network.map_err(|refusal| match options.layout {
        Some(layout) if read(None).is_ok() => other_layout(layout),
        _ => refusal,
    })?;
    let metadata = model.metadata_props.into_iter();
    network.metadata = metadata.map(|entry| (entry.key, entry.value)).collect();
    fuse::fuse(&mut network);
    if network.metadata(metadata::PREPARATION) == Some(NO_PICTURE) {
        fuse::scale_of_input_into_next(&mut network);
    }
    network.count_names();
    Ok(network)
}

/// The network of the first form of the input with which the layers fit; with a layout of those that have it.
fn first_that_fits(
    graph: &Graph,
    output: &str,
    layout: Option<Layout>,
    limits: (i64, Limits),
) -> Result<Network, ImportError> {
    // The refusal of the form that came furthest: most probably it is the one that is meant.
    let mut refusal = (0, error::form("an input", "none"));
    for form in interface::forms(graph, layout)? {
        let mut reader = Reader::new(graph, &form, limits);
        match reader.read(graph, output) {
            Ok(network) => return Ok(network),
            Err(found) if reader.progress() >= refusal.0 => {
                // Of equal ones the first, as forms come in the order in which they are usual.
                refusal = (reader.progress() + 1, found);
            }
            Err(_) => {}
        }
    }
    Err(refusal.1)
}

/// Says of a model that its layers fit, but not with this layout.
fn other_layout(layout: Layout) -> ImportError {
    let (named, meant, taken) = match layout {
        Layout::ChannelsFirst => ("nchw", "first", "last"),
        Layout::ChannelsLast => ("nhwc", "last", "first"),
    };
    error::form(
        &format!("an input whose channels come {meant} (--layout {named})"),
        format!("layers that take them {taken}; leave out --layout"),
    )
}

/// Version of the standard operators.
fn opset(model: &Model) -> Option<i64> {
    let sets = model.opset_import.iter();
    let standard = sets.filter(|set| input::onnx::is_standard(&set.domain));
    standard.map(|set| set.version).max()
}

/// A model without its graph, the graph as far as the output needs it, and the output's name.
fn prepared(onnx: &[u8], options: &Options) -> Result<(Model, Graph, String), ImportError> {
    let mut model = Model::decode(onnx)?;
    let none = || error::form("an ONNX model", "one with no graph");
    let mut graph = model.graph.take().ok_or_else(none)?;
    external::read(&mut graph, options.folder, &options.limits)?;
    budget::check(&graph, &options.limits)?;
    let output = interface::output(&graph, options.output)?.to_owned();
    needed::keep(&mut graph, &output);
    integer_operators::write_out(&mut graph);
    Ok((model, graph, output))
}

#[cfg(test)]
mod tests;
