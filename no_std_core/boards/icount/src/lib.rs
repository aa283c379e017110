//! Counts exactly how many instructions a firmware executes between two markers, whatever the machine.
//!
//! The markers are instructions that do nothing and that no compiler emits:
//!
//! |       | Thumb          | RISC-V           |
//! |-------|----------------|------------------|
//! | begin | `mov r9, r9`   | `slti x0, x9, 1` |
//! | end   | `mov r10, r10` | `slti x0, x10, 1`|
//!
//! Sections nest. At the end of each the plugin appends a line `DEPTH COUNT` to the file that its argument `out=FILE`
//! names: the sections around this one, and the instructions in it, those of inner sections included, markers not.

mod qemu;
mod sections;

use std::ffi::{c_char, c_int, c_uint, c_void};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::process;
use std::sync::{Mutex, MutexGuard, PoisonError};

use qemu::{Block, Info};
use sections::Sections;

/// The interface that this plugin asks for: every QEMU takes one of the two.
// SAFETY: QEMU looks for this name, and nothing else has it.
#[unsafe(no_mangle)]
#[allow(non_upper_case_globals)]
pub static qemu_plugin_version: c_int = if cfg!(feature = "qemu-9") { 2 } else { 1 };

struct Counter {
    sections: Sections,
    records: File,
}

static COUNTER: Mutex<Option<Counter>> = Mutex::new(None);

/// What an instruction is to the counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Begin,
    End,
    Other,
}

/// QEMU calls this once, before the machine starts.
///
/// # Safety
///
/// `info` and the `count` strings at `arguments` are valid during the call.
// SAFETY: QEMU looks for this name, and nothing else has it.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn qemu_plugin_install(
    plugin: u64,
    info: *const Info,
    count: c_int,
    arguments: *const *const c_char,
) -> c_int {
    // SAFETY: as the caller promises.
    let (arguments, info) = unsafe { (qemu::strings(arguments, count), &*info) };
    let Some(path) = arguments
        .iter()
        .find_map(|argument| argument.strip_prefix("out="))
    else {
        eprintln!("icount: expected the argument out=FILE, found {arguments:?}");
        return 1;
    };
    let records = match OpenOptions::new().append(true).create(true).open(path) {
        Ok(records) => records,
        Err(error) => {
            eprintln!("icount: cannot write {path}: {error}");
            return 1;
        }
    };
    *counter() = Some(Counter {
        sections: Sections::default(),
        records,
    });
    qemu::watch(plugin, info, translate);
    0
}

/// Attaches to each instruction what is to happen whenever it is executed.
extern "C" fn translate(_plugin: u64, block: *mut Block) {
    // SAFETY: QEMU lends the block for this call.
    for instruction in unsafe { qemu::instructions(block) } {
        instruction.on_execution(match kind(instruction.bytes()) {
            Kind::Begin => begin,
            Kind::End => end,
            Kind::Other => count,
        });
    }
}

fn kind(bytes: &[u8]) -> Kind {
    match *bytes {
        [0xc9, 0x46] | [0x13, 0xa0, 0x14, 0x00] => Kind::Begin,
        [0xd2, 0x46] | [0x13, 0x20, 0x15, 0x00] => Kind::End,
        _ => Kind::Other,
    }
}

extern "C" fn count(_cpu: c_uint, _data: *mut c_void) {
    if let Some(counter) = counter().as_mut() {
        counter.sections.count();
    }
}

extern "C" fn begin(_cpu: c_uint, _data: *mut c_void) {
    if let Some(counter) = counter().as_mut() {
        counter.sections.begin();
    }
}

extern "C" fn end(_cpu: c_uint, _data: *mut c_void) {
    if let Some(Counter { sections, records }) = counter().as_mut()
        && let Some(section) = sections.end()
        && let Err(error) = writeln!(records, "{} {}", section.depth, section.instructions)
    {
        eprintln!("icount: cannot write a record: {error}");
        process::exit(1);
    }
}

fn counter() -> MutexGuard<'static, Option<Counter>> {
    COUNTER.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_told_from_their_neighbours() {
        let thumb = |code: u16| kind(&code.to_le_bytes());
        // mov r9, r9; mov r10, r10; mov r9, r10; mov r8, r8; nop.
        assert_eq!(thumb(0x46c9), Kind::Begin);
        assert_eq!(thumb(0x46d2), Kind::End);
        for other in [0x46d1, 0x46c0, 0xbf00] {
            assert_eq!(thumb(other), Kind::Other, "{other:#x}");
        }
        let riscv = |code: u32| kind(&code.to_le_bytes());
        // slti x0, x9, 1; slti x0, x10, 1; slti x0, x9, 2; slti x1, x9, 1; and a wide one that begins like a marker.
        assert_eq!(riscv(0x0014_a013), Kind::Begin);
        assert_eq!(riscv(0x0015_2013), Kind::End);
        for other in [0x0024_a013, 0x0014_a093, 0x0000_46c9] {
            assert_eq!(riscv(other), Kind::Other, "{other:#x}");
        }
    }
}
