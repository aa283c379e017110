//! Models on processors with memory to spare: weights are packed once, and whole tensors are worked on with the widest
//! instructions that there are. The values are the same as those of [`run()`](crate::run()), to the bit.
//!
//! ```
//! use no_std_core::{Model, Output, host};
//!
//! let file = include_bytes!("../tests/tiny.q8");
//! let engine = host::Engine::new(Model::new(file)?, host::Backend::best());
//! let mut memory = host::Memory::default();
//! let Output::Classes(classes) = engine.run(&[-128; 16], &mut memory)? else {
//!     panic!("the model tells classes apart");
//! };
//! assert_eq!(classes.logits().len(), 2);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

mod backend;
mod channels;
mod conversion;
mod convolution;
mod depthwise;
mod memory;
mod operator;
mod padding;
mod pointwise;
mod pool;
mod simd;
mod windows;

pub use backend::Backend;
pub use memory::{Memory, memory_len};

use crate::error::RunError;
use crate::format::OutputKind;
use crate::model::Model;
use crate::output::Output;
use backend::Visitor;
use operator::Operator;
use simd::Simd;

/// A model that is ready to run with the instructions of a [`Backend`]. Threads can share it; each has its own [`Memory`].
pub struct Engine<'a> {
    model: Model<'a>,
    backend: Backend,
    steps: Vec<Step>,
    /// Values of each tensor in [`Memory`].
    lens: Vec<usize>,
    output: Place,
}

/// An operator, and the tensors that it reads and makes; without a second input that is the first one.
struct Step {
    operator: Operator,
    inputs: [Place; 2],
    output: Place,
}

/// Where a tensor is in [`Memory`], and its length.
#[derive(Clone, Copy)]
struct Place {
    tensor: usize,
    len: usize,
}

impl<'a> Engine<'a> {
    /// Packs the weights of a model.
    pub fn new(model: Model<'a>, backend: Backend) -> Self {
        let (places, lens) = places(&model);
        let operators = backend.visit(Packing(&model));
        let steps = operators.into_iter().zip(model.operations()).zip(1..);
        let steps = steps.map(|((operator, operation), output)| {
            let [first, second] = operation.record().inputs.map(usize::from);
            Step {
                operator,
                inputs: [first, second]
                    .map(|input| places[if input < output { input } else { first }]),
                output: places[output],
            }
        });
        Self {
            steps: steps.collect(),
            output: places[places.len() - 1],
            model,
            backend,
            lens,
        }
    }

    /// The model that it runs.
    pub fn model(&self) -> &Model<'a> {
        &self.model
    }

    /// The instructions that it was packed for.
    pub fn backend(&self) -> Backend {
        self.backend
    }

    /// Runs the model on an image, `[row][column][channel]`.
    ///
    /// # Errors
    ///
    /// If the image has another size than the model's input.
    pub fn run<'r>(&'r self, image: &[i8], memory: &'r mut Memory) -> Result<Output<'r>, RunError> {
        self.run_observed(image, memory, |_| ())
    }

    /// The same, and calls `observe` after each operator with its index.
    ///
    /// # Errors
    ///
    /// As [`Self::run`].
    pub fn run_observed<'r>(
        &'r self,
        image: &[i8],
        memory: &'r mut Memory,
        observe: impl FnMut(usize),
    ) -> Result<Output<'r>, RunError> {
        let expected = self.model.input().shape.elements() as usize;
        if image.len() != expected {
            return Err(RunError::Image {
                expected,
                found: image.len(),
            });
        }
        memory.tensors.resize_with(self.lens.len(), Vec::new);
        for (tensor, &len) in memory.tensors.iter_mut().zip(&self.lens) {
            tensor.resize(len, 0);
        }
        memory.tensors[0][..expected].copy_from_slice(image);
        self.backend.visit(Running {
            steps: &self.steps,
            memory,
            observe,
        });
        let Place { tensor, len } = self.output;
        let values = &memory.tensors[tensor][..len];
        Ok(Output::new(
            &self.model,
            values,
            &memory.tensors[0][..expected],
        ))
    }
}

impl fmt::Debug for Engine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("model", &self.model)
            .field("backend", &self.backend)
            .finish_non_exhaustive()
    }
}

/// Chooses for each tensor of a model one in memory, whose lengths come second: those that are needed at different times
/// share one. The input is the first one.
fn places(model: &Model<'_>) -> (Vec<Place>, Vec<usize>) {
    let operators = usize::from(model.operators_len());
    let mut last_reader = vec![0; operators + 1];
    for (index, operation) in model.operations().enumerate() {
        for input in operation.record().inputs.map(usize::from) {
            if input <= operators {
                last_reader[input] = index;
            }
        }
    }
    last_reader[operators] = operators;
    if model.output_kind() == OutputKind::Reconstruction {
        last_reader[0] = operators;
    }
    let (mut places, mut lens, mut free_after) = (Vec::new(), Vec::new(), Vec::new());
    for (tensor, &last) in last_reader.iter().enumerate() {
        let record = u16::try_from(tensor).ok().and_then(|at| model.tensor(at));
        let len = record.map_or(0, |record| record.shape.elements() as usize);
        // The operator before the tensor makes it, and reads others meanwhile.
        let free = |&shared: &usize| tensor > 0 && free_after[shared] + 1 < tensor;
        let shared = (0..lens.len()).find(free).unwrap_or(lens.len());
        if shared == lens.len() {
            lens.push(0);
            free_after.push(0);
        }
        lens[shared] = len.max(lens[shared]);
        free_after[shared] = last;
        places.push(Place {
            tensor: shared,
            len,
        });
    }
    (places, lens)
}

/// Packs the weights of all operators.
struct Packing<'m, 'a>(&'m Model<'a>);

impl Visitor for Packing<'_, '_> {
    type Output = Vec<Operator>;

    fn visit<S: Simd>(self, _: S) -> Vec<Operator> {
        let operations = self.0.operations();
        operations
            .map(|operation| Operator::new::<S>(&operation.operands))
            .map(|operator| operator.unwrap_or_else(|| unreachable!("the loader checks operators")))
            .collect()
    }
}

/// Runs all operators.
struct Running<'m, F> {
    steps: &'m [Step],
    memory: &'m mut Memory,
    observe: F,
}

impl<F: FnMut(usize)> Visitor for Running<'_, F> {
    type Output = ();

    fn visit<S: Simd>(mut self, simd: S) {
        let Memory { tensors, scratch } = self.memory;
        for (index, step) in self.steps.iter().enumerate() {
            let Place { tensor, len } = step.output;
            let mut output = core::mem::take(&mut tensors[tensor]);
            let inputs = step.inputs.map(|input| &tensors[input.tensor][..input.len]);
            simd.run(&step.operator, inputs, &mut output[..len], scratch);
            tensors[tensor] = output;
            (self.observe)(index);
        }
    }
}
