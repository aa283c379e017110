//! The trained parameters of a network one after another in one variable, so that an update is a few operators on all of them:
//! a GPU computes what they do to a bias faster than it starts them.

use std::ops::Range;

use ndarray::{Array2, s};

use crate::architecture::Network;
use crate::graph::{Graph, GraphError, ValueId};
use crate::layers::Parameter;
use crate::ops;
use crate::optimizer::Variable;
use crate::tensor::{Tensor, TensorType};

/// Variable: all trained parameters, `[1, elements]`. An optimiser's state beside it has the same shape.
const PARAMETERS: &str = "parameters";
/// As many as ONNX Runtime concatenates in a CUDA graph.
const JOINED_AT_ONCE: usize = 32;

/// Where each parameter lies among all of them.
#[derive(Clone, Debug)]
pub struct Layout {
    places: Vec<(Parameter, Range<usize>)>,
    elements: usize,
}

impl Layout {
    pub fn new(network: &Network) -> Self {
        let mut elements = 0;
        let place = |parameter: Parameter| {
            let start = elements;
            elements += parameter.len();
            (parameter, start..elements)
        };
        let trained = network
            .parameters()
            .into_iter()
            .filter(|one| one.is_trained);
        let places = trained.map(place).collect();
        Self { places, elements }
    }

    /// Adds the variable to a graph, and the parameters that it holds.
    pub(super) fn input(
        &self,
        graph: &mut Graph,
    ) -> Result<(ValueId, Variable, Vec<ValueId>), GraphError> {
        let variable = Variable {
            name: PARAMETERS.into(),
            shape: vec![1, self.elements],
            initial: 0.0,
        };
        let all = graph.input(PARAMETERS, TensorType::f32(&variable.shape))?;
        let range = |Range { start, end }| ops::Range {
            start,
            end,
            step: 1,
        };
        let mut parameters = Vec::new();
        for (parameter, place) in &self.places {
            let elements = graph.crop(all, [range(0..1), range(place.clone())])?;
            parameters.push(graph.reshape(elements, &parameter.shape)?);
        }
        Ok((all, variable, parameters))
    }

    /// Adds the gradient of the variable, given those of the parameters.
    pub(super) fn gradient(
        &self,
        graph: &mut Graph,
        gradients: &[ValueId],
    ) -> Result<ValueId, GraphError> {
        let mut rows = Vec::new();
        for ((parameter, _), &gradient) in self.places.iter().zip(gradients) {
            rows.push(graph.reshape(gradient, &[1, parameter.len()])?);
        }
        joined(graph, rows)
    }

    /// The graph's variables from those of a checkpoint, which has each parameter's own.
    pub fn join(&self, variables: &[(String, Tensor)]) -> Vec<(String, Tensor)> {
        let mut joined: Vec<(String, Array2<f32>)> = Vec::new();
        let mut others = Vec::new();
        for (name, tensor) in variables {
            let (Some((all, place)), Some(array)) = (self.find(name), tensor.as_f32()) else {
                others.push((name.clone(), tensor.clone()));
                continue;
            };
            let index = joined.iter().position(|(other, _)| *other == all);
            let index = index.unwrap_or_else(|| {
                joined.push((all, Array2::zeros([1, self.elements])));
                joined.len() - 1
            });
            for (to, from) in joined[index]
                .1
                .slice_mut(s![0, place])
                .iter_mut()
                .zip(array)
            {
                *to = *from;
            }
        }
        let tensor = |(name, array): (String, Array2<f32>)| (name, array.into());
        joined.into_iter().map(tensor).chain(others).collect()
    }

    /// The reverse: `variables` of a checkpoint from the graph's. Those that the graph lacks are left out.
    pub fn split(
        &self,
        variables: &[Variable],
        joined: &[(String, Tensor)],
    ) -> Vec<(String, Tensor)> {
        let array = |name: &str| joined.iter().find(|(other, _)| other == name)?.1.as_f32();
        let one = |variable: &Variable| {
            let whole = || (variable.name.clone(), 0..usize::MAX);
            let (name, place) = self.find(&variable.name).unwrap_or_else(whole);
            let elements = array(&name)?.iter().copied().skip(place.start);
            let elements = elements.take(place.len()).collect();
            let array = ndarray::ArrayD::from_shape_vec(&variable.shape[..], elements).ok()?;
            Some((variable.name.clone(), array.into()))
        };
        variables.iter().filter_map(one).collect()
    }

    /// The graph's variable that holds one of a parameter, itself or state beside it, and the place there.
    fn find(&self, name: &str) -> Option<(String, Range<usize>)> {
        self.places.iter().find_map(|(parameter, place)| {
            let suffix = name.strip_prefix(&parameter.name)?;
            let is_its_own = suffix.is_empty() || suffix.starts_with('.');
            is_its_own.then(|| (format!("{PARAMETERS}{suffix}"), place.clone()))
        })
    }
}

/// Rows of one matrix one after another, in as many rounds as it takes.
fn joined(graph: &mut Graph, mut rows: Vec<ValueId>) -> Result<ValueId, GraphError> {
    while rows.len() > JOINED_AT_ONCE {
        let parts = rows.chunks(JOINED_AT_ONCE);
        let parts = parts.map(|part| graph.concat(part));
        rows = parts.collect::<Result<_, _>>()?;
    }
    graph.concat(&rows)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use clap::ValueEnum;
    use prost::Message;

    use super::*;
    use crate::graph::Target;
    use crate::models::{on_device, training};
    use crate::onnx::Model;
    use crate::optimizer::Optimizer;
    use crate::runtime::{Choice, Runtime};

    /// As the numbers of one row each say where they are.
    #[test]
    fn many_rows_are_joined_in_their_order_and_few_at_once() {
        let runtime = Runtime::open(Choice::Tract, 1).unwrap();
        for count in [1, 32, 33, 100, 2000] {
            let mut graph = Graph::new();
            let rows = (0..count).map(|number| {
                let row = ndarray::Array2::from_elem((1, 1), number as f32);
                graph.constant(row.into())
            });
            let rows = rows.collect();
            let all = joined(&mut graph, rows).unwrap();
            assert_eq!(graph.shape(all), [1, count]);
            let zero = graph.scalar(0.0);
            let all = graph.add(all, zero).unwrap();
            graph.output("all", all).unwrap();
            let model = graph.to_onnx("rows", &[]);
            let mut session = runtime.load(&model, Vec::new()).unwrap();
            let found = session.run(Vec::new()).unwrap().take("all").unwrap();
            assert!(found.into_iter().eq((0..count).map(|number| number as f32)));
            let nodes = Model::decode(&*model).unwrap().graph.unwrap().node;
            let most = nodes.iter().map(|node| node.input.len()).max();
            assert!(most.is_none_or(|most| most <= JOINED_AT_ONCE), "{most:?}");
        }
    }

    #[test]
    fn variables_of_a_checkpoint_come_back_as_they_were() {
        let network = Network::digits();
        let layout = Layout::new(&network);
        for &optimizer in Optimizer::value_variants() {
            let model = training(&network, optimizer, 1, Target::Cuda).unwrap();
            let kept = model.variables;
            let mut number = 0.0;
            let mut next = || {
                number += 1.0;
                number
            };
            let filled = |variable: &Variable| {
                let array = ndarray::ArrayD::from_shape_simple_fn(&variable.shape[..], &mut next);
                (variable.name.clone(), Tensor::F32(array))
            };
            let values: Vec<_> = kept.iter().map(filled).collect();
            let joined = layout.join(&values);
            assert_eq!(layout.split(&kept, &joined), values);

            let sizes = on_device::Sizes {
                samples: 7,
                batch_size: 7,
            };
            let model = on_device::training(&network, &optimizer.into(), sizes, None, Target::Cuda)
                .unwrap();
            let expected = model.variables.into_iter().map(|one| (one.name, one.shape));
            let shape = |(name, tensor): (String, Tensor)| (name, tensor.tensor_type().shape);
            let found: BTreeMap<_, _> = joined.into_iter().map(shape).collect();
            assert_eq!(found, expected.collect());
        }
    }
}
