//! Puts a model into the firmware: that in the file which `BATON_MODEL` names, else the one of digits.
//!
//! With it come the operators that it needs, so that no others are linked unless `BATON_OPERATORS` is `all`, and what it
//! makes of the known input, computed here: so the board's backend is held against the portable one of the host, and a new
//! model needs nobody to think of its known answer.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use no_std_core::{Model, Run, format};
use protocol::{answer, known_value};

const MODEL: &str = "BATON_MODEL";
const ALL: &str = "BATON_OPERATORS";

/// Values of the largest windows that an operator for small ones takes no more stack for than that for all.
const MOST_WINDOW: usize = 144;

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
    let window = small_window(model).filter(|_| !all);
    let needed = OPERATORS.iter().filter(|(kind, _)| kinds.contains(kind));
    let path = |&(kind, name): &(u8, &str)| match window {
        Some(window) if kind == format::KIND_CONVOLUTION => {
            format!("SmallWindows::<Native, {}>::{name}", window / 4)
        }
        _ => format!("Operators::<Native>::{name}"),
    };
    let operators = needed.map(path).collect::<Vec<_>>().join(", ");
    let bits = kinds.iter().fold(0_u32, |bits, kind| bits | 1 << kind);
    let answer = known_answer(model);
    let [high, low] = [answer >> 16, answer & 0xFFFF];
    format!(
        "use no_std_core::backend::Native;
        #[allow(unused_imports, reason = \"models have other operators\")]
        use no_std_core::{{Operators, SmallWindows}};
        /// The checksum of what the model makes of the known input.
        pub const ANSWER: u32 = 0x{high:04x}_{low:04x};
        /// The operators that the model needs.
        pub const OPERATORS: &[&no_std_core::Operator] = &[{operators}];
        /// The kinds of them, as `protocol::Room` has them.
        pub const KINDS: u32 = {bits};
        /// The most values of a window, as `protocol::Room` has it.
        pub const WINDOW: u16 = {};",
        window.unwrap_or(0)
    )
}

/// The values of the largest window, rounded up to groups of four, if an operator for small ones will do.
fn small_window(model: &Model<'_>) -> Option<usize> {
    let mut windows = model.operations().map(|operation| operation.small_window());
    let most = windows.try_fold(0, |most, window| Some(most.max(window?)))?;
    let convolutions = most > 0;
    (convolutions && most <= MOST_WINDOW).then_some(most.next_multiple_of(4))
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
