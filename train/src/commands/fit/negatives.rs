//! Pictures of no class that a fit learns as well.

use ndarray::Axis;
use rayon::prelude::*;

use super::Task;
use crate::cli::FitArgs;
use crate::console::Console;
use crate::data::choice::Wanted;
use crate::data::negatives::{self, SIDE};
use crate::data::{self, Dataset, Source};
use crate::error::Error;
use crate::recipe::Recipe;

const DIGITS: usize = 10;
/// The same pictures in each fit.
const SEED: u64 = 0;

/// Adds those that the user names, and as many drawn ones as the recipe says, and returns their number.
pub fn add(
    args: &FitArgs,
    recipe: &Recipe,
    task: &mut Task,
    console: &mut Console,
) -> Result<usize, Error> {
    let train = &task.sets.train;
    let mut pixels = match &args.negatives {
        Some(source) => given(source, train, args)?,
        None => Vec::new(),
    };
    pixels.extend(drawn(recipe.negatives as usize, train)?);
    let count = pixels.len() / train.picture_len();
    if count > 0 {
        console.line(format_args!("{count} pictures of no class are learnt, too"));
        task.sets.train = train.clone().with_negatives(pixels);
    }
    Ok(count)
}

/// All pictures of a source, in the shape of those of the classes.
fn given(source: &Source, train: &Dataset, args: &FitArgs) -> Result<Vec<u8>, Error> {
    let [_, rows, columns] = train.shape();
    let own = args.data.options();
    let options = data::Options {
        wanted: Wanted {
            size: Some([rows, columns]),
            ..own.wanted
        },
        ..own
    };
    let all = data::load(source, options)?.found.all;
    if all.shape() != train.shape() {
        return Err(Error::Negatives {
            expected: train.shape(),
            found: all.shape(),
        });
    }
    Ok(all.images()?.into_raw_vec_and_offset().0)
}

/// So many that the program draws, some of them from pieces of the digits to learn from.
fn drawn(count: usize, train: &Dataset) -> Result<Vec<u8>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let expected = [1, SIDE, SIDE];
    if train.shape() != expected || train.classes().len() != DIGITS {
        return Err(Error::NotForNetwork {
            option: "negatives",
            expected: "grey pictures of the ten digits, 28 x 28",
            found: "others",
        });
    }
    let images = train.images()?;
    let places = |digit: usize| {
        let labels = train.labels().iter().enumerate();
        let of_digit = labels.filter(move |(_, label)| usize::from(**label) == digit);
        of_digit.map(|(place, _)| place).collect()
    };
    let places: [Vec<usize>; DIGITS] = std::array::from_fn(places);
    let digit = |digit: u8, any: usize| {
        let places = &places[usize::from(digit)];
        let place = places.get(any % places.len().max(1)).copied();
        place.map_or(vec![0; SIDE * SIDE], |place| {
            images.index_axis(Axis(0), place).iter().copied().collect()
        })
    };
    let pictures = (0..count).into_par_iter();
    let pictures = pictures.flat_map_iter(|index| negatives::learnt(SEED, index, &digit));
    Ok(pictures.collect())
}
