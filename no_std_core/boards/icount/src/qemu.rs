//! The part of QEMU's plugin interface that this plugin calls, in versions 1 (QEMU 6 to 8) to 5 (QEMU 10).
//!
//! Source: "QEMU TCG Plugins" in QEMU's documentation for developers, <https://www.qemu.org/docs/master/devel/tcg-plugins.html>.

use std::ffi::{CStr, c_char, c_int, c_uint, c_void};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicBool, Ordering};

/// A translated block of instructions.
#[repr(C)]
pub struct Block {
    _opaque: [u8; 0],
}

/// A translated instruction.
#[repr(C)]
pub struct RawInstruction {
    _opaque: [u8; 0],
}

/// What QEMU says about itself; more fields follow.
#[repr(C)]
pub struct Info {
    target: *const c_char,
    _oldest_version: c_int,
    version: c_int,
}

impl Info {
    /// QEMU's name for the processor: `arm`, `riscv32`.
    ///
    /// # Safety
    ///
    /// QEMU lends `self`.
    pub unsafe fn target(&self) -> &str {
        // SAFETY: the string lies in what QEMU lends.
        let target = unsafe { CStr::from_ptr(self.target) };
        target.to_str().unwrap_or_default()
    }
}

/// What QEMU calls when it translates a block.
pub type OnTranslation = extern "C" fn(u64, *mut Block);

/// What QEMU calls when it executes an instruction.
pub type OnExecution = extern "C" fn(c_uint, *mut c_void);

/// For a callback that does not look at registers.
const NO_REGISTERS: c_int = 0;

/// From here on QEMU copies an instruction's bytes; before, it gave a pointer to them.
const COPIES: c_int = 3;

/// The longest instruction of the machines that run firmware.
const LONGEST: usize = 4;

unsafe extern "C" {
    fn qemu_plugin_register_vcpu_tb_trans_cb(plugin: u64, callback: OnTranslation);
    fn qemu_plugin_tb_n_insns(block: *const Block) -> usize;
    fn qemu_plugin_tb_get_insn(block: *const Block, index: usize) -> *mut RawInstruction;
    fn qemu_plugin_insn_size(instruction: *const RawInstruction) -> usize;
    // Before version 3 it has only the first parameter and gives the address; the C calling conventions of the platforms
    // that QEMU runs on let a function ignore arguments.
    fn qemu_plugin_insn_data(
        instruction: *const RawInstruction,
        copy: *mut u8,
        len: usize,
    ) -> *const u8;
    fn qemu_plugin_register_vcpu_insn_exec_cb(
        instruction: *mut RawInstruction,
        callback: OnExecution,
        flags: c_int,
        data: *mut c_void,
    );
}

static COPIED: AtomicBool = AtomicBool::new(false);

/// Lets QEMU call `callback` for each block.
pub fn watch(plugin: u64, info: &Info, callback: OnTranslation) {
    COPIED.store(info.version >= COPIES, Ordering::Relaxed);
    // SAFETY: the callback has the type that QEMU calls and lives as long as the plugin.
    unsafe { qemu_plugin_register_vcpu_tb_trans_cb(plugin, callback) }
}

/// The instructions of a block.
///
/// # Safety
///
/// `block` is one that QEMU lends, and the instructions are dropped before it is taken back.
pub unsafe fn instructions(block: *const Block) -> impl Iterator<Item = Instruction> {
    // SAFETY: as the caller promises.
    let count = unsafe { qemu_plugin_tb_n_insns(block) };
    (0..count).map(move |index| {
        // SAFETY: the index is below the number of instructions.
        Instruction::new(unsafe { qemu_plugin_tb_get_insn(block, index) })
    })
}

/// An instruction of a block that QEMU lends.
pub struct Instruction {
    raw: *mut RawInstruction,
    bytes: [u8; LONGEST],
    len: usize,
}

impl Instruction {
    fn new(raw: *mut RawInstruction) -> Self {
        let mut bytes = [0; LONGEST];
        // SAFETY: the instruction is one of a block that QEMU lends.
        let len = unsafe { qemu_plugin_insn_size(raw) }.min(LONGEST);
        // SAFETY: as above; there is room for `len` bytes.
        let data = unsafe { qemu_plugin_insn_data(raw, bytes.as_mut_ptr(), len) };
        if !COPIED.load(Ordering::Relaxed) {
            // SAFETY: in these versions so many bytes lie there, and `bytes` is elsewhere.
            unsafe { ptr::copy_nonoverlapping(data, bytes.as_mut_ptr(), len) }
        }
        Self { raw, bytes, len }
    }

    /// As they lie in memory.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Lets QEMU call `callback` before each execution.
    pub fn on_execution(&self, callback: OnExecution) {
        // SAFETY: the instruction is one of a block that QEMU lends; the callback has the type that QEMU calls, lives as
        // long as the plugin, and does not look at its data.
        unsafe {
            qemu_plugin_register_vcpu_insn_exec_cb(
                self.raw,
                callback,
                NO_REGISTERS,
                ptr::null_mut(),
            );
        }
    }
}

/// The arguments of a plugin, without those that are not UTF-8.
///
/// # Safety
///
/// `count` strings lie at `first` and stay there.
pub unsafe fn strings<'a>(first: *const *const c_char, count: c_int) -> Vec<&'a str> {
    let count = usize::try_from(count).unwrap_or_default();
    if count == 0 {
        return Vec::new();
    }
    // SAFETY: as the caller promises.
    let strings = unsafe { slice::from_raw_parts(first, count) };
    strings
        .iter()
        // SAFETY: as the caller promises.
        .filter_map(|string| unsafe { CStr::from_ptr(*string) }.to_str().ok())
        .collect()
}
