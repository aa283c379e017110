//! `cargo xtask firmware check`: what the core needs on a microcontroller.
//!
//! The firmware of [`MANIFEST`] calls all of the core. It has no allocator, so that nothing links which allocates, and its
//! panic handler calls a function that nobody defines, so that nothing links from which a panic can be reached. Linked, it
//! must have no function that computes in floating point.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use object::{Object, ObjectSymbol, SymbolKind};

use super::toolchain::{self, Toolchain};
use crate::command::{relative, run, run_failing};
use crate::console::heading;
use crate::tally::Tally;

const MANIFEST: &str = "no_std_core/boards/link-check/Cargo.toml";

/// The smallest processors and the middle ones, both by names under which floats are calls of functions and show.
const TARGETS: [&str; 2] = ["thumbv6m-none-eabi", "thumbv7em-none-eabi"];

/// The firmware's profiles: the smallest code and the fastest.
const PROFILES: [&str; 2] = ["release", "fast"];

/// The function that the firmware's panic handler calls and that nobody defines.
const TRAP: &str = "a_panic_can_be_reached";

/// Checks the core on every target, each of which is one test, with tools and builds in the folder `target`.
pub fn check(target: &Path, tally: &mut Tally) {
    heading("Firmware: cargo xtask firmware check");
    let toolchain = Toolchain::find(&target.join("tools"), &TARGETS);
    if let Err(error) = &toolchain {
        println!("{error:#}");
    }
    for triple in TARGETS {
        let name = format!("Firmware for {triple}");
        let Ok(toolchain) = &toolchain else {
            tally.missing(&name, &toolchain::remedy(&TARGETS));
            continue;
        };
        let firmware = Firmware {
            toolchain,
            folder: target.join("firmware"),
            triple,
        };
        tally.test(&name, || firmware.check());
    }
}

/// The firmware for one target.
struct Firmware<'a> {
    toolchain: &'a Toolchain,
    /// Where cargo builds it.
    folder: PathBuf,
    triple: &'a str,
}

impl Firmware<'_> {
    /// Checks the firmware in every profile, and that a deliberate panic and a deliberate float show.
    fn check(&self) -> Result<String> {
        let mut functions = 0;
        for profile in PROFILES {
            let names = self.functions(profile, "")?;
            let of_core = |name: &String| name.contains("11no_std_core");
            if !names.iter().any(of_core) {
                bail!("{profile}: expected functions of the core, found none");
            }
            let floats: Vec<_> = names.iter().filter(|name| is_float(name)).collect();
            if !floats.is_empty() {
                bail!("{profile}: expected no floats, found {floats:?}");
            }
            functions += names.len();
        }
        let complaint = run_failing(&mut self.build(PROFILES[0], "panics"))?;
        if !complaint.contains(TRAP) {
            bail!("expected {TRAP} to be missing, found {complaint}");
        }
        let names = self.functions(PROFILES[0], "floats")?;
        let shows = names.iter().any(|name| is_float(name));
        ensure!(shows, "expected a deliberate float to show");
        Ok(format!(
            "{functions} functions without panic, allocator or float"
        ))
    }

    /// The names of all functions that are linked.
    fn functions(&self, profile: &str, features: &str) -> Result<Vec<String>> {
        run(&mut self.build(profile, features))?;
        let folder = self.folder.join(self.triple);
        let path = folder.join(profile).join("link-check");
        let bytes = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let file = object::File::parse(&*bytes)?;
        let symbols = file.symbols();
        let functions = symbols.filter(|symbol| symbol.kind() == SymbolKind::Text);
        let names = functions.map(|function| Ok(function.name()?.to_owned()));
        names.collect()
    }

    fn build(&self, profile: &str, features: &str) -> Command {
        let mut command = self.toolchain.cargo("build --quiet", &[]);
        command.args(["--manifest-path", MANIFEST, "--target", self.triple]);
        command.args(["--profile", profile, "--features", features]);
        command.arg("--target-dir").arg(relative(&self.folder));
        command
    }
}

/// Whether this is a function for floats: by Arm's names (`__aeabi_fadd`, `__aeabi_dcmplt`, `__aeabi_cfcmple`,
/// `__aeabi_i2f`, `__aeabi_f2iz`) or by those of GCC (`__addsf3`, `__ledf2`, `__floatsisf`, `__fixdfsi`), whose modes
/// `hf`, `sf`, `df` and `tf` are the sizes of floats.
fn is_float(name: &str) -> bool {
    let has = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if let Some(operation) = name.strip_prefix("__aeabi_") {
        let starts = ["f", "d", "h", "cf", "cd"];
        starts.iter().any(|start| operation.starts_with(start)) || has(&["2f", "2d"])
    } else {
        let is_of_gcc = name.starts_with("__") && has(&["hf", "sf", "df", "tf"]);
        is_of_gcc || has(&["compiler_builtins5float"])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_show_by_every_name_and_integers_do_not() {
        let floats = "__aeabi_fadd __aeabi_drsub __aeabi_fcmplt __aeabi_cfcmple __aeabi_cdrcmple __aeabi_i2f __aeabi_ul2d \
            __aeabi_f2iz __aeabi_h2f __addsf3 __muldf3 __gtsf2 __unorddf2 __floatunsisf __fixunsdfdi __extendhfsf2 __addtf3 \
            _RNvNtNtCsjc7sn2q0iDy_17compiler_builtins5float3mul8___mulsf3";
        let others = "_start memcmp __aeabi_memcpy4 __aeabi_memclr __aeabi_idiv __aeabi_idivmod __aeabi_uidiv \
            __aeabi_ldivmod __aeabi_uldivmod __aeabi_lmul __aeabi_lasr __aeabi_ulcmp __udivmoddi4 __clzsi2 __ashldi3 \
            _RNvNtNtCsjc7sn2q0iDy_17compiler_builtins3int19specialized_div_rem11u64_div_rem \
            _ZN11no_std_core5model5Model3new17h0123456789abcdefE";
        for (names, expected) in [(floats, true), (others, false)] {
            for name in names.split_whitespace() {
                assert_eq!(is_float(name), expected, "{name}");
            }
        }
    }
}
