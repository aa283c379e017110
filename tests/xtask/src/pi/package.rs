//! `infer` as a package for Debian and Raspberry Pi OS.

mod check;
mod control;
mod deb;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::builder::{Builder, Variant};
use super::platform::Platform;
use crate::command::output;
use control::{About, VERSION};
use deb::{File, deb};

pub use check::check;

/// What the package is called.
const NAME: &str = "baton-infer";
/// The same of the program that runs flash files alone.
const FLASH_NAME: &str = "baton-infer-flash";
const MAINTAINER: &str = "The Baton authors <maintainers@baton.invalid>";

const SERVICE: &str = include_str!("package/files/baton-infer.service");
const SETTINGS: &str = include_str!("package/files/baton-infer.default");
const INSTRUCTIONS: &str = include_str!("package/files/README.Debian");
const EXAMPLES: [(&str, &str); 2] = [
    (
        "local-only.conf",
        include_str!("package/files/local-only.conf"),
    ),
    ("token.conf", include_str!("package/files/token.conf")),
];
const COPYRIGHT: &str = include_str!("package/files/copyright");
const MIT: &str = include_str!("../../../../LICENSE-MIT");
const CHANGES: &[u8] = include_bytes!("../../../../CHANGELOG.md");

/// Where each shell looks for completions.
const COMPLETIONS: [(&str, &str); 3] = [
    ("bash", "usr/share/bash-completion/completions/infer"),
    ("fish", "usr/share/fish/vendor_completions.d/infer.fish"),
    ("zsh", "usr/share/zsh/vendor-completions/_infer"),
];

/// A program to pack, and how it was built.
pub struct Subject<'a> {
    pub platform: &'static Platform,
    pub variant: Variant,
    pub builder: &'a Builder,
    pub program: &'a Path,
}

/// Writes the package beside the program and says where it is.
pub fn package(subject: &Subject) -> Result<PathBuf> {
    let Subject {
        platform, variant, ..
    } = subject;
    let about = About {
        name: if variant.onnx { NAME } else { FLASH_NAME },
        architecture: platform.architecture,
        onnx: variant.onnx,
    };
    let program = fs::read(subject.program)
        .with_context(|| format!("cannot read {}", subject.program.display()))?;
    let time = time()?;
    let data = data(subject, about.name, &program, time)?;
    let control = control::files(&about, &program, &data)?;
    let name = format!("{}_{VERSION}_{}.deb", about.name, about.architecture);
    let path = subject.program.with_file_name(name);
    fs::write(&path, deb(&control, &data, time)?)
        .with_context(|| format!("cannot write {}", path.display()))?;
    Ok(path)
}

/// When the package is from, in seconds since 1970: `SOURCE_DATE_EPOCH`, else the last commit, so that it has the same
/// bytes whenever it is made.
fn time() -> Result<u64> {
    const VARIABLE: &str = "SOURCE_DATE_EPOCH";
    let seconds = match env::var(VARIABLE) {
        Ok(seconds) => seconds,
        Err(_) => output(Command::new("git").args(["log", "-1", "--format=%ct"]))
            .with_context(|| format!("expected a git repository, or {VARIABLE} in seconds"))?,
    };
    let seconds = seconds.trim();
    let expected = || format!("{VARIABLE}: expected seconds since 1970, found {seconds}");
    seconds.parse().with_context(expected)
}

/// The files that are installed.
fn data(subject: &Subject, name: &str, program: &[u8], time: u64) -> Result<Vec<File>> {
    let documents = format!("usr/share/doc/{name}");
    let document = |file: &str| format!("{documents}/{file}");
    let mut files = vec![
        File::new("etc/default/baton-infer", SETTINGS),
        File::program("usr/bin/infer", program),
        File::new("usr/lib/systemd/system/baton-infer.service", SERVICE),
        File::new(document("README.Debian"), INSTRUCTIONS),
        File::new(document("copyright"), copyright()),
        File::packed(&document("CHANGELOG.md"), CHANGES)?,
        File::packed(&document("changelog"), changelog(name, time)?.as_bytes())?,
        File::packed(&document("crates"), subject.builder.crates()?.as_bytes())?,
    ];
    for (example, text) in EXAMPLES {
        files.push(File::new(document(&format!("examples/{example}")), text));
    }
    for (shell, path) in COMPLETIONS {
        let mut infer = subject.platform.emulate(subject.program);
        files.push(File::new(path, output(infer.args(["completions", shell]))?));
    }
    files.extend(manual(subject)?);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The pages that the program itself writes.
fn manual(subject: &Subject) -> Result<Vec<File>> {
    let folder = tempfile::tempdir()?;
    let mut infer = subject.platform.emulate(subject.program);
    output(infer.arg("manual").arg(folder.path()))?;
    let mut files = Vec::new();
    for entry in fs::read_dir(folder.path())? {
        let entry = entry?;
        let path = format!("usr/share/man/man1/{}", entry.file_name().display());
        files.push(File::packed(&path, &fs::read(entry.path())?)?);
    }
    Ok(files)
}

/// Both licences, as Debian's policy 12.5 wants them.
fn copyright() -> String {
    let (_, terms) = MIT.split_once("\n\nPermission").unwrap_or_default();
    let terms = format!("Permission{terms}");
    let lines = terms.lines().map(|line| match line {
        "" => " .".to_owned(),
        line => format!(" {line}"),
    });
    COPYRIGHT.replace("@MIT@", &lines.collect::<Vec<_>>().join("\n"))
}

/// The version, as Debian's policy 4.4 wants it.
fn changelog(name: &str, time: u64) -> Result<String> {
    let mut date = Command::new("date");
    date.env("LC_ALL", "C").args(["--utc", "--rfc-email"]);
    let date = output(date.arg(format!("--date=@{time}")))?;
    Ok(format!(
        "{name} ({VERSION}) stable; urgency=medium\n\n  * What changed is in CHANGELOG.md.gz.\n\n -- {MAINTAINER}  {date}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_licences_are_told() {
        let text = copyright();
        for line in [
            " Permission is hereby granted, free of charge, to any person obtaining a copy",
            " .",
            " SOFTWARE.",
            " /usr/share/common-licenses/Apache-2.0.",
        ] {
            assert!(text.lines().any(|found| found == line), "{text}");
        }
        assert!(!text.contains('@'), "{text}");
    }

    #[test]
    fn the_change_log_has_a_date() {
        let expected = format!(
            "baton-infer ({VERSION}) stable; urgency=medium\n\n  * What changed is in CHANGELOG.md.gz.\n\n -- {MAINTAINER}  Sun, 09 Sep 2001 01:46:40 +0000\n"
        );
        assert_eq!(changelog(NAME, 1_000_000_000).unwrap(), expected);
    }
}
