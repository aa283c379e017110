//! What a model makes of a picture.

use no_std_core::prepare::{Fit, Image, Pixels, Preparation, PrepareError, SIDE};
use no_std_core::{Model, Output, run};

use crate::picture::Canvas;

/// What a page has to know of a model to make room for an [`answer()`].
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Bytes of arena.
    pub arena_len: u32,
    /// Size of the input.
    pub rows: u32,
    /// Size of the input.
    pub columns: u32,
    /// 1 in grey pictures, 3 in colours.
    pub channels: u32,
    /// Values of the output.
    pub outputs: u32,
}

/// The memory for an answer, whatever it holds.
#[derive(Debug)]
pub struct Work<'w> {
    /// `arena_len` bytes.
    pub arena: &'w mut [i8],
    /// As many bytes as the input has values: what the network sees, `[row][column][channel]`, 0 black to 255 white.
    pub seen: &'w mut [u8],
    /// As many.
    pub input: &'w mut [i8],
    /// One for each value of the output, and two before them: the class, or how far a reconstruction is from the input, in
    /// 1/256 of squared steps; and 1 if the input is accepted, else 0. Then come probabilities in 1/65536, or the values.
    pub output: &'w mut [u32],
}

/// Why there is no answer.
#[repr(u32)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The file is no model.
    Model = 1,
    /// The model takes no pictures.
    NoPictures = 2,
    /// The picture has a size that cannot be prepared.
    Size = 3,
    /// There is nothing in the picture.
    Blank = 4,
    /// The memory is not as much as the facts say.
    Memory = 5,
    /// There are several drawings in the picture.
    Several = 6,
}

impl From<PrepareError> for Refusal {
    fn from(error: PrepareError) -> Self {
        match error {
            PrepareError::NoInk => Self::Blank,
            PrepareError::Several => Self::Several,
            _ => Self::Size,
        }
    }
}

impl Facts {
    /// Of a model that takes pictures.
    ///
    /// # Errors
    ///
    /// Why it cannot answer.
    pub fn of(model: &Model<'_>) -> Result<Self, Refusal> {
        let input = model.input().shape;
        let takes_pictures = model.preparation().takes_pictures();
        if !takes_pictures || !matches!(input.channels, 1 | 3) {
            return Err(Refusal::NoPictures);
        }
        Ok(Self {
            arena_len: model.arena_len() as u32,
            rows: input.rows.into(),
            columns: input.columns.into(),
            channels: input.channels.into(),
            outputs: model.output().shape.elements() as u32,
        })
    }

    /// Values of the input.
    pub fn inputs(&self) -> usize {
        self.rows as usize * self.columns as usize * self.channels as usize
    }
}

/// Runs a model on a picture. A drawing for a model of digits is found and centred, other pictures are scaled as the model
/// says.
///
/// # Errors
///
/// Why there is no answer; the memory can hold anything then.
pub fn answer(
    model: &Model<'_>,
    canvas: &mut Canvas<'_>,
    work: &mut Work<'_>,
) -> Result<(), Refusal> {
    let facts = Facts::of(model)?;
    let len = facts.inputs();
    let is_enough = work.seen.len() == len
        && work.input.len() == len
        && work.arena.len() == facts.arena_len as usize
        && work.output.len() == facts.outputs as usize + 2;
    if !is_enough {
        return Err(Refusal::Memory);
    }
    prepare(
        model.preparation(),
        &facts,
        canvas.pixels(facts.channels)?,
        work.seen,
    )?;
    let channels = (0..facts.channels as usize).cycle();
    for ((value, &pixel), channel) in work.input.iter_mut().zip(&*work.seen).zip(channels) {
        *value = model.quantize_pixel(channel, pixel);
    }
    let output = run(model, work.input, work.arena).map_err(|_| Refusal::Memory)?;
    write(&output, work.output);
    Ok(())
}

/// Makes a picture what the network is to see.
fn prepare(
    preparation: Preparation,
    facts: &Facts,
    mut picture: Pixels<'_>,
    seen: &mut [u8],
) -> Result<(), Refusal> {
    let sizes = [facts.rows, facts.columns, facts.channels];
    let can_centre = sizes == [SIDE as u32, SIDE as u32, 1];
    if !can_centre || preparation.fit().is_some() {
        let fit = preparation.fit().unwrap_or(Fit::Stretch);
        return Ok(fit.apply(&mut picture, sizes, seen, |_, pixel| pixel)?);
    }
    let centred = match preparation.box_side() {
        Some(_) => preparation,
        None => Preparation::CENTRED,
    };
    let mut image: Image = [0; SIDE * SIDE];
    centred.prepare(&mut picture, &mut image)?;
    for (place, value) in seen.iter_mut().zip(image) {
        *place = value.cast_unsigned() ^ 0x80;
    }
    Ok(())
}

fn write(output: &Output<'_>, places: &mut [u32]) {
    let accepted = u32::from(output.accepted());
    match output {
        Output::Classes(classes) => {
            let head = [classes.class() as u32, accepted].into_iter();
            fill(places, head.chain(classes.probabilities()));
        }
        Output::Values(values) => {
            let mean = values.difference().map_or(0, |found| found.mean);
            let integers = output.values().iter();
            let integers = integers.map(|&value| i32::from(value).cast_unsigned());
            fill(places, [mean, accepted].into_iter().chain(integers));
        }
    }
}

fn fill(places: &mut [u32], values: impl Iterator<Item = u32>) {
    for (place, value) in places.iter_mut().zip(values) {
        *place = value;
    }
}
