//! Chooses what is linked: what the model needs in the file which `BATON_MODEL` names, else the one of digits.

#[path = "../operators.rs"]
mod operators;

use std::path::{Path, PathBuf};
use std::{env, fs};

use no_std_core::Model;

use operators::Needed;

const MODEL: &str = "BATON_MODEL";

fn main() {
    println!("cargo::rerun-if-env-changed={MODEL}");
    let named = env::var_os(MODEL).filter(|name| !name.is_empty());
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models/digits.q8");
    let path = named.map_or(digits, PathBuf::from);
    println!("cargo::rerun-if-changed={}", path.display());
    let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let model = Model::new(&file).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let operators = Needed::by(&model).paths();
    let centres = model.preparation().box_side().is_some();
    let scales = model.preparation().fit().is_some();
    let constants = format!(
        "/// The operators that the model needs.
        pub const OPERATORS: &[&no_std_core::Operator] = &[{operators}];
        /// Whether it cuts drawings out of pictures.
        pub const CENTRES: bool = {centres};
        /// Whether it scales pictures.
        pub const SCALES: bool = {scales};"
    );
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::write(folder.join("needed.rs"), constants).expect("the folder is there to be written to");
}
