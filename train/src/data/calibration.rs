//! Samples to calibrate any network with: arrays, pictures in folders, IDX files.

use std::path::{Path, PathBuf};

use input::arrays::ArraysError;
use input::file::{self, InFile, ReadError, display_name};
use input::folder::{self, FolderError};
use input::idx::{Form, IdxError};
use input::layout::{Part, find};
use input::picture::{self, PictureError};
use ndarray::ArrayD;
use no_std_core::prepare::{Fit, Preparation};
use thiserror::Error;

use super::arrays::{Inputs, LabelledSamples, Uint8, read_samples};
use super::split;
use crate::network::Shape;
use crate::ops::Quantization;

/// Pictures that are read, at most, of each class in proportion: more would decide nothing.
const PICTURES: usize = 3000;
/// Pixels of all channels that are read, at most.
const PIXELS: usize = 96 << 20;

/// What a model says of its inputs and outputs that samples have to fit.
#[derive(Clone, Debug)]
pub struct Task {
    /// Channels, rows and columns of an input.
    pub shape: Shape,
    /// What the integers of the input shall mean, if that is known.
    pub meaning: Option<Quantization>,
    /// What samples in uint8 are; of [`Uint8::Pixels`] pictures are taken, too.
    pub uint8: Uint8,
    /// How pictures are scaled, if the model says that.
    pub fit: Option<Fit>,
    /// Number of outputs, which may be classes.
    pub outputs: usize,
    /// The names of the classes, if the model says them.
    pub names: Option<Vec<String>>,
}

/// Samples, and what the names of their folders say.
#[derive(Clone, Debug, PartialEq)]
pub struct Calibration {
    /// The samples with their classes.
    pub samples: LabelledSamples,
    /// The names of the classes, if folders say them and the model does not.
    pub names: Option<Vec<String>>,
}

/// Why there are no samples.
#[derive(Debug, Error)]
pub enum CalibrationError {
    #[error(transparent)]
    Arrays(#[from] ArraysError),
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error(transparent)]
    Idx(#[from] IdxError),
    #[error(transparent)]
    Picture(#[from] PictureError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "expected --range with pictures: 0..255 if the model takes pixels as they are, 0..1 if it takes them over 255, and \
         --mean and --std if it takes them normalised; found none"
    )]
    NoRange,
    #[error(
        "expected a model of pictures in 1 or 3 channels, found one of {0}; give arrays of its inputs (.npz or .npy)"
    )]
    Channels(usize),
    #[error(
        "expected a folder for each of {outputs} outputs, in the order of their names, or folders named like the classes that \
         the model names, found {found}"
    )]
    Classes { outputs: usize, found: String },
}

type Refusal = InFile<CalibrationError>;
/// A picture and its class, where that is known.
type OfClass = (PathBuf, Option<usize>);

/// Reads what is at a path: a file of arrays, a folder with a folder of pictures for each class, one with pictures alone, or
/// one with the IDX files of a data set, of which the images to train on are taken, or else those to test on.
pub fn read(path: &Path, task: &Task) -> Result<Calibration, Refusal> {
    if !path.is_dir() {
        let samples = read_samples(path, task.meaning, task.uint8).map_err(in_file)?;
        let names = None;
        return Ok(Calibration { samples, names });
    }
    let refusal = match task.shape[0] {
        1 | 3 => (task.uint8 != Uint8::Pixels).then_some(CalibrationError::NoRange),
        channels => Some(CalibrationError::Channels(channels)),
    };
    if let Some(refusal) = refusal {
        return Err(Refusal::named(&display_name(path))(refusal));
    }
    if let Some(samples) = idx(path, task)? {
        let names = None;
        return Ok(Calibration { samples, names });
    }
    let (pictures, names) = pictures(path, task)?;
    let is_labelled = pictures.iter().all(|(_, class)| class.is_some());
    let classes = pictures.iter().map(|(_, class)| class.unwrap_or_default());
    let (drawn, _) = split::stratified(classes, most(task.shape), 0);
    let pictures: Vec<_> = drawn.into_iter().map(|at| pictures[at].clone()).collect();
    let mut pixels = Vec::new();
    for (path, _) in &pictures {
        pixels.extend(read_picture(path, task)?);
    }
    let labels = pictures.iter().filter_map(|(_, class)| *class).collect();
    Ok(Calibration {
        samples: samples(
            (pictures.len(), task.shape),
            pixels,
            is_labelled.then_some(labels),
        ),
        names,
    })
}

/// Pictures `[count, rows, columns, channels]`.
fn samples(
    (count, [channels, rows, columns]): (usize, Shape),
    pixels: Vec<u8>,
    labels: Option<Vec<usize>>,
) -> LabelledSamples {
    let inputs = ArrayD::from_shape_vec(vec![count, rows, columns, channels], pixels);
    LabelledSamples {
        name: "pictures".into(),
        inputs: Inputs::Pixels(inputs.expect("each picture has as many pixels as the shape says")),
        labels: Ok(labels),
    }
}

fn read_picture(path: &Path, task: &Task) -> Result<Vec<u8>, Refusal> {
    let name = display_name(path);
    let [channels, rows, columns] = task.shape;
    let preparation = task.fit.map_or(Preparation::PLAIN, Preparation::scaled);
    let file = file::read(path).map_err(Refusal::named(&name))?;
    let pixels = picture::pixels(&file, [rows, columns, channels], preparation);
    pixels.map_err(Refusal::named(&name))
}

/// How many pictures of this shape are read, at most.
fn most([channels, rows, columns]: Shape) -> usize {
    PICTURES
        .min(PIXELS / (channels * rows * columns).max(1))
        .max(2)
}

/// The pictures of a folder, each with the class that its own folder says, and the names of the classes, if only folders say
/// them.
fn pictures(path: &Path, task: &Task) -> Result<(Vec<OfClass>, Option<Vec<String>>), Refusal> {
    let found = folder::folders(path).map_err(in_file)?;
    if found.is_empty() {
        let pictures = folder::pictures(path).map_err(in_file)?;
        return Ok((
            pictures.into_iter().map(|path| (path, None)).collect(),
            None,
        ));
    }
    let of = |names: &[String]| {
        let pictures = folder::by_class(path, names).map_err(in_file)?;
        let labelled = |(path, class)| (path, Some(class));
        Ok::<_, Refusal>(pictures.map(|all| all.into_iter().map(labelled).collect()))
    };
    if let Some(names) = &task.names
        && let Some(pictures) = of(names)?
    {
        return Ok((pictures, None));
    }
    if found.len() == task.outputs
        && let Some(pictures) = of(&found)?
    {
        return Ok((pictures, task.names.is_none().then_some(found)));
    }
    let refusal = CalibrationError::Classes {
        outputs: task.outputs,
        found: found.len().to_string(),
    };
    Err(Refusal::named(&display_name(path))(refusal))
}

/// The images of IDX files in or below a folder; `None` if there are none.
fn idx(path: &Path, task: &Task) -> Result<Option<LabelledSamples>, Refusal> {
    let parts = [Part::Train, Part::Test];
    let Some([pair]) = parts.into_iter().find_map(|part| find(path, [part]).ok()) else {
        return Ok(None);
    };
    let [channels, rows, columns] = task.shape;
    let form = Form {
        size: Some([rows, columns]),
        classes: task.outputs.min(Form::ANY.classes),
    };
    let (images, labels) = pair.read(form).map_err(in_file)?;
    let (drawn, _) = split::stratified(labels.classes.iter().copied(), most(task.shape), 0);
    let len = rows * columns;
    let pixels = drawn
        .iter()
        .flat_map(|&at| &images.pixels()[at * len..][..len]);
    let pixels: Vec<u8> = pixels
        .flat_map(|&pixel| std::iter::repeat_n(pixel, channels))
        .collect();
    let classes = drawn.iter().map(|&at| usize::from(labels.classes[at]));
    let found = samples((drawn.len(), task.shape), pixels, Some(classes.collect()));
    Ok(Some(found))
}

fn in_file<E: Into<CalibrationError>>(error: InFile<E>) -> Refusal {
    InFile {
        file: error.file,
        problem: error.problem.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use image::{Rgb, RgbImage};

    use super::*;
    use crate::data::test_files::{images_file, labels_file};

    fn task(shape: Shape, names: Option<&[&str]>) -> Task {
        Task {
            shape,
            meaning: None,
            uint8: Uint8::Pixels,
            fit: None,
            outputs: 2,
            names: names.map(|names| names.iter().map(ToString::to_string).collect()),
        }
    }

    fn write_picture(path: &Path, pixel: [u8; 3]) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        RgbImage::from_pixel(4, 3, Rgb(pixel)).save(path).unwrap();
    }

    #[test]
    fn folders_say_classes_by_name_or_by_order() {
        let folder = tempfile::tempdir().unwrap();
        write_picture(&folder.path().join("cat/a.png"), [2, 4, 6]);
        write_picture(&folder.path().join("ant/b.png"), [8, 10, 12]);
        write_picture(&folder.path().join("ant/c.png"), [8, 10, 12]);
        let read = |task: &Task| read(folder.path(), task).map_err(|error| error.to_string());
        for (names, labels, found) in [
            (None, [0, 0, 1], Some(vec!["ant".to_owned(), "cat".into()])),
            (Some(&["cat", "ant"][..]), [0, 1, 1], None),
            // Classes that have numbers for names.
            (Some(&["0", "1"]), [0, 0, 1], None),
        ] {
            let calibration = read(&task([3, 3, 4], names)).unwrap();
            assert_eq!(calibration.names, found);
            let LabelledSamples {
                inputs, labels: of, ..
            } = calibration.samples;
            assert_eq!(of, Ok(Some(labels.to_vec())));
            let Inputs::Pixels(inputs) = inputs else {
                panic!("{inputs:?}")
            };
            assert_eq!(inputs.shape(), [3, 3, 4, 3]);
            let last = inputs[[2, 2, 3, 1]];
            assert_eq!(last, if labels[1] == 0 { 4 } else { 10 });
        }
        let three = Task {
            outputs: 3,
            ..task([3, 3, 4], None)
        };
        assert!(read(&three).unwrap_err().contains("each of 3 outputs"));
        let without = Task {
            uint8: Uint8::Unknown,
            ..task([3, 3, 4], None)
        };
        assert!(read(&without).unwrap_err().contains("--range"));
        assert!(
            read(&task([4, 3, 4], None))
                .unwrap_err()
                .contains("found one of 4")
        );
        fs::remove_dir_all(folder.path().join("cat")).unwrap();
        fs::rename(folder.path().join("ant/b.png"), folder.path().join("b.png")).unwrap();
        fs::remove_dir_all(folder.path().join("ant")).unwrap();
        let alone = read(&task([1, 3, 4], None)).unwrap();
        assert_eq!(
            (alone.samples.labels, alone.samples.inputs.shape()),
            (Ok(None), &[1, 3, 4, 1][..])
        );
    }

    #[test]
    fn idx_files_give_the_images_to_train_on() {
        let folder = tempfile::tempdir().unwrap();
        let images = images_file([7, 28, 28], &[9; 7 * 784]);
        fs::write(folder.path().join("train-images-idx3-ubyte"), images).unwrap();
        let labels = labels_file(&[0, 1, 2, 3, 4, 5, 9]);
        fs::write(folder.path().join("train-labels-idx1-ubyte"), labels).unwrap();
        let task = Task {
            outputs: 10,
            ..task([1, 28, 28], None)
        };
        let LabelledSamples { inputs, labels, .. } = read(folder.path(), &task).unwrap().samples;
        assert_eq!(inputs.shape(), [7, 28, 28, 1]);
        assert_eq!(labels, Ok(Some(vec![0, 1, 2, 3, 4, 5, 9])));
    }
}
