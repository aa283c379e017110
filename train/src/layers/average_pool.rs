//! The mean of each window; padding counts as zeros, where a model counts it.

use no_std_core::format::{
    KIND_AVERAGE_POOL, OperatorContents, OperatorRecord, TensorRecord, TooLarge,
};
use serde::Deserialize;

use super::sums::{BEYOND, LARGEST_STEP};
use super::trained::{self, Pass, Trained, Windows};
use super::{
    Channels, Factors, Form, Int8Form, Int8Layer, Interval, Layer, Meaning, Overflow, Scales,
    Unfit, int8,
};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{
    Call, ImportError, Reader, Readers, Value, image_axes, over_places, pool_window,
};
use crate::network::{Shape, elements};
use crate::ops::Window;

/// A mean over windows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AveragePool {
    /// The windows. All places of one count, padding as well.
    pub window: Window,
}

impl AveragePool {
    /// The number of places of a window.
    pub fn places(&self) -> usize {
        self.window.kernel.iter().product()
    }
}

impl Form for AveragePool {
    fn kind(&self) -> &'static str {
        "average_pool"
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [channels, rows, columns] = inputs[0];
        let [rows, columns] = self.window.output([rows, columns])?;
        Ok([channels, rows, columns])
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape) -> usize {
        elements(output) * self.places()
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        graph.average_pool(inputs[0], self.window)
    }

    fn scales(&self) -> Scales {
        Scales::Own
    }

    fn factors(&self, from: f32, to: f32) -> Result<Factors, Unfit> {
        let places = self.places();
        Factors::exactly(from, 1.0 / places as f32, to, places * LARGEST_STEP)
    }

    fn int8(&self, _: Meaning, factors: Factors) -> Result<Int8Layer, Overflow> {
        let (filter, bound) = (0, (self.places() * LARGEST_STEP) as f64);
        if bound >= BEYOND {
            return Err(Overflow { filter, bound });
        }
        Ok(Int8Layer::AveragePool(Int8AveragePool {
            window: self.window,
            factors,
        }))
    }
}

/// A sum over windows, times a factor: a depthwise convolution whose weights are 1 and whose weight scale is one place's
/// share of a window.
#[derive(Clone, Debug, PartialEq)]
pub struct Int8AveragePool {
    window: Window,
    factors: Factors,
}

impl Int8Form for Int8AveragePool {
    fn graph(
        &self,
        graph: &mut Graph,
        inputs: &[ValueId],
        meaning: Meaning,
    ) -> Result<ValueId, GraphError> {
        let channels = graph.shape(inputs[0])[1];
        let filters = int8::ones(channels, self.window.kernel, self.factors.weights[0]);
        graph.q_linear_conv(inputs[0], filters, (self.window, channels), meaning.both())
    }

    fn operator(
        &self,
        inputs: &[u16],
        _: Meaning,
        output: TensorRecord,
    ) -> Result<OperatorContents, TooLarge> {
        let mut record = OperatorRecord::new(KIND_AVERAGE_POOL, inputs[0]);
        [record.rows, record.columns] = int8::axes(&self.window, None)?;
        Ok(OperatorContents {
            multipliers: int8::multipliers(&self.factors.multipliers),
            ..OperatorContents::new(record, output)
        })
    }

    fn reach(&self, inputs: &[&[Interval]], meaning: Meaning) -> Vec<Interval> {
        let places = self.window.kernel.iter().product::<usize>() as i32;
        let multiplier = int8::multipliers(&self.factors.multipliers)[0];
        let reach = |values: &Interval| {
            let steps = values.less(meaning.from.zero_point);
            let sums = steps.or_zero(self.window.pads != [0; 4]).times(places);
            sums.requantized(multiplier, meaning.to.zero_point)
        };
        inputs[0].iter().map(reach).collect()
    }

    fn channels(&self) -> Channels {
        Channels::Apart
    }

    fn multiply_adds(&self, _: &[Shape], output: Shape) -> usize {
        elements(output) * self.window.kernel.iter().product::<usize>()
    }
}

/// A mean of windows in training.
#[derive(Debug, Deserialize)]
pub struct Described(Windows);

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        self.0.output(inputs)
    }

    fn multiply_adds(&self, _: &[&[usize]], output: &[usize]) -> usize {
        output.iter().chain(&self.0.size).product()
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let window = self.0.over(pass.graph, inputs[0]);
        pass.graph.average_pool(inputs[0], window)
    }
}

/// The mean of each channel in training: features of a picture.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Global {}

impl Trained for Global {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let [channels, ..] = trained::picture(inputs)?;
        Ok(vec![channels])
    }

    fn multiply_adds(&self, inputs: &[&[usize]], _: &[usize]) -> usize {
        inputs[0].iter().product()
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        _: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let shape = pass.graph.shape(inputs[0]);
        let window = Window::tiles([shape[2], shape[3]]);
        let means = pass.graph.average_pool(inputs[0], window)?;
        pass.graph.flatten(means)
    }
}

pub const READERS: Readers = &[
    ("AveragePool", windows),
    ("GlobalAveragePool", global),
    ("ReduceMean", |reader, call| {
        over_places(reader, call, |window| {
            Layer::AveragePool(AveragePool { window })
        })
    }),
];

fn windows(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.padded_view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let counts = call.integer("count_include_pad", 0) != 0;
    let (window, is_cut) = pool_window(call, (&view, &axes), reader.shape(view.tensor))?;
    // The zeros of a Pad are counted in any case, what `ceil_mode` adds in none.
    if (window.pads != view.pads && !counts) || is_cut {
        let expected =
            "windows of one number of places: no pads, or count_include_pad 1, and ceil_mode 0";
        return Err(call.refuse(expected, format!("pads {:?}", window.pads)));
    }
    let layer = Layer::AveragePool(AveragePool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}

fn global(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let [_, rows, columns] = reader.shape(view.tensor);
    if [rows, columns] == [1; 2] {
        return Ok(Value::View(view));
    }
    let window = Window::tiles([rows, columns]);
    let layer = Layer::AveragePool(AveragePool { window });
    reader.push(call, layer, vec![view.tensor], &axes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::Quantization;

    #[test]
    fn sums_that_could_leave_32_bits_are_refused() {
        let (scale, zero_point) = (1.0, 0);
        let from = Quantization { scale, zero_point };
        let meaning = Meaning { from, to: from };
        let int8 = |kernel: [usize; 2]| {
            let window = Window::tiles(kernel);
            AveragePool { window }.int8(meaning, Factors::default())
        };
        // 255 times the places is 2^31 - 128 and 2^31 + 127.
        assert!(int8([1, 8_421_504]).is_ok());
        let bound = 2_147_483_775.0;
        assert_eq!(int8([1, 8_421_505]), Err(Overflow { filter: 0, bound }));
    }
}
