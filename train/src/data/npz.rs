//! Arrays of samples and of what belongs to them as Keras and `MedMNIST` have them: `x_train`, `y_train`, `x_test`, `y_test`
//! and the like.

use std::path::Path;

use input::arrays::{self, Array, Elements};
use input::file::display_name;
use ndarray::{Array2, Axis};

use super::collection::{Arrays, Collection, Divided, Entry, Part, Pictures, Values};
use super::{DataError, features};
use crate::network::Shape;

/// Reads samples and what belongs to them: classes, numbers, or nothing; without names of parts all are of one.
pub fn read(path: &Path) -> Result<Collection, DataError> {
    let arrays = arrays::read(path)?;
    let found: Vec<&str> = arrays.numbers.iter().map(|(name, _)| &**name).collect();
    let found = format!("arrays {}", found.join(", "));
    let mut parts = Vec::new();
    for part in [
        None,
        Some(Part::Train),
        Some(Part::Validation),
        Some(Part::Test),
    ] {
        let array = |role: Role| {
            let mut found = arrays.numbers.iter();
            found.find(|(name, _)| meaning(name) == Some((role, part)))
        };
        let answers = array(Role::Labels);
        parts.extend(array(Role::Inputs).map(|inputs| PartArrays {
            part,
            inputs,
            answers,
        }));
    }
    let is_mixed = parts.len() > 1 && parts[0].part.is_none();
    if parts.is_empty() || is_mixed {
        let expected = "samples x_train with what belongs to them in y_train, and x_test and y_test if there are such";
        return Err(DataError::unexpected(path, expected, found));
    }
    let samples = samples(path, &parts)?;
    let source = format!("arrays of NumPy, from {}", display_name(path));
    with_answers(path, &parts, samples, source)
}

/// The arrays of a part, with their names.
struct PartArrays<'a> {
    part: Option<Part>,
    inputs: &'a (String, Array),
    /// What belongs to each of the inputs.
    answers: Option<&'a (String, Array)>,
}

/// The samples of all parts: pixels if all are such, else numbers.
fn samples(path: &Path, parts: &[PartArrays]) -> Result<(Shape, Values), DataError> {
    let inputs = || parts.iter().map(|part| part.inputs);
    let refused = |name: &str| {
        let name = name.to_owned();
        move |(expected, found): (&str, String)| {
            DataError::unexpected(path, format!("{expected} in {name}"), found)
        }
    };
    let are_numbers =
        inputs().any(|(_, array)| features::are_numbers(array) && pictures(array).is_err());
    let (mut pixels, mut numbers, mut shape) = (Vec::new(), Vec::new(), None);
    for (name, array) in inputs() {
        let this = if are_numbers {
            let (shape, found) = features::read(array).map_err(refused(name))?;
            numbers.extend(found);
            shape
        } else {
            let (shape, found) = pictures(array).map_err(refused(name))?;
            pixels.extend(found);
            shape
        };
        if *shape.get_or_insert(this) != this {
            let expected = format!("samples of {shape:?} as in the other arrays in {name}");
            return Err(DataError::unexpected(path, expected, format!("{this:?}")));
        }
    }
    let values = if are_numbers {
        Values::Numbers(numbers)
    } else {
        Values::Pixels(pixels)
    };
    Ok((shape.unwrap_or_default(), values))
}

/// These samples with what belongs to them.
fn with_answers(
    path: &Path,
    parts: &[PartArrays],
    (shape, values): (Shape, Values),
    source: String,
) -> Result<Collection, DataError> {
    let (mut entries, mut known, mut targets) = (Vec::new(), Vec::new(), Vec::new());
    for PartArrays {
        part,
        inputs: (_, inputs),
        answers,
    } in parts
    {
        let count = inputs.shape[0];
        let classes = answers.map_or(Ok(None), |(name, array)| {
            targets.push(
                features::targets(array, count).map_err(|(expected, found)| {
                    DataError::unexpected(path, format!("{expected} in {name}"), found)
                })?,
            );
            Ok::<_, DataError>(features::classes(array, count))
        })?;
        known.push((classes.is_some(), answers.is_some()));
        let labels = classes.unwrap_or_else(|| vec![0; count]);
        entries.extend(labels.into_iter().map(|label| Entry { label, part: *part }));
    }
    let has_classes =
        known.iter().any(|known| known.0) && known.iter().all(|known| known.0 || !known.1);
    let classes = entries.iter().map(|entry| usize::from(entry.label) + 1);
    let classes = classes.max().filter(|_| has_classes).unwrap_or(0);
    if !has_classes {
        for entry in &mut entries {
            entry.label = 0;
        }
    }
    let widths: Vec<usize> = targets.iter().map(Array2::ncols).collect();
    let are_whole = targets.len() == parts.len() && widths.iter().all(|&width| width == widths[0]);
    let targets: Vec<_> = targets.iter().map(|one| one.view()).collect();
    Ok(Collection {
        source,
        classes: (0..classes).map(|class| class.to_string()).collect(),
        entries,
        pictures: Pictures::Arrays(Arrays {
            shape,
            values,
            is_labelled: has_classes && known.iter().all(|known| known.0),
            targets: ndarray::concatenate(Axis(0), &targets)
                .ok()
                .filter(|_| are_whole),
        }),
        divided: Divided::WithValidation,
        passed_over: Vec::new(),
        unreadable: Vec::new(),
        sha256: None,
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Inputs,
    Labels,
}

/// What an array of this name is, and of which part.
fn meaning(name: &str) -> Option<(Role, Option<Part>)> {
    let name = name.to_lowercase();
    let (mut role, mut part) = (None, None);
    for word in name.split('_') {
        let found = match word {
            "x" | "image" | "images" | "data" => Some(Role::Inputs),
            "y" | "label" | "labels" | "target" | "targets" => Some(Role::Labels),
            _ => None,
        };
        match (found, Part::of_name(word)) {
            (Some(found), _) => role = Some(found),
            (None, Some(of)) => part = Some(of),
            (None, None) => return None,
        }
    }
    Some((role?, part))
}

/// Pixels `[pictures, channels, rows, columns]` of an array, or what was expected and found.
fn pictures(array: &Array) -> Result<(Shape, Vec<u8>), (&'static str, String)> {
    let expected = "pictures [pictures, rows, columns] or [pictures, rows, columns, 1 or 3]";
    let (shape, is_planar) = match array.shape[..] {
        [_, rows, columns] => ([1, rows, columns], true),
        [_, rows, columns, channels @ (1 | 3)] => ([channels, rows, columns], false),
        [_, channels @ (1 | 3), rows, columns] => ([channels, rows, columns], true),
        _ => return Err((expected, format!("{:?}", array.shape))),
    };
    if array.shape.contains(&0) {
        return Err((expected, format!("{:?}", array.shape)));
    }
    let bytes = bytes(&array.elements)?;
    if is_planar {
        return Ok((shape, bytes));
    }
    let pictures = bytes.chunks_exact(shape.iter().product());
    Ok((
        shape,
        pictures
            .flat_map(|picture| planar(picture, shape[0]))
            .collect(),
    ))
}

/// Planes of channels, from the channels of each pixel side by side.
pub fn planar<T: Copy>(picture: &[T], channels: usize) -> Vec<T> {
    let plane = |channel: usize| picture.iter().skip(channel).step_by(channels);
    (0..channels).flat_map(plane).copied().collect()
}

/// Pixels from 0 to 255: bytes, whole numbers in that range, or numbers from 0 to 1 that 255 times are such.
fn bytes(elements: &Elements) -> Result<Vec<u8>, (&'static str, String)> {
    if let Elements::Uint8(bytes) = elements {
        return Ok(bytes.clone());
    }
    let numbers = elements.to_floats();
    let largest = numbers.iter().copied().fold(0.0, f32::max);
    let scale = if largest <= 1.0 { 255.0 } else { 1.0 };
    let byte = |&number: &f32| {
        let value = (number * scale).round();
        let is_near = (number * scale - value).abs() < 0.01 && (0.0..=255.0).contains(&value);
        is_near.then_some(value as u8)
    };
    let bytes: Option<Vec<u8>> = numbers.iter().map(byte).collect();
    let expected = "pixels as uint8, or as numbers that are 0 to 255 or that over 255";
    bytes.ok_or_else(|| {
        let odd = numbers.iter().find(|number| byte(number).is_none());
        (expected, format!("{} {odd:?}", elements.type_name()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_say_what_arrays_are() {
        let known = |name: &str| meaning(name).map(|(role, part)| (role == Role::Inputs, part));
        for (name, expected) in [
            ("x_train", Some((true, Some(Part::Train)))),
            ("Y_test", Some((false, Some(Part::Test)))),
            ("val_images", Some((true, Some(Part::Validation)))),
            ("test_labels", Some((false, Some(Part::Test)))),
            ("x", Some((true, None))),
            ("labels", Some((false, None))),
            ("train", None),
            ("x_mean", None),
        ] {
            assert_eq!(known(name), expected, "{name}");
        }
    }

    #[test]
    fn channels_last_become_planes() {
        let array = |shape: &[usize], elements: Elements| Array {
            shape: shape.to_vec(),
            elements,
        };
        let numbers: Vec<u8> = (0..2 * 2 * 3 * 3).collect();
        let (shape, pixels) =
            pictures(&array(&[2, 2, 3, 3], Elements::Uint8(numbers.clone()))).unwrap();
        assert_eq!(shape, [3, 2, 3]);
        for (index, &pixel) in pixels.iter().enumerate() {
            let (picture, channel, place) = (index / 18, index / 6 % 3, index % 6);
            assert_eq!(usize::from(pixel), 18 * picture + 3 * place + channel);
        }
        let floats: Vec<f32> = numbers
            .iter()
            .map(|&number| f32::from(number) / 255.0)
            .collect();
        let planes = pictures(&array(&[4, 3, 3], Elements::Float32(floats))).unwrap();
        assert_eq!(planes, ([1, 3, 3], numbers));
        for (shape, elements) in [
            (&[4, 9][..], Elements::Uint8(vec![0; 36])),
            (&[1, 2, 2], Elements::Float32(vec![0.0, 0.5, -1.0, 1.0])),
            (&[1, 2, 2], Elements::Int64(vec![0, 256, 1, 1])),
            (&[1, 2, 2], Elements::Float32(vec![f32::NAN; 4])),
        ] {
            assert!(pictures(&array(shape, elements)).is_err());
        }
    }
}
