//! A model loaded into a runtime, and the values that stay there between runs.

use ndarray::ArrayD;
use ort::memory::{AllocationDevice, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{IoBinding, SessionInputValue, SessionOutputs};
use ort::value::DynValue;

use super::error::{failed, lacks};
use super::values::{on_host, to_array, to_value, to_values};
use super::{Kind, RuntimeError};
use crate::optimizer::Variable;
use crate::tensor::Tensor;

/// A model ready to run, with the variables that stay with the runtime.
pub struct Session {
    inner: ort::session::Session,
    binding: Option<Binding>,
    residents: Vec<Resident>,
    outputs: Vec<String>,
    kind: Kind,
}

/// A variable: its input, the output that replaces it, and its value.
pub(super) struct Resident {
    name: String,
    /// Whether the model has that input: one that updates has none for variables that only its parts read.
    is_input: bool,
    next: Option<String>,
    value: DynValue,
}

struct Binding {
    io: IoBinding,
    device: MemoryInfo<'static>,
    host: MemoryInfo<'static>,
}

impl Binding {
    fn new(session: &ort::session::Session, kind: Kind) -> ort::Result<Self> {
        let memory =
            |device| MemoryInfo::new(device, 0, AllocatorType::Device, MemoryType::Default);
        let host = memory(AllocationDevice::CPU)?;
        Ok(Self {
            io: session.create_binding()?,
            device: memory(kind.device())?,
            host,
        })
    }

    fn bind_inputs<'a>(
        &mut self,
        feeds: &[(String, DynValue)],
        variables: impl IntoIterator<Item = &'a Resident>,
    ) -> ort::Result<()> {
        for (name, value) in feeds {
            self.io.bind_input(name, value)?;
        }
        for variable in variables {
            self.io.bind_input(&variable.name, &variable.value)?;
        }
        Ok(())
    }
}

impl Session {
    /// `residents` are the model's variables with their first values.
    pub(super) fn new(
        inner: ort::session::Session,
        kind: Kind,
        residents: Vec<(String, Tensor)>,
    ) -> ort::Result<Self> {
        let outputs = inner.outputs().iter();
        let names: Vec<String> = outputs.map(|output| output.name().to_owned()).collect();
        let is_input = |name: &str| inner.inputs().iter().any(|input| input.name() == name);
        let resident = |(name, tensor): (String, Tensor)| {
            let next = Some(Variable::next_name(&name)).filter(|next| names.contains(next));
            Ok(Resident {
                is_input: is_input(&name),
                name,
                next,
                value: resident_value(tensor, kind)?,
            })
        };
        let residents = residents.into_iter().map(resident);
        let residents = residents.collect::<ort::Result<Vec<_>>>()?;
        let is_next = |name: &String| residents.iter().any(|one| one.next.as_ref() == Some(name));
        let outputs = names.into_iter().filter(|name| !is_next(name)).collect();
        let binding = match kind {
            Kind::Tract => None,
            Kind::Cuda | Kind::Onnxruntime => Some(Binding::new(&inner, kind)?),
        };
        Ok(Self {
            inner,
            binding,
            residents,
            outputs,
            kind,
        })
    }

    /// Runs the model once. `feeds` are the inputs that are no residents; the result holds the outputs that
    /// replace no resident, by name.
    pub fn run(&mut self, feeds: Vec<(String, Tensor)>) -> Result<Outputs, RuntimeError> {
        self.run_with_values(feeds, Vec::new())
    }

    /// The same, with feeds that are with the runtime already.
    pub(super) fn run_with_values(
        &mut self,
        feeds: Vec<(String, Tensor)>,
        values: Vec<(String, DynValue)>,
    ) -> Result<Outputs, RuntimeError> {
        let runtime = self.kind.name();
        let run = || {
            let mut feeds = to_values(feeds)?;
            feeds.extend(values);
            let residents = &mut self.residents;
            let read = residents.iter().filter(|one| one.is_input);
            let results = match &mut self.binding {
                Some(binding) => {
                    binding.bind_inputs(&feeds, read)?;
                    // Bound anew at each run: a kept output would be overwritten while it is the next run's input.
                    for next in residents.iter().filter_map(|one| one.next.as_ref()) {
                        binding.io.bind_output_to_device(next, &binding.device)?;
                    }
                    for output in &self.outputs {
                        binding.io.bind_output_to_device(output, &binding.host)?;
                    }
                    self.inner.run_binding(&binding.io)?
                }
                None => self.inner.run(to_inputs(feeds, read))?,
            };
            take_results(results, residents, &self.outputs)
        };
        let values = run().map_err(|error| failed(runtime, &error))?;
        Ok(Outputs { runtime, values })
    }

    /// Runs the model on the variables of another session, as far as it has inputs for them, and leaves its outputs
    /// with the runtime.
    pub(super) fn run_with(
        &mut self,
        feeds: Vec<(String, Tensor)>,
        variables: &[Resident],
    ) -> Result<Vec<(String, DynValue)>, RuntimeError> {
        let runtime = self.kind.name();
        let run = || {
            let feeds = to_values(feeds)?;
            let has_input = |one: &&Resident| self.has_input(&one.name);
            let variables: Vec<&Resident> = variables.iter().filter(has_input).collect();
            let mut results = match &mut self.binding {
                Some(binding) => {
                    binding.bind_inputs(&feeds, variables)?;
                    for output in &self.outputs {
                        binding.io.bind_output_to_device(output, &binding.device)?;
                    }
                    self.inner.run_binding(&binding.io)?
                }
                None => self.inner.run(to_inputs(feeds, variables))?,
            };
            let take = |name: &String| {
                let missing = || ort::Error::new(format!("no output `{name}`"));
                Ok((name.clone(), results.remove(name).ok_or_else(missing)?))
            };
            self.outputs.iter().map(take).collect::<ort::Result<_>>()
        };
        run().map_err(|error| failed(runtime, &error))
    }

    /// Runs the model on its residents alone, and drops what it gives where the runtime has it.
    pub(super) fn run_residents(&mut self) -> Result<(), RuntimeError> {
        let residents = std::mem::take(&mut self.residents);
        let done = self.run_with(Vec::new(), &residents);
        self.residents = residents;
        done.map(drop)
    }

    pub(super) fn has_input(&self, name: &str) -> bool {
        self.inner.inputs().iter().any(|input| input.name() == name)
    }

    pub(super) fn variables(&self) -> &[Resident] {
        &self.residents
    }

    /// The current values of all residents, in the order in which they were given.
    pub fn residents(&self) -> Result<Vec<(String, Tensor)>, RuntimeError> {
        let read = |one: &Resident| Ok((one.name.clone(), to_array(&one.value)?.into()));
        let values = self.residents.iter().map(read).collect::<ort::Result<_>>();
        values.map_err(|error| self.failed(&error))
    }

    pub(super) fn resident(&self, name: &str) -> Result<&Resident, RuntimeError> {
        let found = self.residents.iter().find(|one| one.name == name);
        found.ok_or_else(|| lacks(self.kind.name(), "an input", name))
    }

    /// The current value of a resident, which must be floats.
    pub(super) fn read(&self, name: &str) -> Result<ArrayD<f32>, RuntimeError> {
        to_array(&self.resident(name)?.value).map_err(|error| self.failed(&error))
    }

    /// Replaces the residents that have one of these names.
    pub fn set_residents(&mut self, values: &[(String, Tensor)]) -> Result<(), RuntimeError> {
        let kind = self.kind;
        for (name, tensor) in values {
            if let Some(resident) = self.residents.iter_mut().find(|one| one.name == *name) {
                let value = resident_value(tensor.clone(), kind);
                resident.value = value.map_err(|error| failed(kind.name(), &error))?;
            }
        }
        Ok(())
    }

    fn failed(&self, error: &ort::Error) -> RuntimeError {
        failed(self.kind.name(), error)
    }
}

pub struct Outputs {
    runtime: &'static str,
    values: Vec<(String, ArrayD<f32>)>,
}

impl Outputs {
    /// Adds the numbers of a value to those of its name, if there are any, or keeps it.
    pub(super) fn add(&mut self, name: String, value: &DynValue) -> Result<(), RuntimeError> {
        let part = to_array(value).map_err(|error| failed(self.runtime, &error))?;
        match self.values.iter_mut().find(|(other, _)| *other == name) {
            Some((_, sum)) => *sum += &part,
            None => self.values.push((name, part)),
        }
        Ok(())
    }

    /// The elements of an output in row-major order; it is gone from here afterwards.
    pub fn take(&mut self, name: &str) -> Result<ArrayD<f32>, RuntimeError> {
        let index = self.values.iter().position(|(other, _)| other == name);
        let index = index.ok_or_else(|| lacks(self.runtime, "a float output", name))?;
        Ok(self.values.swap_remove(index).1)
    }

    /// The first element of an output.
    pub fn scalar(&mut self, name: &str) -> Result<f64, RuntimeError> {
        let first = self.take(name)?.first().copied().map(f64::from);
        first.ok_or_else(|| lacks(self.runtime, "a number as output", name))
    }
}

/// A resident where the runtime computes, so that no run has to bring it there.
fn resident_value(tensor: Tensor, kind: Kind) -> ort::Result<DynValue> {
    match kind {
        Kind::Cuda => Ok(on_host(tensor)?.to(kind.device(), 0)?.into_dyn()),
        Kind::Onnxruntime | Kind::Tract => to_value(tensor),
    }
}

/// Moves new values into their residents and reads the other outputs.
fn take_results(
    mut results: SessionOutputs<'_>,
    residents: &mut [Resident],
    outputs: &[String],
) -> ort::Result<Vec<(String, ArrayD<f32>)>> {
    for resident in residents {
        if let Some(value) = resident.next.as_ref().and_then(|next| results.remove(next)) {
            resident.value = value;
        }
    }
    let read = |name: &String| Ok((name.clone(), to_array(&results[name.as_str()])?));
    outputs.iter().map(read).collect()
}

fn to_inputs<'a>(
    feeds: Vec<(String, DynValue)>,
    variables: impl IntoIterator<Item = &'a Resident>,
) -> Vec<(String, SessionInputValue<'a>)> {
    let feeds = feeds.into_iter().map(|(name, value)| (name, value.into()));
    let variables = variables.into_iter();
    feeds
        .chain(variables.map(|one| (one.name.clone(), (&one.value).into())))
        .collect()
}
