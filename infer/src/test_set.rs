//! Inputs with the classes that they truly are of.

use std::iter;
use std::path::{Path, PathBuf};

use input::arrays::{self, Array, ArraysError, ClassesError};
use input::folder::{self, FolderError};
use input::idx::{Form, IdxError, Images};
use input::layout::{Part, find};
use no_std_core::prepare::Preparation;
use thiserror::Error;

use crate::file::{InFile, display_name};
use crate::input::{Decoded, Input, InputError};
use crate::picture::PictureError;
use crate::prepare::{Candidates, Preparing};
use crate::source::{Content, Source, SourceError, has_array_extension};
use crate::spec::{InputSpec, OutputSpec, Spec};

/// Inputs, at least one, and what they are.
#[derive(Debug)]
pub struct TestSet {
    inputs: Inputs,
    /// The number of inputs.
    pub count: usize,
    /// The class of each input, if that is known; for a reconstruction 0 for what the model was made for, else 1.
    pub classes: Option<Vec<usize>>,
    /// The numbers that a model of values shall give for all inputs, one after another, if they are known.
    targets: Option<Vec<f32>>,
}

#[derive(Debug)]
enum Inputs {
    /// Grey images of an IDX file, each repeated for so many channels.
    Images(Images, usize),
    Pictures(Vec<Source>),
    Arrays(Source, Array),
}

/// Why there is no test set for a model.
#[derive(Debug, Error)]
pub enum TestSetError {
    #[error(transparent)]
    Idx(#[from] IdxError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Arrays(#[from] ArraysError),
    #[error(transparent)]
    NoClasses(#[from] ClassesError),
    #[error(transparent)]
    Input(#[from] InputError),
    #[error(
        "expected an array of a label for each of {count} inputs, named y or label, found {found}"
    )]
    NoLabels { count: usize, found: String },
    #[error("expected labels 0 to {largest}, found label {found} at index {at}")]
    Label {
        largest: usize,
        found: usize,
        at: usize,
    },
    #[error("expected a .npz file, for this model takes no pictures, found a folder")]
    NoPictures,
}

impl TestSet {
    /// Reads what is at `path` for a model: a `.npz` file of inputs and labels, a folder with a folder of pictures for each
    /// class, or one with the test set of MNIST or a relative in it or below it.
    pub fn load(path: &Path, spec: &Spec) -> Result<Self, InFile<TestSetError>> {
        if has_array_extension(path) || path.is_file() {
            return Self::from_arrays(path, spec).map_err(InFile::named(&display_name(path)));
        }
        let Some([rows, columns, channels]) = spec.input.picture().filter(|_| path.is_dir()) else {
            // What is not there is no folder.
            let refusal = find(path, [Part::Test]).err().filter(|_| !path.is_dir());
            let problem = refusal.map_or(TestSetError::NoPictures, |error| error.problem.into());
            return Err(InFile::named(&display_name(path))(problem));
        };
        let names = class_names(spec);
        if let Some(pictures) = folder::by_class(path, &names).map_err(in_file)? {
            let pictures = pictures.into_iter();
            let (sources, classes): (Vec<_>, Vec<_>) =
                pictures.map(|(path, class)| (Source(path), class)).unzip();
            return Ok(Self {
                count: sources.len(),
                inputs: Inputs::Pictures(sources),
                classes: Some(classes),
                targets: None,
            });
        }
        let [test] = find(path, [Part::Test]).map_err(|error| {
            let others = folder::with_pictures(path).unwrap_or_default();
            if others.is_empty() {
                return in_file(error);
            }
            let refusal = folder::other_classes(others, &names);
            InFile::named(&display_name(path))(refusal)
        })?;
        let form = Form {
            size: Some([rows, columns]),
            classes: match names.len() {
                0 => Form::ANY.classes,
                count => count.min(Form::ANY.classes),
            },
        };
        let (images, labels) = test.read(form).map_err(in_file)?;
        Ok(Self {
            count: images.count,
            inputs: Inputs::Images(images, channels),
            classes: Some(labels.classes.into_iter().map(usize::from).collect()),
            targets: None,
        })
    }

    fn from_arrays(path: &Path, spec: &Spec) -> Result<Self, TestSetError> {
        let samples = arrays::read_test_samples(path).map_err(|error| error.problem)?;
        let count = spec.input.of_array(&samples.inputs)?.count;
        let classes = match spec.output {
            OutputSpec::Values { .. } => None,
            _ => samples.labels(count)?,
        };
        if let (OutputSpec::Classes { .. }, None) = (&spec.output, &classes) {
            let found = samples.contents;
            return Err(TestSetError::NoLabels { count, found });
        }
        let largest = class_names(spec).len().checked_sub(1);
        let labels = classes.iter().flatten().enumerate();
        let beyond =
            largest.and_then(|largest| labels.clone().find(|&(_, &label)| label > largest));
        if let (Some(largest), Some((at, &found))) = (largest, beyond) {
            return Err(TestSetError::Label { largest, found, at });
        }
        let targets = match spec.output {
            OutputSpec::Values { outputs } => samples.targets(count, outputs),
            _ => None,
        };
        Ok(Self {
            count,
            targets,
            inputs: Inputs::Arrays(Source(path.to_owned()), samples.inputs),
            classes,
        })
    }

    /// Leaves only the first inputs, so many if there are as many.
    pub fn truncate(&mut self, limit: usize) {
        self.count = self.count.min(limit);
        if let Inputs::Pictures(sources) = &mut self.inputs {
            sources.truncate(limit);
        }
        if let Some(classes) = &mut self.classes {
            classes.truncate(limit);
        }
    }

    /// The numbers that a model of so many values shall give for the input at `index`, if they are known.
    pub fn targets(&self, index: usize, outputs: usize) -> Option<&[f32]> {
        self.targets
            .as_ref()?
            .get(index * outputs..(index + 1) * outputs)
    }

    /// The input at `index`, for the model that the set was loaded for. Pictures in files are prepared as is said, else as the
    /// model's file says; images of IDX files, which have the model's size, as is said, else not.
    pub fn candidates(
        &self,
        index: usize,
        spec: &InputSpec,
        How { preparing, invert }: How,
    ) -> Result<Candidates, InFile<SourceError>> {
        match &self.inputs {
            Inputs::Images(images, channels) => {
                let image = image(images, index, spec, *channels).inverted_if(invert);
                let preparing = preparing.unwrap_or(Preparing::As(spec.plain()));
                let candidates = preparing.candidates(|how| of_image(spec, &image, how));
                let name = || Source(PathBuf::from(format!("image {index} of the test set")));
                candidates.map_err(|error| name().named()(error))
            }
            Inputs::Pictures(sources) => {
                let source = &sources[index];
                let preparing = preparing.unwrap_or(Preparing::As(spec.preparation));
                match source.read()? {
                    Content::Picture(file) => {
                        let picture = spec.decode(&file).map_err(source.named())?;
                        let picture = picture.inverted_if(invert);
                        let candidates = preparing.candidates(|how| spec.of_decoded(&picture, how));
                        candidates.map_err(source.named())
                    }
                    Content::Samples(samples) => {
                        let input = sample(spec, source, &samples.inputs, 0)?;
                        given(input, invert)
                    }
                }
            }
            Inputs::Arrays(source, array) => given(sample(spec, source, array, index)?, invert),
        }
    }
}

/// What is done with inputs before the model takes them.
#[derive(Clone, Copy, Debug, Default)]
pub struct How {
    /// How pictures are prepared, if that is said.
    pub preparing: Option<Preparing>,
    /// Whether each picture is inverted first.
    pub invert: bool,
}

/// An image of an IDX file, its grey in each channel.
fn image(images: &Images, index: usize, spec: &InputSpec, channels: usize) -> Decoded {
    let len = spec.elements() / channels;
    let pixels = images.pixels()[index * len..][..len].iter();
    let repeated = pixels.flat_map(|&pixel| iter::repeat_n(pixel, channels));
    Decoded {
        pixels: repeated.collect(),
        rows: spec.shape().map_or(0, |[rows, ..]| rows as u32),
    }
}

/// The input that an image of the model's size makes: itself, unless the drawing in it is to be centred.
fn of_image(
    spec: &InputSpec,
    image: &Decoded,
    preparation: Preparation,
) -> Result<Input, PictureError> {
    match preparation.box_side() {
        Some(_) => spec.of_decoded(image, preparation),
        None => Ok(spec.of_pixels(image.pixels.clone())),
    }
}

/// A sample of an array.
fn sample(
    spec: &InputSpec,
    source: &Source,
    array: &Array,
    index: usize,
) -> Result<Input, InFile<SourceError>> {
    let tensors = spec.of_array(array);
    let input = tensors.and_then(|tensors| tensors.input(index));
    input.map_err(source.named())
}

/// An input that is taken as it is, or inverted.
fn given(input: Input, invert: bool) -> Result<Candidates, InFile<SourceError>> {
    let input = if invert { input.inverted() } else { Ok(input) };
    Ok(input.map_err(InFile::named("--invert"))?.into())
}

/// The names of what the inputs can be of; none where that is not asked.
fn class_names(spec: &Spec) -> Vec<String> {
    match &spec.output {
        OutputSpec::Classes { labels } => labels.clone(),
        OutputSpec::Values { .. } => Vec::new(),
        OutputSpec::Reconstruction { .. } => vec!["0".into(), "1".into()],
    }
}

fn in_file<E: Into<TestSetError>>(error: InFile<E>) -> InFile<TestSetError> {
    InFile {
        file: error.file,
        problem: error.problem.into(),
    }
}
