//! The maximum of each window; padding never wins.

use super::{Form, Layer};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Call, ImportError, Reader, Readers, Value, image_axes, pool_window};
use crate::network::Shape;
use crate::ops::Window;

/// A maximum over windows, which may overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MaxPool {
    /// The windows.
    pub window: Window,
}

impl Form for MaxPool {
    fn kind(&self) -> &'static str {
        "max_pool"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [channels, rows, columns] = inputs[0];
        let [rows, columns] = self.window.output([rows, columns])?;
        Ok([channels, rows, columns])
    }

    fn multiply_adds(&self, _: &[Shape], _: Shape) -> usize {
        0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.max_pool(inputs[0], self.window)
    }
}

pub const READERS: Readers = &[
    ("MaxPool", |reader, call| {
        let view = reader.view(call, 0)?;
        let axes = image_axes(reader, call, &view)?;
        call.limit("storage_order", &["0"])?;
        let window = pool_window(call, (&view, &axes), reader.shape(view.tensor))?;
        let layer = Layer::MaxPool(MaxPool { window });
        reader.push(call, layer, vec![view.tensor], &axes)
    }),
    ("GlobalMaxPool", global),
];

fn global(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let [_, rows, columns] = reader.shape(view.tensor);
    let window = Window::tiles([rows, columns]);
    let layer = Layer::MaxPool(MaxPool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}
