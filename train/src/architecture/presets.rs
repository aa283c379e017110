//! Networks that come with the program.

/// A network that comes with the program.
#[derive(Debug)]
pub struct Preset {
    pub name: &'static str,
    /// What it is for.
    pub purpose: &'static str,
    /// Its file.
    pub(super) text: &'static str,
}

macro_rules! preset {
    ($name:literal, $purpose:literal) => {
        Preset {
            name: $name,
            purpose: $purpose,
            text: include_str!(concat!("../../../models/networks/", $name, ".toml")),
        }
    };
}

pub static PRESETS: &[Preset] = &[
    preset!("digits", "the seed course's: grey pictures of 28 x 28"),
    preset!("digits-small", "the same pictures on parts of 32 KB"),
    preset!(
        "fashion",
        "grey pictures of about 28 x 28 with more to tell apart"
    ),
    preset!(
        "ds-cnn",
        "keyword spotting, MLPerf Tiny: 49 x 10 features of a second of sound"
    ),
    preset!(
        "resnet8",
        "image classification, MLPerf Tiny: colour pictures of 32 x 32"
    ),
    preset!(
        "mobilenet-v1-025",
        "visual wake words, MLPerf Tiny: colour pictures of 96 x 96"
    ),
    preset!(
        "autoencoder",
        "anomaly detection, MLPerf Tiny: 640 features of a machine's sound"
    ),
];

/// The presets for pictures of things.
pub(super) const OF_PICTURES: [&str; 5] = [
    "resnet8",
    "fashion",
    "digits",
    "mobilenet-v1-025",
    "digits-small",
];

/// The name of the preset for pictures of these channels, rows and columns.
pub(super) fn for_pictures(shape: [usize; 3]) -> &'static str {
    match shape {
        [1, 28, 28] => "digits",
        [1, rows, columns] if rows.max(columns) <= 32 => "fashion",
        [_, rows, columns] if rows.max(columns) <= 72 => "resnet8",
        _ => "mobilenet-v1-025",
    }
}
