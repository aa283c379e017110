//! Proves that the inner loops made for this processor give the sums of plain ones: random layers of extreme values, each
//! with the outputs that the oracle of the core's tests gives. The build script leaves them in a file on the host.
//!
//! The files are written by the core itself; those that others wrote run in the firmware's tests.
//!
//! It says through semihosting how it went; the exit code is 0 if all models agree.
#![no_std]
#![no_main]

use core::ffi::CStr;
use core::panic::PanicInfo;

use no_std_core::{Model, run};
use semihosting::fs::File;
use semihosting::io::Read as _;
use semihosting::{c, eprintln, println, process};

/// The cases: how many there are, then the parts of each, in numbers of four bytes and bytes.
const FILE: &CStr = c!(concat!(env!("OUT_DIR"), "/cases"));

/// Bytes for the parts, on a machine with 16 KB of memory; the build script makes none that are longer.
const PART_LEN: usize = 6144;
const IMAGE_LEN: usize = 1024;
const ARENA_LEN: usize = 1024;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    eprintln!("{info}");
    process::exit(2)
}

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    match check_all() {
        Some(cases) => println!("{cases} models of two or three layers agree"),
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
fn check(file: &mut File) -> Option<()> {
    let (mut part, mut image, mut arena) = ([0; PART_LEN], [0; IMAGE_LEN], [0; ARENA_LEN]);
    let pixels = next(file, &mut part)?;
    let image = image.get_mut(..pixels.len())?;
    for (value, pixel) in image.iter_mut().zip(pixels) {
        *value = pixel.cast_signed();
    }
    let bytes = next(file, &mut part)?;
    let model = Model::new(bytes).map_err(|error| eprintln!("{error}"));
    let model = model.ok()?;
    let scores = run(&model, image, &mut arena).map_err(|error| eprintln!("{error}"));
    let scores = scores.ok()?;
    // The output of the first of two layers stays where it is, at the start of the arena.
    let first = next(file, &mut part)?;
    compare("value", first, arena.get(..first.len())?)?;
    compare("logit", next(file, &mut part)?, scores.logits())
}

fn compare(what: &str, expected: &[u8], found: &[i8]) -> Option<()> {
    let lengths = [expected.len(), found.len()];
    let expected = expected.iter().map(|value| value.cast_signed());
    let mut pairs = expected.zip(found).enumerate();
    match pairs.find(|(_, (expected, found))| expected != *found) {
        None if lengths[0] == lengths[1] => Some(()),
        None => {
            eprintln!("{what}s: expected {}, found {}", lengths[0], lengths[1]);
            None
        }
        Some((at, (expected, found))) => {
            eprintln!("{what} {at}: expected {expected}, found {found}");
            None
        }
    }
}

/// The next part of a case.
fn next<'p>(file: &mut File, part: &'p mut [u8]) -> Option<&'p [u8]> {
    let len = number(file)? as usize;
    if let Some(part) = part.get_mut(..len)
        && file.read_exact(part).is_ok()
    {
        return Some(part);
    }
    eprintln!("expected a part of {len} bytes, of {PART_LEN} at most");
    None
}

fn number(file: &mut File) -> Option<u32> {
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).ok()?;
    Some(u32::from_le_bytes(bytes))
}
