//! What a model does once it is open, without a pointer.

use core::cell::Cell;

use no_std_core::format::Shape;
use no_std_core::prepare::Rows;
use no_std_core::{Model, Output, Run};

use crate::interface::{BatonClass, BatonReconstruction};
use crate::status::BatonStatus;

// By this crate's build script.
include!(concat!(env!("OUT_DIR"), "/needed.rs"));

/// A picture in memory, `[row][column][channel]`.
pub struct Picture<'p> {
    pub pixels: &'p [u8],
    pub width: u32,
    pub height: u32,
    pub channels: u32,
}

impl Rows for Picture<'_> {
    fn width(&self) -> u32 {
        self.width
    }

    fn height(&self) -> u32 {
        self.height
    }

    fn channels(&self) -> u32 {
        self.channels
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        let len = (self.width as usize).checked_mul(self.channels as usize)?;
        let start = len.checked_mul(y as usize)?;
        self.pixels.get(start..)?.get(..len)
    }
}

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
    mut picture: Picture<'_>,
) -> Result<(), BatonStatus> {
    if !model.preparation().takes_pictures() {
        return Err(BatonStatus::NotPictures);
    }
    let mut run = started(model, arena)?;
    if CENTRES {
        return Ok(model.prepare(&mut picture, run.input())?);
    }
    if model.preparation().box_side().is_some() {
        return Err(BatonStatus::Operator);
    }
    // What the core does with such pictures, without its code for others.
    let Shape {
        rows,
        columns,
        channels,
    } = model.input().shape;
    let found = [picture.height, picture.width, picture.channels];
    if [rows, columns, channels].map(u32::from) != found {
        return Err(BatonStatus::PictureSize);
    }
    let channels = (0..usize::from(channels)).cycle();
    for ((value, &pixel), channel) in run.input().iter_mut().zip(picture.pixels).zip(channels) {
        *value = model.quantize_pixel(channel, pixel);
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
