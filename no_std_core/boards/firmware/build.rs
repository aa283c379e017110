//! Puts a model into the firmware: that in the file which `BATON_MODEL` names, else the one of digits.
//!
//! With it come the operators that it needs, so that no others are linked unless `BATON_OPERATORS` is `all` or a host has
//! memory for all, and what it makes of the known input, computed here: so the board's backend is held against the portable one of the host, and a new
//! model needs nobody to think of its known answer.

#[path = "../operators.rs"]
mod operators;

use std::path::{Path, PathBuf};
use std::{env, fs};

use no_std_core::{Model, Run};
use protocol::{answer, known_value};

use operators::Needed;

const MODEL: &str = "BATON_MODEL";
const ALL: &str = "BATON_OPERATORS";

fn main() {
    println!("cargo::rerun-if-env-changed={MODEL}");
    println!("cargo::rerun-if-env-changed={ALL}");
    let named = env::var_os(MODEL).filter(|name| !name.is_empty());
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models/digits.q8");
    let path = named.map_or(digits, PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());
    let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let model = Model::new(&file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));

    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(folder.join("model.q8"), &file).expect("the folder is there to be written to");
    fs::write(folder.join("model.rs"), constants(&model))
        .expect("the folder is there to be written to");
}

/// What the firmware knows of the model before it looks.
fn constants(model: &Model<'_>) -> String {
    let says = |variable, value| env::var_os(variable).is_some_and(|found| found == value);
    let is_host = !says("CARGO_CFG_TARGET_OS", "none");
    let needed = if is_host || says(ALL, "all") {
        Needed::all()
    } else {
        Needed::by(model)
    };
    let kinds = needed.kinds.iter();
    let bits = kinds.fold(0_u32, |bits, kind| bits | 1 << kind);
    let operators = needed.paths();
    let answer = known_answer(model);
    let [high, low] = [answer >> 16, answer & 0xFFFF];
    format!(
        "/// The checksum of what the model makes of the known input.
        pub const ANSWER: u32 = 0x{high:04x}_{low:04x};
        /// The operators that there are.
        pub const OPERATORS: &[&no_std_core::Operator] = &[{operators}];
        /// The kinds of them, as `protocol::Room` has them.
        pub const KINDS: u32 = {bits};
        /// The forms of convolutions, as `protocol::Room` has them.
        pub const FORMS: u8 = {};
        /// The most values of a window, as `protocol::Room` has it.
        pub const WINDOW: u16 = {};",
        needed.forms, needed.window
    )
}

fn known_answer(model: &Model<'_>) -> u32 {
    let mut arena = vec![0; model.arena_len()];
    let mut run = Run::new(model, &mut arena).expect("the arena is as large as the model says");
    for (index, value) in run.input().iter_mut().enumerate() {
        *value = known_value(index);
    }
    while run.step().is_pending() {}
    answer(run.into_output().values())
}
