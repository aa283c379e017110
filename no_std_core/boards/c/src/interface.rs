//! The functions that C programs call. Here pointers become references, once each has been checked as far as that can be.

#![allow(unsafe_code, reason = "C hands over pointers")]
#![allow(clippy::doc_markdown, reason = "the header takes names as they are")]

use core::ffi::{c_char, c_void};
use core::slice;

use no_std_core::prepare::Pixels;
use no_std_core::{Model, Output};

use crate::opened;
use crate::status::BatonStatus;

/// A model that is open. The caller has the memory, for example a static variable, and looks at none of it; it may be
/// copied, but then only one of the copies may be used.
#[repr(C)]
#[derive(Debug)]
pub struct BatonModel {
    state: [usize; 12],
}

/// The class that a model gives.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatonClass {
    /// Its number, from 0 on.
    pub index: u32,
    /// Its probability in 1/65536.
    pub probability: u32,
    /// Whether the probability reaches the threshold of the model: else the input is likely of none of the classes.
    pub accepted: bool,
}

/// How far a reconstruction is from the input.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatonReconstruction {
    /// The mean of the squared differences of the int8 values, in 1/256: the greater, the stranger is the input.
    pub mean_squared_difference: u32,
    /// Whether that is at most the threshold of the model.
    pub accepted: bool,
}

/// What is in a [`BatonModel`].
#[repr(C)]
struct State {
    /// One of the constants below once it is open; anything before.
    stage: usize,
    arena: *mut i8,
    model: Model<'static>,
}

const _: () = assert!(size_of::<State>() <= size_of::<BatonModel>());
const _: () = assert!(align_of::<State>() <= align_of::<BatonModel>());

/// No input yet, an input, and what became of it: words that memory which was never written is unlikely to hold.
const OPEN: usize = 0xBA70_4E01;
const READY: usize = 0xBA70_4E02;
const DONE: usize = 0xBA70_4E03;

/// Opens a model: checks all of the file, so that nothing can fail while it runs, and the arena.
///
/// `file` are the `file_len` bytes of a model, NAME_model and NAME_MODEL_LEN of its header. At a multiple of 4 it runs
/// fastest; the array of the header is at one. `arena` are `arena_len` bytes, at least NAME_ARENA_LEN, at any address,
/// whatever they hold. Both must stay as they are until the model is used no more: nothing but these functions may write to
/// the arena. Nothing has to be closed. It takes about as long as a checksum over the file.
///
/// Returns BATON_STATUS_OK, or why the model is not open: NULL, OVERLAP, NOT_A_MODEL, VERSION, DAMAGED, OPERATOR, INVALID
/// or ARENA_TOO_SMALL.
///
/// # Safety
///
/// `model` is NULL or points to a baton_model, `file` and `arena` to so many bytes. Two calls with the same model may not
/// run at the same time; with different ones they may.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_open(
    model: *mut BatonModel,
    file: *const c_void,
    file_len: usize,
    arena: *mut c_void,
    arena_len: usize,
) -> BatonStatus {
    if model.is_null() || file.is_null() || arena.is_null() {
        return BatonStatus::Null;
    }
    let areas = [
        (model.addr(), size_of::<BatonModel>()),
        (file.addr(), file_len),
        (arena.addr(), arena_len),
    ];
    if overlap(areas) {
        return BatonStatus::Overlap;
    }
    // SAFETY: the caller says that it points to a model, of which this is the first word.
    unsafe { model.cast::<usize>().write(0) };
    if isize::try_from(file_len).is_err() {
        return BatonStatus::NotAModel;
    }
    // SAFETY: the caller says that there are so many bytes which stay as they are, and they are not too many.
    let file = unsafe { slice::from_raw_parts(file.cast(), file_len) };
    let opened = match opened::open(file) {
        Ok(opened) => opened,
        Err(status) => return status,
    };
    if arena_len < opened.arena_len() {
        return BatonStatus::ArenaTooSmall;
    }
    let state = State {
        stage: OPEN,
        arena: arena.cast(),
        model: opened,
    };
    // SAFETY: a model has room for a state and its alignment, as asserted above.
    unsafe { model.cast::<State>().write(state) };
    BatonStatus::Ok
}

/// Gives the model its input: `count` int8 values, `[row][column][channel]`, of which each stands for
/// (value - NAME_INPUT_ZERO_POINT) * NAME_INPUT_SCALE.
///
/// Returns BATON_STATUS_OK, NULL, NOT_OPEN or INPUT_LENGTH. Values that are refused leave the model without an input.
///
/// # Safety
///
/// As for baton_open, and `values` points to `count` of them, outside the arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_set_values(
    model: *mut BatonModel,
    values: *const i8,
    count: usize,
) -> BatonStatus {
    if values.is_null() {
        return BatonStatus::Null;
    }
    if isize::try_from(count).is_err() {
        return BatonStatus::InputLength;
    }
    // SAFETY: the caller says that there are so many values, and they are not too many.
    let values = unsafe { slice::from_raw_parts(values, count) };
    // SAFETY: as the caller has promised.
    let state = unsafe { State::opened_mut(model) };
    status(state.and_then(|(state, arena)| {
        state.stage = OPEN;
        opened::set_values(&state.model, arena, values)?;
        state.stage = READY;
        Ok(())
    }))
}

/// Gives the model a picture as its input, prepared as the model was trained: `width` times `height` pixels of `channels`
/// bytes each, `[row][column][channel]` from the top left, 0 black to 255 white, without gaps.
///
/// A model takes pictures of its input's own size and channels; where NAME_SCALES_PICTURES is 1, of any size up to
/// 1048576 x 1048576 pixels, which are scaled; or, where NAME_CENTRES_PICTURES is 1, grey ones of up to 8192 x 8192 pixels, of
/// which it cuts out the drawing.
///
/// Returns BATON_STATUS_OK, NULL, NOT_OPEN, NOT_PICTURES, OPERATOR, PICTURE_SIZE, BLANK or SEVERAL_DRAWINGS. A picture that
/// is refused leaves the model without an input.
///
/// # Safety
///
/// As for baton_open, and `pixels` points to so many bytes, outside the arena.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_set_pixels(
    model: *mut BatonModel,
    pixels: *const u8,
    width: u32,
    height: u32,
    channels: u32,
) -> BatonStatus {
    if pixels.is_null() {
        return BatonStatus::Null;
    }
    let len = (width as usize)
        .checked_mul(height as usize)
        .and_then(|count| count.checked_mul(channels as usize));
    let Some(len) = len.filter(|&len| isize::try_from(len).is_ok()) else {
        return BatonStatus::PictureSize;
    };
    // SAFETY: the caller says that there are so many bytes, and they are not too many.
    let pixels = unsafe { slice::from_raw_parts(pixels, len) };
    // SAFETY: as the caller has promised.
    let state = unsafe { State::opened_mut(model) };
    status(state.and_then(|(state, arena)| {
        state.stage = OPEN;
        let picture = Pixels::with_channels(pixels, width, height, channels)?;
        opened::set_picture(&state.model, arena, picture)?;
        state.stage = READY;
        Ok(())
    }))
}

/// Runs the model on its input, which is gone afterwards.
///
/// Returns BATON_STATUS_OK, NULL, NOT_OPEN or NO_INPUT.
///
/// # Safety
///
/// As for baton_open.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_run(model: *mut BatonModel) -> BatonStatus {
    // SAFETY: as the caller has promised.
    let state = unsafe { State::opened_mut(model) };
    status(state.and_then(|(state, arena)| {
        if state.stage != READY {
            return Err(BatonStatus::NoInput);
        }
        opened::run(&state.model, arena)?;
        state.stage = DONE;
        Ok(())
    }))
}

/// Says where the output is: `count` int8 values, `[row][column][channel]`, of which each stands for
/// (value - NAME_OUTPUT_ZERO_POINT) * NAME_OUTPUT_SCALE. They are in the arena, until there is another input.
///
/// Returns BATON_STATUS_OK, NULL, NOT_OPEN or NO_OUTPUT.
///
/// # Safety
///
/// As for baton_open, and `values` and `count` are NULL or point to one each.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_values(
    model: *mut BatonModel,
    values: *mut *const i8,
    count: *mut usize,
) -> BatonStatus {
    if values.is_null() || count.is_null() {
        return BatonStatus::Null;
    }
    // SAFETY: as the caller has promised.
    status(unsafe { output(model) }.map(|output| {
        let found = output.values();
        // SAFETY: neither is NULL, so the caller says that there is one of each to be written to.
        unsafe {
            values.write(found.as_ptr());
            count.write(found.len());
        }
    }))
}

/// Says which class the output is for.
///
/// Returns BATON_STATUS_OK, NULL, NOT_OPEN, NO_OUTPUT, or OUTPUT_KIND if the model tells no classes apart.
///
/// # Safety
///
/// As for baton_open, and `found` is NULL or points to a baton_class.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_best_class(
    model: *mut BatonModel,
    found: *mut BatonClass,
) -> BatonStatus {
    if found.is_null() {
        return BatonStatus::Null;
    }
    // SAFETY: as the caller has promised.
    let class = unsafe { output(model) }.and_then(|output| opened::best_class(&output));
    // SAFETY: it is not NULL, so the caller says that there is one to be written to.
    status(class.map(|class| unsafe { found.write(class) }))
}

/// Says how far the output is from the input that it was made of.
///
/// Returns BATON_STATUS_OK, NULL, NOT_OPEN, NO_OUTPUT, or OUTPUT_KIND if the output is no reconstruction.
///
/// # Safety
///
/// As for baton_open, and `found` is NULL or points to a baton_reconstruction.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn baton_compare(
    model: *mut BatonModel,
    found: *mut BatonReconstruction,
) -> BatonStatus {
    if found.is_null() {
        return BatonStatus::Null;
    }
    // SAFETY: as the caller has promised.
    let difference = unsafe { output(model) }.and_then(|output| opened::reconstruction(&output));
    // SAFETY: it is not NULL, so the caller says that there is one to be written to.
    status(difference.map(|difference| unsafe { found.write(difference) }))
}

/// A sentence about a status, in English and ASCII, that lasts as long as the program; of a number that is none it says so.
#[unsafe(no_mangle)]
pub extern "C" fn baton_status_text(status: i32) -> *const c_char {
    let known = usize::try_from(status).ok();
    let known = known.and_then(|index| BatonStatus::ALL.get(index));
    known
        .map_or(c"expected a status, found another number", |status| {
            status.text()
        })
        .as_ptr()
}

impl State {
    /// The state of a model, and its arena.
    ///
    /// # Safety
    ///
    /// As for [`baton_open`], and nothing else of it is in use.
    unsafe fn opened_mut<'m>(
        model: *mut BatonModel,
    ) -> Result<(&'m mut Self, &'m mut [i8]), BatonStatus> {
        if model.is_null() {
            return Err(BatonStatus::Null);
        }
        // SAFETY: the caller says that it points to a model, of which this is the first word.
        let first = unsafe { model.cast::<usize>().read() };
        if ![OPEN, READY, DONE].contains(&first) {
            return Err(BatonStatus::NotOpen);
        }
        // SAFETY: one that is open has a state, and nobody else uses it.
        let state = unsafe { &mut *model.cast::<Self>() };
        let len = state.model.arena_len();
        // SAFETY: opening it has seen that there are so many bytes, apart from the file and the model.
        let arena = unsafe { slice::from_raw_parts_mut(state.arena, len) };
        Ok((state, arena))
    }
}

/// The output of a model that has run.
///
/// # Safety
///
/// As for [`State::opened_mut`].
unsafe fn output<'m>(model: *mut BatonModel) -> Result<Output<'m>, BatonStatus> {
    // SAFETY: as the caller has promised.
    let (state, arena) = unsafe { State::opened_mut(model) }?;
    if state.stage != DONE {
        return Err(BatonStatus::NoOutput);
    }
    opened::output(&state.model, arena)
}

fn status(result: Result<(), BatonStatus>) -> BatonStatus {
    match result {
        Ok(()) => BatonStatus::Ok,
        Err(status) => status,
    }
}

/// Whether two of some areas, each an address and a length, have a byte in common.
fn overlap(areas: [(usize, usize); 3]) -> bool {
    let [a, b, c] = areas;
    let meet = |(one, one_len): (usize, usize), (other, other_len): (usize, usize)| {
        let (one_end, other_end) = (one.saturating_add(one_len), other.saturating_add(other_len));
        one < other_end && other < one_end
    };
    meet(a, b) || meet(a, c) || meet(b, c)
}
