//! The static library itself: built, and cut down to what it needs.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use ar_archive_writer::{
    ArchiveKind, DEFAULT_OBJECT_READER, NewArchiveMember, write_archive_to_stream,
};
use object::read::archive::ArchiveFile;
use object::{Object, ObjectSymbol};

use super::platforms::Platform;
use crate::command::{relative, run};
use crate::firmware::toolchain::Toolchain;

/// What the names of all functions begin with that programs call.
const PREFIX: &str = "baton_";

/// Functions that compilers of C, too, take for granted: where there is an operating system, its library has them, and
/// Arm's compilers have those that tables of functions name.
const GRANTED: [&str; 7] = [
    "memcpy",
    "memmove",
    "memset",
    "memcmp",
    "bcmp",
    "__aeabi_unwind_cpp_pr0",
    "__aeabi_unwind_cpp_pr1",
];

/// A static library.
#[derive(Debug)]
pub struct Archive {
    pub bytes: Vec<u8>,
}

/// Builds the library for the model in a file, named from the root of the file system on, in the folder `target`. It has only the operators that the model needs, and nothing in
/// it is missing.
pub fn build(
    toolchain: &Toolchain,
    platform: &Platform,
    cpu: Option<&str>,
    model: &Path,
    target: &Path,
) -> Result<Archive> {
    if let Some(cpu) = cpu {
        ensure!(
            toolchain.has_processor(platform.triple, cpu)?,
            "--cpu: expected a processor of {}, found `{cpu}`; `rustc --print target-cpus --target {}` names them",
            platform.triple,
            platform.triple
        );
    }
    let folder = target.join("firmware");
    let flags: Vec<String> = cpu
        .map(|cpu| format!("-Ctarget-cpu={cpu}"))
        .into_iter()
        .collect();
    let mut command = toolchain.cargo("rustc --quiet --release --locked", &flags);
    command.args(["--manifest-path", "no_std_core/boards/Cargo.toml"]);
    command.args([
        "--package",
        "c_interface",
        "--lib",
        "--crate-type",
        "staticlib",
    ]);
    command.args(["--target", platform.triple, "--target-dir"]);
    command.arg(relative(&folder)).env("BATON_MODEL", model);
    run(&mut command)?;
    let path = folder
        .join(platform.triple)
        .join("release/libc_interface.a");
    read(&path, platform)
}

fn read(path: &PathBuf, platform: &Platform) -> Result<Archive> {
    let bytes = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let members =
        members(&bytes).with_context(|| format!("{}: expected an archive", path.display()))?;
    let (needed, missing) = needed(&members);
    let granted = |name: &&str| platform.is_hosted() && GRANTED.contains(name);
    let missing: Vec<_> = missing.into_iter().filter(|name| !granted(name)).collect();
    ensure!(
        missing.is_empty(),
        "expected a library that needs no other, found that it needs {missing:?}"
    );
    let needed = needed.iter().filter_map(|&index| members.get(index));
    let written = needed.map(|member| {
        NewArchiveMember::new(member.bytes, &DEFAULT_OBJECT_READER, member.name.clone())
    });
    let mut archive = Cursor::new(Vec::new());
    write_archive_to_stream(
        &mut archive,
        &written.collect::<Vec<_>>(),
        ArchiveKind::Gnu,
        false,
        None,
    )?;
    Ok(Archive {
        bytes: archive.into_inner(),
    })
}

/// One object file.
struct Member<'a> {
    name: String,
    bytes: &'a [u8],
    defined: BTreeSet<&'a str>,
    undefined: BTreeSet<&'a str>,
}

fn members(archive: &[u8]) -> Result<Vec<Member<'_>>> {
    let file = ArchiveFile::parse(archive)?;
    let mut members = Vec::new();
    for member in file.members() {
        let member = member?;
        let name = String::from_utf8_lossy(member.name()).into_owned();
        members.push(Member::read(name, member.data(archive)?)?);
    }
    Ok(members)
}

impl<'a> Member<'a> {
    fn read(name: String, bytes: &'a [u8]) -> Result<Self> {
        let object = object::File::parse(bytes)?;
        let symbols = object.symbols().filter(ObjectSymbol::is_global);
        let (mut defined, mut undefined) = (BTreeSet::new(), BTreeSet::new());
        for symbol in symbols {
            let names = if symbol.is_undefined() {
                &mut undefined
            } else {
                &mut defined
            };
            names.insert(symbol.name()?);
        }
        Ok(Self {
            name,
            bytes,
            defined,
            undefined,
        })
    }
}

/// The members that functions of the interface take, and the names of what no member has.
fn needed<'a>(members: &[Member<'a>]) -> (BTreeSet<usize>, BTreeSet<&'a str>) {
    let mut definitions = BTreeMap::new();
    for (index, member) in members.iter().enumerate() {
        for name in &member.defined {
            definitions.entry(*name).or_insert(index);
        }
    }
    let wanted = definitions.keys().filter(|name| name.starts_with(PREFIX));
    let (mut wanted, mut missing): (Vec<&str>, _) = (wanted.copied().collect(), BTreeSet::new());
    let mut needed = BTreeSet::new();
    while let Some(name) = wanted.pop() {
        match definitions.get(name) {
            Some(&index) if needed.insert(index) => {
                wanted.extend(
                    members
                        .get(index)
                        .into_iter()
                        .flat_map(|member| &member.undefined),
                );
            }
            Some(_) => {}
            None => {
                missing.insert(name);
            }
        }
    }
    (needed, missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(defined: &[&'static str], undefined: &[&'static str]) -> Member<'static> {
        Member {
            name: String::new(),
            bytes: &[],
            defined: defined.iter().copied().collect(),
            undefined: undefined.iter().copied().collect(),
        }
    }

    #[test]
    fn what_functions_need_is_kept_and_what_is_missing_is_told() {
        let members = [
            member(&["baton_run"], &["memcpy"]),
            member(&["fmod"], &["fma"]),
            member(&["memcpy"], &["copy", "abort"]),
            member(&["copy", "baton_run"], &["memcpy"]),
        ];
        let (needed, missing) = needed(&members);
        assert_eq!(needed, BTreeSet::from([0, 2, 3]));
        assert_eq!(missing, BTreeSet::from(["abort"]));
    }
}
