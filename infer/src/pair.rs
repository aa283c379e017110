//! The two files of one quantisation: `X-int8.onnx` and `X.q8` in the same folder.

use std::path::Path;

use input::onnx;
use no_std_core::format::stored_checksum;

use crate::file::{self, display_name};
use crate::model::proto::metadata;
use crate::open::is_flash;

/// The metadata entry of the ONNX file that holds the flash file's checksum, in eight hexadecimal digits.
const CHECKSUM: &str = "flash_checksum";

/// What to say of a model file beside which the other one of its name is of another quantisation.
pub fn note(path: &Path, bytes: &[u8]) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let is_flash = is_flash(bytes);
    let other = if is_flash {
        format!("{}-int8.onnx", name.strip_suffix(".q8")?)
    } else {
        format!("{}.q8", name.strip_suffix("-int8.onnx")?)
    };
    let other = path.with_file_name(other);
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
fn are_different(onnx: &[u8], flash: &[u8]) -> Option<bool> {
    let proto = onnx::parse(onnx).ok()?;
    let expected = metadata(&proto, CHECKSUM)?;
    let found = stored_checksum(flash).filter(|_| is_flash(flash))?;
    Some(expected != format!("{found:08x}"))
}
