//! The integer engine in a browser: a picture as a canvas has it in, what the model makes of it out, the same as `infer
//! predict --prepare centred` to the bit.
//!
//! Nothing is kept between calls, and there is no allocator: the page hands over all memory. What it calls is in `exports`.
#![no_std]

#[cfg(test)]
extern crate std;

mod answer;
#[cfg(target_arch = "wasm32")]
mod exports;
mod picture;

pub use answer::{Facts, Refusal, Work, answer};
pub use picture::Canvas;
