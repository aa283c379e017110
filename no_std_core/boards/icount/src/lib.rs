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
    markers: Markers,
    sections: Sections,
    records: File,
}

static COUNTER: Mutex<Option<Counter>> = Mutex::new(None);

/// The bytes of the markers, which on other processors are other instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Markers {
    begin: &'static [u8],
    end: &'static [u8],
}

const THUMB: Markers = Markers {
    begin: &[0xc9, 0x46],
    end: &[0xd2, 0x46],
};

const RISCV: Markers = Markers {
    begin: &[0x13, 0xa0, 0x14, 0x00],
    end: &[0x13, 0x20, 0x15, 0x00],
};

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
    // SAFETY: as the caller promises.
    let markers = match unsafe { info.target() } {
        "arm" => THUMB,
        "riscv32" => RISCV,
        other => {
            eprintln!("icount: expected an emulator of arm or riscv32, found {other}");
            return 1;
        }
    };
    let records = match OpenOptions::new().append(true).create(true).open(path) {
        Ok(records) => records,
        Err(error) => {
            eprintln!("icount: cannot write {path}: {error}");
            return 1;
        }
    };
    *counter() = Some(Counter {
        markers,
        sections: Sections::default(),
        records,
    });
    qemu::watch(plugin, info, translate);
    0
}

/// Attaches to each instruction what is to happen whenever it is executed.
extern "C" fn translate(_plugin: u64, block: *mut Block) {
    let Some(markers) = counter().as_ref().map(|counter| counter.markers) else {
        return;
    };
    // SAFETY: QEMU lends the block for this call.
    for instruction in unsafe { qemu::instructions(block) } {
        let bytes = instruction.bytes();
        instruction.on_execution(if bytes == markers.begin {
            begin
        } else if bytes == markers.end {
            end
        } else {
            count
        });
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
    if let Some(Counter {
        sections, records, ..
    }) = counter().as_mut()
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
