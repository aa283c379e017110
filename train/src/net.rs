//! Networks as data: a list of layers, from which the graphs, the parameters and the summary follow.

mod summary;

use crate::graph::{Graph, GraphError, ValueId};
use crate::ops::Window;
pub(crate) use summary::thousands;

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Layer {
    /// Convolution that keeps height and width, then `ReLU`.
    Conv {
        filters: usize,
        /// Height and width of the filters, odd.
        kernel: usize,
    },
    MaxPool {
        size: usize,
    },
    Flatten,
    /// Fully connected layer, with `ReLU` or without.
    Dense {
        units: usize,
        relu: bool,
    },
    /// In training, sets this share of the inputs to zero and scales the rest up.
    Dropout {
        rate: f32,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name in graphs, checkpoints and models: `conv1.weight`.
    pub name: String,
    /// Shape: `[filters, channels, rows, columns]`, `[units, inputs]` or, for a bias, `[outputs]`.
    pub shape: Vec<usize>,
    /// Number of inputs and outputs that share an element; `None` for a bias, which starts at zero.
    pub fans: Option<[usize; 2]>,
}

impl Parameter {
    pub fn len(&self) -> usize {
        self.shape.iter().product()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A layer with its name, shapes and cost.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedLayer {
    /// Name, counted by kind: `conv1`.
    pub name: String,
    pub layer: Layer,
    /// Shape of one output, without the batch.
    pub output: Vec<usize>,
    /// Weight and bias, if it has any.
    pub parameters: Vec<Parameter>,
    /// Multiplications and additions for one image.
    pub multiply_adds: usize,
}

impl PlannedLayer {
    fn is_max_pool(&self) -> bool {
        matches!(self.layer, Layer::MaxPool { .. })
    }
}

/// A network that classifies images.
#[derive(Clone, Debug, PartialEq)]
pub struct Network {
    pub name: &'static str,
    /// Channels, rows and columns of an image.
    pub input: [usize; 3],
    /// The layers; the last one yields the logits.
    pub layers: Vec<Layer>,
    pub labels: Vec<String>,
}

impl Network {
    /// The digit classifier of the seed course: two convolutions with pooling, two dense layers with dropout.
    pub fn digits() -> Self {
        let conv = |filters| Layer::Conv { filters, kernel: 5 };
        let dense = |units, relu| Layer::Dense { units, relu };
        Self {
            name: "digits",
            input: [1, 28, 28],
            layers: vec![
                conv(16),
                Layer::MaxPool { size: 2 },
                conv(32),
                Layer::MaxPool { size: 2 },
                Layer::Flatten,
                dense(128, true),
                Layer::Dropout { rate: 0.4 },
                dense(10, false),
            ],
            labels: (0..10).map(|digit| digit.to_string()).collect(),
        }
    }

    /// The layers with their shapes, parameters and cost.
    pub fn plan(&self) -> Vec<PlannedLayer> {
        let mut planned: Vec<PlannedLayer> = Vec::new();
        for &layer in &self.layers {
            let input = planned
                .last()
                .map_or(&self.input[..], |last| &last.output[..]);
            let kind = kind(layer);
            let before = planned
                .iter()
                .filter(|other| self::kind(other.layer) == kind);
            let name = format!("{kind}{}", before.count() + 1);
            let layer = plan_layer(name, layer, input);
            planned.push(layer);
        }
        planned
    }

    pub fn parameters(&self) -> Vec<Parameter> {
        let layers = self.plan().into_iter();
        layers.flat_map(|layer| layer.parameters).collect()
    }

    /// Name, drop rate and shape of one image's mask of each dropout layer.
    pub fn dropouts(&self) -> Vec<(String, f32, Vec<usize>)> {
        let dropout = |planned: PlannedLayer| match planned.layer {
            Layer::Dropout { rate } => Some((planned.name, rate, planned.output)),
            _ => None,
        };
        self.plan().into_iter().filter_map(dropout).collect()
    }

    /// Adds the forward pass from `images` `[N, channels, rows, columns]` to logits `[N, classes]`.
    ///
    /// `parameters` are in the order of [`Network::parameters`]. `masks` hold, for each dropout layer, zeros and
    /// `1 / (1 - rate)`; without masks nothing is dropped.
    pub fn forward(
        &self,
        graph: &mut Graph,
        images: ValueId,
        parameters: &[ValueId],
        masks: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let (mut parameters, mut masks) = (parameters.iter(), masks.iter());
        let mut x = images;
        // ReLU and the maximum of a tile change places freely, and there are fewer maxima than elements.
        let mut delayed_relu = false;
        let plan = self.plan();
        for (index, layer) in plan.iter().enumerate() {
            let weights = parameters.by_ref().take(layer.parameters.len());
            let weights: Vec<ValueId> = weights.copied().collect();
            x = match (layer.layer, &weights[..]) {
                (Layer::Conv { kernel, .. }, &[weight, bias]) => {
                    let y = graph.conv(x, weight, Some(bias), Window::same([kernel; 2]))?;
                    delayed_relu = plan.get(index + 1).is_some_and(PlannedLayer::is_max_pool);
                    if delayed_relu { y } else { graph.relu(y)? }
                }
                (Layer::MaxPool { size }, _) => {
                    let y = graph.max_pool(x, Window::tiles([size; 2]))?;
                    let is_last = std::mem::take(&mut delayed_relu);
                    if is_last { graph.relu(y)? } else { y }
                }
                (Layer::Flatten, _) => graph.flatten(x)?,
                (Layer::Dense { relu, .. }, &[weight, bias]) => {
                    let y = graph.dense(x, weight, bias)?;
                    if relu { graph.relu(y)? } else { y }
                }
                (Layer::Dropout { .. }, _) => match masks.next() {
                    Some(&mask) => graph.mul(x, mask)?,
                    None => x,
                },
                (Layer::Conv { .. } | Layer::Dense { .. }, _) => {
                    return Err(GraphError::MissingParameter(layer.name.clone()));
                }
            };
        }
        Ok(x)
    }
}

fn kind(layer: Layer) -> &'static str {
    match layer {
        Layer::Conv { .. } => "conv",
        Layer::MaxPool { .. } => "max_pool",
        Layer::Flatten => "flatten",
        Layer::Dense { .. } => "dense",
        Layer::Dropout { .. } => "dropout",
    }
}

fn plan_layer(name: String, layer: Layer, input: &[usize]) -> PlannedLayer {
    let features: usize = input.iter().product();
    let (channels, area) = (input[0], features / input[0]);
    let (output, weight) = match layer {
        Layer::Conv { filters, kernel } => (
            [&[filters], &input[1..]].concat(),
            Some((vec![filters, channels, kernel, kernel], area)),
        ),
        Layer::MaxPool { size } => (vec![channels, input[1] / size, input[2] / size], None),
        Layer::Flatten => (vec![features], None),
        Layer::Dense { units, .. } => (vec![units], Some((vec![units, features], 1))),
        Layer::Dropout { .. } => (input.to_vec(), None),
    };
    let (parameters, multiply_adds) = weight.map_or((Vec::new(), 0), |(shape, positions)| {
        let cost = positions * shape.iter().product::<usize>();
        (weight_and_bias(&name, shape), cost)
    });
    PlannedLayer {
        name,
        layer,
        output,
        parameters,
        multiply_adds,
    }
}

fn weight_and_bias(layer: &str, shape: Vec<usize>) -> Vec<Parameter> {
    let (outputs, taps) = (shape[0], shape[2..].iter().product::<usize>());
    let fans = Some([shape[1] * taps, outputs * taps]);
    let parameter = |kind, shape, fans| Parameter {
        name: format!("{layer}.{kind}"),
        shape,
        fans,
    };
    vec![
        parameter("weight", shape, fans),
        parameter("bias", vec![outputs], None),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_have_the_shapes_of_the_seed() {
        let parameters = Network::digits().parameters();
        let found = parameters.iter().map(|one| (&*one.name, &*one.shape));
        let expected: [(&str, &[usize]); 8] = [
            ("conv1.weight", &[16, 1, 5, 5]),
            ("conv1.bias", &[16]),
            ("conv2.weight", &[32, 16, 5, 5]),
            ("conv2.bias", &[32]),
            ("dense1.weight", &[128, 1568]),
            ("dense1.bias", &[128]),
            ("dense2.weight", &[10, 128]),
            ("dense2.bias", &[10]),
        ];
        assert!(found.eq(expected), "{parameters:?}");
    }
}
