//! What the machines of QEMU share. The machines themselves are the programs of this crate, one each.
#![no_std]

#[cfg(all(target_arch = "arm", target_os = "none"))]
pub mod mps2;
