//! Lets the linker find the memory map, which comes with the crate of the chip.

fn main() {
    println!("cargo::rustc-link-arg=-Tlinkall.x");
    // The low end of the stack that may be written: a word that nobody may write is below.
    println!("cargo::rustc-link-arg=--defsym=__estack=__stack_chk_guard+4");
}
