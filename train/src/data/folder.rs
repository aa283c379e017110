//! A folder with a folder of pictures for each class, or `train`, `val` and `test` folders of such folders.

use std::fs;
use std::path::{Path, PathBuf};

use input::file::display_name;
use input::folder::natural_key;
use input::picture::{FORMAT_NAMES, has_picture_extension};
use walkdir::{DirEntry, WalkDir};

use super::DataError;
use super::collection::{Collection, Divided, Entry, Part, Pictures, Remark, classes_of};

/// How many folders that hold nothing but one folder are gone through.
const WRAPPERS: usize = 4;

/// Reads what is in a folder; `None` where no folder in it has pictures.
///
/// Pictures may lie deeper in the folder of their class, and links are followed. Hidden files and folders, what operating
/// systems add, files that are no pictures and folders without pictures are passed over, each with a remark.
pub fn read(folder: &Path) -> Result<Option<Collection>, DataError> {
    let root = unwrapped(folder);
    let mut finder = Finder::new(&root);
    finder.find()?;
    finder.collection(folder)
}

/// Reads the pictures that lie in a folder that has none of classes: all are of one class, which has the folder's name.
pub fn read_flat(folder: &Path) -> Result<Option<Collection>, DataError> {
    let mut finder = Finder::new(folder);
    finder.class(folder, None);
    finder.collection(folder)
}

impl Finder<'_> {
    /// What was found in a folder; `None` where that is no picture.
    fn collection(self, folder: &Path) -> Result<Option<Collection>, DataError> {
        if self.pictures.is_empty() {
            return Ok(None);
        }
        let names: Vec<&str> = self.pictures.iter().map(|found| &*found.class).collect();
        let (classes, labels) = classes_of(&names);
        if classes.len() > usize::from(u16::MAX) {
            let expected = format!("at most {} classes", u16::MAX);
            return Err(DataError::unexpected(
                self.root,
                expected,
                classes.len().to_string(),
            ));
        }
        let entry = |(found, &label): (&Found, &u16)| Entry {
            label,
            part: found.part,
        };
        let entries = self.pictures.iter().zip(&labels).map(entry).collect();
        let file = |found: &Found| (found.path.clone(), self.name(&found.path));
        let files = self.pictures.iter().map(file);
        Ok(Some(Collection {
            source: format!("folders of pictures, from {}", display_name(folder)),
            classes,
            entries,
            pictures: Pictures::Files(files.collect()),
            divided: Divided::WithValidation,
            passed_over: self.passed_over,
            unreadable: self.unreadable,
            sha256: None,
        }))
    }
}

/// The folder itself, or the one that holds all there is, as archives have it.
fn unwrapped(folder: &Path) -> PathBuf {
    let mut root = folder.to_owned();
    for _ in 0..WRAPPERS {
        let children = children(&root).unwrap_or_default();
        let mut visible = children.into_iter().filter(|path| nobodys(path).is_none());
        match (visible.next(), visible.next()) {
            (Some(only), None) if folders(&only) > 0 && part(&only).is_none() => root = only,
            _ => break,
        }
    }
    root
}

/// The number of folders in a folder.
fn folders(folder: &Path) -> usize {
    let children = children(folder).unwrap_or_default().into_iter();
    children
        .filter(|path| nobodys(path).is_none() && path.is_dir())
        .count()
}

struct Found {
    path: PathBuf,
    class: String,
    part: Option<Part>,
}

struct Finder<'a> {
    root: &'a Path,
    pictures: Vec<Found>,
    passed_over: Vec<Remark>,
    unreadable: Vec<Remark>,
}

impl<'a> Finder<'a> {
    fn new(root: &'a Path) -> Self {
        Self {
            root,
            pictures: Vec::new(),
            passed_over: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    fn find(&mut self) -> Result<(), DataError> {
        let children = children(self.root).map_err(|error| DataError::io(self.root, error))?;
        let is_train = |path: &PathBuf| part(path) == Some(Part::Train) && folders(path) > 0;
        if !children.iter().any(is_train) {
            self.classes(self.root, None);
            return Ok(());
        }
        for path in children {
            match (nobodys(&path), part(&path).filter(|_| path.is_dir())) {
                (Some(reason), _) => self.pass_over(&path, reason),
                (None, Some(part)) => self.classes(&path, Some(part)),
                (None, None) => self.pass_over(&path, "beside the folders train, val and test"),
            }
        }
        Ok(())
    }

    /// Takes the pictures in each folder of a folder.
    fn classes(&mut self, folder: &Path, part: Option<Part>) {
        for path in children(folder).unwrap_or_default() {
            if let Some(reason) = nobodys(&path) {
                self.pass_over(&path, reason);
            } else if path.is_dir() {
                let before = self.pictures.len() + self.unreadable.len();
                self.class(&path, part);
                if before == self.pictures.len() + self.unreadable.len() {
                    self.pass_over(&path, "a folder without pictures");
                }
            } else {
                self.pass_over(&path, "beside the folders of the classes");
            }
        }
    }

    /// Takes the pictures in the folder of a class and below it.
    fn class(&mut self, folder: &Path, part: Option<Part>) {
        let class = last(folder);
        let mut entries = WalkDir::new(folder)
            .follow_links(true)
            .sort_by_key(|entry| natural_key(entry.file_name().as_encoded_bytes()))
            .into_iter();
        while let Some(entry) = entries.next() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    self.refuse(error.path().unwrap_or(folder), &error);
                    continue;
                }
            };
            match Kind::of(&entry, folder) {
                Kind::Folder => {}
                Kind::Picture => self.pictures.push(Found {
                    path: entry.path().into(),
                    class: class.clone(),
                    part,
                }),
                Kind::Other(reason) => {
                    self.pass_over(entry.path(), reason);
                    if entry.file_type().is_dir() {
                        entries.skip_current_dir();
                    }
                }
            }
        }
    }

    /// Notes what cannot be listed.
    fn refuse(&mut self, path: &Path, error: &walkdir::Error) {
        if error.loop_ancestor().is_some() {
            return self.pass_over(path, LOOP);
        }
        let reason = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        let name = self.name(path);
        self.unreadable.push(Remark { name, reason });
    }

    fn pass_over(&mut self, path: &Path, reason: &str) {
        self.passed_over.push(Remark {
            name: self.name(path),
            reason: reason.into(),
        });
    }

    /// What messages call a path.
    fn name(&self, path: &Path) -> String {
        display_name(path.strip_prefix(self.root).unwrap_or(path))
    }
}

/// Why a file in the folder of a class is no picture.
const FOREIGN: &str = "no picture's name";
/// Why a link is not followed.
const LOOP: &str = "a link to a folder that it lies in";

/// What there is in the folder of a class.
enum Kind {
    Folder,
    Picture,
    /// Anything else, and why it is not used.
    Other(&'static str),
}

impl Kind {
    fn of(entry: &DirEntry, class_folder: &Path) -> Self {
        let (path, file_type) = (entry.path(), entry.file_type());
        match nobodys(path) {
            Some(reason) if entry.depth() > 0 => Self::Other(reason),
            _ if file_type.is_dir() && entry.path_is_symlink() && holds(path, class_folder) => {
                Self::Other(LOOP)
            }
            _ if file_type.is_dir() => Self::Folder,
            _ if !file_type.is_file() => Self::Other("neither a file nor a folder"),
            _ if has_picture_extension(path) => Self::Picture,
            _ => Self::Other(FOREIGN),
        }
    }
}

/// Whether a link leads to a folder in which this one lies: the other classes are in it, too.
fn holds(link: &Path, folder: &Path) -> bool {
    let real = [link.canonicalize(), folder.canonicalize()];
    matches!(&real, [Ok(target), Ok(folder)] if folder != target && folder.starts_with(target))
}

/// Why a file or folder is none of the user's.
fn nobodys(path: &Path) -> Option<&'static str> {
    let name = last(path).to_lowercase();
    match &*name {
        "__macosx" => Some("added by macOS"),
        "thumbs.db" | "desktop.ini" => Some("added by Windows"),
        _ if name.starts_with('.') => Some("hidden"),
        _ => None,
    }
}

fn part(path: &Path) -> Option<Part> {
    Part::of_name(&last(path))
}

fn last(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// What is in a folder, in natural order.
fn children(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| Ok(entry?.path()));
    let mut paths = paths.collect::<std::io::Result<Vec<_>>>()?;
    paths.sort_by_cached_key(|path| (natural_key(last(path).as_bytes()), path.clone()));
    Ok(paths)
}

/// What a folder is to hold, for a message.
pub fn expected() -> String {
    format!("a folder of pictures ({FORMAT_NAMES}) for each class")
}

#[cfg(test)]
mod tests;
