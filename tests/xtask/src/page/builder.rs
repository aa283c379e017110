//! Builds the engine.

use std::path::{Path, PathBuf};
use std::{env, fs};

use anyhow::{Context, Result};

use super::wasm;
use crate::command::run;
use crate::firmware::toolchain::{self, Toolchain};

const TRIPLE: &str = "wasm32-unknown-unknown";

const PACKAGE: &str = "web_engine";

/// Of the profile that makes it small.
const PROFILE: &str = "web";

/// The linker in Debian's package `lld`, which goes by the name that the compiler knows it under.
const DEBIAN_LINKER: &str = "/usr/bin/wasm-ld";

/// The engine as it was built.
pub struct Engine {
    pub file: PathBuf,
    /// Its bytes without what nobody needs to run it.
    pub module: Vec<u8>,
}

pub struct Builder {
    toolchain: Toolchain,
    /// Where cargo builds.
    target: PathBuf,
}

impl Builder {
    /// Installs what is missing, with tools in a folder of `target`, which is cargo's.
    pub fn new(target: &Path) -> Result<Self> {
        // Apart from what firmware has there, which serves other targets.
        let tools = target.join("tools").join("page");
        let toolchain = Toolchain::find(&tools, &[TRIPLE])?;
        let target = target.to_owned();
        Ok(Self { toolchain, target })
    }

    pub fn engine(&self) -> Result<Engine> {
        let root = env::current_dir().context("cannot tell the current folder")?;
        // The bytes are not to tell where it was built.
        let mut flags = vec![format!("--remap-path-prefix={}=.", root.display())];
        if self.toolchain.is_debian() {
            flags.push(format!("-Clinker={DEBIAN_LINKER}"));
        }
        let mut command = self.toolchain.cargo("rustc --quiet --locked", &flags);
        command.args(["--profile", PROFILE, "--target", TRIPLE]);
        command.args(["--package", PACKAGE, "--lib", "--crate-type", "cdylib"]);
        run(&mut command)?;
        let folder = self.target.join(TRIPLE).join(PROFILE);
        let file = folder.join(format!("{PACKAGE}.wasm"));
        let module = fs::read(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let module = wasm::without_names(&module)?;
        Ok(Engine { file, module })
    }
}

/// What to type where [`Builder::new`] fails.
pub fn remedy() -> String {
    toolchain::remedy(&[TRIPLE])
}
