//! What programs in C are compiled for.

/// A kind of processor.
#[derive(Debug, PartialEq, Eq)]
pub struct Platform {
    /// The Rust compiler's name for it.
    pub triple: &'static str,
    /// Arduino's names for the processors of this kind, as in the folders of libraries; none where it has none.
    pub arduino: &'static [&'static str],
}

const PLATFORMS: [Platform; 11] = [
    platform("thumbv6m-none-eabi", &["cortex-m0plus", "cortex-m0"]),
    platform("thumbv7m-none-eabi", &["cortex-m3"]),
    platform("thumbv7em-none-eabi", &["cortex-m4", "cortex-m7"]),
    platform(
        "thumbv7em-none-eabihf",
        &["cortex-m4/fpv4-sp-d16-hard", "cortex-m7/fpv5-d16-hard"],
    ),
    platform("thumbv8m.main-none-eabi", &["cortex-m33"]),
    platform(
        "thumbv8m.main-none-eabihf",
        &["cortex-m33/fpv5-sp-d16-hard"],
    ),
    platform("riscv32imc-unknown-none-elf", &["esp32c3"]),
    platform("riscv32imac-unknown-none-elf", &["esp32c6"]),
    platform("x86_64-unknown-linux-gnu", &[]),
    platform("aarch64-unknown-linux-gnu", &[]),
    platform("armv7-unknown-linux-gnueabihf", &[]),
];

const fn platform(triple: &'static str, arduino: &'static [&'static str]) -> Platform {
    Platform { triple, arduino }
}

pub fn triples() -> impl Iterator<Item = &'static str> {
    PLATFORMS.iter().map(|platform| platform.triple)
}

/// The platform of a triple, which is one of [`triples`].
pub fn named(triple: &str) -> &'static Platform {
    let mut platforms = PLATFORMS.iter();
    platforms
        .find(|platform| platform.triple == triple)
        .expect("the command line takes no others")
}

impl Platform {
    /// Whether there is an operating system, whose C library the linker is given anyway.
    pub fn is_hosted(&self) -> bool {
        self.triple.contains("linux")
    }

    /// The one of [`Self::folders`] that is for every build.
    pub fn folder(&self) -> &'static str {
        self.arduino.first().unwrap_or(&self.triple)
    }

    /// Where in a library's folder `src` the archive lies: a copy for each of Arduino's names, or one by that of the triple.
    pub fn folders(&self) -> Vec<&'static str> {
        match self.arduino {
            [] => vec![self.triple],
            names => names.to_vec(),
        }
    }
}
