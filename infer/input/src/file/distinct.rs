//! Outputs that would take the place of an input.

use std::fs;
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::{display_name, real_path};

/// How deep a folder of inputs is searched.
const MAX_DEPTH: usize = 4;

/// An output is one of the inputs of the same command.
#[derive(Debug, Error)]
#[error(
    "{}: expected an output that is none of the inputs, found {input} ({}); give the output another name",
    display_name(output),
    display_name(path)
)]
pub struct SameFile {
    /// The output as the user named it.
    pub output: PathBuf,
    /// What the command calls the input, such as `--model`.
    pub input: String,
    /// The input's file as the user named it, or as it was found in a folder.
    pub path: PathBuf,
}

/// Refuses an output that is one of the inputs by any name: the same path, or another one that symbolic or hard links
/// lead to it. An input may be a folder, whose files count, and need not exist; devices and pipes never count.
pub fn expect_distinct(output: &Path, inputs: &[(&str, &Path)]) -> Result<(), SameFile> {
    if output.exists() && !output.is_file() {
        return Ok(());
    }
    let Some(identity) = Identity::of(output) else {
        return Ok(());
    };
    for (input, path) in inputs {
        if let Some(path) = find(&identity, path, MAX_DEPTH) {
            return Err(SameFile {
                output: output.to_owned(),
                input: (*input).to_owned(),
                path,
            });
        }
    }
    Ok(())
}

/// What says of two files that they are one.
#[derive(PartialEq, Eq)]
enum Identity {
    #[cfg(unix)]
    Inode {
        device: u64,
        inode: u64,
    },
    Path(PathBuf),
}

impl Identity {
    /// The identity of a file that exists, or will once it is written.
    fn of(path: &Path) -> Option<Self> {
        #[cfg(unix)]
        if let Ok(found) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt;
            return Some(Self::Inode {
                device: found.dev(),
                inode: found.ino(),
            });
        }
        real_path(path).ok().map(Self::Path)
    }
}

/// The file of this identity among the input's.
fn find(identity: &Identity, input: &Path, depth: usize) -> Option<PathBuf> {
    if !input.is_dir() {
        return (Identity::of(input)? == *identity).then(|| input.to_owned());
    }
    let entries = fs::read_dir(input).ok().filter(|_| depth > 0)?;
    entries
        .flatten()
        .find_map(|entry| find(identity, &entry.path(), depth - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_is_known_by_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir_all(path("data/raw")).unwrap();
        for name in ["model", "other", "data/raw/images"] {
            fs::write(path(name), name).unwrap();
        }
        let (model, data, absent) = (path("model"), path("data"), path("absent"));
        let inputs = [
            ("--model", &*model),
            ("--data", &*data),
            ("--later", &*absent),
        ];
        let found = |output: &Path| expect_distinct(output, &inputs).map_err(|same| same.input);
        for (output, expected) in [
            ("model", Err("--model")),
            ("data/../model", Err("--model")),
            ("data/raw/images", Err("--data")),
            ("absent", Err("--later")),
            ("data/raw/../../absent", Err("--later")),
            ("other", Ok(())),
            ("new", Ok(())),
            ("data/new", Ok(())),
            ("none/new", Ok(())),
        ] {
            assert_eq!(
                found(&path(output)),
                expected.map_err(str::to_owned),
                "{output}"
            );
        }
        let error = expect_distinct(&model, &inputs).unwrap_err().to_string();
        assert!(
            error.ends_with(&format!(
                "found --model ({}); give the output another name",
                model.display()
            )),
            "{error}"
        );
    }

    #[cfg(unix)]
    #[test]
    fn links_lead_to_the_input() {
        use std::os::unix::fs::symlink;
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::create_dir(path("data")).unwrap();
        fs::write(path("data/images"), "images").unwrap();
        fs::hard_link(path("data/images"), path("hard")).unwrap();
        symlink("hard", path("soft")).unwrap();
        symlink("data", path("folder")).unwrap();
        symlink("later", path("dangling")).unwrap();
        let (data, later) = (path("data"), path("later"));
        let inputs = [("--data", &*data), ("--later", &*later)];
        for name in ["hard", "soft", "folder/images", "dangling"] {
            assert!(expect_distinct(&path(name), &inputs).is_err(), "{name}");
        }
        // What is written to a device takes the place of nothing.
        let null = Path::new("/dev/null");
        expect_distinct(null, &[("--model", null)]).unwrap();
    }
}
