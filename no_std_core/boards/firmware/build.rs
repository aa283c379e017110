//! Puts a model into the firmware: that in the file which `BATON_MODEL` names, else the one of digits.
//!
//! With it come the operators that it needs, so that no others are linked unless `BATON_OPERATORS` is `all`, and what it
//! makes of the known input, computed here: so the board's backend is held against the portable one of the host, and a new
//! model needs nobody to think of its known answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use no_std_core::backend::Portable;
use no_std_core::{Model, Operation, Operators, Run, format};
use protocol::{SMALL_WINDOWS, answer, known_value};

const MODEL: &str = "BATON_MODEL";
const ALL: &str = "BATON_OPERATORS";

/// The constants of `no_std_core::Operators`, by their kinds.
const OPERATORS: [(u8, &str); 8] = [
    (format::KIND_CONVOLUTION, "CONVOLUTION"),
    (format::KIND_DEPTHWISE, "DEPTHWISE"),
    (format::KIND_DENSE, "DENSE"),
    (format::KIND_MAX_POOL, "MAX_POOL"),
    (format::KIND_AVERAGE_POOL, "AVERAGE_POOL"),
    (format::KIND_ADD, "ADD"),
    (format::KIND_CONCATENATE, "CONCATENATE"),
    (format::KIND_TABLE, "TABLE"),
];

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
    let kinds = model.operations().map(|operation| operation.record().kind);
    let all = env::var_os(ALL).is_some_and(|operators| operators == "all");
    let kinds: BTreeSet<u8> = if all {
        OPERATORS.iter().map(|(kind, _)| *kind).collect()
    } else {
        kinds.collect()
    };
    // Convolutions of small windows alone take less stack and code.
    let is_large = |operation: Operation<'_>| {
        operation.record().kind == format::KIND_CONVOLUTION
            && !operation.runs_with(Operators::<Portable>::SMALL_CONVOLUTION)
    };
    let all_are_small = !all && !model.operations().any(is_large);
    let needed = OPERATORS.iter().filter(|(kind, _)| kinds.contains(kind));
    let path = |&(kind, name): &(u8, &str)| {
        let is_small = kind == format::KIND_CONVOLUTION && all_are_small;
        let small = if is_small { "SMALL_" } else { "" };
        format!("no_std_core::Operators::<no_std_core::backend::Native>::{small}{name}")
    };
    let operators = needed.map(path).collect::<Vec<_>>().join(", ");
    let bits = kinds.iter().fold(0_u32, |bits, kind| bits | 1 << kind);
    let bits = bits | u32::from(all_are_small) << SMALL_WINDOWS;
    let answer = known_answer(model);
    let [high, low] = [answer >> 16, answer & 0xFFFF];
    format!(
        "/// The checksum of what the model makes of the known input.
        pub const ANSWER: u32 = 0x{high:04x}_{low:04x};
        /// The operators that the model needs.
        pub const OPERATORS: &[&no_std_core::Operator] = &[{operators}];
        /// The kinds of them, as `protocol::Room` has them.
        pub const KINDS: u32 = {bits};"
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
