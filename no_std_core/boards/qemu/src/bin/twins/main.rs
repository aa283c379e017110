//! Proves that the inner loops made for this processor give the sums of plain ones: random layers of extreme values, each
//! against loops that know nothing but the definition.
//!
//! It says through semihosting how it went; the exit code is 0 if all layers agree.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a register is reached through its address")]

mod case;
mod oracle;
mod random;

use core::panic::PanicInfo;

use no_std_core::{Model, run};
use semihosting::{print, println, process};

use case::{Case, FILE_LEN};
use random::Random;

/// Layers of each kind that are tried.
const CASES: u32 = 400;

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    println!("{info}");
    process::exit(2)
}

#[cfg_attr(target_arch = "arm", cortex_m_rt::entry)]
#[cfg_attr(target_arch = "riscv32", riscv_rt::entry)]
fn main() -> ! {
    #[cfg(target_arch = "arm")]
    allow_floats();
    for seed in 1..=CASES {
        let case = Case::new(Random::new(seed));
        if let Err(difference) = check(&case) {
            println!("case {seed}: {difference:?} in {case:?}");
            process::exit(1);
        }
        if seed % 40 == 0 {
            print!(".");
        }
    }
    println!(" {CASES} convolutions and {CASES} dense layers agree");
    process::exit(0)
}

/// Switches on the floating-point unit of those that have one, which compilers may use for the oracle.
#[cfg(target_arch = "arm")]
fn allow_floats() {
    let coprocessors = core::ptr::with_exposed_provenance_mut::<u32>(0xe000_ed88);
    // SAFETY: the register that gives access to coprocessors, Armv7-M and Armv8-M Architecture Reference Manuals, "CPACR".
    // Machines without it ignore what is written there.
    unsafe { coprocessors.write_volatile(0xf << 20) };
}

/// Where a case goes wrong: which layer, which value, what was expected and what was found.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
enum Difference {
    Refused(no_std_core::FormatError),
    Run(no_std_core::RunError),
    Convolution(usize, i8, i8),
    Dense(usize, i8, i8),
}

fn check(case: &Case) -> Result<(), Difference> {
    let mut file = [0; FILE_LEN];
    let mut image = [0; case::IMAGE_LEN];
    let mut arena = [0; case::ARENA_LEN];
    let file = case.write(&mut file);
    let image = case.image(&mut image);
    let model = Model::new(file).map_err(Difference::Refused)?;
    let scores = run(&model, image, &mut arena).map_err(Difference::Run)?;

    // The outputs of the first of two layers stay where they are, at the start of the arena.
    let outputs = case.convolution.output.elements() as usize;
    let (outputs, _) = arena.split_at(outputs);
    for (index, &found) in outputs.iter().enumerate() {
        let expected = oracle::convolution(case, file, image, index);
        if found != expected {
            return Err(Difference::Convolution(index, expected, found));
        }
    }
    for (unit, &found) in scores.logits().iter().enumerate() {
        let expected = oracle::dense(case, file, outputs, unit);
        if found != expected {
            return Err(Difference::Dense(unit, expected, found));
        }
    }
    Ok(())
}
