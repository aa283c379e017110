//! `cargo xtask page`: the engine of the page that `infer serve` shows, made as WebAssembly; and the page's tests.

mod browser;
mod builder;
mod suite;
mod wasm;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use builder::Builder;

pub use suite::suite;

/// The engine as it travels in `infer`.
const ENGINE: &str = "infer/src/serve/page/engine.wasm";

/// Builds the engine and puts it where `infer` takes it from.
pub fn run(target: &Path) -> Result<()> {
    let built = Builder::new(target)?.engine()?;
    fs::write(ENGINE, &built.module).with_context(|| format!("cannot write {ENGINE}"))?;
    println!("{ENGINE}: {} bytes", built.module.len());
    Ok(())
}
