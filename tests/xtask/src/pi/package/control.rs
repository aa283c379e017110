//! What dpkg is to know of the package.

use std::fmt::Write;

use anyhow::{Context, Result};
use md5::{Digest, Md5};

use super::deb::File;

pub const VERSION: &str = env!("CARGO_PKG_VERSION");

const AFTER_INSTALLING: &str = include_str!("files/postinst");
const BEFORE_REMOVING: &str = include_str!("files/prerm");
const AFTER_REMOVING: &str = include_str!("files/postrm");

/// What the package is, as others depend on it.
pub struct About<'a> {
    pub name: &'a str,
    /// Debian's name of the processor.
    pub architecture: &'a str,
    /// Whether it runs ONNX models.
    pub onnx: bool,
}

/// The files that dpkg keeps.
pub fn files(about: &About, program: &[u8], data: &[File]) -> Result<Vec<File>> {
    let configured = data.iter().filter(|file| file.path.starts_with("etc/"));
    let configured = configured.map(|file| format!("/{}\n", file.path));
    Ok(vec![
        File::new("conffiles", configured.collect::<String>()),
        File::new("control", control(about, program, data)?),
        File::new("md5sums", checksums(data)),
        File::program("postinst", AFTER_INSTALLING),
        File::program("postrm", AFTER_REMOVING),
        File::program("prerm", BEFORE_REMOVING),
    ])
}

fn control(about: &About, program: &[u8], data: &[File]) -> Result<String> {
    let bytes: usize = data.iter().map(|file| file.content.len()).sum();
    let About {
        name, architecture, ..
    } = about;
    let (other, models) = if about.onnx {
        (super::FLASH_NAME, "ONNX models and flash files")
    } else {
        (super::NAME, "flash files of 8-bit integers")
    };
    let mut control = format!(
        "\
Package: {name}
Version: {VERSION}
Architecture: {architecture}
Maintainer: {}
Installed-Size: {}
Section: science
Priority: optional
Conflicts: {other}
Replaces: {other}
",
        super::MAINTAINER,
        bytes.div_ceil(1024)
    );
    if let Some(depends) = depends(program)? {
        writeln!(control, "Depends: {depends}")?;
    }
    write!(
        control,
        "\
Description: runs small neural networks on pictures and arrays
 The program infer reads {models} and prints what
 they make of pictures and arrays, measures them on test sets, or answers
 over HTTP. It also talks to boards that run such models themselves.
"
    )?;
    Ok(control)
}

/// The libraries that the program wants, in the versions that it wants at least; none if it is static.
fn depends(program: &[u8]) -> Result<Option<String>> {
    if !contains(program, b"libc.so.6\0") {
        return Ok(None);
    }
    let minor = newest_glibc(program).context("infer: expected versions of glibc, found none")?;
    let mut depends = format!("libc6 (>= 2.{minor})");
    if contains(program, b"libgcc_s.so.1\0") {
        depends += ", libgcc-s1 (>= 4.2)";
    }
    Ok(Some(depends))
}

/// The second number of the newest version of glibc, 2.X, of which the program names a function.
fn newest_glibc(program: &[u8]) -> Option<u32> {
    const PREFIX: &[u8] = b"GLIBC_2.";
    let places = program.windows(PREFIX.len()).enumerate();
    let places = places.filter(|(_, window)| *window == PREFIX);
    let minor = |(at, _): (usize, _)| {
        let digits = program[at + PREFIX.len()..].iter();
        let digits = digits.take_while(|byte| byte.is_ascii_digit());
        let digits: String = digits.map(|&byte| char::from(byte)).collect();
        digits.parse().ok()
    };
    places.filter_map(minor).max()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// What `dpkg --verify` compares.
fn checksums(data: &[File]) -> String {
    let settings = |file: &&File| !file.path.starts_with("etc/");
    let files = data.iter().filter(settings);
    let mut lines = String::new();
    for file in files {
        for byte in Md5::digest(&file.content) {
            // Writing to a string does not fail.
            let _ = write!(lines, "{byte:02x}");
        }
        let _ = writeln!(lines, "  {}", file.path);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_depends_on_the_newest_functions_that_it_names() {
        let program = b"\0libc.so.6\0GLIBC_2.17\0GLIBC_2.34\0GLIBC_2.4\0";
        assert_eq!(depends(program).unwrap().unwrap(), "libc6 (>= 2.34)");
        let with_gcc = [&program[..], b"libgcc_s.so.1\0"].concat();
        let depends_on = depends(&with_gcc).unwrap().unwrap();
        assert_eq!(depends_on, "libc6 (>= 2.34), libgcc-s1 (>= 4.2)");
        assert!(depends(b"\0libc.so.6\0").is_err());
        assert_eq!(depends(b"static").unwrap(), None);
    }

    #[test]
    fn settings_are_the_users() {
        let data = [File::new("etc/x", "1"), File::new("usr/y", "")];
        // MD5 of nothing: RFC 1321, A.5.
        let expected = "d41d8cd98f00b204e9800998ecf8427e  usr/y\n";
        assert_eq!(checksums(&data), expected);
    }
}
