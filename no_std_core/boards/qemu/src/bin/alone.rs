//! The core and nothing else: what it takes of stack to check the model and run it on an image, and of instructions.
//!
//! It prints numbers through semihosting, each on a line of its own: the bytes of stack, what the counter of cycles says of
//! [`SHORT`] and of [`LONG`] instructions, and of each operator and the making of the output. Where QEMU counts instructions
//! (`-icount`), the counter advances by the same with each of them.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "the arena is to be no part of the stack")]

use core::arch::asm;
use core::hint::black_box;

use firmware::{ANSWER, ARENA_LEN, CycleCounter, MODEL, OPERATORS, stack};
use no_std_core::{Model, Run};
use protocol::{answer, known_value};
use semihosting::io::{self, Write as _};
use semihosting::process;
// The panic handler.
use qemu as _;

/// Instructions of two loops.
const SHORT: u32 = 1 << 10;
const LONG: u32 = 1 << 20;

/// The most operators that are counted, and the making of the output.
const PARTS: usize = 128;

static mut ARENA: [i8; ARENA_LEN] = [0; ARENA_LEN];
static mut CYCLES: [u32; PARTS] = [0; PARTS];

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    stack::paint();
    let mut counter = CycleCounter::start();
    // SAFETY: nothing else uses them, and this is done once.
    let (arena, cycles) = unsafe { (&mut *(&raw mut ARENA), &mut *(&raw mut CYCLES)) };
    let parts = infer(arena, &mut counter, cycles);
    let printed = print(stack::used()).and_then(|()| {
        for instructions in [SHORT, LONG] {
            let begin = counter.now();
            spin(instructions / 2);
            print(counter.now().wrapping_sub(begin))?;
        }
        cycles
            .iter()
            .take(parts?)
            .try_for_each(|&cycles| print(cycles))
    });
    process::exit(i32::from(printed.is_none()))
}

/// Checks the model, runs it and counts the cycles of each part, whose number it gives if the output is the known one.
#[inline(never)]
fn infer(arena: &mut [i8], counter: &mut CycleCounter, cycles: &mut [u32; PARTS]) -> Option<usize> {
    let model = Model::with(black_box(MODEL), OPERATORS).ok()?;
    let mut run = Run::new(&model, arena).ok()?;
    for (index, value) in run.input().iter_mut().enumerate() {
        *value = known_value(index);
    }
    loop {
        let operator = usize::from(run.operator());
        let begin = counter.now();
        let step = run.step();
        *cycles.get_mut(operator)? += counter.now().wrapping_sub(begin);
        if step.is_ready() {
            break;
        }
    }
    let parts = usize::from(model.operators_len()) + 1;
    let begin = counter.now();
    let output = black_box(run.into_output());
    *cycles.get_mut(parts - 1)? += counter.now().wrapping_sub(begin);
    (answer(output.values()) == ANSWER).then_some(parts)
}

/// Two instructions a round.
fn spin(rounds: u32) {
    // SAFETY: it counts a register down.
    #[cfg(target_arch = "arm")]
    unsafe {
        asm!("2: subs {0}, {0}, #1", "bne 2b", inout(reg) rounds => _, options(nomem, nostack));
    }
    // SAFETY: as above.
    #[cfg(target_arch = "riscv32")]
    unsafe {
        asm!("2: addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) rounds => _, options(nomem, nostack));
    }
}

/// Prints a number without the machinery of formatting.
fn print(number: u32) -> Option<()> {
    let mut line = *b"0000000000\n";
    let mut rest = number;
    for digit in line.iter_mut().rev().skip(1) {
        *digit += (rest % 10) as u8;
        rest /= 10;
    }
    io::stdout().ok()?.write_all(&line).ok()
}
