//! Gives each program the memory map of its machine, and the proof of the inner loops its cases.
#![allow(
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "as in the core, whose tests have the models and the oracle"
)]

#[path = "../../tests/suite/oracle.rs"]
mod oracle;
#[path = "../../tests/suite/random.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod random;
#[path = "../../tests/suite/support.rs"]
#[allow(dead_code, reason = "tests use the rest")]
mod support;

use std::path::{Path, PathBuf};
use std::{env, fs};

use no_std_core::Model;
use random::Random;
use support::shape;

/// Models that the inner loops are tried with, and what the machine with the least memory has room for.
const CASES: u32 = 400;
const FILE_LEN: usize = 6144;
const IMAGE_LEN: usize = 1024;
const ARENA_LEN: usize = 1024;

/// The machines of a target that begins like this; the programs that are no machine's run on the last one.
const MACHINES: [(&str, &[&str]); 5] = [
    ("thumbv6m", &["microbit"]),
    ("thumbv7m", &["mps2-an385"]),
    ("thumbv7em", &["mps2-an386", "mps2-an500"]),
    ("thumbv8m.main", &["mps2-an505"]),
    ("riscv32", &["riscv-virt"]),
];

fn main() {
    println!("cargo::rerun-if-changed=memory");
    let target = env::var("TARGET").expect("cargo sets it");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let fits = |(prefix, _): &&(&str, _)| target.starts_with(prefix);
    let machines = MACHINES
        .iter()
        .find(fits)
        .map_or(&[][..], |&(_, machines)| machines);
    for machine in machines {
        let own = (*machine != "microbit").then_some(machine);
        let is_last = Some(machine) == machines.last();
        let others: &[&str] = if is_last { &["alone", "backend"] } else { &[] };
        for program in own.into_iter().chain(others) {
            place(machine, program, &folder.join(machine));
        }
    }
    let cases: Vec<u8> = (1..=CASES).flat_map(|seed| case(seed.into())).collect();
    let cases = [&CASES.to_le_bytes()[..], &cases].concat();
    fs::write(folder.join("cases"), cases).expect("the folder is there to be written to");
}

/// The first of some random models that fits: an image, the model's file, of two layers what the first one gives, and the
/// logits, each after its length.
fn case(seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    loop {
        let [rows, columns, channels] = [12, 12, 20].map(|most| random.within(1, most) as u16);
        let [one, two, classes] = [36, 36, 9].map(|most| random.within(1, most) as u16);
        let filters = &[one, two][..random.within(1, 2) as usize];
        let input = shape(rows, columns, channels);
        if input.elements() > IMAGE_LEN as u64 {
            continue;
        }
        let (model, image) = random.model(input, filters, &[classes]);
        let file = support::file(&model);
        let arena_len = Model::new(&file).expect("a valid model").arena_len();
        if file.len() > FILE_LEN || arena_len > ARENA_LEN {
            continue;
        }
        let outputs = oracle::outputs(&model, &image);
        let first = match &outputs[..] {
            [first, _] => &first[..],
            _ => &[],
        };
        let bytes = |values: &[i8]| values.iter().map(|value| value.cast_unsigned()).collect();
        let logits = bytes(&outputs[outputs.len() - 1]);
        let parts: [Vec<u8>; 4] = [bytes(&image), file, bytes(first), logits];
        let part = |part: &Vec<u8>| [&(part.len() as u32).to_le_bytes()[..], part].concat();
        return parts.iter().flat_map(part).collect();
    }
}

/// Puts the map where the linker scripts of the runtime crates look for it. Those of RISC-V have to be told.
fn place(machine: &str, program: &str, folder: &Path) {
    fs::create_dir_all(folder).expect("the folder is there to be written to");
    fs::copy(format!("memory/{machine}.x"), folder.join("memory.x"))
        .unwrap_or_else(|error| panic!("memory/{machine}.x: {error}"));
    let link = |argument: &str| println!("cargo::rustc-link-arg-bin={program}={argument}");
    link(&format!("-L{}", folder.display()));
    if machine.starts_with("riscv") {
        link("-Tmemory.x");
    }
    link("-Tlink.x");
    // The machine that lets models be updated.
    if program == "mps2-an386" {
        link("-Tslots.x");
    }
}
