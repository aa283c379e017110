//! Pictures that are new in a folder.
//!
//! The folder is looked at again and again. What the system tells of changes would be known sooner, but folders on a network
//! tell nothing, and nowhere is it told that a file has been written whole: that is what its size and its time say when
//! they stay.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use input::folder::FolderError;

use crate::file::{InFile, ReadError, display_name};
use crate::source::{FindError, Source, pictures};

/// From one look to the next.
const PAUSE: Duration = Duration::from_millis(500);

/// A folder, and the files that were in it at the last look.
pub struct Watch {
    folder: PathBuf,
    below: bool,
    files: HashMap<PathBuf, File>,
    finished: VecDeque<Source>,
    /// Whether it has been told that the folder cannot be read.
    is_lost: bool,
}

#[derive(Clone, Copy, PartialEq)]
struct File {
    size: u64,
    modified: Option<SystemTime>,
    /// Whether it was there in this state at the look before.
    is_finished: bool,
}

impl Watch {
    /// Takes what is in the folder now for known; where `below`, also what is in the folders in it.
    pub fn new(folder: &Path, below: bool) -> Result<Self, InFile<FindError>> {
        let mut watch = Self {
            folder: folder.to_owned(),
            below,
            files: HashMap::new(),
            finished: VecDeque::new(),
            is_lost: false,
        };
        let found = watch.pictures()?;
        let known = |path: PathBuf| state(&path, true).map(|file| (path, file));
        watch.files = found.into_iter().filter_map(known).collect();
        Ok(watch)
    }

    /// Waits for the next picture. The error of a folder that is there no more is told once; it may come back.
    pub fn wait(&mut self) -> Result<Source, InFile<FindError>> {
        loop {
            if let Some(source) = self.finished.pop_front() {
                return Ok(source);
            }
            thread::sleep(PAUSE);
            match self.pictures() {
                Ok(found) => {
                    self.is_lost = false;
                    self.look(found);
                }
                Err(error) if !self.is_lost => {
                    self.is_lost = true;
                    return Err(error);
                }
                Err(_) => {}
            }
        }
    }

    /// The pictures in the folder, if any.
    fn pictures(&self) -> Result<Vec<PathBuf>, InFile<FindError>> {
        let is_folder = || fs::read_dir(&self.folder).map_err(ReadError::from);
        let found = match pictures(&self.folder, self.below) {
            Err(FindError::Empty | FindError::Folder(FolderError::Empty(_))) => Ok(Vec::new()),
            found => found,
        };
        let found = found.and_then(|found| Ok(is_folder().map(|_| found)?));
        found.map_err(InFile::named(&display_name(&self.folder)))
    }

    /// Compares what is there with what was.
    fn look(&mut self, found: Vec<PathBuf>) {
        let mut files = HashMap::new();
        for path in found {
            let Some(mut file) = state(&path, false) else {
                continue;
            };
            if let Some(before) = self.files.get(&path)
                && (before.size, before.modified) == (file.size, file.modified)
            {
                // A file may lie there empty for a while.
                file.is_finished = before.is_finished || file.size > 0;
                if file.is_finished && !before.is_finished {
                    self.finished.push_back(Source(path.clone()));
                }
            }
            files.insert(path, file);
        }
        self.files = files;
    }
}

/// The state of a file that is there.
fn state(path: &Path, is_finished: bool) -> Option<File> {
    let found = fs::metadata(path).ok()?;
    Some(File {
        size: found.len(),
        modified: found.modified().ok(),
        is_finished,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The names of what a look at the folder finds finished.
    fn look(watch: &mut Watch) -> Vec<String> {
        let found = watch.pictures().unwrap();
        watch.look(found);
        let name = |source: Source| source.name().display().to_string();
        watch.finished.drain(..).map(name).collect()
    }

    #[test]
    fn a_file_is_finished_once_it_stays_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, len| {
            fs::write(folder.path().join(name).with_extension("png"), vec![0; len]).unwrap();
        };
        write("old", 1);
        let mut watch = Watch::new(folder.path(), false).unwrap();
        assert_eq!(look(&mut watch), [""; 0]);
        write("empty", 0);
        write("b", 10);
        assert_eq!(look(&mut watch), [""; 0]);
        write("b", 20);
        write("a10", 1);
        write("a9", 1);
        assert_eq!(look(&mut watch), [""; 0]);
        assert_eq!(look(&mut watch), ["a9", "a10", "b"]);
        assert_eq!(look(&mut watch), [""; 0]);
        write("old", 2);
        write("empty", 5);
        fs::remove_file(folder.path().join("b.png")).unwrap();
        assert_eq!(look(&mut watch), [""; 0]);
        assert_eq!(look(&mut watch), ["empty", "old"]);
        // One of the same name is another one.
        write("b", 20);
        assert_eq!(look(&mut watch), [""; 0]);
        assert_eq!(look(&mut watch), ["b"]);
    }

    #[test]
    fn a_lost_folder_is_told_once() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("folder");
        assert!(Watch::new(&folder, false).is_err());
        fs::create_dir(&folder).unwrap();
        let mut watch = Watch::new(&folder, true).unwrap();
        fs::remove_dir(&folder).unwrap();
        let error = watch.wait().unwrap_err().to_string();
        assert!(error.ends_with("found nothing of that name"), "{error}");
        let back = folder.clone();
        let writer = thread::spawn(move || {
            fs::create_dir(&back).unwrap();
            fs::write(back.join("a.png"), "a").unwrap();
        });
        assert_eq!(watch.wait().unwrap().name(), Path::new("a"));
        writer.join().unwrap();
    }
}
