//! Arrays in files of `NumPy`: `.npy` with one, `.npz` with several of different names.

use std::fs::File;
use std::path::Path;

use ndarray::{ArrayD, IxDyn, OwnedRepr};
use ndarray_npy::{NpzReader, ReadNpyError, ReadNpyExt, ReadNpzError, ReadableElement};

/// Why arrays cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArraysError {
    #[error("expected a file: {0}")]
    Open(#[from] std::io::Error),
    #[error("expected a .npy or .npz file, found: {0}")]
    Npy(#[from] ReadNpyError),
    #[error("expected a .npy or .npz file, found: {0}")]
    Npz(#[from] ReadNpzError),
    #[error("expected arrays of numbers, found {0}")]
    NoNumbers(String),
}

/// The arrays of a file with their names, as floats: integers beyond 2^24 lose their last digits. Of a `.npz` file those
/// that are no numbers are passed over; the array of a `.npy` file has no name.
pub fn read(path: &Path) -> Result<Vec<(String, ArrayD<f32>)>, ArraysError> {
    if path.extension().is_some_and(|extension| extension == "npy") {
        let open = || Ok(File::open(path)?);
        let array = of_any_type(&mut NpyFile(open))?;
        let array = array.ok_or_else(|| ArraysError::NoNumbers("an array of others".into()))?;
        return Ok(vec![(String::new(), array)]);
    }
    let mut file = NpzReader::new(File::open(path)?)?;
    let names = file.names()?;
    let mut arrays = Vec::new();
    for name in &names {
        let entry = &mut NpzEntry(&mut file, name);
        if let Some(array) = of_any_type(entry)? {
            let name = name.strip_suffix(".npy").unwrap_or(name);
            arrays.push((name.to_owned(), array));
        }
    }
    if arrays.is_empty() {
        Err(ArraysError::NoNumbers(names.join(", ")))
    } else {
        Ok(arrays)
    }
}

/// Samples and, where they are there, their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct LabelledSamples {
    /// `[samples, ...]`.
    pub inputs: ArrayD<f32>,
    /// The class of each.
    pub labels: Option<Vec<usize>>,
}

/// The samples of a file: the array whose name begins with `x`, else the first one; and as their classes one of as many
/// whole numbers whose name begins with `y` or `label`.
pub fn read_samples(path: &Path) -> Result<LabelledSamples, ArraysError> {
    let mut arrays = read(path)?;
    let begins = |name: &str, word: &str| name.to_lowercase().starts_with(word);
    let at = arrays.iter().position(|(name, _)| begins(name, "x"));
    let (_, inputs) = arrays.remove(at.unwrap_or(0));
    let count = inputs.shape().first().copied().unwrap_or(0);
    let is_named = |name: &str| begins(name, "y") || begins(name, "label");
    let classes = |(name, array): &(String, ArrayD<f32>)| {
        let fits = is_named(name) && array.shape() == [count];
        let class = |&value: &f32| (value >= 0.0 && value.fract() == 0.0).then_some(value as usize);
        let classes = array.iter().map(class);
        classes.collect::<Option<Vec<usize>>>().filter(|_| fits)
    };
    let labels = arrays.iter().find_map(classes);
    Ok(LabelledSamples { inputs, labels })
}

/// Where an array can be read from as often as it takes to find its type.
trait Source {
    fn read<T: ReadableElement>(&mut self) -> Result<ArrayD<T>, ArraysError>;
}

struct NpyFile<F>(F);

impl<F: Fn() -> Result<File, ArraysError>> Source for NpyFile<F> {
    fn read<T: ReadableElement>(&mut self) -> Result<ArrayD<T>, ArraysError> {
        Ok(ArrayD::read_npy((self.0)()?)?)
    }
}

struct NpzEntry<'a>(&'a mut NpzReader<File>, &'a str);

impl Source for NpzEntry<'_> {
    fn read<T: ReadableElement>(&mut self) -> Result<ArrayD<T>, ArraysError> {
        Ok(self.0.by_name::<OwnedRepr<T>, IxDyn>(self.1)?)
    }
}

/// The array as floats; `None` if it holds no numbers.
fn of_any_type(source: &mut impl Source) -> Result<Option<ArrayD<f32>>, ArraysError> {
    macro_rules! first_of {
        ($($element:ty => $float:expr),*) => {
            $(match source.read::<$element>() {
                Ok(array) => return Ok(Some(array.mapv($float))),
                Err(ArraysError::Npy(ReadNpyError::WrongDescriptor(_))
                    | ArraysError::Npz(ReadNpzError::Npy(ReadNpyError::WrongDescriptor(_)))) => {}
                Err(error) => return Err(error),
            })*
        };
    }
    first_of!(
        f32 => |value| value,
        f64 => |value| value as f32,
        i8 => f32::from,
        u8 => f32::from,
        i16 => f32::from,
        i32 => |value| value as f32,
        i64 => |value| value as f32
    );
    Ok(None)
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, arr1, arr2};
    use ndarray_npy::{NpzWriter, WriteNpyExt};

    use super::*;

    #[test]
    fn arrays_of_any_numbers_are_read_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut writer = NpzWriter::new_compressed(File::create(&path).unwrap());
        writer.add_array("x", &arr2(&[[1_i8, -2], [3, 4]])).unwrap();
        writer.add_array("y", &arr1(&[0.5_f64])).unwrap();
        writer.add_array("flags", &arr1(&[true])).unwrap();
        writer.finish().unwrap();
        let arrays = read(&path).unwrap();
        let expected = [
            ("x".to_owned(), arr2(&[[1.0, -2.0], [3.0, 4.0]]).into_dyn()),
            ("y".to_owned(), arr1(&[0.5]).into_dyn()),
        ];
        assert_eq!(arrays, expected);

        let path = folder.path().join("b.npy");
        let file = File::create(&path).unwrap();
        Array1::from(vec![7_i64]).write_npy(file).unwrap();
        assert_eq!(
            read(&path).unwrap(),
            [(String::new(), arr1(&[7.0]).into_dyn())]
        );
    }

    #[test]
    fn samples_come_with_their_classes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let mut writer = NpzWriter::new_compressed(File::create(&path).unwrap());
        writer.add_array("y_test", &arr1(&[2_i64, 0])).unwrap();
        writer
            .add_array("x_test", &arr2(&[[1_i8, -2], [3, 4]]))
            .unwrap();
        writer.finish().unwrap();
        let found = read_samples(&path).unwrap();
        assert_eq!(found.labels, Some(vec![2, 0]));
        assert_eq!(found.inputs, arr2(&[[1.0, -2.0], [3.0, 4.0]]).into_dyn());
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, "notes").unwrap();
        let message = read(&path).unwrap_err().to_string();
        assert!(
            message.starts_with("expected a .npy or .npz file"),
            "{message}"
        );
        assert!(read(&folder.path().join("none.npy")).is_err());
    }
}
