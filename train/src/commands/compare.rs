//! `train compare`.

use std::path::{Path, PathBuf};

use device::{Device, DeviceError};
use input::file::{self, InFile};
use input::{labels, pair};

use super::quantize::open_for_int8;
use crate::cli::CompareArgs;
use crate::compare::{CompareError, Comparison, Files};
use crate::console::Console;
use crate::data::calibration::{self, Task};
use crate::error::Error;
use crate::import::Options;
use crate::network::Layout;
use crate::stop::Stop;

pub fn run(args: &CompareArgs, console: &mut Console, stop: &Stop) -> Result<(), Error> {
    let float = read(&args.float)?;
    let (int8, flash) = files(&args.int8)?;
    let options = Options {
        output: args.output_name.as_deref(),
        folder: Some(file::folder_of(&args.float)),
        layout: args.layout.map(Layout::from),
        limits: args.limits.get(),
    };
    let files = Files {
        float: &float,
        int8: &int8,
        flash: flash.as_deref(),
    };
    let at_fault = |error| at_fault(args, error);
    let comparison = Comparison::new(files, &options).map_err(at_fault)?;
    let network = comparison.network();
    let names = network.metadata(labels::KEY);
    let task = Task {
        shape: network.input.shape,
        meaning: Some(comparison.input_meaning()),
        takes_pixels: comparison.pixels().is_some(),
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

/// The int8 ONNX model and its flash file, where it is there; either is named, the other one lies beside it.
fn files(named: &Path) -> Result<(Vec<u8>, Option<Vec<u8>>), Error> {
    let bytes = read(named)?;
    let other = pair::other(named);
    if pair::is_flash(&bytes) {
        let beside = || PathBuf::from(format!("{}-int8.onnx", named.display()));
        return Ok((read(&other.unwrap_or_else(beside))?, Some(bytes)));
    }
    let flash = other.filter(|path| path.exists());
    Ok((bytes, flash.as_deref().map(read).transpose()?))
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

/// The error with the name of what is at fault.
fn at_fault(args: &CompareArgs, reason: CompareError) -> Error {
    let path = match reason {
        CompareError::Stopped => return Error::Stopped,
        CompareError::Float(_) | CompareError::NoSuchLayer(_) | CompareError::Channels { .. } => {
            &args.float
        }
        CompareError::NoSamples
        | CompareError::NotPixels
        | CompareError::Samples(_)
        | CompareError::NoPixels { .. } => &args.data,
        CompareError::Device(_) | CompareError::OtherModel { .. } => {
            Path::new(args.device.as_deref().unwrap_or_default())
        }
        _ => &*args.int8,
    };
    Error::Compare {
        path: path.into(),
        reason: Box::new(reason),
    }
}
