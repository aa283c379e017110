//! The two files of one quantisation: `X-int8.onnx` and `X.q8` in the same folder.

use std::path::{Path, PathBuf};

use input::onnx;
use no_std_core::format::stored_checksum;

use crate::file::{self, display_name};
use crate::model::proto::metadata;
use crate::open::is_flash;

/// The metadata entry of the ONNX file that holds the flash file's checksum, in eight hexadecimal digits.
const CHECKSUM: &str = "flash_checksum";

/// What to say of a model file beside which the other one of its name is of another quantisation.
pub fn note(path: &Path, bytes: &[u8]) -> Option<String> {
    let (other, differs) = if is_flash(bytes) {
        let other = onnx_beside(path)?;
        let differs = are_different(&file::read_if_regular(&other)?, bytes)?;
        (other, differs)
    } else {
        let other = flash_beside(path)?;
        let differs = are_different(bytes, &file::read_if_regular(&other)?)?;
        (other, differs)
    };
    differs.then(|| {
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

fn onnx_beside(flash: &Path) -> Option<PathBuf> {
    let stem = flash.file_name()?.to_str()?.strip_suffix(".q8")?;
    Some(flash.with_file_name(format!("{stem}-int8.onnx")))
}

fn flash_beside(onnx: &Path) -> Option<PathBuf> {
    let stem = onnx.file_name()?.to_str()?.strip_suffix("-int8.onnx")?;
    Some(onnx.with_file_name(format!("{stem}.q8")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::{encode, flash, int8, with_metadata};

    #[test]
    fn files_of_two_quantisations_are_noticed_from_both_sides() {
        let folder = tempfile::tempdir().unwrap();
        let [onnx, flash] = ["m-int8.onnx", "m.q8"].map(|name| folder.path().join(name));
        let flash_bytes = flash::brightness().file();
        let checksum = format!("{:08x}", stored_checksum(&flash_bytes).unwrap());
        let entries = |checksum| with_metadata(int8::brightness(0), &[(CHECKSUM, checksum)]);
        let pair = entries(checksum.as_str());
        for (model, differs) in [
            (pair, false),
            (entries("0123abcd"), true),
            (int8::brightness(0), false),
        ] {
            let onnx_bytes = encode(&model);
            std::fs::write(&onnx, &onnx_bytes).unwrap();
            let _ = std::fs::remove_file(&flash);
            assert_eq!(note(&onnx, &onnx_bytes), None, "alone");
            std::fs::write(&flash, &flash_bytes).unwrap();
            for (path, bytes) in [(&onnx, &onnx_bytes), (&flash, &flash_bytes)] {
                assert_eq!(note(path, bytes).is_some(), differs, "{}", path.display());
            }
            assert_eq!(note(&folder.path().join("other.onnx"), &onnx_bytes), None);
        }
    }
}
