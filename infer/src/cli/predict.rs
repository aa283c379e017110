//! `infer predict`.

use std::fmt::Display;
use std::io::Write;

use no_std_core::prepare::Preparation;

use super::{Error, Predict, Prepare, write_json};
use crate::engine::{self, Engine};
use crate::predict::predict;
use crate::report::Report;
use crate::source::{Source, sources};

/// Runs the model on every picture.
pub fn run(
    options: &Predict,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    let (bytes, name) = options.model.read()?;
    let engine = engine::open(&bytes, &name, options.engine)?;
    for argument in &options.pictures {
        let sources = match sources(argument) {
            Ok(sources) => sources,
            Err(error) => {
                complain(&error);
                continue;
            }
        };
        for source in &sources {
            match predict_one(&*engine, source, options, output) {
                Err(error @ Error::Output(_)) => return Err(error),
                Err(error) => complain(&error),
                Ok(()) => {}
            }
        }
    }
    Ok(())
}

fn predict_one(
    engine: &dyn Engine,
    source: &Source,
    options: &Predict,
    output: &mut impl Write,
) -> Result<(), Error> {
    let prediction = predict(
        engine,
        &source.pixels(preparation(engine, options.prepare))?,
    )?;
    let (file, name) = (source.file(), source.name());
    let mut report = Report::new(&file, &name, &prediction);
    if options.truth_from_name {
        report = report.with_truth_from_name(engine.labels());
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
