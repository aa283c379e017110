//! `train evaluate`.

mod corruptions;
mod int8;
mod negatives;

use std::path::{Path, PathBuf};

use input::file::{self, display_name};
use input::onnx;
use ndarray::Array2;

use super::negatives::NegativeSet;
use super::report::{json_beside, write_report};
use super::{accept, expect_distinct, load_test_for, open, read_model};
use crate::cli::EvaluateArgs;
use crate::console::Console;
use crate::data::augment::{Augment, Variant};
use crate::data::{Dataset, Element, Negatives};
use crate::error::Error;
use crate::evaluate::run_model;
use crate::picture_input::Pictures;
use crate::report::{Int8, Report};
use crate::runtime::{Kind, Runtime};

pub fn run(args: &EvaluateArgs, console: &mut Console) -> Result<(), Error> {
    expect_outputs(args)?;
    let model = read_model(&args.model)?;
    let limit = args.images.map_or(usize::MAX, |count| count as usize);
    let test = load_test_for(&Pictures::of_model(&model), &args.data)?.take(limit);
    let augment = if args.invert {
        Augment::Invert
    } else {
        Augment::None
    };
    if args.corruptions && test.element() == Element::Number {
        return Err(Error::NoCorruptions);
    }
    let found = negatives::find(args, &model, &test)?;
    let runtime = open(args.runtime)?;
    let measured = Measured {
        runtime: &runtime,
        pictures: &test,
        negatives: found.as_ref(),
        variants: augment.variants(),
        args,
    };
    let logits = measured.logits(&args.model, &model)?;
    if args.prints_scores() {
        console.write(&to_bytes(&logits));
        return Ok(());
    }
    if let Some(path) = &args.scores {
        file::write(path, &to_bytes(&logits))?;
    }
    let report = measured.report(&model, &logits)?;
    if args.json {
        console.line(serde_json::to_string_pretty(&report)?);
    } else {
        console.line(format_args!(
            "accuracy {:.4} on {} images",
            report.accuracy, report.samples
        ));
        console.line(runtime.description());
        console.line(format_args!("\n{}", report.text()));
    }
    if let Some(path) = &args.report {
        let title = display_name(&args.model);
        let pictures = (&test, augment.variants());
        let line = write_report(path, &title, &report, pictures, &[])?;
        if !args.json {
            console.line(line);
        }
    }
    Ok(())
}

/// Fails unless all files that are asked for can be written, and none is another one or one that is read.
fn expect_outputs(args: &EvaluateArgs) -> Result<(), Error> {
    args.expect_usage();
    let pages = args.report.iter();
    let pages = pages.flat_map(|page| [page.clone(), json_beside(page)]);
    let scores = args.scores.iter().filter(|_| !args.prints_scores());
    let outputs: Vec<PathBuf> = pages.chain(scores.cloned()).collect();
    let int8 = args.int8.clone().or_else(|| int8::beside(&args.model));
    let models = [Some(&args.model), int8.as_ref()];
    let negatives = match &args.negatives {
        Some(Negatives::Given(source)) => source.files(),
        Some(Negatives::Drawn) | None => Vec::new(),
    };
    for (index, output) in outputs.iter().enumerate() {
        let models = ["--model", "--int8"].into_iter().zip(models);
        let models = models.filter_map(|(option, path)| Some((option, &**path?)));
        let others = outputs[..index].iter().map(|path| ("--report", &**path));
        let negatives = negatives.iter().map(|path| ("--negatives", &**path));
        let inputs: Vec<(&str, &Path)> = models.chain(others).chain(negatives).collect();
        expect_distinct(&[output], &inputs, &args.data)?;
        file::expect_writable(output)?;
    }
    Ok(())
}

/// What models are measured with and on.
#[derive(Clone, Copy)]
struct Measured<'a> {
    runtime: &'a Runtime,
    pictures: &'a Dataset,
    /// Pictures of no class, if they are measured on.
    negatives: Option<&'a NegativeSet>,
    variants: &'static [Variant],
    args: &'a EvaluateArgs,
}

impl Measured<'_> {
    /// The logits `[samples, classes]` of a model, all variants of a picture one after another.
    fn logits(&self, path: &Path, model: &[u8]) -> Result<Array2<f32>, Error> {
        let checked_for = match self.runtime.kind() {
            Kind::Tract => onnx::Runtime::Tract,
            Kind::Cuda | Kind::Onnxruntime => onnx::Runtime::OnnxRuntime,
        };
        let model = accept(model, path, self.args.limits, checked_for)?;
        let logits = run_model(self.runtime, &model, self.pictures, self.variants);
        logits.map_err(|reason| Error::Model {
            path: path.into(),
            expected: form(self.pictures),
            reason: reason.into(),
        })
    }

    /// The report on a model of these logits, with what 8 bits change if there is a model in 8 bits, and what is right of
    /// pictures made worse and accepted of pictures of no class if that is asked for.
    fn report(&self, model: &[u8], logits: &Array2<f32>) -> Result<Report, Error> {
        let labels = self.labels();
        let mut report = Report::new(self.pictures.classes(), &labels, logits);
        if let Some((path, int8)) = int8::find(self.args, model, self.runtime.kind())? {
            let of_int8 = self.logits(&path, &int8)?;
            let name = display_name(&path);
            report.int8 = Some(Int8::new(name, &labels, [logits, &of_int8]));
        }
        if self.args.corruptions {
            report.corruptions = Some(corruptions::measure(*self, model)?);
        }
        if let Some(found) = self.negatives {
            report.acceptance = Some(negatives::measure(*self, model, found, logits)?);
        }
        Ok(report)
    }

    /// The class of each sample.
    fn labels(&self) -> Vec<u16> {
        let each = self.variants.len();
        let labels = self.pictures.labels().iter();
        labels.flat_map(|&label| vec![label; each]).collect()
    }
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
