//! Where the pixels of a data set are: in memory, or in a file that is read by place.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::DataError;

/// Bytes that are read in pieces, from any thread.
#[derive(Debug)]
pub enum Pixels {
    /// All of them.
    Memory(Vec<u8>),
    /// A file of them alone, which may be larger than the memory: the system keeps what is read often.
    File { file: File, path: PathBuf },
}

impl Pixels {
    /// Fills `bytes` with what lies at `offset`; a place beyond the end is an error, in memory a mistake.
    pub fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), DataError> {
        match self {
            Self::Memory(all) => {
                bytes.copy_from_slice(&all[offset as usize..][..bytes.len()]);
                Ok(())
            }
            Self::File { file, path } => {
                read_at(file, offset, bytes).map_err(|error| DataError::io(path, error))
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
        let (file, memory) = (Pixels::File { file, path }, Pixels::Memory(bytes));
        for (offset, len) in [(0, 256), (255, 1), (100, 7), (256, 0)] {
            let read = |pixels: &Pixels| {
                let mut bytes = vec![0; len];
                pixels.read(offset, &mut bytes).unwrap();
                bytes
            };
            assert_eq!(read(&file), read(&memory));
        }
        let error = file.read(250, &mut [0; 7]).unwrap_err().to_string();
        assert!(error.contains("pixels: "), "{error}");
    }
}
