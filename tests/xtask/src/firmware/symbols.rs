//! What the symbols of a linked firmware say about it.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{LittleEndian, Object, ObjectSymbol, SymbolKind};

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
        let functions = file.symbols().filter(|symbol| symbol.kind() == SymbolKind::Text);
        let mut symbols = Self { names: Vec::new(), code_len: 0 };
        for function in functions {
            symbols.names.push(function.name()?.to_owned());
            symbols.code_len += function.size();
        }
        Ok(symbols)
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
    } else if any(&["__rust_alloc", "__rust_dealloc", "__rust_realloc", "__rg_", "__rdl_"]) {
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
            operation.starts_with(['f', 'd', 'h']) || operation.starts_with("cf") || operation.starts_with("cd")
            || operation.contains("2f") || operation.contains("2d")
        }
        None => name.starts_with("__") && ["hf", "sf", "df", "tf"].iter().any(|mode| name.contains(mode)),
    }
}
