//! What all boards do: hold a model in flash and answer over a serial line.
//!
//! A board implements [`Board`], a few lines about its hardware, and calls [`serve`]. The language on the line is that of
//! the crate `protocol`. When it starts, the board checks all of the model and runs it on a known image; if that fails, it
//! says so instead of giving scores, and its light blinks.
//!
//! Everything happens in one buffer for frames, on the stack, and one arena for the model's tensors: all the memory that the
//! stack and what is static leave (`stack`), so that any model which fits can serve.
#![no_std]

#[cfg(test)]
extern crate std;

mod board;
#[cfg(target_os = "none")]
mod cycles;
#[cfg(target_os = "none")]
pub mod flash;
// Of Arm's microcontrollers, those without atomic exchange have no floats either, nor the register.
#[cfg(all(target_arch = "arm", target_os = "none", target_has_atomic = "32"))]
mod floats;
mod host;
mod inference;
mod link;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod microbit;
mod model;
mod no_flash;
#[cfg(all(target_arch = "arm", target_os = "none"))]
mod nrf;
#[cfg(target_os = "none")]
mod panic;
#[cfg(target_os = "none")]
mod parts;
#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod pico;
mod register;
mod self_test;
mod server;
#[cfg(target_os = "none")]
pub mod stack;
pub mod uart;
mod window;

pub use board::{Board, Closed};
#[cfg(target_os = "none")]
pub use cycles::CycleCounter;
pub use model::{ANSWER, ARENA_LEN, FORMS, KINDS, MODEL, OPERATORS, WINDOW};
#[cfg(target_os = "none")]
pub use panic::darken_on_panic;
#[cfg(target_os = "none")]
pub use parts::{Name, Parts};
pub use register::Register;
pub use server::{serve, serve_slots, serve_slots_or_built_in};
pub use window::Window;
