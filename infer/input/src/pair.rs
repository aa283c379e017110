//! The two files of one quantisation: `X-int8.onnx` and `X.q8` in the same folder.

use std::path::{Path, PathBuf};

use no_std_core::format::{MAGIC, stored_checksum};

#[cfg(feature = "onnx")]
use crate::file::{self, display_name};
#[cfg(feature = "onnx")]
use crate::onnx;

/// The metadata entry of the ONNX file that holds the flash file's checksum, in eight hexadecimal digits.
pub const CHECKSUM_KEY: &str = "flash_checksum";

/// Whether bytes begin like those of a flash file.
pub fn is_flash(bytes: &[u8]) -> bool {
    bytes.starts_with(&MAGIC)
}

/// How the ONNX file names the checksum of a flash file; `None` if the bytes are none.
pub fn checksum(flash: &[u8]) -> Option<String> {
    let checksum = stored_checksum(flash).filter(|_| is_flash(flash))?;
    Some(format!("{checksum:08x}"))
}

/// Where the other file of a quantisation is, if this one has its own name.
pub fn other(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let of_flash = name.strip_suffix(".q8");
    let of_flash = of_flash.map(|name| format!("{name}-int8.onnx"));
    let of_onnx = || Some(format!("{}.q8", name.strip_suffix("-int8.onnx")?));
    Some(path.with_file_name(of_flash.or_else(of_onnx)?))
}

/// What to say of a model file beside which the other one of its name is of another quantisation.
#[cfg(feature = "onnx")]
pub fn note(path: &Path, bytes: &[u8]) -> Option<String> {
    let is_flash = is_flash(bytes);
    let other = other(path)?;
    let found = file::read_if_regular(&other)?;
    let (onnx, flash) = if is_flash {
        (&*found, bytes)
    } else {
        (bytes, &*found)
    };
    are_different(onnx, flash)?.then(|| {
        format!(
            "{} and {} are of two quantisations and may give different answers; run `train quantize` again to have both of one",
            display_name(path),
            display_name(&other)
        )
    })
}

/// Whether the ONNX file says that it belongs to another flash file; `None` if it does not say.
#[cfg(feature = "onnx")]
fn are_different(onnx: &[u8], flash: &[u8]) -> Option<bool> {
    let entries = onnx::parse(onnx).ok()?.metadata_props;
    let expected = entries
        .into_iter()
        .find(|entry| entry.key == CHECKSUM_KEY)?;
    Some(expected.value != checksum(flash)?)
}
