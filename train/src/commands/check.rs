//! `train check`: what becomes of a model, before anything is made of it.

mod failure;
pub(super) mod report;

use std::path::Path;

use input::file::one_line;
use input::onnx;
use ndarray::{ArrayD, IxDyn};

use super::meaning::{self, Meaning, samples};
use super::quantize::{in_model, open_for_int8};
use super::{accept, read_model};
use crate::cli::{CheckArgs, InputArgs};
use crate::console::Console;
use crate::data::arrays::Inputs;
use crate::data::random::Random;
use crate::error::Error;
use crate::import::{Options, import_with, survey};
use crate::quantize::{Arrays, Origin, Outline, outline};
use crate::runtime::Runtime;
use failure::Failure;
use report::Report;

/// Inputs that are drawn where there are none.
const DRAWN: usize = 8;
/// How far they reach where nothing says it: networks take numbers of about 1, or of pixels.
const REACHES: [f32; 2] = [1.0, 255.0];

/// Prints what becomes of the model; fails if it cannot be quantised, or does not fit on the board that is named.
pub fn run(args: &CheckArgs, console: &mut Console) -> Result<(), Error> {
    let mut report = Report::new(&args.model);
    let checked = check(args, &mut report);
    if args.json {
        report.error = checked
            .as_ref()
            .err()
            .map(|error| Failure::new(&args.model, error));
        console.line(serde_json::to_string(&report)?);
    } else if let Some(text) = report.text(args.board.as_deref()) {
        console.line(text);
    }
    checked
}

/// Adds to the report what is found of the model, until something fails.
fn check(args: &CheckArgs, report: &mut Report) -> Result<(), Error> {
    let model = read_model(&args.model)?;
    let options = meaning::options(&args.input, &args.model, args.limits);
    let surveyed = survey(&model, &options);
    let surveyed = surveyed.map_err(|error| in_model(&args.model, error.into()))?;
    report.add_survey(&surveyed, on_tract(&model, args)?);
    let outlined = outlined((&model, &options), args)?;
    report.add_outline(&outlined, &surveyed);
    report.expect_fit(args.board.as_deref(), &args.model)
}

/// Why tract does not run the model as it is, if it does not.
fn on_tract(model: &[u8], args: &CheckArgs) -> Result<Option<String>, Error> {
    match accept(model, &args.model, args.limits, onnx::Runtime::Tract) {
        Ok(_) => Ok(None),
        Err(Error::Onnx { reason, .. }) => Ok(Some(one_line(&reason.to_string()))),
        Err(error) => Err(error),
    }
}

fn outlined((model, options): (&[u8], &Options), args: &CheckArgs) -> Result<Outline, Error> {
    let of_model = (&*args.model, model, options);
    let runtime = open_for_int8(args.runtime)?;
    match &args.calibrate {
        Some(path) => {
            let arrays = samples(&args.input, of_model, path)?;
            let outlined = outline(&runtime, (model, options), (arrays, Origin::Real));
            outlined.map_err(|error| in_model(&args.model, error))
        }
        None => of_drawn(&runtime, &args.input, of_model),
    }
}

/// What a model is in integers, as inputs that are drawn tell: of which numbers these are decides which channels are the
/// same for all of them, and the file is no larger than this.
pub(super) fn of_drawn(
    runtime: &Runtime,
    input: &InputArgs,
    of_model: (&Path, &[u8], &Options),
) -> Result<Outline, Error> {
    let (file, model, options) = of_model;
    let [first, second] = REACHES.map(|reach| {
        let arrays = drawn(input, of_model, reach)?;
        let outlined = outline(runtime, (model, options), (arrays, Origin::Drawn));
        outlined.map_err(|error| in_model(file, error))
    });
    let (first, second) = (first?, second?);
    Ok(if second.flash > first.flash {
        second
    } else {
        first
    })
}

/// Pixels, or numbers from 0 to `reach`.
fn drawn(
    args: &InputArgs,
    (file, model, options): (&Path, &[u8], &Options),
    reach: f32,
) -> Result<Arrays, Error> {
    let network = import_with(model, options);
    let mut network = network.map_err(|error| in_model(file, error.into()))?;
    let meaning = Meaning::of(args, &network)?;
    let mut random = Random::new(0, 0);
    let [channels, rows, columns] = network.input.shape;
    let sizes = IxDyn(&[DRAWN, channels, rows, columns]);
    let inputs = if meaning.pixels.is_some() {
        let mut pixel = || random.between(0.0, 255.9) as u8;
        Inputs::Pixels(ArrayD::from_shape_simple_fn(sizes, &mut pixel))
    } else {
        let mut number = || random.between(0.0, reach);
        Inputs::Numbers(ArrayD::from_shape_simple_fn(sizes, &mut number))
    };
    Ok(meaning.arrays(&mut network, inputs))
}
