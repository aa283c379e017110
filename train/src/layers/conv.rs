//! A convolution: kernels that move over their input, each over all channels or over those of its group.

use ndarray::{Array1, Array4, Ix1, Ix4, s};
use serde::Deserialize;

use super::trained::{self, Padding, Parameter, Pass, Trained};
use super::{Factors, Form, Int8Layer, Layer, Meaning, Overflow, Scales, Sums, Unfit, sums};
use crate::graph::{Graph, GraphError, ValueId};
use crate::import::{Axis, Call, ImportError, Reader, Readers, Value, image_axes, window};
use crate::network::{Shape, elements};
use crate::ops::Window;

/// A convolution, and the maximum of tiles of what it makes.
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// `[filters, channels of a group, kernel rows, kernel columns]`, finite and not all zero.
    pub weight: Array4<f32>,
    /// `[filters]`, finite.
    pub bias: Array1<f32>,
    /// How the kernels move.
    pub window: Window,
    /// Groups of channels that know nothing of each other, at least 1.
    pub groups: usize,
    /// Tiles of the output of which the maximum is taken.
    pub pool: Option<Window>,
}

impl Conv {
    /// Whether each channel has one kernel of its own.
    pub fn is_depthwise(&self) -> bool {
        let (filters, channels, ..) = self.weight.dim();
        channels == 1 && self.groups == filters && filters > 1
    }

    /// The shape before pooling.
    fn convolved(&self, [channels, rows, columns]: Shape) -> Result<Shape, String> {
        let (filters, of_group, height, width) = self.weight.dim();
        if channels != of_group * self.groups || filters % self.groups != 0 {
            return Err(format!(
                "{channels} channels for {filters} filters of {of_group} x {height} x {width} in {} groups",
                self.groups
            ));
        }
        let [rows, columns] = self.window.output([rows, columns])?;
        Ok([filters, rows, columns])
    }
}

impl Form for Conv {
    fn kind(&self) -> &'static str {
        if self.is_depthwise() {
            "depthwise"
        } else {
            "conv"
        }
    }

    fn output(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [filters, rows, columns] = self.convolved(inputs[0])?;
        let [rows, columns] = match self.pool {
            None => [rows, columns],
            Some(pool) => pool.output([rows, columns])?,
        };
        Ok([filters, rows, columns])
    }

    fn multiply_adds(&self, inputs: &[Shape], _: Shape) -> usize {
        let outputs = self.convolved(inputs[0]).map_or(0, elements);
        outputs * self.weight.len() / self.weight.dim().0
    }

    fn float(&self, graph: &mut Graph, inputs: &[ValueId]) -> Result<ValueId, GraphError> {
        let weight = graph.constant(self.weight.clone().into());
        let bias = graph.constant(self.bias.clone().into());
        let y = graph.grouped_conv(inputs[0], weight, Some(bias), self.window, self.groups)?;
        self.pool.map_or(Ok(y), |pool| graph.max_pool(y, pool))
    }

    fn scales(&self) -> Scales {
        Scales::Own
    }

    fn factors(&self, from: f32, to: f32) -> Result<Factors, Unfit> {
        Factors::near(from, &sums::weight_scales(&self.weight), to)
    }

    fn int8(&self, meaning: Meaning, factors: Factors) -> Result<Int8Layer, Overflow> {
        let sums = Sums::new((&self.weight, &self.bias), meaning.from.scale, factors)?;
        Ok(Int8Layer::Sums(Sums {
            window: self.window,
            groups: self.groups,
            pool: self.pool,
            ..sums
        }))
    }
}

/// A convolution in training.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Described {
    #[serde(deserialize_with = "trained::size")]
    filters: usize,
    #[serde(deserialize_with = "trained::sizes")]
    kernel: [usize; 2],
    #[serde(default = "trained::unit", deserialize_with = "trained::sizes")]
    stride: [usize; 2],
    #[serde(default)]
    padding: Padding,
    #[serde(default = "trained::yes")]
    bias: bool,
}

impl Trained for Described {
    fn output(&self, inputs: &[&[usize]]) -> Result<Vec<usize>, String> {
        let input = trained::picture(inputs)?;
        let [rows, columns] = self.padding.output(self.kernel, self.stride, input)?;
        Ok(vec![self.filters, rows, columns])
    }

    fn parameters(&self, inputs: &[&[usize]]) -> Vec<Parameter> {
        let [rows, columns] = self.kernel;
        let weight = vec![self.filters, inputs[0][0], rows, columns];
        Parameter::weight_and_bias(weight, self.bias)
    }

    fn multiply_adds(&self, inputs: &[&[usize]], output: &[usize]) -> usize {
        let taps: usize = self.kernel.iter().product();
        output.iter().product::<usize>() * inputs[0][0] * taps
    }

    fn forward(
        &self,
        pass: &mut Pass,
        inputs: &[ValueId],
        parameters: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let window = self
            .padding
            .over(pass.graph, inputs[0], self.kernel, self.stride);
        let bias = parameters.get(1).copied();
        pass.graph.conv(inputs[0], parameters[0], bias, window)
    }
}

pub const READERS: Readers = &[("Conv", read)];

fn read(reader: &mut Reader, call: &mut Call) -> Result<Value, ImportError> {
    let view = reader.padded_view(call, 0)?;
    let axes = image_axes(reader, call, &view)?;
    let shape = reader.shape(view.tensor);
    let (weight, sizes) = weight(reader, call, axes.len())?;
    let bias = bias(reader, call, sizes[0])?;
    let (window, dilations) = window(call, (&view, &axes), shape, Some(&sizes[2..]))?;
    let groups = groups(call, shape[0], sizes[0])?;
    let places = axes[2..].iter().map(|axis| axis[0] as usize - 1);
    let kernel = places.map(|side| (window.kernel[side] - 1) / dilations[side] + 1);
    let kernel: Vec<usize> = kernel.collect();
    let of_group = shape[0] / groups;
    if sizes[1] != of_group || sizes[2..] != kernel {
        let expected = format!("filters of {}", text(of_group, &kernel));
        return Err(call.refuse(&expected, text(sizes[1], &sizes[2..])));
    }
    let is_down = axes.len() == 3 && axes[2] == [Axis::Row];
    let weight = if is_down {
        weight.permuted_axes([0, 1, 3, 2])
    } else {
        weight
    };
    let weight = weight.as_standard_layout().into_owned();
    let reached = sizes[0] * sizes[1] * window.kernel[0] * window.kernel[1];
    reader.take(call, reached)?;
    let layer = Layer::Conv(Conv {
        weight: spread(weight, dilations),
        bias,
        window,
        groups,
        pool: None,
    });
    let value = reader.push(call, layer, vec![view.tensor], &axes)?;
    if dilations != [1; 2] {
        let [rows, columns] = window.kernel;
        reader.add_to_origin(&format!(
            ", its dilations as zeros in a kernel of {rows} x {columns}"
        ));
    }
    Ok(value)
}

/// Weights so many rows and columns apart, with zeros between them.
fn spread(weight: Array4<f32>, [rows, columns]: [usize; 2]) -> Array4<f32> {
    if [rows, columns] == [1; 2] {
        return weight;
    }
    let (filters, channels, height, width) = weight.dim();
    let reach = |size: usize, apart: usize| (size - 1) * apart + 1;
    let sizes = (
        filters,
        channels,
        reach(height, rows),
        reach(width, columns),
    );
    let mut spread = Array4::zeros(sizes);
    spread
        .slice_mut(s![.., .., ..;rows, ..;columns])
        .assign(&weight);
    spread
}

/// Channels and the sizes of a kernel, as people write them.
fn text(channels: usize, kernel: &[usize]) -> String {
    let sizes = kernel.iter().map(|size| format!(" x {size}"));
    format!("{channels}{}", sizes.collect::<String>())
}

fn groups(call: &mut Call, channels: usize, filters: usize) -> Result<usize, ImportError> {
    let found = call.integer("group", 1);
    let divides = |groups: &usize| {
        *groups > 0 && channels.is_multiple_of(*groups) && filters.is_multiple_of(*groups)
    };
    let groups = usize::try_from(found).ok().filter(divides);
    groups.ok_or_else(|| {
        let expected = format!("a group that divides {channels} channels and {filters} filters");
        call.refuse(&expected, format!("group {found}"))
    })
}

/// The weight with two axes of places, and its sizes in the file. A signal's weight has one axis less there.
fn weight(
    reader: &Reader,
    call: &Call,
    rank: usize,
) -> Result<(Array4<f32>, Vec<usize>), ImportError> {
    let weight = match rank {
        3 => reader.floats::<3>(call, 1)?,
        _ => reader.floats::<4>(call, 1)?,
    };
    let sizes = weight.shape().to_vec();
    let weight = match rank {
        3 => weight.insert_axis(ndarray::Axis(2)),
        _ => weight,
    };
    let weight = weight.into_dimensionality::<Ix4>();
    let weight = weight.expect("it has four axes, or three and the one put in");
    expect_weight(call, weight.iter())?;
    Ok((weight, sizes))
}

/// Fails if all weights are zero.
pub(super) fn expect_weight<'a>(
    call: &Call,
    mut weight: impl Iterator<Item = &'a f32>,
) -> Result<(), ImportError> {
    if weight.all(|&value| value == 0.0) {
        let expected = "a weight other than 0, its scale would be 0";
        return Err(call.refuse(expected, "zeros only"));
    }
    Ok(())
}

/// The biases that are input 2; zeros if there is no such input.
pub(super) fn bias(
    reader: &Reader,
    call: &Call,
    outputs: usize,
) -> Result<Array1<f32>, ImportError> {
    if call.input(2).is_empty() {
        return Ok(Array1::zeros(outputs));
    }
    let bias = reader.floats::<1>(call, 2)?;
    if bias.len() != outputs {
        return Err(call.refuse(&format!("{outputs} biases"), bias.len().to_string()));
    }
    let bias = bias.into_dimensionality::<Ix1>();
    Ok(bias.expect("it has one axis"))
}
