//! `infer predict`.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::{Args, value_parser};
use no_std_core::prepare::Preparation;

use super::progress::Progress;
use super::{Error, ModelArgs, Prepare};
use crate::annotate::{Annotations, captioned, framed};
use crate::device::Device;
use crate::engine::Engine;
use crate::file::{InFile, display_name};
use crate::open::Choice;
use crate::page::{self, PageError};
use crate::picture;
use crate::predict::{Prediction, predict, predict_on_board};
use crate::report::{PageReport, Record, Report};
use crate::source::{Content, Source, drawing, sources};

mod list;
mod print;
mod watch;

use print::Printer;
use watch::Watch;

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
        let prepare = match options.read {
            true if !reads(engine) => return Err(Error::Read),
            true => Some(Prepare::Centred),
            false => options.prepare,
        };
        let annotations = options.annotate.as_deref().map(Annotations::new);
        let mut runner = Runner {
            options,
            engine,
            preparation: preparation(prepare, engine)?,
            board: device.filter(|_| on_board),
            annotations: annotations.transpose()?,
            printer: Printer::new(options.json, options.csv),
            output,
            complain,
        };
        runner.predict_all()
    })
}

/// How pictures become inputs.
pub fn preparation(option: Option<Prepare>, engine: &dyn Engine) -> Result<Preparation, Error> {
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

/// Whether a model can tell the drawings of a page.
fn reads(engine: &dyn Engine) -> bool {
    let spec = engine.spec();
    spec.input.is_of_digits() && !spec.labels().is_empty()
}

/// What runs the model, and where results and failures go.
struct Runner<'e, Output, Complain> {
    options: &'e Predict,
    engine: &'e dyn Engine,
    preparation: Preparation,
    /// The board that prepares the pictures itself.
    board: Option<&'e Device>,
    annotations: Option<Annotations>,
    printer: Printer,
    output: &'e mut Output,
    complain: &'e mut Complain,
}

impl<Output: Write, Complain: FnMut(&dyn Display)> Runner<'_, Output, Complain> {
    fn predict_all(&mut self) -> Result<(), Error> {
        let options = self.options;
        // What comes while other inputs have their turn is not missed.
        let watch = options.watch.as_deref();
        let mut watch = watch
            .map(|folder| Watch::new(folder, options.recursive))
            .transpose()?;
        let mut found = Vec::new();
        for argument in &options.inputs {
            match sources(argument, options.recursive) {
                Ok(sources) => found.extend(sources),
                Err(error) => (self.complain)(&error),
            }
        }
        self.predict_found(&found)?;
        if let Some(list) = &options.list {
            list::each(list, |path| match sources(path, options.recursive) {
                Ok(sources) => sources
                    .iter()
                    .try_for_each(|source| self.try_source(source, None)),
                Err(error) => {
                    (self.complain)(&error);
                    Ok(())
                }
            })?;
        }
        while let Some(watch) = &mut watch {
            match watch.wait() {
                Ok(source) => self.try_source(&source, None)?,
                Err(error) => (self.complain)(&error),
            }
        }
        Ok(())
    }

    fn predict_found(&mut self, sources: &[Source]) -> Result<(), Error> {
        let shown = sources.len() >= MANY && !io::stdout().is_terminal();
        let progress = Progress::new(sources.len(), "inputs", shown);
        for (before, source) in sources.iter().enumerate() {
            self.try_source(source, Some(&progress))?;
            progress.show(before + 1);
        }
        Ok(())
    }

    /// Predicts a source. If that fails, it is told, and the others have their turn; not if nothing can be told.
    fn try_source(&mut self, source: &Source, progress: Option<&Progress>) -> Result<(), Error> {
        match self.predict_source(source) {
            Err(error @ Error::Output(_)) => return Err(error),
            Err(error) => {
                if let Some(progress) = progress {
                    progress.hide();
                }
                (self.complain)(&error);
            }
            Ok(()) => {}
        }
        Ok(())
    }

    fn predict_source(&mut self, source: &Source) -> Result<(), Error> {
        let content = source.read()?;
        let file = match &content {
            Content::Picture(file) if self.options.read => return self.read_page(source, file),
            Content::Samples(_) if self.options.read => {
                return Err(Error::ReadArray(display_name(source.path())));
            }
            Content::Picture(file) => Some(&file[..]),
            Content::Samples(_) => None,
        };
        let engine = self.engine;
        let spec = &engine.spec().input;
        if let (Some(board), Some(shape), Some(file)) = (self.board, spec.picture(), file) {
            let drawing = drawing(file, shape).map_err(source.named())?;
            let prediction = predict_on_board(board, &drawing)?;
            return self.report(source, Some(file), None, &prediction);
        }
        let inputs = content.inputs(spec, self.preparation);
        for input in inputs.map_err(source.named())? {
            let (sample, input) = input.map_err(source.named())?;
            let prediction = predict(engine, &input)?;
            self.report(source, file, sample, &prediction)?;
        }
        Ok(())
    }

    fn report(
        &mut self,
        source: &Source,
        picture: Option<&[u8]>,
        sample: Option<usize>,
        prediction: &Prediction,
    ) -> Result<(), Error> {
        let spec = self.engine.spec();
        let top = self.options.top as usize;
        let mut report = Report::new(source, spec, prediction).with_top(top, spec.labels());
        if let Some(sample) = sample {
            report = report.of_sample(sample);
        }
        if self.options.truth_from_name {
            report = report.with_truth_from_name(spec.labels());
        }
        self.print(&report)?;
        if let (Some(annotations), Some(file)) = (&mut self.annotations, picture) {
            annotations.write(source, file, |picture| {
                captioned(&picture, report.measured())
            })?;
        }
        Ok(())
    }

    fn read_page(&mut self, source: &Source, file: &[u8]) -> Result<(), Error> {
        let grey = picture::grey(file).map_err(source.named())?;
        let page = page::read(&grey, self.engine, self.preparation);
        let page = page.map_err(InFile::<PageError>::named(&display_name(source.path())))?;
        let is_alone = matches!(&self.options.inputs[..], [input] if input == source.path());
        let labels = self.engine.spec().labels();
        self.print(&PageReport::new(source, labels, &page).with_name(!is_alone))?;
        if let Some(annotations) = &mut self.annotations {
            annotations.write(source, file, |picture| framed(picture, &page, labels))?;
        }
        Ok(())
    }

    fn print(&mut self, record: &impl Record) -> Result<(), Error> {
        self.printer.print(record, self.output)
    }
}
