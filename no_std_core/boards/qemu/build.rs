//! Gives each program the memory map of its machine, and the proof of the inner loops its cases.
#![allow(
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "as in the core, whose tests have the models and the oracle"
)]

#[path = "../../tests/suite/network.rs"]
mod network;
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

use random::Random;

/// Networks that the inner loops are tried with, and what the machine with the least memory has room for.
const CASES: u32 = 400;
const FILE_LEN: usize = 6144;
const ARENA_LEN: usize = 4096;

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

/// The first of some random networks that fits: its image, its file, in which no tensor takes the place of another, and all
/// tensors, each after its length.
fn case(seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    loop {
        let (contents, image) = network::network(&mut random);
        let file = support::file_apart(&contents);
        if file.len() > FILE_LEN || no_std_core::arena_len(&file) > ARENA_LEN {
            continue;
        }
        let tensors = oracle::tensors(&contents, &image).concat();
        let bytes = |values: &[i8]| values.iter().map(|value| value.cast_unsigned()).collect();
        let parts: [Vec<u8>; 3] = [bytes(&image), file, bytes(&tensors)];
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
