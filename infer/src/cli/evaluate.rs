//! `infer evaluate`.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, value_parser};

use super::progress::Progress;
use super::{Error, ModelArgs, write_json};
use crate::engine::Engine;
use crate::evaluate::{EvaluateError, Evaluation, evaluate};
use crate::file::{self, Pending};
use crate::open::Choice;
use crate::output::Output;
use crate::prepare::{Preparing, Wish};
use crate::test_set::{How, TestSet};

#[derive(Debug, Args)]
pub struct Evaluate {
    #[command(flatten)]
    model: ModelArgs,

    /// Test set: .npz file with an array x... of inputs and one of labels, y... or label... [of a reconstruction 0 for usual
    /// inputs, 1 for others]; folder with a folder of pictures named like each class; or folder with IDX files, in it or
    /// below it: t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, or other spellings of these names, packed or not
    #[arg(long, value_name = "PATH", env = "MNIST_DIR")]
    data: PathBuf,

    /// Take only the first N inputs
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// How pictures become inputs [default: files as the model's file says, else plain; images of IDX files as they are]
    #[arg(long, value_enum)]
    prepare: Option<Wish>,

    /// Invert each picture first, so that ink is dark and paper light
    #[arg(long)]
    invert: bool,

    /// Write what the network gives for each input: four bytes a float (little-endian), one byte an 8-bit integer; `-`
    /// prints them and nothing else. A picture without an answer is an error then
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,

    /// Print a JSON object
    #[arg(long)]
    json: bool,
}

/// Runs the model on the test set.
pub fn run(options: &Evaluate, output: &mut impl Write) -> Result<(), Error> {
    let mut scores = match &options.scores {
        Some(path) => scores(path, options)?,
        None => Scores::None,
    };
    let evaluation = options.model.open(Choice::Auto, |engine, _| {
        evaluate_on(engine, options, &mut scores)
    })?;
    match scores {
        Scores::Printed(bytes) => return Ok(output.write_all(&bytes)?),
        Scores::File(pending) => pending.commit()?,
        Scores::None => {}
    }
    if options.json {
        write_json(output, &evaluation)
    } else {
        Ok(write!(output, "{evaluation}")?)
    }
}

/// Where the outputs go.
enum Scores {
    None,
    File(Pending),
    /// To standard output, once all are there.
    Printed(Vec<u8>),
}

/// Standard output, or the file that the outputs go to, if it is none of the inputs.
fn scores(path: &Path, options: &Evaluate) -> Result<Scores, Error> {
    if path == Path::new("-") {
        return Ok(Scores::Printed(Vec::new()));
    }
    let model = options.model.file.model.as_deref();
    let mut inputs = vec![("--data", &*options.data)];
    inputs.extend(model.map(|model| ("--model", model)));
    file::expect_distinct(path, &inputs)?;
    Ok(Scores::File(Pending::create(path)?))
}

fn evaluate_on(
    engine: &dyn Engine,
    options: &Evaluate,
    scores: &mut Scores,
) -> Result<Evaluation, Error> {
    let mut test_set = TestSet::load(&options.data, engine.spec())?;
    let wish = options.prepare;
    let preparing = wish.map(|_| Preparing::of(engine.spec(), wish));
    let how = How {
        preparing: preparing.transpose()?,
        invert: options.invert,
    };
    if let Some(limit) = options.limit {
        test_set.truncate(limit as usize);
    }
    let on_board = options.model.device.is_some();
    let progress = Progress::new(test_set.count, "inputs", on_board);
    let each = |done, output: Result<&Output, EvaluateError>| {
        progress.show(done);
        match scores {
            Scores::None => return Ok(()),
            Scores::File(pending) => pending.append(&output?.numbers().bytes())?,
            Scores::Printed(bytes) => bytes.extend(output?.numbers().bytes()),
        }
        Ok(())
    };
    Ok(evaluate(engine, &test_set, how, each)?)
}
