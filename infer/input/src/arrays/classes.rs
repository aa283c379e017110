//! Which class each sample is of, in whatever form an array says it.

use thiserror::Error;

use super::{Array, Elements, Samples};
use crate::file::one_line;

/// Arrays that are named like classes are there, and none of them says the class of each sample.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error(
    "{name}: expected the class of each of {count} samples, a whole number from 0, or a row with one 1 among zeros, found \
     {found}; correct it, or give it a name that does not begin with y or label"
)]
pub struct ClassesError {
    /// The first of these arrays.
    pub name: String,
    /// The number of samples.
    pub count: usize,
    /// What it holds.
    pub found: String,
}

impl Samples {
    /// The class of each of so many samples: the first array named like classes that says it. `None` if there is no array of
    /// such a name.
    pub fn labels(&self, count: usize) -> Result<Option<Vec<usize>>, ClassesError> {
        let mut refusal = None;
        for (name, array) in &self.classes {
            let texts = || Err("an array of no numbers".to_owned());
            match array
                .as_ref()
                .map_or_else(texts, |array| classes(array, count))
            {
                Ok(classes) => return Ok(Some(classes)),
                Err(found) => {
                    refusal.get_or_insert(ClassesError {
                        name: one_line(name),
                        count,
                        found,
                    });
                }
            }
        }
        refusal.map_or(Ok(None), Err)
    }
}

impl Samples {
    /// The finite numbers that belong to each of so many samples, `[samples, width]`: the first array named like classes that has
    /// them.
    pub fn targets(&self, count: usize, width: usize) -> Option<Vec<f32>> {
        let fits = |array: &&Array| match array.shape[..] {
            [found] => found == count && width == 1,
            [found, of] => found == count && of == width,
            _ => false,
        };
        let arrays = self.classes.iter().filter_map(|(_, array)| array.as_ref());
        let mut numbers = arrays.filter(fits).map(|array| array.elements.to_floats());
        numbers.find(|numbers| numbers.iter().all(|number| number.is_finite()))
    }
}

impl Array {
    /// The class of each of so many samples that the array says: whole numbers, or rows with one 1 among zeros. What it holds
    /// instead is the error.
    pub fn classes(&self, count: usize) -> Result<Vec<usize>, String> {
        classes(self, count)
    }
}

fn classes(array: &Array, count: usize) -> Result<Vec<usize>, String> {
    let Array { shape, elements } = array;
    match shape[..] {
        [found] | [found, 1] if found == count => whole(elements),
        [found, classes] if found == count && classes > 1 => one_hot(elements, classes),
        _ => Err(format!("an array of shape {shape:?}")),
    }
}

fn whole(elements: &Elements) -> Result<Vec<usize>, String> {
    let class = |(sample, value): (usize, f32)| {
        if value >= 0.0 && value.fract() == 0.0 {
            Ok(value as usize)
        } else {
            Err(format!("{value} for sample {sample}"))
        }
    };
    let values = elements.to_floats().into_iter();
    values.enumerate().map(class).collect()
}

/// For each row of so many numbers the place of its only 1.
fn one_hot(elements: &Elements, classes: usize) -> Result<Vec<usize>, String> {
    let numbers = elements.to_floats();
    let is_one = |value: f32| value.to_bits() == 1.0_f32.to_bits();
    let class = |(sample, row): (usize, &[f32])| {
        let is_clear = row.iter().all(|&value| value == 0.0 || is_one(value));
        let mut ones = (0..classes).filter(|&class| is_one(row[class]));
        match (ones.next(), ones.next()) {
            (Some(class), None) if is_clear => Ok(class),
            _ => Err(format!(
                "a row of {classes} numbers for sample {sample} that are not one 1 and zeros"
            )),
        }
    };
    numbers
        .chunks_exact(classes)
        .enumerate()
        .map(class)
        .collect()
}
