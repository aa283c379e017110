//! The tests of the Raspberry Pi's program in `cargo xtask test`.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};

use super::builder::{Builder, FLASH_ONLY, USUAL};
use super::package::{self, Subject};
use super::platform::{PLATFORMS, Platform};
use super::predictions::compare;
use super::{ENGINES, FLASH_FILE, SAMPLES};
use crate::command::{output, run_failing};
use crate::console::heading;
use crate::firmware::infer::logits;
use crate::firmware::inputs::{NO_DATA, mnist};
use crate::summary::{self, Counts};
use crate::tally::Tally;
use crate::test::count;

/// Compiles tract in a fraction of the release profile's time.
const PROFILE: &str = "pi-check";

/// How far probabilities may be from the host's with each of [`ENGINES`]: integers are the same everywhere.
const TOLERANCES: [f64; 2] = [1e-5, 0.0];

/// The models in integers, of which the logits must be the same everywhere, and what runs them.
const INTEGER_MODELS: [(&str, &str); 2] = [
    ("tract", "models/digits-int8.onnx"),
    ("the integer engine", FLASH_FILE),
];

const IMAGES: usize = 200;

/// Processors of 64 bits without and with the dot product, for which the integer engine has loops of its own.
const PROCESSORS: [&str; 2] = ["cortex-a72", "cortex-a76"];

/// Tests `infer` on every platform, with the host's program `infer` as the reference, and the core in 32 bits.
pub fn suite(infer: &Path, tally: &mut Tally) {
    for platform in &PLATFORMS {
        heading(&format!("Raspberry Pi in QEMU: {}", platform.triple));
        let tools = platform.find_emulator();
        match tools.and_then(|()| Builder::new(platform, USUAL)) {
            Ok(builder) => test(platform, &builder, infer, tally),
            Err(error) => {
                println!("{error:#}");
                tally.missing(&name(platform, "tests"), &platform.remedy());
            }
        }
    }
}

fn name(platform: &Platform, what: &str) -> String {
    format!("Raspberry Pi, {}: {what}", platform.name)
}

fn test(platform: &'static Platform, builder: &Builder, host: &Path, tally: &mut Tally) {
    let mut program = None;
    tally.test(&name(platform, "build"), || {
        program = Some(builder.infer(PROFILE)?);
        Ok(format!("profile {PROFILE}"))
    });
    let pair = program.map(|program| Pair {
        platform,
        program,
        host,
    });
    if let Some(pair) = pair {
        pair.test(tally);
    }
    if platform.bits == 64 {
        tally.test(&name(platform, "flash files alone, packed"), || {
            flash_only(platform, host)
        });
    }
    let mut cores: Vec<(String, Command)> = Vec::new();
    if platform.bits == 32 {
        cores.push(("core".to_owned(), builder.core_tests(PROFILE)));
    } else {
        let tests = |processor: &&str| {
            let what = format!("core on a {processor}");
            (what, builder.host_tests(PROFILE, processor))
        };
        cores.extend(PROCESSORS.iter().map(tests));
    }
    for (what, mut command) in cores {
        let counted = count(&mut command, summary::harness);
        let (success, tests) = counted.unwrap_or_else(|error| {
            println!("{error:#}");
            (false, Counts::default())
        });
        tally.step(&name(platform, &what), success, tests);
    }
}

/// The program without tract gives the host's answers, says who reads ONNX, and becomes a package.
fn flash_only(platform: &'static Platform, host: &Path) -> Result<String> {
    let builder = Builder::new(platform, FLASH_ONLY)?;
    let program = builder.infer(PROFILE)?;
    let pair = Pair {
        platform,
        program,
        host,
    };
    let [(_, float), (_, int8)] = ENGINES;
    let answers = pair.compare_pictures(int8, 0.0)?;
    let onnx = ["--model", "models/digits.onnx", SAMPLES];
    let mut predict = platform.emulate(&pair.program);
    let complaint = run_failing(predict.arg("predict").args(float).args(onnx))?;
    ensure!(
        complaint.contains("the feature `onnx`"),
        "expected an error that names the feature `onnx`, found {complaint:?}"
    );
    let subject = Subject {
        platform,
        variant: FLASH_ONLY,
        builder: &builder,
        program: &pair.program,
    };
    let package = package::package(&subject)?;
    let checked = package::check(&subject, &package)?;
    Ok(format!("{answers}; {checked}"))
}

struct Pair<'a> {
    platform: &'static Platform,
    program: PathBuf,
    host: &'a Path,
}

impl Pair<'_> {
    fn test(&self, tally: &mut Tally) {
        for ((engine, arguments), tolerance) in ENGINES.into_iter().zip(TOLERANCES) {
            let name = name(self.platform, &format!("pictures with {engine}"));
            tally.test(&name, || self.compare_pictures(arguments, tolerance));
        }
        for (engine, model) in INTEGER_MODELS {
            let name = name(self.platform, &format!("test images with {engine}"));
            match mnist() {
                Some(data) => tally.test(&name, || self.compare_test_images(model, &data)),
                None => tally.skipped(&format!("{name}: {NO_DATA}")),
            }
        }
    }

    fn compare_pictures(&self, engine: &[&str], tolerance: f64) -> Result<String> {
        let pictures = env::var_os("PICTURES_DIR").filter(|folder| !folder.is_empty());
        let pictures = pictures.unwrap_or_else(|| SAMPLES.into());
        let predict = |mut command: Command| {
            command.args(["predict", "--json"]);
            output(command.args(engine).arg(&pictures))
        };
        let [host, pi] = self.commands();
        let (pictures, largest) = compare(&predict(host)?, &predict(pi)?, tolerance)?;
        Ok(if largest > 0.0 {
            format!("{pictures} pictures, probabilities within {largest:.1e} of the host's")
        } else {
            format!("the host's probabilities of {pictures} pictures")
        })
    }

    fn compare_test_images(&self, model: &str, data: &Path) -> Result<String> {
        let [host, pi] = self.commands().map(|mut command| {
            command.args(["evaluate", "--json", "--model", model]);
            logits(&mut command, IMAGES, data)
        });
        if host?.0 != pi?.0 {
            bail!("{model}: expected the host's logits, found others");
        }
        Ok(format!("the host's logits of {IMAGES} images"))
    }

    fn commands(&self) -> [Command; 2] {
        let host = Command::new(self.host);
        [host, self.platform.emulate(&self.program)]
    }
}
