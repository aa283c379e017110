//! `infer predict`.

use std::fmt::Display;
use std::io::Write;

use no_std_core::prepare::Preparation;

use super::{Error, Predict, Prepare, write_json};
use crate::device::Device;
use crate::engine::Engine;
use crate::open::open;
use crate::predict::{Prediction, predict, predict_on_board};
use crate::report::Report;
use crate::source::{Source, sources};

/// Runs the model on every picture.
pub fn run(
    options: &Predict,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    if let Some(address) = &options.model.device {
        let device = Device::open(address)?;
        let on_board = matches!(options.prepare, Some(Prepare::Board));
        let runner = Runner {
            engine: &device,
            board: on_board.then_some(&device),
        };
        return predict_all(&runner, options, output, complain);
    }
    let (bytes, name) = options.model.read()?;
    let limits = options.model.limits.get();
    let engine = open(&bytes, &name, options.engine, &limits)?;
    let runner = Runner {
        engine: &*engine,
        board: None,
    };
    predict_all(&runner, options, output, complain)
}

/// What runs the model.
struct Runner<'e> {
    engine: &'e dyn Engine,
    /// The board that prepares the pictures itself.
    board: Option<&'e Device>,
}

impl Runner<'_> {
    fn predict(&self, source: &Source, choice: Option<Prepare>) -> Result<Prediction, Error> {
        Ok(match self.board {
            Some(board) => predict_on_board(board, &source.drawing()?)?,
            None => predict(
                self.engine,
                &source.pixels(preparation(self.engine, choice))?,
            )?,
        })
    }
}

fn predict_all(
    runner: &Runner<'_>,
    options: &Predict,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    for argument in &options.pictures {
        let sources = match sources(argument) {
            Ok(sources) => sources,
            Err(error) => {
                complain(&error);
                continue;
            }
        };
        for source in &sources {
            match predict_one(runner, source, options, output) {
                Err(error @ Error::Output(_)) => return Err(error),
                Err(error) => complain(&error),
                Ok(()) => {}
            }
        }
    }
    Ok(())
}

fn predict_one(
    runner: &Runner<'_>,
    source: &Source,
    options: &Predict,
    output: &mut impl Write,
) -> Result<(), Error> {
    let prediction = runner.predict(source, options.prepare)?;
    let mut report = Report::new(source, &prediction);
    if options.truth_from_name {
        report = report.with_truth_from_name(runner.engine.labels());
    }
    if options.json {
        write_json(output, &report)
    } else {
        Ok(writeln!(output, "{report}")?)
    }
}

fn preparation(engine: &dyn Engine, choice: Option<Prepare>) -> Preparation {
    let own = engine.preparation();
    match choice {
        Some(Prepare::Plain) => Preparation::PLAIN,
        Some(Prepare::Centred) if own == Preparation::PLAIN => Preparation::CENTRED,
        _ => own,
    }
}
