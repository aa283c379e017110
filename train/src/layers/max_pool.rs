//! The maximum of each window; padding never wins.

use no_std_core::format::{
    KIND_MAX_POOL, OperatorContents, OperatorRecord, TensorRecord, TooLarge,
};
use serde::Deserialize;

use super::trained::{Pass, Trained, Windows};
use super::{
    Channels, Factors, Form, Function, Int8Form, Int8Layer, Interval, Layer, Meaning, Overflow,
    Scales, int8,
};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{
    Call, ImportError, Reader, Readers, Value, View, image_axes, over_places, pool_window,
};
use crate::network::{Shape, elements};
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

    fn comparisons(&self, output: Shape) -> usize {
        let places = self.window.kernel.iter().product();
        elements(output).saturating_mul(places)
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.max_pool(inputs[0], self.window)
    }

    fn scales(&self) -> Scales {
        Scales::All
    }

    fn int8(&self, _: Meaning, _: Factors) -> Result<Int8Layer, Overflow> {
        Ok(Int8Layer::MaxPool(*self))
    }
}

/// Integers have a maximum as floats have.
impl Int8Form for MaxPool {
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        _: Meaning,
    ) -> Result<ValueId, GraphError> {
        graph.max_pool(inputs[0], self.window)
    }

    fn operator(
        &self,
        inputs: &[u16],
        _: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        let mut record = OperatorRecord::new(KIND_MAX_POOL, inputs[0]);
        [record.rows, record.columns] = int8::axes(&self.window, None)?;
        Ok(OperatorContents::new(record, output))
    }

    fn reach(&self, inputs: &[&[Interval]], _: Meaning) -> Vec<Interval> {
        inputs[0].to_vec()
    }

    fn channels(&self) -> Channels {
        Channels::Apart
    }
}

/// A maximum in training.
#[derive(Debug, Deserialize)]
pub struct Described(Windows);

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        self.0.output(inputs)
    }

    fn takes_maxima(&self) -> bool {
        true
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let window = self.0.over(pass.graph, inputs[0]);
        pass.graph.max_pool(inputs[0], window)
    }
}

pub const READERS: Readers = &[
    ("GlobalMaxPool", global),
    ("MaxPool", windows),
    ("ReduceMax", |reader, call| {
        over_places(reader, call, |window| Layer::MaxPool(MaxPool { window }))
    }),
];

fn windows(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let mut view = reader.padded_view(call, 0)?;
    if !is_never_negative(reader, &view) {
        // Zeros around it would win.
        view = reader.view(call, 0)?;
    }
    let axes = image_axes(reader, call, &view)?;
    call.limit("storage_order", &["0"])?;
    let (window, _) = pool_window(call, (&view, &axes), reader.shape(view.tensor))?;
    let layer = Layer::MaxPool(MaxPool { window });
    let integers = view.integers;
    match reader.push(call, layer, vec![view.tensor], &axes)? {
        Value::View(view) => Ok(Value::View(View { integers, ..view })),
        constant => Ok(constant),
    }
}

/// Whether zeros around a tensor are no greater than what is in it.
fn is_never_negative(reader: &Reader, view: &View) -> bool {
    let layer = reader.node(view.tensor).map(|node| &node.layer);
    let Some(Layer::Activation(activation)) = layer else {
        return false;
    };
    matches!(activation.function, Function::Clip { low, .. } if low >= 0.0)
}

fn global(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let [_, rows, columns] = reader.shape(view.tensor);
    let window = Window::tiles([rows, columns]);
    let layer = Layer::MaxPool(MaxPool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}
