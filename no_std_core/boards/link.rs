//! The build script of boards: lets the linker find the memory map, and place the slots where the map has room for them.

use std::fs;

fn main() {
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={}", env!("CARGO_MANIFEST_DIR"));
    println!("cargo::rustc-link-arg=-Tlink.x");
    // Flash is scarce: functions of the same instructions are linked once.
    println!("cargo::rustc-link-arg=--icf=all");
    let map = fs::read_to_string("memory.x").expect("every board has a memory map");
    if map.contains("SLOT_A") {
        println!("cargo::rustc-link-arg=-Tslots.x");
    }
}
