//! Proves that the inner loops made for this processor give the sums of plain ones: random layers of extreme values, each
//! against loops that know nothing but the definition.
//!
//! It says through semihosting how it went; the exit code is 0 if all models agree.
#![no_std]
#![no_main]
#![allow(unsafe_code, reason = "a register is reached through its address")]

mod case;
mod oracle;
mod random;

use core::panic::PanicInfo;

use no_std_core::{Model, run};
use semihosting::{print, println, process};

use case::{Case, FILE_LEN, IMAGE_LEN};
use random::Random;

/// Models that are tried.
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
    println!(" {CASES} models of two or three layers agree");
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

/// Where a case goes wrong: at which value, what was expected and what was found.
#[derive(Debug)]
#[expect(dead_code, reason = "printed")]
enum Difference {
    Refused(no_std_core::FormatError),
    Run(no_std_core::RunError),
    Convolution(usize, i8, i8),
    Logits(usize, i8, i8),
}

fn check(case: &Case) -> Result<(), Difference> {
    let mut file = [0; FILE_LEN];
    let mut image = [0; IMAGE_LEN];
    let mut arena = [0; case::ARENA_LEN];
    let file = case.write(&mut file);
    let image = case.image(&mut image);
    let model = Model::new(file).map_err(Difference::Refused)?;
    let scores = run(&model, image, &mut arena).map_err(Difference::Run)?;

    // The output of a layer, and of the one before it.
    let (mut output, mut input) = ([0; case::ARENA_LEN], [0; IMAGE_LEN]);
    input[..image.len()].copy_from_slice(image);
    for (index, layer) in case.layers().iter().enumerate() {
        let [inputs, outputs] = [layer.input, layer.output].map(|shape| shape.elements() as usize);
        for at in 0..outputs {
            output[at] = oracle::output(layer, file, &input[..inputs], at);
        }
        // The output of the first of two layers stays where it is, at the start of the arena.
        if (index, case.layers().len()) == (0, 2) {
            compare(&output[..outputs], &arena, Difference::Convolution)?;
        }
        input[..outputs].copy_from_slice(&output[..outputs]);
    }
    compare(
        &output[..scores.logits().len()],
        scores.logits(),
        Difference::Logits,
    )
}

fn compare(
    expected: &[i8],
    found: &[i8],
    difference: fn(usize, i8, i8) -> Difference,
) -> Result<(), Difference> {
    let mut pairs = expected.iter().zip(found).enumerate();
    match pairs.find(|(_, (expected, found))| expected != found) {
        Some((at, (&expected, &found))) => Err(difference(at, expected, found)),
        None => Ok(()),
    }
}
