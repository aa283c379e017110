//! `infer predict`.

use std::fmt::Display;
use std::io::Write;

use no_std_core::prepare::Preparation;

use super::{Error, Predict, Prepare, write_json};
use crate::device::Device;
use crate::engine::Engine;
use crate::predict::{predict, predict_on_board};
use crate::report::Report;
use crate::source::{Source, sources};

/// Runs the model on every picture.
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
            board: device.filter(|_| on_board),
        };
        runner.predict_all(output, complain)
    })
}

/// What runs the model.
struct Runner<'e> {
    options: &'e Predict,
    engine: &'e dyn Engine,
    /// The board that prepares the pictures itself.
    board: Option<&'e Device>,
}

impl Runner<'_> {
    fn predict_all(
        &self,
        output: &mut impl Write,
        complain: &mut impl FnMut(&dyn Display),
    ) -> Result<(), Error> {
        for argument in &self.options.pictures {
            let sources = match sources(argument) {
                Ok(sources) => sources,
                Err(error) => {
                    complain(&error);
                    continue;
                }
            };
            for source in &sources {
                match self.predict_one(source, output) {
                    Err(error @ Error::Output(_)) => return Err(error),
                    Err(error) => complain(&error),
                    Ok(()) => {}
                }
            }
        }
        Ok(())
    }

    fn predict_one(&self, source: &Source, output: &mut impl Write) -> Result<(), Error> {
        let prediction = match self.board {
            Some(board) => predict_on_board(board, &source.drawing()?)?,
            None => predict(self.engine, &source.pixels(self.preparation())?)?,
        };
        let mut report = Report::new(source, &prediction);
        if self.options.truth_from_name {
            report = report.with_truth_from_name(self.engine.labels());
        }
        if self.options.json {
            write_json(output, &report)
        } else {
            Ok(writeln!(output, "{report}")?)
        }
    }

    fn preparation(&self) -> Preparation {
        let own = self.engine.preparation();
        match self.options.prepare {
            Some(Prepare::Plain) => Preparation::PLAIN,
            Some(Prepare::Centred) if own == Preparation::PLAIN => Preparation::CENTRED,
            _ => own,
        }
    }
}
