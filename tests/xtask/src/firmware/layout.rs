//! What a linked firmware takes: flash and RAM by section, code by who wrote it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use no_std_core::Model;
use no_std_core::format::{HEADER_LEN, Header, MAGIC};
use object::elf::FileHeader32;
use object::read::elf::ElfFile;
use object::{
    Architecture, LittleEndian, Object, ObjectSection, ObjectSymbol, SectionKind, SymbolKind,
};
pub use reserve::stack_len;

#[path = "../../../../no_std_core/boards/firmware/src/stack/reserve.rs"]
mod reserve;

type Elf<'a> = ElfFile<'a, FileHeader32<LittleEndian>>;

/// The memory of a firmware, in bytes.
#[derive(Debug)]
pub struct Layout {
    /// All that lies in flash.
    pub flash: u64,
    /// What is taken from the start, the stack not among it.
    pub static_ram: u64,
    /// Instructions and what the linker puts between them.
    pub code: u64,
    /// Functions by the crate that they are from.
    functions: BTreeMap<String, u64>,
    pub model: EmbeddedModel,
    /// Bytes of memory that are left for an arena; none where nothing says where the stack is.
    pub room: Option<u64>,
    /// Bytes of a place for one of two models, where there are such.
    pub slot: Option<u64>,
}

/// The model in a firmware.
#[derive(Debug, PartialEq, Eq)]
pub struct EmbeddedModel {
    /// Bytes of the flash file.
    pub len: u64,
    /// Bytes of the arena, which lies in the static RAM or on the stack.
    pub arena: u64,
    /// What the operators are, in the order they run.
    pub operators: Vec<String>,
}

/// Whose code it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// `no_std_core`.
    Core,
    /// What boards share: serving, protocol and what these depend on.
    Firmware,
    /// Rust's own library and compiler.
    Language,
    /// The board's program, its start-up and its drivers, and all that carries no crate's name.
    Board,
}

impl Author {
    /// All of them, with what output calls them.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Core, "core"),
        (Self::Firmware, "firmware"),
        (Self::Language, "language"),
        (Self::Board, "board"),
    ];

    fn of(name: &str) -> Self {
        match name {
            "no_std_core" | "heapless" => Self::Core,
            "firmware" | "protocol" | "postcard" | "serde" | "serde_core" | "cobs" | "crc" => {
                Self::Firmware
            }
            "core" | "compiler_builtins" | "__rustc" => Self::Language,
            _ => Self::Board,
        }
    }
}

impl Layout {
    /// Reads the ELF file at `path`, in which a flash file must lie.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        let elf: Elf<'_> = ElfFile::parse(&*bytes)
            .with_context(|| format!("{}: expected a 32-bit ELF file", path.display()))?;
        let mut models = elf.sections().filter_map(|section| section.data().ok());
        let model = models.find_map(model);
        let model = model
            .with_context(|| format!("{}: expected a model in it, found none", path.display()))?;
        let (mut flash, mut static_ram, mut code) = (0, 0, 0);
        for section in elf.sections() {
            let len = |is_there| if is_there { section.size() } else { 0 };
            flash += len(is_in_flash(section.kind()));
            static_ram += len(is_in_ram(section.kind(), section.name()?));
            code += len(section.kind() == SectionKind::Text);
        }
        Ok(Self {
            flash,
            static_ram,
            code,
            functions: functions(&elf)?,
            room: room(&elf),
            slot: slot(&elf),
            model,
        })
    }

    /// Bytes of flash that are neither code nor the model.
    pub fn rest(&self) -> u64 {
        self.flash - self.code - self.model.len
    }

    /// Bytes of functions of one author.
    pub fn code_of(&self, author: Author) -> u64 {
        let functions = self.functions.iter();
        let theirs = functions.filter(|(name, _)| Author::of(name) == author);
        theirs.map(|(_, len)| len).sum()
    }
}

fn is_in_flash(kind: SectionKind) -> bool {
    use SectionKind::{Data, ReadOnlyData, ReadOnlyString, Text};
    matches!(kind, Text | ReadOnlyData | ReadOnlyString | Data)
}

/// A section that only keeps room for the stack or a heap is no use of memory, nor are those of the ESP32-C3 that skip
/// addresses which another section has under other names.
fn is_in_ram(kind: SectionKind, name: &str) -> bool {
    let is_room = [".stack", ".heap", ".rotext_dummy", ".rwdata_dummy"].contains(&name);
    matches!(kind, SectionKind::Data | SectionKind::UninitializedData) && !is_room
}

/// The memory between the low end of the stack, by the names of the runtimes of Arm and RISC-V, and what is set aside at its
/// high end.
fn room(elf: &Elf<'_>) -> Option<u64> {
    let address = |name: &str| Some(elf.symbol_by_name(name)?.address());
    let low = address("_stack_end").or_else(|| address("__estack"))?;
    let is_riscv = elf.architecture() == Architecture::Riscv32;
    let high = address("_stack_start")?.checked_sub(stack_len(is_riscv) as u64)?;
    Some(high.saturating_sub(low))
}

fn slot(elf: &Elf<'_>) -> Option<u64> {
    let address = |name: &str| Some(elf.symbol_by_name(name)?.address());
    address("__slot_a_end")?.checked_sub(address("__slot_a")?)
}

/// Bytes of functions by crate; of functions at the same place the first one.
fn functions(elf: &Elf<'_>) -> Result<BTreeMap<String, u64>> {
    let (mut seen, mut functions) = (BTreeSet::new(), BTreeMap::new());
    for symbol in elf.symbols() {
        if symbol.kind() == SymbolKind::Text && symbol.size() > 0 && seen.insert(symbol.address()) {
            let name = crate_of(symbol.name()?).unwrap_or_default();
            *functions.entry(name.to_owned()).or_default() += symbol.size();
        }
    }
    Ok(functions)
}

/// The first whole model in `bytes`.
fn model(bytes: &[u8]) -> Option<EmbeddedModel> {
    let mut places = bytes.windows(MAGIC.len()).enumerate();
    places.find_map(|(place, window)| {
        let file = bytes.get(place..).filter(|_| *window == MAGIC)?;
        let len = Header::decode(file.first_chunk::<HEADER_LEN>()?).total_len;
        let model = Model::new(file.get(..len as usize)?).ok()?;
        let operations = (1..).zip(model.operations());
        let names = operations.map(|(number, operation)| format!("{} {number}", operation.name()));
        Some(EmbeddedModel {
            len: len.into(),
            arena: model.arena_len() as u64,
            operators: names.collect(),
        })
    })
}

/// The crate that a function is from, by either of Rust's ways to mangle names.
fn crate_of(symbol: &str) -> Option<&str> {
    if let Some(path) = symbol.strip_prefix("_ZN") {
        // `11no_std_core3run3run17h…E`, or a type in the place of the crate: `36_$LT$no_std_core..run..Run…`.
        let (len, path) = number(path)?;
        let name = ["_$LT$", "$RF$", "mut$u20$"]
            .iter()
            .fold(path.get(..len)?, |name, mark| name.trim_start_matches(mark));
        return name.split(['.', '$']).next();
    }
    // `Cs`, a hash that ends with `_`, and the crate, before whose name there is another `_` if it begins with one.
    let (_, path) = symbol.strip_prefix("_R")?.split_once("Cs")?;
    let (len, name) = number(path.split_once('_')?.1)?;
    name.strip_prefix('_').unwrap_or(name).get(..len)
}

/// The number at the beginning of `text`, and what follows it.
fn number(text: &str) -> Option<(usize, &str)> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, rest) = text.split_at(digits);
    Some((number.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_show_in_either_mangling() {
        let symbols = "\
            no_std_core _ZN11no_std_core7kernels9conv_pool4step17h9430b517811fcedfE
            no_std_core _ZN60_$LT$no_std_core..prepare..Pixels$u20$as$u20$core..Rows$GT$3row17h0123456789abcdefE
            __rustc _RNvCsfLfy6EI15iL_7___rustc17rust_begin_unwind
            postcard _ZN94_$LT$$RF$mut$u20$postcard..de..deserializer..Deserializer$u20$as$u20$serde_core..Deserializer$GT$3fooE
            T _ZN50_$LT$$RF$T$u20$as$u20$core..fmt..Debug$GT$3fmtE17h0123456789abcdefE
            core _ZN4core3fmt5write17h0123456789abcdefE
            core _RNvMsa_NtCsaFjvQsOnSLx_4core3fmtNtB5_9Formatter12pad_integral
            compiler_builtins _RNvNtCs1TB6rWNpcUQ_17compiler_builtins3mem6memcpy";
        for line in symbols.lines() {
            let (name, symbol) = line.trim().split_once(' ').unwrap();
            assert_eq!(crate_of(symbol), Some(name), "{symbol}");
        }
        for symbol in ["Reset", "__aeabi_memcpy", "_ZN99x", "_R", "_ZN"] {
            assert_eq!(crate_of(symbol), None, "{symbol}");
        }
    }

    #[test]
    fn a_model_is_found_where_it_lies() {
        let file = include_bytes!("../../../../no_std_core/tests/tiny.q8");
        let whole = EmbeddedModel {
            len: file.len() as u64,
            arena: Model::new(file).unwrap().arena_len() as u64,
            operators: vec!["convolution 1".to_owned(), "dense 2".to_owned()],
        };
        let mut bytes = MAGIC.to_vec();
        bytes.extend([0; 7]);
        assert_eq!(model(&bytes), None, "the magic alone is no model");
        bytes.extend(file);
        bytes.push(0);
        assert_eq!(model(&bytes), Some(whole));
        bytes.truncate(bytes.len() - 20);
        assert_eq!(model(&bytes), None, "a model that is cut off is none");
    }
}
