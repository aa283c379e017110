//! Every call, with arguments that are right and arguments that are not.

#![allow(unsafe_code, reason = "these are calls as C makes them")]

use core::ffi::CStr;
use core::mem::MaybeUninit;
use core::ptr;
use std::vec;
use std::vec::Vec;

use no_std_core::format::{HEADER_LEN, KIND_ADD, TENSOR_LEN, seal};
use no_std_core::{Model, Output, quantize_pixel, run};

use crate::interface::*;
use crate::status::BatonStatus;

const FILE: &[u8] = include_bytes!("../../../../models/digits.q8");
const LEN: usize = 28 * 28;
const ARENA_LEN: usize = no_std_core::arena_len(FILE);

/// An open model and its arena.
struct Open {
    model: BatonModel,
    arena: Vec<i8>,
}

fn open(file: &[u8], arena: &mut [i8]) -> Result<BatonModel, BatonStatus> {
    let mut model = MaybeUninit::<BatonModel>::zeroed();
    // SAFETY: slices are as long as they say.
    let status = unsafe {
        let (bytes, room) = (file.as_ptr().cast(), arena.as_mut_ptr().cast());
        baton_open(model.as_mut_ptr(), bytes, file.len(), room, arena.len())
    };
    // SAFETY: any words make one.
    let model = unsafe { model.assume_init() };
    if status == BatonStatus::Ok {
        Ok(model)
    } else {
        Err(status)
    }
}

impl Open {
    fn new() -> Self {
        let mut arena = vec![77; ARENA_LEN];
        let model = open(FILE, &mut arena).unwrap();
        Self { model, arena }
    }

    fn set_values(&mut self, values: &[i8]) -> BatonStatus {
        // SAFETY: slices are as long as they say.
        unsafe { baton_set_values(&raw mut self.model, values.as_ptr(), values.len()) }
    }

    fn set_pixels(&mut self, pixels: &[u8], [width, height, channels]: [u32; 3]) -> BatonStatus {
        // SAFETY: callers give as many pixels as they say, or sizes that are refused.
        unsafe {
            baton_set_pixels(
                &raw mut self.model,
                pixels.as_ptr(),
                width,
                height,
                channels,
            )
        }
    }

    fn run(&mut self) -> BatonStatus {
        // SAFETY: the model is open.
        unsafe { baton_run(&raw mut self.model) }
    }

    fn values(&mut self) -> Result<Vec<i8>, BatonStatus> {
        let (mut values, mut count) = (ptr::null(), 0);
        // SAFETY: the model is open, and what it says of its values holds.
        unsafe {
            match baton_values(&raw mut self.model, &raw mut values, &raw mut count) {
                BatonStatus::Ok => Ok(core::slice::from_raw_parts(values, count).to_vec()),
                status => Err(status),
            }
        }
    }

    fn best_class(&mut self) -> Result<BatonClass, BatonStatus> {
        let mut class = MaybeUninit::uninit();
        // SAFETY: the model is open, and the class is written where there is one.
        unsafe {
            match baton_best_class(&raw mut self.model, class.as_mut_ptr()) {
                BatonStatus::Ok => Ok(class.assume_init()),
                status => Err(status),
            }
        }
    }
}

/// Pixels that differ, image by image.
fn pixels(seed: u32) -> Vec<u8> {
    let pixel = |index: u32| (index.wrapping_mul(seed * 2_654_435_761 + 7) >> 11) as u8;
    (0..LEN as u32).map(pixel).collect()
}

#[test]
fn a_model_gives_what_the_core_does() {
    let core = Model::new(FILE).unwrap();
    let mut open = Open::new();
    for seed in 1..20 {
        let pixels = pixels(seed);
        let values: Vec<i8> = pixels.iter().copied().map(quantize_pixel).collect();
        let mut arena = vec![0; ARENA_LEN];
        let Output::Classes(expected) = run(&core, &values, &mut arena).unwrap() else {
            panic!("digits are classes");
        };
        for by_pixels in [false, true] {
            let set = if by_pixels {
                open.set_pixels(&pixels, [28, 28, 1])
            } else {
                open.set_values(&values)
            };
            assert_eq!((set, open.run()), (BatonStatus::Ok, BatonStatus::Ok));
            assert_eq!(open.values().unwrap(), expected.logits());
            let class = BatonClass {
                index: expected.class() as u32,
                probability: expected.probability(),
                accepted: expected.accepted(),
            };
            assert_eq!(open.best_class(), Ok(class));
        }
    }
    assert_eq!(open.arena.len(), ARENA_LEN);
}

#[test]
fn calls_out_of_order_are_refused() {
    let mut open = Open::new();
    assert_eq!(open.run(), BatonStatus::NoInput);
    assert_eq!(open.values(), Err(BatonStatus::NoOutput));
    assert_eq!(open.set_values(&[0; LEN]), BatonStatus::Ok);
    assert_eq!(open.best_class(), Err(BatonStatus::NoOutput));
    assert_eq!(open.run(), BatonStatus::Ok);
    assert_eq!(open.run(), BatonStatus::NoInput);
    assert!(open.values().is_ok());
    // An input that is refused is none, and the output may be gone.
    assert_eq!(open.set_values(&[0; LEN - 1]), BatonStatus::InputLength);
    assert_eq!(open.values(), Err(BatonStatus::NoOutput));
    assert_eq!(open.run(), BatonStatus::NoInput);
}

#[test]
fn inputs_of_other_sizes_are_refused() {
    let mut open = Open::new();
    let pixels = [9; 3 * 40 * 40];
    for sizes in [
        [28, 27, 1],
        [27, 28, 1],
        [28, 28, 3],
        [40, 40, 1],
        [0, 0, 0],
        [u32::MAX; 3],
    ] {
        assert_eq!(
            open.set_pixels(&pixels, sizes),
            BatonStatus::PictureSize,
            "{sizes:?}"
        );
    }
    assert_eq!(open.set_values(&[]), BatonStatus::InputLength);
    let mut found = MaybeUninit::uninit();
    assert_eq!(open.set_values(&[0; LEN]), BatonStatus::Ok);
    assert_eq!(open.run(), BatonStatus::Ok);
    // SAFETY: the model is open, and there is one to be written to.
    let status = unsafe { baton_compare(&raw mut open.model, found.as_mut_ptr()) };
    assert_eq!(status, BatonStatus::OutputKind);
}

#[test]
fn files_that_are_no_model_are_refused() {
    let mut arena = vec![0; ARENA_LEN];
    let mut check = |file: &[u8], expected| {
        assert_eq!(open(file, &mut arena).map(drop), Err(expected));
    };
    check(&[], BatonStatus::NotAModel);
    check(&FILE[..FILE.len() - 1], BatonStatus::NotAModel);
    check(&[0; 4096], BatonStatus::NotAModel);
    let with = |at: usize, value| {
        let mut file = FILE.to_vec();
        file[at] = value;
        file
    };
    check(&with(8, 1), BatonStatus::Version);
    check(&with(5000, !FILE[5000]), BatonStatus::Damaged);
    assert_eq!(
        open(FILE, &mut arena[1..]).map(drop),
        Err(BatonStatus::ArenaTooSmall)
    );
}

/// The operators are those of the digits.
#[test]
fn a_model_of_other_operators_is_refused() {
    let tensors = usize::from(Model::new(FILE).unwrap().operators_len()) + 1;
    let mut other = FILE.to_vec();
    // The kind of the first operator.
    other[HEADER_LEN + tensors * TENSOR_LEN] = KIND_ADD;
    seal(&mut other).unwrap();
    let mut arena = vec![0; ARENA_LEN];
    assert_eq!(
        open(&other, &mut arena).map(drop),
        Err(BatonStatus::Operator)
    );
}

#[test]
fn areas_that_overlap_are_refused() {
    let mut bytes = FILE.to_vec();
    bytes.resize(FILE.len() + ARENA_LEN, 0);
    let mut model = MaybeUninit::<BatonModel>::zeroed();
    let start = bytes.as_mut_ptr();
    for (at, expected) in [
        (FILE.len() - 1, BatonStatus::Overlap),
        (0, BatonStatus::Overlap),
        (FILE.len(), BatonStatus::Ok),
    ] {
        // SAFETY: so many bytes are there, and where they overlap nothing is used.
        let status = unsafe {
            let arena = start.add(at).cast();
            baton_open(
                model.as_mut_ptr(),
                start.cast(),
                FILE.len(),
                arena,
                ARENA_LEN,
            )
        };
        assert_eq!(status, expected, "{at}");
    }
}

#[test]
fn models_that_are_not_open_and_pointers_to_nothing_are_refused() {
    let mut closed = MaybeUninit::<BatonModel>::zeroed();
    let (null, image) = (ptr::null_mut(), [0_i8; LEN]);
    let mut open = Open::new();
    let model = &raw mut open.model;
    // SAFETY: what is not NULL points to what it should.
    unsafe {
        let closed = closed.as_mut_ptr();
        assert_eq!(baton_run(closed), BatonStatus::NotOpen);
        assert_eq!(
            baton_set_values(closed, image.as_ptr(), LEN),
            BatonStatus::NotOpen
        );
        assert_eq!(baton_run(null), BatonStatus::Null);
        assert_eq!(baton_set_values(model, ptr::null(), LEN), BatonStatus::Null);
        assert_eq!(
            baton_set_pixels(model, ptr::null(), 28, 28, 1),
            BatonStatus::Null
        );
        assert_eq!(
            baton_values(model, ptr::null_mut(), ptr::null_mut()),
            BatonStatus::Null
        );
        assert_eq!(baton_best_class(model, ptr::null_mut()), BatonStatus::Null);
        assert_eq!(baton_compare(model, ptr::null_mut()), BatonStatus::Null);
        let file = FILE.as_ptr().cast();
        assert_eq!(
            baton_open(model, file, FILE.len(), ptr::null_mut(), 9),
            BatonStatus::Null
        );
        // A model that could not be opened again is not open.
        let arena = open.arena.as_mut_ptr().cast();
        assert_eq!(
            baton_open(model, file, 5, arena, ARENA_LEN),
            BatonStatus::NotAModel
        );
        assert_eq!(baton_run(model), BatonStatus::NotOpen);
    }
}

#[test]
fn every_status_has_a_text_of_its_own() {
    // SAFETY: texts are strings of C.
    let text = |status| unsafe { CStr::from_ptr(baton_status_text(status)) };
    let known = i32::try_from(BatonStatus::ALL.len()).unwrap();
    let mut texts: Vec<&CStr> = (0..=known).map(text).collect();
    for (number, status) in (0..).zip(BatonStatus::ALL) {
        assert_eq!((status as i32, status.text()), (number, text(number)));
    }
    assert_eq!(text(-1), text(known));
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), BatonStatus::ALL.len() + 1);
}
