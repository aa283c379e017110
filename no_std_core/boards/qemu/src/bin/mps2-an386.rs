//! The MPS2 board with image AN386: a Cortex-M4.
#![no_std]
#![no_main]

qemu::mps2!("mps2-an386", serve_slots, clock: 25_000_000, uart: 0x4000_4000, lights: 0x4002_8000);
