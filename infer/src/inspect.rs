//! What is in a model file, as a table.

use std::fmt;

use input::limits::Limits;
use input::pair::is_flash;

use crate::error::ModelError;
use crate::file::InFile;
use crate::table;

mod flash;
#[cfg(feature = "onnx")]
mod onnx;

/// What a model file holds. [`fmt::Display`] is its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Names and values about the file as a whole.
    facts: Vec<[String; 2]>,
    /// The titles of the columns, then a row for each layer.
    layers: Vec<Vec<String>>,
}

/// Looks into the model file in `bytes`; errors call it `name`. A file that cannot run is refused.
pub fn inspect(
    bytes: &[u8],
    name: &str,
    limits: &Limits,
) -> Result<Inspection, InFile<ModelError>> {
    if is_flash(bytes) {
        return flash::inspect(bytes, name, limits);
    }
    #[cfg(feature = "onnx")]
    let inspection = onnx::inspect(bytes, name, limits);
    #[cfg(not(feature = "onnx"))]
    let inspection = Err(ModelError::NoFlash);
    inspection.map_err(InFile::named(name))
}

impl fmt::Display for Inspection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts: Vec<Vec<String>> = self.facts.iter().map(|fact| fact.to_vec()).collect();
        f.write_str(&table::left_aligned(&facts))?;
        writeln!(f)?;
        f.write_str(&table::left_aligned(&self.layers))
    }
}

fn fact(name: &str, value: impl Into<String>) -> [String; 2] {
    [name.to_owned(), value.into()]
}

/// The titles of columns, with bars between them.
fn titles(line: &str) -> Vec<String> {
    line.split(" | ").map(str::to_owned).collect()
}

/// Sizes with a cross between them.
fn crossed<T: ToString>(sizes: &[T]) -> String {
    let sizes: Vec<String> = sizes.iter().map(T::to_string).collect();
    sizes.join(" x ")
}

/// The smallest and the largest of some numbers.
fn range(numbers: impl IntoIterator<Item = f32>) -> String {
    let (low, high) = numbers
        .into_iter()
        .fold((f32::INFINITY, f32::NEG_INFINITY), |(low, high), number| {
            (low.min(number), high.max(number))
        });
    if low > high {
        "-".to_owned()
    } else if low < high {
        format!("{low:.3e} to {high:.3e}")
    } else {
        format!("{low:.3e}")
    }
}

#[cfg(all(test, feature = "onnx"))]
mod tests;
