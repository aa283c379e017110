//! What a model does once it is open, without a pointer.

use core::cell::Cell;

use no_std_core::prepare::{Pixels, Rows};
use no_std_core::{Model, Output, Run};

use crate::interface::{BatonClass, BatonReconstruction};
use crate::status::BatonStatus;

// By this crate's build script.
include!(concat!(env!("OUT_DIR"), "/needed.rs"));

/// A model in a file, if it needs no operator that is not linked.
pub fn open(file: &[u8]) -> Result<Model<'_>, BatonStatus> {
    Ok(Model::with(file, OPERATORS)?)
}

/// Puts values where the model takes its input.
pub fn set_values(model: &Model<'_>, arena: &mut [i8], values: &[i8]) -> Result<(), BatonStatus> {
    let mut run = started(model, arena)?;
    let input = run.input();
    if input.len() != values.len() {
        return Err(BatonStatus::InputLength);
    }
    // Of cells compilers do not make a call of `memcpy`, which is larger than all of this.
    let places = Cell::from_mut(input).as_slice_of_cells();
    for (place, &value) in places.iter().zip(values) {
        place.set(value);
    }
    Ok(())
}

/// Makes a picture the model's input.
pub fn set_picture(
    model: &Model<'_>,
    arena: &mut [i8],
    mut picture: Pixels<'_>,
) -> Result<(), BatonStatus> {
    let preparation = model.preparation();
    if !preparation.takes_pictures() {
        return Err(BatonStatus::NotPictures);
    }
    let mut run = started(model, arena)?;
    if CENTRES {
        return Ok(model.prepare(&mut picture, run.input())?);
    }
    if SCALES {
        return Ok(model.resize(&mut picture, run.input())?);
    }
    if preparation.box_side().is_some() || preparation.fit().is_some() {
        return Err(BatonStatus::Operator);
    }
    set_pixels(model, &mut picture, run.input())
}

/// What the core does with pictures of the input's own size, without its code for others.
fn set_pixels(
    model: &Model<'_>,
    picture: &mut Pixels<'_>,
    input: &mut [i8],
) -> Result<(), BatonStatus> {
    let shape = model.input().shape;
    let found = [picture.height(), picture.width(), picture.channels()];
    if [shape.rows, shape.columns, shape.channels].map(u32::from) != found {
        return Err(BatonStatus::PictureSize);
    }
    let rows = input.chunks_mut((shape.row_len() as usize).max(1));
    for (values, y) in rows.zip(0..) {
        let pixels = picture.row(y).unwrap_or_default();
        let channels = (0..usize::from(shape.channels)).cycle();
        for ((value, &pixel), channel) in values.iter_mut().zip(pixels).zip(channels) {
            *value = model.quantize_pixel(channel, pixel);
        }
    }
    Ok(())
}

/// Makes the input the output.
pub fn run(model: &Model<'_>, arena: &mut [i8]) -> Result<(), BatonStatus> {
    let mut run = started(model, arena)?;
    while run.step().is_pending() {}
    Ok(())
}

/// The output that [`run`] has left in the arena: another run over it, of which no step is made, ends with it too.
pub fn output<'r>(model: &'r Model<'_>, arena: &'r mut [i8]) -> Result<Output<'r>, BatonStatus> {
    Ok(started(model, arena)?.into_output())
}

/// The answer of a model with classes.
pub fn best_class(output: &Output<'_>) -> Result<BatonClass, BatonStatus> {
    let Output::Classes(classes) = output else {
        return Err(BatonStatus::OutputKind);
    };
    Ok(BatonClass {
        index: classes.class() as u32,
        probability: classes.probability(),
        accepted: classes.accepted(),
    })
}

/// How far a reconstruction is from its input.
pub fn reconstruction(output: &Output<'_>) -> Result<BatonReconstruction, BatonStatus> {
    let Output::Values(values) = output else {
        return Err(BatonStatus::OutputKind);
    };
    let difference = values.difference().ok_or(BatonStatus::OutputKind)?;
    Ok(BatonReconstruction {
        mean_squared_difference: difference.mean,
        accepted: difference.accepted,
    })
}

fn started<'r, 'a>(model: &'r Model<'a>, arena: &'r mut [i8]) -> Result<Run<'r, 'a>, BatonStatus> {
    Run::new(model, arena).map_err(|_| BatonStatus::ArenaTooSmall)
}
