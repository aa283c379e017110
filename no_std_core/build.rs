//! Chooses the inner loops for the target, `cfg(backend = "...")`, and says where it is of Armv8-M, `cfg(armv8m)`.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(backend, values(\"dsp\", \"armv6m\", \"portable\"))");
    println!("cargo::rustc-check-cfg=cfg(armv8m)");
    let target = env::var("TARGET").unwrap_or_default();
    let flags = env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    println!("cargo::rustc-cfg=backend=\"{}\"", backend(&target, &flags));
    if target.starts_with("thumbv8m") {
        println!("cargo::rustc-cfg=armv8m");
    }
}

/// Stable compilers do not tell which Arm extensions a target has, but the target's name and the processor's do.
fn backend(target: &str, flags: &str) -> &'static str {
    let has_cpu = |name| flags.contains(&format!("target-cpu={name}"));
    let mainline = target.starts_with("thumbv8m.main");
    if target.starts_with("thumbv7em") || mainline && DSP_CPUS.into_iter().any(has_cpu) {
        "dsp"
    } else if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") {
        "armv6m"
    } else {
        "portable"
    }
}

/// Processors of Armv8-M on which the DSP extension, optional there, is part of what the compiler takes for granted.
const DSP_CPUS: [&str; 4] = ["cortex-m33", "cortex-m35p", "cortex-m55", "cortex-m85"];
