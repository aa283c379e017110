//! Puts `slots.x` where the linker finds it: `-Tslots.x` places the two slots.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=slots.x");
    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::copy("slots.x", folder.join("slots.x")).expect("the folder is there to be written to");
    println!("cargo::rustc-link-search={}", folder.display());
}
