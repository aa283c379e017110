//! Models in flash files, run by the integer engine that boards run.

use std::sync::{Mutex, MutexGuard, PoisonError};

use input::limits::Limits;
use no_std_core::Operation;
use no_std_core::format::{OutputKind, TensorRecord};
use no_std_core::host::{self, Backend, Engine as IntegerEngine, Memory};

use crate::engine::{Answer, Engine};
use crate::error::{ModelError, RunError};
use crate::file::InFile;
use crate::input::Input;
use crate::output::{Output, sizes, squared_steps};
use crate::spec::{InputSpec, Layout, OutputSpec, Quantization, Spec};

/// A model in a flash file (`models/FORMAT.md`), ready to run. It borrows the file's bytes.
#[derive(Debug)]
pub struct FlashModel<'a> {
    name: String,
    engine: IntegerEngine<'a>,
    spec: Spec,
    /// Memory that no thread runs the network in.
    free: Mutex<Vec<Memory>>,
}

impl<'a> FlashModel<'a> {
    /// Checks the file in `bytes`; errors call it `name`.
    pub fn from_bytes(bytes: &'a [u8], name: &str) -> Result<Self, InFile<ModelError>> {
        Self::on(bytes, name, &Limits::default(), Backend::best())
    }

    /// Like [`FlashModel::from_bytes`], with other limits than the usual ones, and the instructions of a backend.
    pub fn on(
        bytes: &'a [u8],
        name: &str,
        limits: &Limits,
        backend: Backend,
    ) -> Result<Self, InFile<ModelError>> {
        let model = no_std_core::Model::new(bytes).map_err(InFile::named(name))?;
        check_limits(&model, limits).map_err(InFile::named(name))?;
        Ok(Self {
            name: name.to_owned(),
            spec: spec(&model),
            engine: IntegerEngine::new(model, backend),
            free: Mutex::default(),
        })
    }

    /// The model as the engine sees it.
    pub fn model(&self) -> &no_std_core::Model<'a> {
        self.engine.model()
    }

    /// Runs the model on one input, and calls `observe` after each of its operators with that one's index.
    pub fn run_observed(
        &self,
        input: &Input,
        observe: impl FnMut(usize),
    ) -> Result<Answer, InFile<RunError>> {
        let mut memory = self.free().pop().unwrap_or_default();
        let output = self
            .engine
            .run_observed(&self.integers(input), &mut memory, observe)
            .map(|output| Output::of_core(self.model(), &output));
        self.free().push(memory);
        let (expected, found) = (self.spec.input.elements(), input.len());
        let output = output.map_err(|_| RunError::Length { expected, found });
        let output = output.map_err(InFile::named(&self.name))?;
        Ok(Answer { output, cost: None })
    }

    fn free(&self) -> MutexGuard<'_, Vec<Memory>> {
        // Whatever memory holds, it can be used.
        self.free.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn integers(&self, input: &Input) -> Vec<i8> {
        let model = self.model();
        let channels = usize::from(model.input().shape.channels);
        match input {
            Input::Pixels(pixels) => {
                let pixels = pixels.iter().enumerate();
                let value = |(at, &pixel)| model.quantize_pixel(at % channels, pixel);
                pixels.map(value).collect()
            }
            Input::Integers(integers) => integers.clone(),
            Input::Floats(floats) => {
                let of = quantization(&model.input());
                floats.iter().map(|&float| of.integer(float)).collect()
            }
        }
    }
}

impl Engine for FlashModel<'_> {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run(&self, input: &Input) -> Result<Answer, InFile<RunError>> {
        self.run_observed(input, |_| ())
    }

    fn shared(&self) -> Option<&(dyn Engine + Sync)> {
        Some(self)
    }
}

/// What the file says.
fn spec(model: &no_std_core::Model<'_>) -> Spec {
    let name = |class: u64| {
        let name = model.label(class as usize).map(str::to_owned);
        name.unwrap_or_else(|| class.to_string())
    };
    let input = model.input();
    Spec {
        input: InputSpec {
            sizes: sizes(input.shape).to_vec(),
            layout: Layout::ChannelsLast,
            quantization: Some(quantization(&input)),
            preparation: model.preparation(),
        },
        output: match model.output_kind() {
            OutputKind::Classes => OutputSpec::Classes {
                labels: (0..model.output().shape.elements()).map(name).collect(),
            },
            OutputKind::Values => OutputSpec::Values {
                outputs: model.output().shape.elements() as usize,
            },
            OutputKind::Reconstruction => OutputSpec::Reconstruction {
                threshold: Some(squared_steps(model.threshold())),
            },
        },
    }
}

fn quantization(tensor: &TensorRecord) -> Quantization {
    Quantization {
        scale: f32::from_bits(tensor.scale),
        zero_point: tensor.zero_point,
    }
}

/// Refuses a model that takes too much, whatever its file says of it.
pub(crate) fn check_limits(
    model: &no_std_core::Model<'_>,
    limits: &Limits,
) -> Result<(), ModelError> {
    limits.check_bytes(host::memory_len(model), "its tensors")?;
    let work = model.operations().map(|operation| work(&operation));
    let work = work.fold(0, u64::saturating_add);
    Ok(limits.check_multiply_adds(work, "its operators")?)
}

/// Multiplications of an operator, or of one without any the elements that it touches.
fn work(operation: &Operation<'_>) -> u64 {
    let record = operation.record();
    let touched = [record.rows, record.columns].map(|axis| u64::from(axis.kernel.max(1)));
    let touched = operation
        .output()
        .shape
        .elements()
        .saturating_mul(touched[0] * touched[1]);
    match operation.multiply_adds() {
        0 => touched,
        multiply_adds => multiply_adds,
    }
}
