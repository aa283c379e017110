//! Single training steps of the digit network, from any variables.

use train::architecture::Network;
use train::graph::Target;
use train::init;
use train::models::{self, CORRECT, LEARNING_RATE, LOSS_SUM};
use train::optimizer::Optimizer;
use train::runtime::{Runtime, Session};
use train::tensor::Tensor;

/// The training graph of the digit network on a runtime, with its variables.
pub struct Stepper {
    session: Session,
    learning_rate: f32,
}

/// Loss and hits of one batch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Step {
    /// Sum of the losses, in nats.
    pub loss_sum: f64,
    /// Number of right answers.
    pub correct: f64,
}

impl Stepper {
    /// Steps of `batch_size` rows from the parameters that seed 0 draws, at the optimiser's default learning rate.
    pub fn new(runtime: &Runtime, optimizer: Optimizer, batch_size: usize) -> Self {
        let target = runtime.target();
        Self::in_forms_for(target, runtime, optimizer, batch_size)
    }

    /// The same with the graph in the forms for another runtime.
    pub fn in_forms_for(
        target: Target,
        runtime: &Runtime,
        optimizer: Optimizer,
        batch_size: usize,
    ) -> Self {
        let model = models::training(&Network::digits(), optimizer, batch_size, target);
        let model = model.expect("the graph is valid");
        let mut variables = init::parameters(&Network::digits(), 0);
        for state in &model.variables[variables.len()..] {
            variables.push((
                state.name.clone(),
                Tensor::filled(&state.shape, state.initial),
            ));
        }
        let session = runtime
            .load(&model.onnx, variables)
            .expect("the runtime takes the graph");
        Self {
            session,
            learning_rate: optimizer.default_learning_rate(),
        }
    }

    /// Steps of another size from now on.
    #[must_use]
    pub fn at_rate(self, learning_rate: f32) -> Self {
        Self {
            learning_rate,
            ..self
        }
    }

    /// Runs one step on images, labels, weights and masks.
    pub fn step(&mut self, mut feeds: Vec<(String, Tensor)>) -> Step {
        feeds.push((LEARNING_RATE.into(), Tensor::scalar(self.learning_rate)));
        let mut outputs = self
            .session
            .run(feeds)
            .expect("the feeds are those of the graph");
        let mut number = |name| outputs.scalar(name).expect("the graph has this output");
        Step {
            loss_sum: number(LOSS_SUM),
            correct: number(CORRECT),
        }
    }

    /// Parameters, in the network's order, and the optimiser's state.
    pub fn variables(&self) -> Vec<(String, Tensor)> {
        self.session.residents().expect("variables can be read")
    }

    /// Replaces the variables that have one of these names.
    pub fn set_variables(&mut self, variables: &[(String, Tensor)]) {
        self.session
            .set_residents(variables)
            .expect("variables can be set");
    }
}
