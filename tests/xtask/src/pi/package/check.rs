//! What is checked of a package that was written, with Debian's own programs where they are here.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};

use super::{COMPLETIONS, Subject, package};
use crate::command::{output, run_quietly};
use crate::pi::SAMPLES;

/// What must be in it besides.
const FILES: [&str; 7] = [
    "./etc/default/baton-infer",
    "./usr/lib/systemd/system/baton-infer.service",
    "./usr/bin/infer",
    "./usr/share/man/man1/infer.1.gz",
    "./usr/share/man/man1/infer-predict.1.gz",
    "./usr/share/man/man1/infer-serve.1.gz",
    "./usr/share/man/man1/infer-bench.1.gz",
];

/// Reads the package as dpkg does, runs its program and writes the package a second time. Returns what was done.
pub fn check(subject: &Subject, path: &Path) -> Result<String> {
    let bytes = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    package(subject)?;
    let again = std::fs::read(path)?;
    ensure!(
        bytes == again,
        "expected the same bytes again, found others"
    );
    if Command::new("dpkg-deb").arg("--version").output().is_err() {
        return Ok("the same bytes twice; no dpkg-deb here to read it with".to_owned());
    }
    contents(path)?;
    let folder = tempfile::tempdir()?;
    let extract = || Command::new("dpkg-deb");
    run_quietly(extract().arg("--extract").arg(path).arg(folder.path()))?;
    answers(subject, &folder.path().join("usr/bin/infer"))?;
    let unit = service(folder.path())?;
    Ok(format!(
        "the same bytes twice; dpkg-deb reads it; its program answers{unit}"
    ))
}

/// Everything is there and root's.
fn contents(path: &Path) -> Result<()> {
    let list = output(Command::new("dpkg-deb").arg("--contents").arg(path))?;
    let completions = COMPLETIONS.map(|(_, path)| format!("./{path}"));
    let wanted = FILES.iter().copied();
    for file in wanted.chain(completions.iter().map(String::as_str)) {
        let line = list
            .lines()
            .find(|line| line.ends_with(&format!(" {file}")));
        let line = line.with_context(|| format!("package: expected {file}, found none"))?;
        let is_program = line.starts_with("-rwxr-xr-x root/root ");
        let is_file = line.starts_with("-rw-r--r-- root/root ");
        let is_right = if file.contains("/bin/") {
            is_program
        } else {
            is_file
        };
        ensure!(is_right, "package: expected a file of root, found {line}");
    }
    Ok(())
}

/// The packed program says the same as the one that was packed.
fn answers(subject: &Subject, program: &Path) -> Result<()> {
    let predict = |program: &Path| {
        let mut infer = subject.platform.emulate(program);
        output(infer.args(["predict", SAMPLES]))
    };
    let (expected, found) = (predict(subject.program)?, predict(program)?);
    ensure!(
        !found.is_empty() && found == expected,
        "package: expected the program's answers, found others"
    );
    Ok(())
}

/// The server's unit, as systemd sees it with the package's files in place of this machine's.
fn service(root: &Path) -> Result<&'static str> {
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no", "--recursive-errors=no"]);
    verify.arg(format!("--root={}", root.display()));
    let Ok(output) = verify.arg("baton-infer.service").output() else {
        return Ok("");
    };
    let complaints = String::from_utf8_lossy(&output.stderr);
    // The package has no targets, which every system has.
    let complaint = complaints
        .lines()
        .find(|line| !line.ends_with(".target not found."));
    match complaint {
        Some(complaint) => bail!("package: expected a unit that systemd takes, found: {complaint}"),
        None => Ok("; systemd takes its unit"),
    }
}
