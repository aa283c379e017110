//! A model that runs between two sets of buffers: one binding reads the variables of set A and writes those of set B,
//! the other one the reverse.
//!
//! That is what CUDA graphs ask for: whatever a run reads and writes stays where it is, and each binding is captured
//! as a graph of its own ([ONNX Runtime's rules](
//! https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html#using-cuda-graphs-preview)). ONNX
//! Runtime runs a model several times before it has captured it; since no run writes what it reads, all of them come
//! to the same. On a CPU the same code runs with the host's buffers.

use ndarray::ArrayD;
use ort::session::{IoBinding, RunOptions};
use ort::value::DynTensor;

use super::error::{failed, lacks};
use super::values::{on_host, read};
use super::{Kind, RuntimeError, one_line};
use crate::optimizer::Variable;
use crate::tensor::Tensor;

/// Key of the run option that says which captured graph to replay.
const GRAPH_ID: &str = "gpu_graph_id";

pub(super) struct PingPong {
    session: ort::session::Session,
    kind: Kind,
    inputs: Vec<Input>,
    /// The binding that reads a set, for each set.
    bindings: [Bound; 2],
    steps: usize,
}

/// An input of the model: a variable has a buffer in each set, any other one is the same for both.
struct Input {
    name: String,
    buffers: Vec<DynTensor>,
}

impl Input {
    fn buffer(&self, set: usize) -> &DynTensor {
        &self.buffers[set % self.buffers.len()]
    }

    fn is_variable(&self) -> bool {
        self.buffers.len() == 2
    }
}

struct Bound {
    io: IoBinding,
    options: RunOptions,
}

impl Bound {
    /// Binds all that is read from one set, and what is written to the other one.
    fn new(session: &ort::session::Session, inputs: &[Input], set: usize) -> ort::Result<Self> {
        let mut io = session.create_binding()?;
        for input in inputs {
            io.bind_input(&input.name, input.buffer(set))?;
            if input.is_variable() {
                let written = shared(input.buffer(1 - set))?;
                io.bind_output(Variable::next_name(&input.name), written)?;
            }
        }
        let mut options = RunOptions::new()?;
        options.set(GRAPH_ID, (set + 1).to_string())?;
        Ok(Self { io, options })
    }
}

impl PingPong {
    /// `values` are all inputs; those with an output `NAME.next` are variables.
    pub(super) fn new(
        session: ort::session::Session,
        kind: Kind,
        values: Vec<(String, Tensor)>,
    ) -> Result<Self, RuntimeError> {
        let outputs = session.outputs();
        let is_output = |name: String| outputs.iter().any(|output| output.name() == name);
        let input = |(name, tensor): (String, Tensor)| {
            let sets = 1 + usize::from(is_output(Variable::next_name(&name)));
            let buffers = uploaded(kind, &name, tensor, sets)?;
            Ok(Input { name, buffers })
        };
        let inputs = values.into_iter().map(input);
        let inputs = inputs.collect::<Result<Vec<_>, RuntimeError>>()?;
        let bound = |set| Bound::new(&session, &inputs, set);
        let bindings = bound(0).and_then(|first| Ok([first, bound(1)?]));
        let bindings = bindings.map_err(|error| failed(kind.name(), &error))?;
        let mut model = Self {
            session,
            kind,
            inputs,
            bindings,
            steps: 0,
        };
        // What takes its time at the first run is done here. It writes what the first step will write over.
        model.run()?;
        Ok(model)
    }

    /// The set that holds the current values: each step writes the other one.
    fn current(&self) -> usize {
        self.steps % 2
    }

    fn run(&mut self) -> Result<(), RuntimeError> {
        let Bound { io, options } = &self.bindings[self.current()];
        let results = self.session.run_binding_with_options(io, options).map(drop);
        results.map_err(|error| match self.kind {
            // Each binding is captured at its first run.
            Kind::Cuda if self.steps < 2 => RuntimeError::FirstSteps(one_line(&error.to_string())),
            _ => failed(self.kind.name(), &error),
        })
    }

    pub(super) fn step(&mut self) -> Result<(), RuntimeError> {
        self.run()?;
        self.steps += 1;
        Ok(())
    }

    /// Replaces the inputs of these names, in the buffers that they have.
    pub(super) fn write(&mut self, values: Vec<(String, Tensor)>) -> Result<(), RuntimeError> {
        for (name, tensor) in values {
            let (index, current) = (self.index(&name)?, self.current());
            let buffers = &mut self.inputs[index].buffers;
            let set = current % buffers.len();
            let copied = on_host(tensor).and_then(|value| value.copy_into(&mut buffers[set]));
            copied.map_err(|error| failed(self.kind.name(), &error))?;
        }
        Ok(())
    }

    /// The current value of a variable of floats.
    pub(super) fn read(&self, name: &str) -> Result<ArrayD<f32>, RuntimeError> {
        let buffer = self.inputs[self.index(name)?].buffer(self.current());
        read(buffer).map_err(|error| failed(self.kind.name(), &error))
    }

    fn index(&self, name: &str) -> Result<usize, RuntimeError> {
        let index = self.inputs.iter().position(|input| input.name == name);
        index.ok_or_else(|| lacks(self.kind.name(), "an input", name))
    }
}

/// The same buffer under a second owner.
fn shared(buffer: &DynTensor) -> ort::Result<DynTensor> {
    let unowned = |_| ort::Error::new("a buffer that the runtime does not own");
    buffer.view().try_upgrade().map_err(unowned)
}

/// Copies of a tensor in the device's memory, none of them in that of the session: what a captured graph uses between
/// its nodes must be handed to nobody else.
fn uploaded(
    kind: Kind,
    name: &str,
    tensor: Tensor,
    copies: usize,
) -> Result<Vec<DynTensor>, RuntimeError> {
    let bytes = tensor.byte_len();
    let buffers =
        on_host(tensor).and_then(|value| (0..copies).map(|_| value.to(kind.device(), 0)).collect());
    buffers.map_err(|error| RuntimeError::Upload {
        name: name.into(),
        bytes,
        reason: one_line(&error.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::{Choice, Runtime};

    #[test]
    fn what_does_not_get_onto_the_device_is_named_with_its_size() {
        // tract has no such device.
        let _runtime = Runtime::open(Choice::Tract, 1).unwrap();
        let refused = uploaded(Kind::Cuda, "images", Tensor::filled(&[3, 2], 0.0), 1);
        let message = refused.err().unwrap().to_string();
        let start = "images: expected 24 bytes of free memory";
        let is_right = message.starts_with(start) && message.contains("--limit");
        assert!(is_right && !message.contains('\n'), "{message}");
    }
}
