//! The folder of decoded pixels, which is kept below a size.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{DataError, cache_folder};

/// The most bytes that stay in the cache beside what is in use: 10 GiB.
const LIMIT: u64 = 10 << 30;
/// The endings of the two files of a data set: its pixels, and what decoding found.
const ENDINGS: [&str; 2] = ["u8", "json"];

/// Where pixels of picture files are kept.
pub fn folder() -> Result<PathBuf, DataError> {
    cache_folder("pixels")
}

/// What is kept, for people.
pub fn describe() -> Result<String, DataError> {
    let folder = folder()?;
    let bytes: u64 = kept(&folder).iter().map(|one| one.bytes).sum();
    Ok(format!(
        "decoded pixels are kept in {}: {} MB, of at most {} MB; what was not used for the longest time goes first",
        input::file::display_name(&folder),
        bytes.div_ceil(1 << 20),
        LIMIT >> 20
    ))
}

/// Notes that the pixels of this file are used, and removes others until the limit is kept, those first that were not used
/// for the longest time.
pub fn used(pixels: &Path) {
    trim(pixels, LIMIT);
}

fn trim(pixels: &Path, limit: u64) {
    // Whatever fails here only leaves more in the cache.
    if let Ok(file) = File::options().append(true).open(pixels) {
        let _ = file.set_modified(SystemTime::now());
    }
    let mut kept = kept(input::file::folder_of(pixels));
    kept.sort_by_key(|one| one.used);
    let mut bytes: u64 = kept.iter().map(|one| one.bytes).sum();
    for one in kept.iter().filter(|one| one.pixels != pixels) {
        if bytes <= limit {
            break;
        }
        for ending in ENDINGS {
            let _ = fs::remove_file(one.pixels.with_extension(ending));
        }
        bytes -= one.bytes;
    }
}

/// The pixels of a data set.
struct Kept {
    pixels: PathBuf,
    bytes: u64,
    used: SystemTime,
}

fn kept(folder: &Path) -> Vec<Kept> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let kept = files.filter_map(|file| {
        let (pixels, metadata) = (file.path(), file.metadata().ok()?);
        let is_of_pixels = pixels
            .extension()
            .is_some_and(|ending| ending == ENDINGS[0]);
        is_of_pixels.then_some(Kept {
            pixels,
            bytes: metadata.len(),
            used: metadata.modified().ok()?,
        })
    });
    kept.collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let long_ago = SystemTime::now() - Duration::from_secs(1000);
        for (age, name) in ["c", "a", "b", "d"].into_iter().enumerate() {
            fs::write(path(&format!("{name}.u8")), [0; 100]).unwrap();
            fs::write(path(&format!("{name}.json")), "{}").unwrap();
            let file = File::options()
                .append(true)
                .open(path(&format!("{name}.u8")))
                .unwrap();
            file.set_modified(long_ago + Duration::from_secs(age as u64))
                .unwrap();
        }
        fs::write(path("other"), [0; 1000]).unwrap();
        let left = || {
            let mut names: Vec<String> = fs::read_dir(folder.path())
                .unwrap()
                .map(|file| file.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names.join(" ")
        };
        let all = left();
        trim(&path("c.u8"), 400);
        assert_eq!(left(), all);
        // The oldest one is in use now.
        trim(&path("c.u8"), 250);
        assert_eq!(left(), "c.json c.u8 d.json d.u8 other");
        // What is in use stays, however large it is.
        trim(&path("d.u8"), 0);
        assert_eq!(left(), "d.json d.u8 other");
    }
}
