//! `train evaluate`.

use std::path::Path;

use ndarray::Array2;

use super::{load_test, open, read_model};
use crate::atomic;
use crate::cli::EvaluateArgs;
use crate::console::Console;
use crate::data::augment::Augment;
use crate::error::Error;
use crate::evaluate::{accuracy, run_model};

pub fn run(args: &EvaluateArgs, console: &mut Console) -> Result<(), Error> {
    let model = read_model(&args.model)?;
    let test = load_test(&args.data)?;
    let test = match args.images {
        Some(count) => test.take(count as usize),
        None => test,
    };
    let augment = if args.invert {
        Augment::Invert
    } else {
        Augment::None
    };
    let runtime = open(args.runtime)?;
    let logits = run_model(&runtime, &model, &test, augment.variants());
    let logits = logits.map_err(|reason| Error::Model {
        path: args.model.clone(),
        reason,
    })?;
    match &args.scores {
        Some(path) if path == Path::new("-") => {
            console.write(&to_bytes(&logits));
            return Ok(());
        }
        Some(path) => atomic::write(path, &to_bytes(&logits))?,
        None => {}
    }
    console.line(format_args!(
        "accuracy {:.4} on {} images",
        accuracy(&logits, &test),
        logits.nrows()
    ));
    console.line(runtime.description());
    Ok(())
}

fn to_bytes(logits: &Array2<f32>) -> Vec<u8> {
    logits
        .iter()
        .flat_map(|logit| logit.to_le_bytes())
        .collect()
}
