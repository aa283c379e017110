//! The model in 8 bits that a model is measured beside.

use std::path::{Path, PathBuf};

use input::file::{self, display_name};

use crate::cli::EvaluateArgs;
use crate::commands::read_model;
use crate::console::note;
use crate::error::Error;
use crate::quantize::{int8_name, may_be_of};
use crate::runtime::Kind;

/// The model in 8 bits that is named, or the one that `quantize` made of this model and left beside it.
pub fn find(
    args: &EvaluateArgs,
    model: &[u8],
    kind: Kind,
) -> Result<Option<(PathBuf, Vec<u8>)>, Error> {
    let found = match &args.int8 {
        Some(path) => Some((path.clone(), read_model(path)?)),
        None => beside(&args.model).and_then(|path| {
            let int8 = file::read_if_regular(&path)?;
            Some((path, int8))
        }),
    };
    let Some((path, int8)) = found else {
        return Ok(None);
    };
    let (name, of) = (display_name(&path), display_name(&args.model));
    if !may_be_of(&int8, model) {
        let is_named = args.int8.is_some();
        let so = if is_named { "" } else { " and is not compared" };
        note(format_args!(
            "{name} was not made of {of}{so}; `train quantize` makes one of it"
        ));
        if !is_named {
            return Ok(None);
        }
    }
    if kind == Kind::Cuda {
        note(format_args!(
            "{name} is not compared: CUDA has none of the operators of int8 models; `--runtime onnxruntime` has"
        ));
        return Ok(None);
    }
    Ok(Some((path, int8)))
}

/// The file that `quantize` writes beside a model where it is not told otherwise.
pub fn beside(model: &Path) -> Option<PathBuf> {
    let name = model.file_stem()?.to_str()?;
    Some(file::folder_of(model).join(int8_name(name)))
}
