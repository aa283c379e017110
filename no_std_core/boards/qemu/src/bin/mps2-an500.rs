//! The MPS2 board with image AN500: a Cortex-M7.
#![no_std]
#![no_main]

qemu::mps2!("mps2-an500", serve, clock: 25_000_000, uart: 0x4000_4000, lights: 0x4002_8000);
