//! What the page calls. Here addresses become references; JavaScript has made room for each, see `engine.js`.

#![allow(unsafe_code, reason = "a page hands over addresses")]

use core::panic::PanicInfo;
use core::slice;

use no_std_core::Model;

use crate::answer::{self, Facts, Refusal, Work};
use crate::picture::Canvas;

/// Checks the model in `file_len` bytes and writes what a page has to know of it. Returns 0, or a [`Refusal`].
///
/// # Safety
///
/// There are so many bytes, and `facts` is the address of room for five words, a multiple of 4.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn describe(file: *const u8, file_len: usize, facts: *mut Facts) -> u32 {
    // SAFETY: the caller says that there are so many bytes.
    let file = unsafe { slice::from_raw_parts(file, file_len) };
    code(open(file).and_then(|model| {
        let found = Facts::of(&model)?;
        // SAFETY: the caller says that there is room.
        unsafe { facts.write(found) };
        Ok(())
    }))
}

/// Runs the model in `file_len` bytes on a canvas, with the memory of [`Work`], whose lengths follow from the facts. Returns 0,
/// or a [`Refusal`].
///
/// # Safety
///
/// All of it is there, nothing overlaps, and `output` is a multiple of 4.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments, reason = "WebAssembly has numbers only")]
pub unsafe extern "C" fn answer(
    file: *const u8,
    file_len: usize,
    rgba: *mut u8,
    width: u32,
    height: u32,
    arena: *mut i8,
    seen: *mut u8,
    input: *mut i8,
    output: *mut u32,
) -> u32 {
    // SAFETY: the caller says that there are so many bytes.
    let file = unsafe { slice::from_raw_parts(file, file_len) };
    code(open(file).and_then(|model| {
        let facts = Facts::of(&model)?;
        // SAFETY: the caller has made so much room of each, apart from everything else.
        let (bytes, mut work) = unsafe {
            let len = 4 * width as usize * height as usize;
            (
                slice::from_raw_parts_mut(rgba, len),
                Work {
                    arena: slice::from_raw_parts_mut(arena, facts.arena_len as usize),
                    seen: slice::from_raw_parts_mut(seen, facts.inputs()),
                    input: slice::from_raw_parts_mut(input, facts.inputs()),
                    output: slice::from_raw_parts_mut(output, facts.outputs as usize + 2),
                },
            )
        };
        let mut canvas = Canvas {
            bytes,
            width,
            height,
        };
        answer::answer(&model, &mut canvas, &mut work)
    }))
}

fn open(file: &[u8]) -> Result<Model<'_>, Refusal> {
    Model::new(file).map_err(|_| Refusal::Model)
}

fn code(result: Result<(), Refusal>) -> u32 {
    result.map_or_else(|refusal| refusal as u32, |()| 0)
}

/// Nothing in the engine panics; if it did, the page would say that the engine has failed.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    core::arch::wasm32::unreachable()
}
