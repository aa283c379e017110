//! Running a model, at once or step by step.

use core::task::Poll;

use crate::error::RunError;
use crate::model::Model;
use crate::scores::Scores;

/// Runs a model on an image, `[row][column][channel]`, in an arena of at least [`Model::arena_len`] bytes, whatever they
/// hold.
///
/// # Errors
///
/// If the image has another size than the model's input, or the arena is too small.
pub fn run(model: &Model<'_>, image: &[i8], arena: &mut [i8]) -> Result<Scores, RunError> {
    let mut run = Run::new(model, image, arena)?;
    loop {
        if let Poll::Ready(scores) = run.step() {
            return Ok(scores);
        }
    }
}

/// A run that is made of short steps, for a loop that has other things to do in between.
///
/// ```
/// # use no_std_core::{Model, RunError, Run, Scores};
/// # use core::task::Poll;
/// # fn answer_the_radio() {}
/// fn classify(model: &Model, image: &[i8], arena: &mut [i8]) -> Result<Scores, RunError> {
///     let mut run = Run::new(model, image, arena)?;
///     loop {
///         match run.step() {
///             Poll::Pending => answer_the_radio(),
///             Poll::Ready(scores) => return Ok(scores),
///         }
///     }
/// }
/// ```
pub struct Run<'r, 'a> {
    model: &'r Model<'a>,
    image: &'r [i8],
    arena: &'r mut [i8],
    /// The layer that the next step belongs to.
    layer: u8,
    /// The number of the next step in its layer.
    step: usize,
}

impl<'r, 'a> Run<'r, 'a> {
    /// A run that has not begun; arguments and errors are those of [`run`].
    pub fn new(
        model: &'r Model<'a>,
        image: &'r [i8],
        arena: &'r mut [i8],
    ) -> Result<Self, RunError> {
        if image.len() != model.input_len() {
            return Err(RunError::Image {
                expected: model.input_len(),
                found: image.len(),
            });
        }
        let found = arena.len();
        match arena.get_mut(..model.arena_len()) {
            Some(arena) => Ok(Self {
                model,
                image,
                arena,
                layer: 0,
                step: 0,
            }),
            None => Err(RunError::Arena {
                expected: model.arena_len(),
                found,
            }),
        }
    }

    /// The index of the layer that the next step belongs to; the number of layers after the last step.
    pub fn layer(&self) -> u8 {
        self.layer
    }

    /// Computes one row of a convolution's output or a few units of a dense layer. After the last step, and whenever
    /// called again, it gives the scores.
    pub fn step(&mut self) -> Poll<Scores> {
        match self.advance() {
            Some(()) => Poll::Pending,
            None => Poll::Ready(self.scores()),
        }
    }

    #[inline(never)] // What the scores need is not on the stack while layers are computed.
    fn scores(&self) -> Scores {
        Scores::new(self.model, self.logits())
    }

    /// Computes the next part of a layer's output. `None` after the last layer.
    #[inline(never)]
    fn advance(&mut self) -> Option<()> {
        let layer = self.model.layer(self.layer)?;
        let begin = self.step.checked_mul(layer.step_len())?;
        let end = begin.checked_add(layer.step_len())?.min(layer.output_len());
        let first_read = layer.record().first_read(self.step);
        let (input, output) = self.model.plan().split(
            self.arena,
            self.layer,
            [
                if self.layer == 0 {
                    0
                } else {
                    layer.input_len()
                },
                layer.output_len(),
            ],
            if self.layer == 0 { 0 } else { first_read },
            begin..end,
        )?;
        let input = if self.layer == 0 {
            self.image.get(first_read..)?
        } else {
            input
        };
        layer.step(input, self.step, output);
        (self.layer, self.step) = if end == layer.output_len() {
            (self.layer.checked_add(1)?, 0)
        } else {
            (self.layer, self.step + 1)
        };
        Some(())
    }

    /// The output of the last layer.
    fn logits(&self) -> &[i8] {
        let (last, classes) = (self.model.last_layer(), self.model.classes());
        self.model
            .plan()
            .output(self.arena, last, classes)
            .unwrap_or_default()
    }
}
