//! Where the pixels of a data set are: in memory, or in a file that is read by place.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use super::DataError;

/// Bytes that are read in pieces, from any thread.
#[derive(Debug)]
pub enum Pixels {
    /// All of them.
    Memory(Vec<u8>),
    /// Those of a file from `start` on, which may be more than the memory holds: the system keeps what is read often.
    File {
        file: File,
        path: PathBuf,
        start: u64,
    },
    /// Several one after the other, each with its length; none is read across its end.
    Parts(Vec<(u64, Self)>),
    /// Those of another data set.
    Shared(Arc<Self>),
}

impl Pixels {
    /// Fills `bytes` with what lies at `offset`; a place beyond the end is an error, in memory a mistake.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), DataError> {
        match self {
            Self::Memory(all) => {
                bytes.copy_from_slice(&all[offset as usize..][..bytes.len()]);
                Ok(())
            }
            Self::File { file, path, start } => {
                read_at(file, start + offset, bytes).map_err(|error| DataError::io(path, error))
            }
            Self::Shared(pixels) => pixels.read(offset, bytes),
            Self::Parts(parts) => {
                let mut offset = offset;
                for (len, pixels) in parts {
                    if offset < *len {
                        return pixels.read(offset, bytes);
                    }
                    offset -= len;
                }
                Ok(())
            }
        }
    }
}

#[cfg(unix)]
fn read_at(file: &File, offset: u64, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, mut offset: u64, mut bytes: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !bytes.is_empty() {
        match file.seek_read(bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => {
                offset += count as u64;
                bytes = &mut bytes[count..];
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_the_same_bytes_as_memory_and_says_where_it_ends() {
        let bytes: Vec<u8> = (0..=255).collect();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pixels");
        std::fs::write(&path, &bytes).unwrap();
        let file = File::open(&path).unwrap();
        let (start, memory) = (0, Pixels::Memory(bytes.clone()));
        let file = Pixels::File { file, path, start };
        for (offset, len) in [(0, 256), (255, 1), (100, 7), (256, 0)] {
            let read = |pixels: &Pixels| {
                let mut bytes = vec![0; len];
                pixels.read(offset, &mut bytes).unwrap();
                bytes
            };
            assert_eq!(read(&file), read(&memory));
        }
        let second = Pixels::Memory(bytes[100..].to_vec());
        let parts = Pixels::Parts(vec![(100, file), (156, second)]);
        for place in (0..250).step_by(10) {
            let mut found = [0; 10];
            let _ = parts.read(place, &mut found);
            assert_eq!(found, bytes[place as usize..][..10]);
        }
        let Pixels::Parts(mut parts) = parts else {
            unreachable!()
        };
        let (_, file) = parts.remove(0);
        let error = file.read(250, &mut [0; 7]).unwrap_err().to_string();
        assert!(error.contains("pixels: "), "{error}");
    }
}
