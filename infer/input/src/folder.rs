//! Folders of pictures.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::file::{InFile, ReadError, display_name, one_line};
use crate::labels::in_list;
use crate::layout::{list, listed};
use crate::picture::{FORMAT_NAMES, has_picture_extension};

/// Why a folder gave no pictures.
#[derive(Debug, Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum FolderError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("expected picture files ({FORMAT_NAMES}) in the folder, found {0}")]
    Empty(String),
    #[error(
        "expected folders of pictures named like the model's classes ({classes}), found {found}"
    )]
    Classes { classes: String, found: String },
}

/// The pictures in folders that are named like classes, each with the place of its class among `names`; `None` if there is
/// no such folder. A folder of another name beside them is an error.
pub fn by_class(
    folder: &Path,
    names: &[String],
) -> Result<Option<Vec<(PathBuf, usize)>>, InFile<FolderError>> {
    let found = folders(folder)?;
    let class = |name: &String| names.iter().position(|other| other == name);
    if !found.iter().any(|name| class(name).is_some()) {
        return Ok(None);
    }
    if found.iter().any(|name| class(name).is_none()) {
        let refusal = other_classes(found, names);
        return Err(InFile::named(&display_name(folder))(refusal));
    }
    let mut all = Vec::new();
    for (class, name) in names.iter().enumerate() {
        if found.contains(name) {
            let pictures = pictures(&folder.join(name))?;
            all.extend(pictures.into_iter().map(|path| (path, class)));
        }
    }
    Ok(Some(all))
}

/// The names of the folders in a folder that have pictures.
pub fn with_pictures(folder: &Path) -> Result<Vec<String>, InFile<FolderError>> {
    let mut found = folders(folder)?;
    found.retain(|name| pictures(&folder.join(name)).is_ok());
    Ok(found)
}

/// Why folders of these names are not those of classes: which are named like none, and what the classes are called.
pub fn other_classes(mut found: Vec<String>, names: &[String]) -> FolderError {
    found.retain(|name| !names.contains(name));
    let list = |names: &[String]| {
        listed(
            names
                .iter()
                .map(|name| in_list(&one_line(name)).into_owned()),
        )
    };
    FolderError::Classes {
        classes: list(names),
        found: list(&found),
    }
}

/// The names of the folders in a folder, sorted as programs that train on such folders do; hidden ones are left out.
pub fn folders(folder: &Path) -> Result<Vec<String>, InFile<FolderError>> {
    let found = entries(folder).map_err(ReadError::from);
    let mut found = found.map_err(InFile::<FolderError>::named(&display_name(folder)))?;
    found.retain(|path| !is_hidden(path) && path.is_dir());
    let name = |path: &PathBuf| {
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned()
    };
    let mut names: Vec<String> = found.iter().map(name).collect();
    names.sort();
    // Classes that are numbers are in their order, 2 before 10.
    let is_named = |number: usize| names.contains(&number.to_string());
    if (0..names.len()).all(is_named) {
        names = (0..names.len()).map(|number| number.to_string()).collect();
    }
    Ok(names)
}

/// The pictures in a folder, in natural order of their names: at least one.
///
/// A picture is a regular file, or a link to one, with a picture's extension. Hidden files and folders in the folder are
/// left out, and pipes, sockets and devices, which might never end.
pub fn pictures(folder: &Path) -> Result<Vec<PathBuf>, InFile<FolderError>> {
    let list = || {
        let mut pictures = entries(folder).map_err(ReadError::from)?;
        pictures.retain(|path| !is_hidden(path) && has_picture_extension(path) && path.is_file());
        if pictures.is_empty() {
            return Err(FolderError::Empty(list(folder)));
        }
        pictures.sort_by_cached_key(|path| {
            let name = path.file_name().unwrap_or_default();
            (natural_key(name.as_encoded_bytes()), path.clone())
        });
        Ok(pictures)
    };
    list().map_err(InFile::named(&display_name(folder)))
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect()
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default();
    name.as_encoded_bytes().starts_with(b".")
}

/// A key that sorts numbers inside names by their value: 2 before 10.
///
/// Each run of digits becomes `0`, the count of its digits without leading zeros, and those digits:
/// numbers then compare by length first, and still stand among other characters where digits do.
pub fn natural_key(name: &[u8]) -> Vec<u8> {
    let mut key = Vec::with_capacity(2 * name.len());
    for run in name.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        if run[0].is_ascii_digit() {
            let zeros = run.iter().take_while(|&&digit| digit == b'0').count();
            key.push(b'0');
            key.extend(((run.len() - zeros) as u32).to_be_bytes());
            key.extend(&run[zeros..]);
        } else {
            key.extend(run);
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let paths = pictures(folder).unwrap();
        let name = |path: PathBuf| path.file_name().unwrap().to_string_lossy().into_owned();
        paths.into_iter().map(name).collect()
    }

    fn names_in_order(names_in: &[impl AsRef<Path>]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for name in names_in {
            fs::write(folder.path().join(name), "").unwrap();
        }
        names(folder.path())
    }

    #[test]
    fn numbers_sort_by_value() {
        let sorted = [
            "-1", "0", "1", "5", "9", "010", "10", "a", "a9b2", "a9b10", "a10b1", "dog",
        ];
        let sorted = sorted.map(|name| format!("{name}.png"));
        let mut shuffled = sorted.clone();
        shuffled.sort_unstable();
        assert_ne!(shuffled, sorted);
        assert_eq!(names_in_order(&shuffled), sorted);
    }

    #[test]
    fn folders_named_by_all_numbers_are_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let add = |name: &str| fs::create_dir(folder.path().join(name)).unwrap();
        let numbers: Vec<String> = (0..12).map(|number| number.to_string()).collect();
        for name in &numbers {
            add(name);
        }
        assert_eq!(folders(folder.path()).unwrap(), numbers);
        // Names that only hold numbers are texts, as other programs have them.
        add("x12");
        assert_eq!(folders(folder.path()).unwrap()[..3], ["0", "1", "10"]);
    }

    #[test]
    fn only_visible_picture_files_count() {
        let names = [
            "a.png", "b.JPG", "c.jpeg", "d.bmp", "e.gif", "f.pgm", "g.webp", "h.txt", "i.tif", "k",
            ".l.png",
        ];
        assert_eq!(names_in_order(&names), names[..7]);
    }

    #[test]
    fn pictures_are_of_the_class_that_their_folder_is_named_like() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let names = ["zebra", "ant", "bee"].map(String::from);
        assert_eq!(by_class(folder.path(), &names).unwrap(), None);
        for name in ["ant", "zebra", ".cache"] {
            fs::create_dir(path(name)).unwrap();
            fs::write(path(name).join("a.png"), "").unwrap();
        }
        assert_eq!(folders(folder.path()).unwrap(), ["ant", "zebra"]);
        let found = by_class(folder.path(), &names).unwrap().unwrap();
        let expected = [(path("zebra/a.png"), 0), (path("ant/a.png"), 1)];
        assert_eq!(found, expected);
        fs::create_dir(path("cat")).unwrap();
        let error = by_class(folder.path(), &names).unwrap_err().to_string();
        assert!(
            error.ends_with("named like the model's classes (zebra, ant, bee), found cat"),
            "{error}"
        );
        assert_eq!(with_pictures(folder.path()).unwrap(), ["ant", "zebra"]);
    }

    #[test]
    fn a_folder_without_pictures_says_what_it_holds() {
        let folder = tempfile::tempdir().unwrap();
        let error = || pictures(folder.path()).unwrap_err().problem.to_string();
        let expected =
            "expected picture files (PNG, JPEG, BMP, GIF, PGM or WebP) in the folder, found ";
        assert_eq!(error(), format!("{expected}an empty folder"));
        fs::create_dir(folder.path().join("folder.png")).unwrap();
        fs::write(folder.path().join("a\nb.txt"), "").unwrap();
        assert_eq!(error(), format!(r"{expected}a\nb.txt, folder.png/"));
        let missing = pictures(Path::new("none")).unwrap_err().to_string();
        let expected = "none: expected a file, found nothing";
        assert!(missing.starts_with(expected), "{missing}");
    }

    #[cfg(unix)]
    #[test]
    fn what_might_never_end_is_left_out() {
        use std::os::unix::{fs::symlink, net::UnixListener};
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        crate::file::tests::make_pipe(&path("pipe.png"));
        let _socket = UnixListener::bind(path("socket.png")).unwrap();
        symlink("/dev/zero", path("device.png")).unwrap();
        symlink("pipe.png", path("link.png")).unwrap();
        symlink("none", path("dangling.png")).unwrap();
        fs::write(path("elsewhere"), "").unwrap();
        symlink("elsewhere", path("z.png")).unwrap();
        assert_eq!(names(folder.path()), ["z.png"]);
    }
}
