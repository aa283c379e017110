//! The folder of a library, as `CMake` and Arduino take it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use super::name::Name;
use super::platforms::Platform;
use super::{Library, header, model};

/// The files that are written, from the folder on.
pub fn files(platform: &Platform, name: &Name) -> Vec<PathBuf> {
    let lower = name.lower();
    let mut files = vec![
        "README.md".into(),
        "CMakeLists.txt".into(),
        "example.c".into(),
    ];
    if !platform.arduino.is_empty() {
        files.push("library.properties".into());
    }
    files.extend([
        "src/baton.h".into(),
        format!("src/{lower}.h").into(),
        format!("src/{lower}.c").into(),
    ]);
    let archives = platform.folders().into_iter();
    files.extend(archives.map(|folder| Path::new("src").join(archive(folder, name))));
    files
}

/// Where an archive lies, from the folder `src` on.
pub fn archive(folder: &str, name: &Name) -> PathBuf {
    format!("{folder}/lib{}.a", name.lower()).into()
}

/// Refuses a folder in which there is anything that would not be written again.
pub fn check(out: &Path, platform: &Platform, name: &Name) -> Result<()> {
    ensure!(
        out.is_dir() || !out.exists(),
        "{}: expected a folder, found a file; name another",
        out.display()
    );
    let known = files(platform, name);
    for found in found(out, Path::new(""))? {
        ensure!(
            known.contains(&found),
            "{}: expected a new folder, or one with the same library, found {} in it; name another",
            out.display(),
            found.display()
        );
    }
    Ok(())
}

/// All files of a folder and of the folders in it; none if it is not there.
fn found(root: &Path, inner: &Path) -> Result<Vec<PathBuf>> {
    let path = root.join(inner);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let entries = fs::read_dir(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut files = Vec::new();
    for entry in entries {
        let entry = entry?;
        let inner = inner.join(entry.file_name());
        if entry.path().is_dir() {
            files.extend(found(root, &inner)?);
        } else {
            files.push(inner);
        }
    }
    Ok(files)
}

/// Writes the files; those of an earlier library of the same name are replaced.
pub fn write(library: &Library<'_>, out: &Path) -> Result<()> {
    let Library {
        platform,
        name,
        subject,
        archive: built,
    } = library;
    let (file, model) = (&subject.file, subject.model());
    let put = |path: &Path, bytes: &[u8]| {
        let path = out.join(path);
        let folder = path.parent().unwrap_or(out);
        fs::create_dir_all(folder)
            .with_context(|| format!("cannot create {}", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("cannot write {}", path.display()))
    };
    let lower = name.lower();
    put(Path::new("src/baton.h"), header::text()?.as_bytes())?;
    put(
        Path::new(&format!("src/{lower}.h")),
        model::header(name, file, &model).as_bytes(),
    )?;
    put(
        Path::new(&format!("src/{lower}.c")),
        model::source(name, file, &model).as_bytes(),
    )?;
    for (path, template) in TEMPLATES {
        if files(platform, name).contains(&PathBuf::from(path)) {
            put(Path::new(path), filled(template, library).as_bytes())?;
        }
    }
    for folder in platform.folders() {
        put(&Path::new("src").join(archive(folder, name)), &built.bytes)?;
    }
    Ok(())
}

const TEMPLATES: [(&str, &str); 4] = [
    ("README.md", include_str!("templates/README.md")),
    ("CMakeLists.txt", include_str!("templates/CMakeLists.txt")),
    ("example.c", include_str!("templates/example.c")),
    (
        "library.properties",
        include_str!("templates/library.properties"),
    ),
];

/// A template with what is between `@` replaced.
fn filled(template: &str, library: &Library<'_>) -> String {
    let Library {
        platform,
        name,
        subject,
        ..
    } = library;
    let model = subject.model();
    let values = [
        ("@NAME@", name.lower().to_owned()),
        ("@UPPER@", name.upper()),
        ("@TARGET@", platform.triple.to_owned()),
        ("@FOLDER@", platform.folder().to_owned()),
        ("@FLASH@", subject.file.len().to_string()),
        ("@ARENA@", model.arena_len().to_string()),
        ("@VERSION@", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    let replace = |text: String, (key, value): (&str, String)| text.replace(key, &value);
    values.into_iter().fold(template.to_owned(), replace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::library::platforms;

    #[test]
    fn a_folder_with_anything_else_in_it_is_refused() {
        let (platform, name) = (
            platforms::named("thumbv7em-none-eabihf"),
            Name::new("digits").unwrap(),
        );
        let folder = tempfile::tempdir().unwrap();
        let check = |inner: &str| check(&folder.path().join(inner), platform, &name);
        check("not there").unwrap();
        check("").unwrap();
        for file in files(platform, &name) {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        check("").unwrap();
        fs::write(folder.path().join("src/main.c"), "").unwrap();
        let error = check("").unwrap_err().to_string();
        assert!(error.contains("found src/main.c in it"), "{error}");
        assert!(check("README.md").is_err(), "a file is no folder");
    }
}
