//! Proves that the inner loops made for this processor give the sums of plain ones: random networks of all operators, with
//! branches and extreme values, each with all tensors as the oracle of the core's tests computes them. The build script
//! leaves them in a file on the host.
//!
//! It says through semihosting how it went; the exit code is 0 if all models agree.
#![no_std]
#![no_main]

use core::ffi::CStr;
use core::panic::PanicInfo;

use no_std_core::{Model, Run};
use semihosting::fs::File;
use semihosting::io::Read as _;
use semihosting::{c, eprintln, println, process};

/// The cases: how many there are, then the parts of each, in numbers of four bytes and bytes.
const FILE: &CStr = c!(concat!(env!("OUT_DIR"), "/cases"));

/// Bytes for a model's file and its tensors, on a machine with 16 KB of memory; the build script makes none that are longer.
const FILE_LEN: usize = 6144;
const ARENA_LEN: usize = 4096;

/// Bytes that are compared at once.
const PIECE_LEN: usize = 64;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::exit(2)
}

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    match check_all() {
        Some(cases) => println!("{cases} random networks agree in all tensors"),
        None => process::exit(1),
    }
    process::exit(0)
}

/// The number of cases, if all agree.
fn check_all() -> Option<u32> {
    let file = File::open(FILE).map_err(|error| eprintln!("{FILE:?}: {error}"));
    let mut file = file.ok()?;
    let cases = number(&mut file)?;
    for case in 1..=cases {
        if check(&mut file).is_none() {
            eprintln!("case {case} of {FILE:?} goes wrong");
            return None;
        }
    }
    Some(cases)
}

/// Runs a case; what is wrong with it is printed.
fn check(cases: &mut File) -> Option<()> {
    let (mut file, mut arena) = ([0; FILE_LEN], [0; ARENA_LEN]);
    let image_len = number(cases)? as usize;
    // The image is the first tensor. It is read to where the file comes afterwards.
    let image = read(cases, &mut file, image_len)?;
    for (value, &byte) in arena.iter_mut().zip(image) {
        *value = byte.cast_signed();
    }
    let len = number(cases)? as usize;
    let file = read(cases, &mut file, len)?;
    run(file, &mut arena)?;
    let len = number(cases)? as usize;
    compare(cases, arena.get(..len)?)
}

/// Runs a model on the input that is in the arena.
#[inline(never)] // Nothing of it is on the stack afterwards.
fn run(file: &[u8], arena: &mut [i8]) -> Option<()> {
    let model = Model::new(file).map_err(|error| eprintln!("{error}"));
    let model = model.ok()?;
    let run = Run::new(&model, arena).map_err(|error| eprintln!("{error}"));
    let mut run = run.ok()?;
    while run.step().is_pending() {}
    Some(())
}

/// Compares all values with those that come next.
fn compare(cases: &mut File, found: &[i8]) -> Option<()> {
    let mut piece = [0; PIECE_LEN];
    for (at, found) in (0..).step_by(PIECE_LEN).zip(found.chunks(PIECE_LEN)) {
        let expected = read(cases, &mut piece, found.len())?;
        let expected = expected.iter().map(|value| value.cast_signed());
        let mut pairs = (at..).zip(expected.zip(found));
        if let Some((at, (expected, found))) = pairs.find(|(_, (one, other))| one != *other) {
            eprintln!("byte {at} of the arena: expected {expected}, found {found}");
            return None;
        }
    }
    Some(())
}

/// The next bytes of the cases.
fn read<'p>(cases: &mut File, place: &'p mut [u8], len: usize) -> Option<&'p [u8]> {
    let room = place.len();
    if let Some(place) = place.get_mut(..len)
        && cases.read_exact(place).is_ok()
    {
        return Some(place);
    }
    eprintln!("expected {room} bytes at most and before the end, found {len}");
    None
}

fn number(cases: &mut File) -> Option<u32> {
    let mut bytes = [0; 4];
    cases.read_exact(&mut bytes).ok()?;
    Some(u32::from_le_bytes(bytes))
}
