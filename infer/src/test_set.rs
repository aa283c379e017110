//! Inputs with the classes that they truly are of.

use std::path::Path;

use input::arrays::{self, Array, ArraysError, ClassesError};
use input::folder::{self, FolderError};
use input::idx::{Form, IdxError, Images};
use input::layout::{Part, find};
use no_std_core::prepare::Preparation;
use thiserror::Error;

use crate::file::{InFile, display_name};
use crate::input::{Input, InputError};
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

    /// The input at `index`, for the model that the set was loaded for; pictures in files are prepared for it.
    pub fn input(
        &self,
        index: usize,
        spec: &InputSpec,
        preparation: Preparation,
    ) -> Result<Input, InFile<SourceError>> {
        match &self.inputs {
            Inputs::Images(images, channels) => {
                let len = spec.elements() / channels;
                let pixels = images.pixels()[index * len..][..len].iter();
                let repeated = pixels.flat_map(|&pixel| std::iter::repeat_n(pixel, *channels));
                Ok(spec.of_pixels(repeated.collect()))
            }
            Inputs::Pictures(sources) => {
                let source = &sources[index];
                let input = match source.read()? {
                    Content::Picture(file) => spec.of_picture(&file, preparation),
                    Content::Samples(samples) => spec
                        .of_array(&samples.inputs)
                        .and_then(|tensors| tensors.input(0)),
                };
                input.map_err(source.named())
            }
            Inputs::Arrays(source, array) => {
                let input = spec
                    .of_array(array)
                    .and_then(|tensors| tensors.input(index));
                input.map_err(source.named())
            }
        }
    }
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
