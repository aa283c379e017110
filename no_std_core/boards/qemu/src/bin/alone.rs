//! The core and nothing else: what it takes of flash and stack to check the model and run it on an image.
//!
//! It prints the bytes of stack through semihosting.
#![no_std]
#![no_main]
#![allow(
    unsafe_code,
    reason = "the arena and the image are to be no part of the stack"
)]

use core::hint::black_box;

use firmware::{ARENA_LEN, KNOWN_LOGITS, MODEL, stack};
use no_std_core::{Model, quantize_pixel, run};
use protocol::{PIXELS, known_pixel};
use semihosting::io::{self, Write as _};
use semihosting::process;
// The panic handler.
use qemu as _;

static mut ARENA: [i8; ARENA_LEN] = [0; ARENA_LEN];
static mut IMAGE: [i8; PIXELS] = [0; PIXELS];

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    stack::paint();
    // SAFETY: nothing else uses them, and this is done once.
    let (arena, image) = unsafe { (&mut *(&raw mut ARENA), &mut *(&raw mut IMAGE)) };
    for (index, value) in image.iter_mut().enumerate() {
        *value = quantize_pixel(known_pixel(index));
    }
    let right = infer(image, arena);
    let printed = print(stack::used());
    process::exit(i32::from(!right || printed.is_none()))
}

/// Whether the model is whole and gives the known logits.
#[inline(never)]
fn infer(image: &[i8], arena: &mut [i8]) -> bool {
    let Ok(model) = Model::new(black_box(MODEL)) else {
        return false;
    };
    run(&model, image, arena).is_ok_and(|scores| scores.logits() == KNOWN_LOGITS)
}

/// Prints a number without the machinery of formatting.
fn print(number: u32) -> Option<()> {
    let mut digits = [b'0'; 10];
    let mut rest = number;
    for digit in digits.iter_mut().rev() {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    io::stdout().ok()?.write_all(&digits).ok()
}
