//! Digits in print that are learnt with those of the data.

use rayon::prelude::*;

use super::task::Task;
use crate::commands::negatives::Digits;
use crate::console::Console;
use crate::data::synthetic;
use crate::error::Error;

/// The same ones in each fit.
const SEED: u64 = 0;

/// Adds as many as the recipe says, the ten digits in turn, in the polarity of the digits that are there.
///
/// # Errors
///
/// [`Error::DrawnForDigits`] unless the data are 28 x 28 grey pixels of the ten digits.
pub fn add(task: &mut Task, console: &mut Console) -> Result<(), Error> {
    let count = task.recipe.printed as usize;
    if count == 0 {
        return Ok(());
    }
    let train = &mut task.sets.train;
    let digits = Digits::new(train)?;
    let numbers = (0..count).into_par_iter();
    let pixels = numbers.flat_map_iter(|number| synthetic::printed(SEED, number));
    let labels = (0..count).map(|number| (number % 10) as u16);
    *train = train
        .clone()
        .with(digits.as_given(pixels.collect()), labels.collect());
    console.line(format_args!("{count} digits in print are learnt, too"));
    Ok(())
}
