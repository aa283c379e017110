//! A model all of whose inputs stay with the runtime, so that running it takes nothing from the host.

use ndarray::ArrayD;

use super::ping_pong::PingPong;
use super::{Kind, Runtime, RuntimeError, Session, refused};
use crate::tensor::Tensor;

/// How a GPU multiplies 32-bit floats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Precision {
    /// As they are.
    #[default]
    Float32,
    /// Rounded to 11 significant bits, by tensor cores; CUDA only.
    Tf32,
}

/// How a GPU trains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::Args)]
pub struct DeviceOptions {
    /// How a GPU multiplies in training
    #[arg(long, value_enum, default_value_t)]
    pub precision: Precision,
    /// On a GPU, start each operator of a step by itself instead of a captured graph of them: slower, but always possible
    #[arg(long)]
    pub no_cuda_graphs: bool,
}

/// A model whose variables stay on the device from step to step.
pub struct DeviceSession(Inputs);

enum Inputs {
    /// ONNX Runtime.
    PingPong(Box<PingPong>),
    /// tract, whose inputs are in the host's memory anyway.
    Plain(Box<Session>),
}

impl Runtime {
    /// Prepares a model for running. `values` are all its inputs with their first values; each run replaces those for
    /// which the model has an output `NAME.next`, and it has no other outputs.
    pub fn load_on_device(
        &self,
        onnx: &[u8],
        values: Vec<(String, Tensor)>,
        options: DeviceOptions,
    ) -> Result<DeviceSession, RuntimeError> {
        self.check_precision(options.precision)?;
        if self.kind == Kind::Tract {
            let session = self.load(onnx, values)?;
            return Ok(DeviceSession(Inputs::Plain(Box::new(session))));
        }
        let builder = self.builder(self.threads, options.precision, !options.no_cuda_graphs);
        let session = builder.and_then(|mut builder| builder.commit_from_memory(onnx));
        let session = session.map_err(|error| refused(self.kind.name(), &error))?;
        let session = PingPong::new(session, self.kind, values)?;
        Ok(DeviceSession(Inputs::PingPong(Box::new(session))))
    }

    pub fn check_precision(&self, precision: Precision) -> Result<(), RuntimeError> {
        if precision == Precision::Tf32 && self.kind != Kind::Cuda {
            let runtime = self.kind.name();
            return Err(RuntimeError::Precision { runtime });
        }
        Ok(())
    }
}

impl DeviceSession {
    pub fn step(&mut self) -> Result<(), RuntimeError> {
        match &mut self.0 {
            Inputs::PingPong(session) => session.step(),
            Inputs::Plain(session) => session.run(Vec::new()).map(drop),
        }
    }

    pub fn write(&mut self, values: Vec<(String, Tensor)>) -> Result<(), RuntimeError> {
        match &mut self.0 {
            Inputs::PingPong(session) => session.write(values),
            Inputs::Plain(session) => {
                for (name, _) in &values {
                    let _is_there = session.resident(name)?;
                }
                session.set_residents(&values)
            }
        }
    }

    /// The current value of a variable, which must be floats.
    pub fn read(&self, name: &str) -> Result<ArrayD<f32>, RuntimeError> {
        match &self.0 {
            Inputs::PingPong(session) => session.read(name),
            Inputs::Plain(session) => session.read(name),
        }
    }
}
