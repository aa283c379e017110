//! `infer predict`.

use std::fmt::Display;
use std::io::Write;

use no_std_core::prepare::Preparation;

use super::{Error, Predict, Prepare, write_json};
use crate::device::Device;
use crate::engine::Engine;
use crate::predict::{Prediction, predict, predict_on_board};
use crate::report::Report;
use crate::source::{Content, Source, drawing, sources};

/// Runs the model on every input.
pub fn run(
    options: &Predict,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    options.model.open(options.engine, |engine, device| {
        let on_board = matches!(options.prepare, Some(Prepare::Board));
        let runner = Runner {
            options,
            engine,
            preparation: preparation(options.prepare, engine)?,
            board: device.filter(|_| on_board),
        };
        runner.predict_all(output, complain)
    })
}

/// How pictures become inputs.
fn preparation(option: Option<Prepare>, engine: &dyn Engine) -> Result<Preparation, Error> {
    let input = &engine.spec().input;
    match option {
        Some(Prepare::Plain) => Ok(input.plain()),
        Some(Prepare::Centred) => {
            let option = "centred";
            input.centred().ok_or(Error::Prepare { option })
        }
        _ => Ok(input.preparation),
    }
}

/// What runs the model.
struct Runner<'e> {
    options: &'e Predict,
    engine: &'e dyn Engine,
    preparation: Preparation,
    /// The board that prepares the pictures itself.
    board: Option<&'e Device>,
}

impl Runner<'_> {
    fn predict_all(
        &self,
        output: &mut impl Write,
        complain: &mut impl FnMut(&dyn Display),
    ) -> Result<(), Error> {
        for argument in &self.options.inputs {
            let sources = match sources(argument) {
                Ok(sources) => sources,
                Err(error) => {
                    complain(&error);
                    continue;
                }
            };
            for source in &sources {
                match self.predict_source(source, output) {
                    Err(error @ Error::Output(_)) => return Err(error),
                    Err(error) => complain(&error),
                    Ok(()) => {}
                }
            }
        }
        Ok(())
    }

    fn predict_source(&self, source: &Source, output: &mut impl Write) -> Result<(), Error> {
        let content = source.read()?;
        let spec = &self.engine.spec().input;
        if let (Some(board), Some(shape)) = (self.board, spec.picture())
            && let Content::Picture(file) = &content
        {
            let drawing = drawing(file, shape).map_err(source.named())?;
            let prediction = predict_on_board(board, &drawing)?;
            return self.report(source, None, &prediction, output);
        }
        let inputs = content.inputs(spec, self.preparation);
        for input in inputs.map_err(source.named())? {
            let (sample, input) = input.map_err(source.named())?;
            let prediction = predict(self.engine, &input)?;
            self.report(source, sample, &prediction, output)?;
        }
        Ok(())
    }

    fn report(
        &self,
        source: &Source,
        sample: Option<usize>,
        prediction: &Prediction,
        output: &mut impl Write,
    ) -> Result<(), Error> {
        let spec = self.engine.spec();
        let mut report = Report::new(source, spec, prediction);
        if let Some(sample) = sample {
            report = report.of_sample(sample);
        }
        if self.options.truth_from_name {
            report = report.with_truth_from_name(spec.labels());
        }
        if self.options.json {
            write_json(output, &report)
        } else {
            Ok(writeln!(output, "{report}")?)
        }
    }
}
