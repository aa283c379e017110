//! Any file, its length and checksum repaired, is refused or runs. From the folder `no_std_core`, with whole files to
//! start from:
//!
//! ```sh
//! mkdir -p fuzz/corpus/model && cp tests/tiny.q8 ../models/digits.q8 fuzz/corpus/model
//! cargo +nightly fuzz run model
//! ```
#![no_main]

#[path = "../../tests/suite/harness.rs"]
mod harness;

libfuzzer_sys::fuzz_target!(|file: &[u8]| {
    harness::load_and_run(file);
});
