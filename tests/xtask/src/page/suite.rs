//! The tests of the page in `cargo xtask test`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::builder::{self, Builder};
use super::{ENGINE, browser, wasm};
use crate::command::output_within;
use crate::console::heading;
use crate::firmware::networks;
use crate::firmware::options::DIGITS;
use crate::tally::Tally;

/// The program that compares the engine with `infer`.
const COMPARE: &str = "tests/page/engine.mjs";

/// Random networks that are tried, of which some take pictures.
const SEEDS: std::ops::Range<u64> = 1..60;

/// Time for a test; a browser needs most of it to start.
const LIMIT: Duration = Duration::from_mins(2);

/// Runs the tests on the program `infer`, with tools and pictures of the page in the folder `target`.
pub fn suite(infer: &Path, target: &Path, tally: &mut Tally) {
    heading("Page");
    let tools = target.join("tools");
    if let Err(error) = browser::find(&tools) {
        println!("{error:#}");
        tally.missing("Page", &browser::remedy(&tools));
        return;
    }
    match Builder::new(target) {
        Ok(builder) => tally.test("Page: engine built again", || {
            let built = builder.engine()?;
            let answers = compare(infer, &built.file)?;
            Ok(format!("{}; {answers}", against_kept(&built.module)?))
        }),
        Err(error) => {
            println!("{error:#}");
            tally.missing("Page: engine built again", &builder::remedy());
        }
    }
    tally.test("Page: engine", || compare(infer, Path::new(ENGINE)));
    let figures = target.join("page");
    for scenario in browser::SCENARIOS {
        tally.test(&format!("Page in Chromium: {scenario}"), || {
            fs::create_dir_all(&figures)
                .with_context(|| format!("cannot create {}", figures.display()))?;
            report(&mut browser::play(&tools, infer, &figures, scenario))
        });
    }
}

/// Compares the engine that was just built with the one that travels in `infer`, which another compiler may have made.
fn against_kept(built: &[u8]) -> Result<&'static str> {
    let kept = fs::read(ENGINE).with_context(|| format!("cannot read {ENGINE}"))?;
    if kept == built {
        return Ok("the same bytes as the engine in infer");
    }
    ensure!(
        wasm::producers(&kept)? != wasm::producers(built)?,
        "{ENGINE}: expected the engine of these sources, found another one; `cargo xtask page` builds it"
    );
    Ok("other bytes than those of the engine in infer, by another compiler")
}

/// Runs an engine on pictures, with models of several kinds.
fn compare(infer: &Path, engine: &Path) -> Result<String> {
    let folder = tempfile::tempdir()?;
    for seed in SEEDS {
        networks::network(folder.path(), seed)?;
    }
    let mut command = Command::new("node");
    command.arg(COMPARE).arg(infer).arg(engine).arg(DIGITS);
    report(command.arg(folder.path()))
}

fn report(command: &mut Command) -> Result<String> {
    Ok(output_within(command, LIMIT)?.trim_end().to_owned())
}
