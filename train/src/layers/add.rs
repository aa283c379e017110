//! The sum of two tensors of one shape.

use super::{Form, Layer, depthwise};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Call, ImportError, Reader, Readers, Value};
use crate::network::Shape;

/// A sum of two tensors, as at the end of a residual block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Add;

impl Form for Add {
    fn kind(&self) -> &'static str {
        "add"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        match inputs {
            [a, b] if a == b => Ok(*a),
            other => Err(format!("{other:?}, which differ")),
        }
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.add(inputs[0], inputs[1])
    }
}

pub const READERS: Readers = &[("Add", read)];

fn read(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    if [0, 1]
        .iter()
        .any(|&index| reader.constant(call, index).is_ok())
    {
        return depthwise::shift(reader, call);
    }
    let (a, b) = (reader.view(call, 0)?, reader.view(call, 1)?);
    let sizes = [&a, &b].map(|view| view.sizes(reader.shape(view.tensor)));
    if a.axes != b.axes || sizes[0] != sizes[1] {
        let [a, b] = sizes;
        let expected = "two tensors of equal sizes in equal order";
        return Err(call.refuse(expected, format!("{a:?} and {b:?}")));
    }
    reader.push(call, Layer::Add(Add), vec![a.tensor, b.tensor], &a.axes)
}
