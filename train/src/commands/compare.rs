//! `train compare`.

use std::path::{Path, PathBuf};

use device::{Device, DeviceError};
use input::file::{self, InFile};
use input::{labels, pair};

use super::quantize::open_for_int8;
use crate::cli::CompareArgs;
use crate::compare::{CompareError, Comparison, Files};
use crate::console::Console;
use crate::data::arrays::Uint8;
use crate::data::calibration::{self, Task};
use crate::error::Error;
use crate::import::Options;
use crate::network::Layout;
use crate::quantize;
use crate::stop::Stop;

pub fn run(args: &CompareArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let float = read(&args.float)?;
    let QuantizedFiles { int8, flash } = quantized_files(&args.int8)?;
    let options = Options {
        output: args.output_name.as_deref(),
        folder: Some(file::folder_of(&args.float)),
        layout: args.layout.map(Layout::from),
        limits: args.limits.get(),
    };
    let files = Files {
        float: &float,
        int8: &int8.1,
        flash: flash.as_ref().map(|(_, bytes)| &**bytes),
    };
    let of_flash = flash.as_ref().map(|(path, _)| &**path);
    let at_fault = |error| at_fault(args, [&int8.0, of_flash.unwrap_or(&int8.0)], error);
    let comparison = Comparison::new(files, &options).map_err(at_fault)?;
    let network = comparison.network();
    let names = network.metadata(labels::KEY);
    let task = Task {
        shape: network.input.shape,
        meaning: Some(comparison.input_meaning()),
        uint8: Uint8::of(comparison.pixels().is_some(), network.input.integers),
        fit: quantize::fit(network),
        outputs: network.output()[0],
        names: names.and_then(|names| labels::from_metadata(names).ok()),
    };
    let samples = calibration::read(&args.data, &task)?;
    let device = args.device.as_deref().map(open_device).transpose()?;
    let runtime = open_for_int8(args.runtime)?;
    let samples = (samples, args.samples as usize);
    let report = comparison.run(&runtime, samples, device.as_ref(), stop.requested());
    let report = report.map_err(at_fault)?;
    if args.json {
        console.line(serde_json::to_string(&report)?);
    } else {
        console.line(&report);
    }
    report
        .disagreement()
        .map_or(Ok(()), |error| Err(at_fault(error)))
}

/// What `quantize` has written: each file with its path.
struct QuantizedFiles {
    int8: (PathBuf, Vec<u8>),
    flash: Option<(PathBuf, Vec<u8>)>,
}

/// The int8 ONNX model and its flash file, where it is there; either is named, the other one lies beside it.
fn quantized_files(named: &Path) -> Result<QuantizedFiles, Error> {
    let both = |path: PathBuf| read(&path).map(|bytes| (path, bytes));
    let found = both(named.into())?;
    let other = pair::other(named);
    if pair::is_flash(&found.1) {
        let beside = || PathBuf::from(format!("{}-int8.onnx", named.display()));
        return Ok(QuantizedFiles {
            int8: both(other.unwrap_or_else(beside))?,
            flash: Some(found),
        });
    }
    let flash = other.filter(|path| path.exists());
    Ok(QuantizedFiles {
        int8: found,
        flash: flash.map(both).transpose()?,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    file::read(path).map_err(|source| Error::ReadModel {
        path: path.into(),
        source,
    })
}

fn open_device(address: &str) -> Result<Device, Error> {
    Ok(Device::open(address).map_err(InFile::<DeviceError>::named(address))?)
}

/// The error with the name of what is at fault, maybe one of the files that `quantize` has written.
fn at_fault(args: &CompareArgs, [int8, flash]: [&Path; 2], reason: CompareError) -> Error {
    use CompareError::{
        Channels, Core, Device, Flash, FlashShape, Float, NoFlash, NoPixels, NoSamples,
        NoSuchLayer, NotPixels, OtherFlash, OtherModel, Samples, Stopped,
    };
    let path = match reason {
        Stopped => return Error::Stopped,
        Float(_) | NoSuchLayer(_) | Channels { .. } => &args.float,
        NoSamples | NotPixels | Samples(_) | NoPixels { .. } => &args.data,
        Device(_) | OtherModel { .. } => Path::new(args.device.as_deref().unwrap_or_default()),
        NoFlash | OtherFlash { .. } | Flash(_) | Core(_) | FlashShape { .. } => flash,
        _ => int8,
    };
    Error::Compare {
        path: path.into(),
        reason: Box::new(reason),
    }
}
