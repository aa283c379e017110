//! The MPS2 board with image AN505: a Cortex-M33.
#![no_std]
#![no_main]

qemu::mps2!("mps2-an505", serve, clock: 20_000_000, uart: 0x5020_0000, lights: 0x5030_2000);
