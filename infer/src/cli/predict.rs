//! `infer predict`.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, value_parser};

use super::progress::Progress;
use super::{Error, ModelArgs, Prepare};
use crate::annotate::Annotations;
use crate::engine::Engine;
use crate::open::Choice;
use crate::parallel;
use crate::predict::Prediction;
use crate::prepare::{Preparing, Wish};
use crate::report::{PageReport, Report};
use crate::source::Source;
use crate::spec::Spec;

mod inputs;
mod list;
mod print;
mod watch;
mod worker;

use inputs::Inputs;
use print::Printer;
use worker::{Finding, Found, Worker};

/// So many inputs are shown to be on their way.
const MANY: usize = 20;

#[allow(clippy::struct_excessive_bools, reason = "each is a flag of its own")]
#[derive(Debug, Args)]
#[command(
    after_long_help = "Exit codes: 0 all inputs are done, those that the model does not accept among them; 1 an input was no \
picture or array or the model failed on it, and all others are done; 2 wrong usage; 130 ended by Ctrl-C."
)]
pub struct Predict {
    #[command(flatten)]
    model: ModelArgs,

    /// What runs the model
    #[arg(long, value_enum, default_value_t, conflicts_with = "device")]
    engine: Choice,

    /// How a picture becomes the pixels of the model [default: as the model's file says, else plain]
    #[arg(long, value_enum, requires_if("board", "device"))]
    prepare: Option<Prepare>,

    /// Read all that is on a page: find the drawings, take each as `--prepare centred` does, and print them line by line, ? for
    /// one that the model does not accept
    #[arg(long, conflicts_with_all = ["prepare", "truth_from_name", "top"])]
    read: bool,

    /// Take each file's name without extension for its true label, if it is one
    #[arg(long)]
    truth_from_name: bool,

    /// Tell the N likeliest classes
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = value_parser!(u32).range(1..))]
    top: u32,

    /// Print one JSON object a line
    #[arg(long, conflicts_with = "csv")]
    json: bool,

    /// Print a table for spreadsheets: comma-separated, with names of the columns first
    #[arg(long)]
    csv: bool,

    /// Write a copy of each picture with what was found below it, as FOLDER/NAME.png
    #[arg(long, value_name = "FOLDER")]
    annotate: Option<PathBuf>,

    /// Take the pictures in folders below a folder, too
    #[arg(long, short)]
    recursive: bool,

    /// Read paths of inputs from a file, one a line, or from standard input (-), and take each as it comes
    #[arg(long, value_name = "FILE")]
    list: Option<PathBuf>,

    /// At last wait for pictures that are new in a folder or change there, and take each once it has been written, until
    /// Ctrl-C
    #[arg(long, value_name = "FOLDER")]
    watch: Option<PathBuf>,

    /// Picture file (PNG, JPEG, BMP, GIF, PGM, WebP), folder of such files, pattern of names, array file (.npy, .npz), or -
    /// for standard input
    ///
    /// A picture is scaled to the size of the model's pictures, stretched unless the model says otherwise, and taken in grey or
    /// in colours as the model has it. An array is one input or several, in float32, in int8 as the integers of a model of 8
    /// bits, or in uint8 as pixels; where channels may come first or last, they come last.
    #[arg(required_unless_present_any = ["list", "watch"], value_name = "INPUT")]
    inputs: Vec<PathBuf>,
}

/// Runs the model on every input.
pub fn run(
    options: &Predict,
    output: &mut impl Write,
    complain: &mut impl FnMut(&dyn Display),
) -> Result<(), Error> {
    let standard_input = Path::new("-");
    if options.list.as_deref() == Some(standard_input)
        && options.inputs.iter().any(|input| input == standard_input)
    {
        return Err(Error::StandardInput);
    }
    options.model.open(options.engine, |engine, device| {
        let on_board = matches!(options.prepare, Some(Prepare::Board));
        if options.read && !reads(engine) {
            return Err(Error::Read);
        }
        let wish = options.prepare.and_then(Prepare::wish);
        let worker = Worker {
            options,
            engine,
            preparing: Preparing::of(engine.spec(), wish)?,
            board: device.filter(|_| on_board),
        };
        let annotations = options.annotate.as_deref().map(Annotations::new);
        let annotations = annotations.transpose()?;
        let inputs = Inputs::find(options, complain)?;
        let reporter = Reporter {
            options,
            spec: engine.spec(),
            annotations,
            printer: Printer::new(options.json, options.csv),
            progress: progress(inputs.found()),
            total: inputs.found(),
            done: 0,
            output,
            complain,
        };
        predict_all(&worker, inputs, reporter)
    })
}

/// Has the model run on all inputs and the results reported in their order; on all cores, if they can share the model.
fn predict_all(
    worker: &Worker<'_>,
    inputs: Inputs,
    mut reporter: Reporter<'_, impl Write, impl FnMut(&dyn Display)>,
) -> Result<(), Error> {
    match worker.engine.shared() {
        Some(engine) if inputs.are_many() => {
            let (options, preparing) = (worker.options, worker.preparing);
            let work = |input, give: &mut dyn FnMut(_) -> bool| {
                let worker = Worker {
                    options,
                    engine,
                    preparing,
                    board: None,
                };
                worker.work(input, give);
            };
            parallel::in_order(inputs.each(), work, |results| {
                for found in results {
                    reporter.report(found)?;
                }
                reporter.finish_input();
                Ok(())
            })
        }
        _ => inputs.each().try_for_each(|input| {
            let mut result = Ok(());
            worker.work(input, &mut |found| {
                result = reporter.report(found);
                result.is_ok()
            });
            reporter.finish_input();
            result
        }),
    }
}

/// Whether a model can tell the drawings of a page.
fn reads(engine: &dyn Engine) -> bool {
    let spec = engine.spec();
    spec.input.can_centre() && !spec.labels().is_empty()
}

/// Shows how far the inputs of the arguments are done, if that does not show by itself.
fn progress(inputs: usize) -> Option<Progress> {
    let is_shown = inputs >= MANY && !io::stdout().is_terminal();
    is_shown.then(|| Progress::new(inputs, "inputs", true))
}

/// Where results and failures go.
struct Reporter<'e, Output, Complain> {
    options: &'e Predict,
    spec: &'e Spec,
    annotations: Option<Annotations>,
    printer: Printer,
    /// Until the inputs of the arguments are done.
    progress: Option<Progress>,
    /// The inputs of the arguments.
    total: usize,
    /// The inputs that have been reported.
    done: usize,
    output: &'e mut Output,
    complain: &'e mut Complain,
}

impl<Output: Write, Complain: FnMut(&dyn Display)> Reporter<'_, Output, Complain> {
    /// Prints what has been found, or tells the failure. That nothing can be printed is the error.
    fn report(&mut self, found: Result<Found, Error>) -> Result<(), Error> {
        match found.and_then(|found| self.print(found)) {
            Err(error @ Error::Output(_)) => return Err(error),
            Err(error) => {
                if let Some(progress) = &self.progress {
                    progress.hide();
                }
                (self.complain)(&error);
            }
            Ok(()) => {}
        }
        Ok(())
    }

    fn print(&mut self, found: Found) -> Result<(), Error> {
        let source = &found.source;
        match &found.finding {
            Finding::Input { sample, prediction } => {
                let mut report = of_input(self.options, source, self.spec, prediction);
                if let Some(sample) = *sample {
                    report = report.of_sample(sample);
                }
                self.printer.print(&report, self.output)?;
            }
            Finding::Page(page) => {
                let is_alone =
                    matches!(&self.options.inputs[..], [input] if input == source.path());
                let report = PageReport::new(source, self.spec.labels(), page).with_name(!is_alone);
                self.printer.print(&report, self.output)?;
            }
        }
        if let (Some(annotations), Some(copy)) = (&mut self.annotations, found.copy) {
            annotations.write(source, copy)?;
        }
        Ok(())
    }

    /// Says that all of an input has been reported.
    fn finish_input(&mut self) {
        self.done += 1;
        if self.done >= self.total {
            self.progress = None;
        } else if let Some(progress) = &self.progress {
            progress.show(self.done);
        }
    }
}

/// The report that the options want of an input.
fn of_input<'a>(
    options: &Predict,
    source: &'a Source,
    spec: &'a Spec,
    prediction: &'a Prediction,
) -> Report<'a> {
    let (top, labels) = (options.top as usize, spec.labels());
    let chooses = matches!(options.prepare, Some(Prepare::Here(Wish::Auto)));
    let report = Report::new(source, spec, prediction).with_top(top, labels);
    let report = report.with_prepared(chooses);
    if options.truth_from_name {
        report.with_truth_from_name(labels)
    } else {
        report
    }
}
