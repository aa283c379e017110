//! What the symbols of a linked firmware say about it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{LittleEndian, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind};

/// What the core must do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// A way to panic.
    Panic,
    /// Memory from an allocator.
    Allocator,
    /// Floating point, in functions of the compiler.
    Float,
}

/// The functions of a firmware.
pub struct Symbols {
    names: Vec<String>,
    code_len: u64,
}

impl Symbols {
    /// The functions in the ELF file at `path`.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let file: ElfFile<FileHeader32<LittleEndian>> = ElfFile::parse(&*bytes)
            .with_context(|| format!("{}: expected a 32-bit ELF file", path.display()))?;
        let functions = file
            .symbols()
            .filter(|symbol| symbol.kind() == SymbolKind::Text);
        let names = functions.map(|function| function.name().map(str::to_owned));
        let code = file
            .sections()
            .filter(|section| section.kind() == SectionKind::Text);
        Ok(Self {
            names: names.collect::<Result<_, _>>()?,
            code_len: code.map(|section| section.size()).sum(),
        })
    }

    /// Bytes of code.
    pub fn code_len(&self) -> u64 {
        self.code_len
    }

    /// Whether anything of the core is there.
    pub fn has_core(&self) -> bool {
        self.names.iter().any(|name| name.contains("11no_std_core"))
    }

    /// The functions that the core must do without, each with its reason.
    pub fn needs(&self) -> Vec<String> {
        let line = |name: &String| need(name).map(|need| format!("{name} ({need:?})"));
        self.names.iter().filter_map(line).collect()
    }

    /// Whether there is such a function for this reason.
    pub fn needs_any(&self, reason: Need) -> bool {
        self.names.iter().any(|name| need(name) == Some(reason))
    }
}

/// What a function of this name, as the linker knows it, is there for.
fn need(name: &str) -> Option<Need> {
    let any = |parts: &[&str]| parts.iter().any(|part| name.contains(part));
    if any(&["core9panicking", "rust_begin_unwind", "rust_panic"]) {
        Some(Need::Panic)
    } else if any(&[
        "__rust_alloc",
        "__rust_dealloc",
        "__rust_realloc",
        "__rg_",
        "__rdl_",
    ]) {
        Some(Need::Allocator)
    } else if any(&["compiler_builtins5float"]) || is_float_helper(name) {
        Some(Need::Float)
    } else {
        None
    }
}

/// Whether this is a function for floats: by Arm's names (`__aeabi_fadd`, `__aeabi_dcmplt`, `__aeabi_cfcmple`,
/// `__aeabi_i2f`, `__aeabi_f2iz`) or by those of GCC (`__addsf3`, `__ledf2`, `__floatsisf`, `__fixdfsi`), whose modes
/// `hf`, `sf`, `df` and `tf` are the sizes of floats.
fn is_float_helper(name: &str) -> bool {
    match name.strip_prefix("__aeabi_") {
        Some(operation) => {
            operation.starts_with(['f', 'd', 'h'])
                || operation.starts_with("cf")
                || operation.starts_with("cd")
                || operation.contains("2f")
                || operation.contains("2d")
        }
        None => {
            name.starts_with("__")
                && ["hf", "sf", "df", "tf"]
                    .iter()
                    .any(|mode| name.contains(mode))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panics_show_in_either_mangling() {
        for name in [
            "_RNvNtCseold96UKqg_4core9panicking18panic_bounds_check",
            "_ZN4core9panicking5panic17h0123456789abcdefE",
            "_RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind",
            "rust_begin_unwind",
        ] {
            assert_eq!(need(name), Some(Need::Panic), "{name}");
        }
    }

    #[test]
    fn allocators_show() {
        for name in [
            "__rust_alloc",
            "__rust_alloc_zeroed",
            "_RNvCsfLfy6EI15iL_7___rustc12___rust_alloc",
            "_RNvCsfLfy6EI15iL_7___rustc14___rust_dealloc",
            "__rust_realloc",
            "__rg_alloc",
        ] {
            assert_eq!(need(name), Some(Need::Allocator), "{name}");
        }
    }

    #[test]
    fn floats_show_by_every_name() {
        for name in [
            "__aeabi_fadd",
            "__aeabi_drsub",
            "__aeabi_fcmplt",
            "__aeabi_cfcmple",
            "__aeabi_cdrcmple",
            "__aeabi_i2f",
            "__aeabi_ul2d",
            "__aeabi_f2iz",
            "__aeabi_h2f",
            "__addsf3",
            "__muldf3",
            "__gtsf2",
            "__unorddf2",
            "__floatunsisf",
            "__fixunsdfdi",
            "__extendhfsf2",
            "__addtf3",
            "_RNvNtNtCsjc7sn2q0iDy_17compiler_builtins5float3mul8___mulsf3",
        ] {
            assert_eq!(need(name), Some(Need::Float), "{name}");
        }
    }

    #[test]
    fn integers_and_copies_are_no_need() {
        for name in [
            "_start",
            "memcmp",
            "__aeabi_memcpy4",
            "__aeabi_memclr",
            "__aeabi_idiv",
            "__aeabi_idivmod",
            "__aeabi_uidiv",
            "__aeabi_ldivmod",
            "__aeabi_uldivmod",
            "__aeabi_lmul",
            "__aeabi_lasr",
            "__aeabi_ulcmp",
            "__udivmoddi4",
            "__clzsi2",
            "__ashldi3",
            "_RNvNtNtCsjc7sn2q0iDy_17compiler_builtins3int19specialized_div_rem11u64_div_rem",
            "_ZN11no_std_core5model5Model3new17h0123456789abcdefE",
            "_ZN4core5alloc6layout6Layout5array17h0123456789abcdefE",
        ] {
            assert_eq!(need(name), None, "{name}");
        }
    }

    #[test]
    fn what_is_no_firmware_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(&file, "no firmware").unwrap();
        let error = Symbols::read(file.path()).err().unwrap().to_string();
        assert!(error.ends_with(": expected a 32-bit ELF file"), "{error}");
        let error = Symbols::read(Path::new("no-such-file")).err().unwrap();
        assert_eq!(error.to_string(), "cannot read no-such-file");
    }
}
