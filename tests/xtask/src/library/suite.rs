//! The tests of static libraries in `cargo xtask test`: programs in C that use them, as they run.

use std::env::consts::ARCH;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::platforms;
use super::program::{COMPILER, MACHINES, Machine, Program};
use crate::apt;
use crate::command::run_quietly;
use crate::console::heading;
use crate::firmware::options::DIGITS;
use crate::firmware::subject::Subject;
use crate::firmware::toolchain::{self, Toolchain};
use crate::firmware::{networks, qemu};
use crate::tally::Tally;

const PACKAGES: [&str; 2] = ["gcc-arm-none-eabi", "cmake"];

/// Runs the tests, with tools and builds in the folder `target`.
pub fn suite(target: &Path, tally: &mut Tally) {
    heading("Library for C");
    let triples = MACHINES.each_ref().map(|machine| machine.triple);
    let folder = target.join("tools");
    let toolchain = Toolchain::find(&folder, &triples);
    let toolchain = toolchain.map_err(|error| (error, toolchain::remedy(&triples)));
    let tools = toolchain.and_then(|toolchain| find_programs(&folder).map(|()| toolchain));
    match tools {
        Ok(toolchain) => test_all(&toolchain, target, tally),
        Err((error, remedy)) => {
            println!("{error:#}");
            tally.missing("Library for C", &remedy);
        }
    }
}

/// Looks for compilers and for emulators in the folder `tools`, too; an error comes with what remedies it.
fn find_programs(tools: &Path) -> Result<(), (anyhow::Error, String)> {
    let version = |name| run_quietly(Command::new(name).arg("--version"));
    let compilers = || [COMPILER, "cmake"].into_iter().try_for_each(version);
    compilers()
        .or_else(|_| apt::install(&PACKAGES).and_then(|()| compilers()))
        .map_err(|error| (error, apt::remedy(&PACKAGES)))?;
    let boards = MACHINES.iter().map(Machine::board);
    qemu::find(&boards.collect::<Vec<_>>(), tools).map_err(|error| (error, qemu::remedy()))
}

fn test_all(toolchain: &Toolchain, target: &Path, tally: &mut Tally) {
    let tools = target.join("tools");
    let digits = || Subject::open(Path::new(DIGITS));
    let build = |triple: &str| Program::new(toolchain, triple, digits()?, target);
    for machine in &MACHINES {
        let triple = machine.triple;
        tally.test(&format!("Library for C on {triple}: digits"), || {
            build(triple)?.run_on(machine, &tools)
        });
    }
    let [.., last] = &MACHINES;
    tally.test("Library for C: size of code", || {
        build(last.triple)?.check_code(last)
    });
    tally.test("Library for C: headers in C99 and C++11", || {
        build(last.triple)?.check_headers()
    });
    tally.test("Library for C: Arduino", || {
        build(last.triple)?.check_arduino()
    });
    tally.test("Library for C: all kinds of operators", || {
        let folder = tempfile::tempdir()?;
        let networks = networks::of_all_kinds(folder.path())?;
        let count = networks.len();
        for network in networks {
            Program::new(toolchain, last.triple, network, target)?.run_on(last, &tools)?;
        }
        Ok(format!("{count} networks"))
    });
    let is_host = |triple: &&str| cfg!(target_os = "linux") && triple.starts_with(ARCH);
    match platforms::triples().find(is_host) {
        Some(host) => tally.test("Library for C: CMake", || build(host)?.run_by_cmake()),
        None => tally.skipped("Library for C: CMake: there is no library for this computer"),
    }
}
