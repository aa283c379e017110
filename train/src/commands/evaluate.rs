//! `train evaluate`.

use std::path::Path;

use input::{file, onnx};
use ndarray::Array2;

use super::{accept, expect_distinct, load_test_for, open, read_model};
use crate::cli::EvaluateArgs;
use crate::console::Console;
use crate::data::Dataset;
use crate::data::augment::Augment;
use crate::error::Error;
use crate::evaluate::{accuracy, run_model};
use crate::prepared::Pictures;
use crate::runtime::Kind;

pub fn run(args: &EvaluateArgs, console: &mut Console) -> Result<(), Error> {
    let is_file = |path: &&Path| *path != Path::new("-");
    let scores = args.scores.as_deref().filter(is_file);
    if let Some(path) = scores {
        expect_distinct(&[path], &[("--model", &args.model)], &args.data)?;
        file::expect_writable(path)?;
    }
    let model = read_model(&args.model)?;
    let limit = args.images.map_or(usize::MAX, |count| count as usize);
    let test = load_test_for(&Pictures::of_model(&model), &args.data)?.take(limit);
    let augment = if args.invert {
        Augment::Invert
    } else {
        Augment::None
    };
    let runtime = open(args.runtime)?;
    let checked_for = match runtime.kind() {
        Kind::Tract => onnx::Runtime::Tract,
        Kind::Cuda | Kind::Onnxruntime => onnx::Runtime::OnnxRuntime,
    };
    let model = accept(&model, &args.model, args.limits, checked_for)?;
    let logits = run_model(&runtime, &model, &test, augment.variants());
    let logits = logits.map_err(|reason| Error::Model {
        path: args.model.clone(),
        expected: form(&test),
        reason: reason.into(),
    })?;
    if let Some(path) = scores {
        file::write(path, &to_bytes(&logits))?;
    } else if args.scores.is_some() {
        console.write(&to_bytes(&logits));
        return Ok(());
    }
    let (accuracy, count) = (accuracy(&logits, &test), logits.nrows());
    console.line(format_args!("accuracy {accuracy:.4} on {count} images"));
    console.line(runtime.description());
    Ok(())
}

/// What a model for these pictures takes and gives.
fn form(pictures: &Dataset) -> String {
    let [channels, rows, columns] = pictures.shape();
    let classes = pictures.classes().len();
    format!("`images` [1, {channels}, {rows}, {columns}] to `logits` [1, {classes}]")
}

fn to_bytes(logits: &Array2<f32>) -> Vec<u8> {
    let bytes = logits.iter().flat_map(|logit| logit.to_le_bytes());
    bytes.collect()
}
