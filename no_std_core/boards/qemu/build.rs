//! Gives each program the memory map of its machine.

use std::path::{Path, PathBuf};
use std::{env, fs};

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
