//! The header, which cbindgen makes of the functions that the library has.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use cbindgen::{Builder, Config};

/// The crate that becomes the library.
pub const CRATE: &str = "no_std_core/boards/c";

/// The text of `baton.h`.
pub fn text() -> Result<String> {
    let folder = Path::new(CRATE);
    let config = folder.join("cbindgen.toml");
    let shown = config.display().to_string();
    let config = Config::from_file(&config).map_err(|error| anyhow!("{shown}: {error}"))?;
    let sources = ["status.rs", "interface.rs"].map(|name| folder.join("src").join(name));
    let builder = sources
        .iter()
        .fold(Builder::new().with_config(config), Builder::with_src);
    let mut text = Vec::new();
    builder
        .generate()
        .context("cannot make the header")?
        .write(&mut text);
    Ok(String::from_utf8(text)?)
}
