//! Programs and data in one archive beside this program, for a machine without Rust.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, ensure};
use liblzma::read::XzDecoder;
use liblzma::write::XzEncoder;
use tempfile::TempDir;

use super::programs::Programs;
use crate::command::{run, run_quietly};
use crate::firmware::inputs;

const ARCHIVE: &str = "baton-gpu.tar.xz";
/// What the packed copy of this program is called.
const PROGRAM: &str = "xtask";
/// How hard the archive is packed: more takes ten times the memory and hardly less room.
const PACKED: u32 = 6;
/// Most bytes of a pack.
const LARGEST: u64 = 45 << 20;

/// Fills `folder`, which is created, and says how to start what is in it.
pub fn pack(programs: &Programs, folder: &Path) -> Result<ExitCode> {
    fs::create_dir_all(folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let this = env::current_exe().context("the path of this program")?;
    stripped(&this, &folder.join(PROGRAM))?;
    run(Command::new(&programs.train).arg("data"))?;
    let archive = folder.join(ARCHIVE);
    let mnist = inputs::mnist().context("expected MNIST where `train data` leaves it")?;
    write(programs, &mnist, &archive)?;
    let size = fs::metadata(&archive)?.len() + fs::metadata(folder.join(PROGRAM))?.len();
    ensure!(
        size <= LARGEST,
        "{}: expected at most {} MiB, found {} MiB; is there a `strip`?",
        folder.display(),
        LARGEST >> 20,
        size >> 20
    );
    println!(
        "{}: {:.1} MiB",
        folder.display(),
        size as f64 / f64::from(1 << 20)
    );
    println!(
        "Carry it to the machine with the GPU, and start there: {}/{PROGRAM} gpu",
        folder.display()
    );
    println!(
        "It looks for ONNX Runtime's CUDA build in ORT_DYLIB_PATH and in the packages of python3."
    );
    Ok(ExitCode::SUCCESS)
}

fn write(programs: &Programs, mnist: &Path, archive: &Path) -> Result<()> {
    let scratch = tempfile::tempdir()?;
    let wanted = Programs::unpacked(scratch.path());
    stripped(&programs.train, &wanted.train)?;
    stripped(&programs.tests, &wanted.tests)?;
    copy_images(mnist, &scratch.path().join("mnist"))?;
    let file =
        File::create(archive).with_context(|| format!("cannot create {}", archive.display()))?;
    let mut tar = tar::Builder::new(XzEncoder::new(file, PACKED));
    tar.append_dir_all(".", scratch.path())?;
    tar.into_inner()?.finish()?.sync_all()?;
    Ok(())
}

fn copy_images(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from).with_context(|| format!("cannot read {}", from.display()))? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().contains("ubyte") {
            fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
}

/// Copies a program without its symbols, or with them where nothing here can take them away.
fn stripped(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to).with_context(|| format!("cannot copy {}", from.display()))?;
    let _ = run_quietly(Command::new("strip").arg(to));
    Ok(())
}

/// The archive of a packed copy, if this program is one.
pub fn beside_this_program() -> Option<PathBuf> {
    let archive = env::current_exe().ok()?.with_file_name(ARCHIVE);
    archive.is_file().then_some(archive)
}

/// Unpacks an archive into a folder that goes when it is dropped.
pub fn unpack(archive: &Path) -> Result<TempDir> {
    let folder = tempfile::tempdir()?;
    let file = File::open(archive).with_context(|| format!("cannot open {}", archive.display()))?;
    tar::Archive::new(XzDecoder::new(file))
        .unpack(folder.path())
        .with_context(|| format!("{}: expected a whole archive", archive.display()))?;
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn what_is_packed_comes_out_again_and_runs() {
        let folder = tempfile::tempdir().unwrap();
        let shell = |name: &str| {
            let path = folder.path().join(name);
            fs::write(&path, "#!/bin/sh\nexit 0\n").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
            path
        };
        let source = Programs {
            train: shell("a"),
            tests: shell("b"),
            mnist: None,
        };
        let images = folder.path().join("mnist");
        fs::create_dir(&images).unwrap();
        fs::write(images.join("train-images-idx3-ubyte.gz"), "images").unwrap();
        let archive = folder.path().join(ARCHIVE);
        write(&source, &images, &archive).unwrap();
        let unpacked = unpack(&archive).unwrap();
        let programs = Programs::unpacked(unpacked.path());
        run(&mut Command::new(&programs.train)).unwrap();
        run(&mut Command::new(&programs.tests)).unwrap();
        let mnist = programs.mnist.unwrap();
        assert_eq!(
            fs::read(mnist.join("train-images-idx3-ubyte.gz")).unwrap(),
            b"images"
        );
        fs::write(&archive, "cut").unwrap();
        assert!(
            unpack(&archive)
                .unwrap_err()
                .to_string()
                .contains("expected a whole archive")
        );
    }
}
