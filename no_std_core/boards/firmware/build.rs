//! Computes on the host what the model says about the image of the self-test.
//!
//! So the board's backend is held against the portable one of the host, and a new model needs nobody to think of its
//! known answer.

use std::path::{Path, PathBuf};
use std::{env, fs};

use no_std_core::{Model, Run, quantize_pixel};

#[path = "../protocol/src/pattern.rs"]
mod pattern;

fn main() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../models/digits.q8");
    println!("cargo::rerun-if-changed={}", path.display());
    let file = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let logits = logits(&file);

    let folder = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    fs::copy(&path, folder.join("model.q8")).expect("the folder is there to be written to");
    fs::write(folder.join("known_logits.rs"), format!("&{logits:?}"))
        .expect("the folder is there to be written to");
}

fn logits(file: &[u8]) -> Vec<i8> {
    let model = Model::new(file).unwrap_or_else(|error| panic!("digits.q8: {error}"));
    let mut arena = vec![0; model.arena_len()];
    let mut run = Run::new(&model, &mut arena).expect("the arena is as large as the model says");
    for (index, value) in run.input().iter_mut().enumerate() {
        *value = quantize_pixel(pattern::known_pixel(index));
    }
    while run.step().is_pending() {}
    run.into_output().values().to_vec()
}
