//! Files of images that are read by place, since they may be larger than the memory.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use super::{Form, GZIP_MAGIC, IdxError, header_len, read_header};
use crate::file::{InFile, display_name};

/// A file of grey images that is not packed, at least one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StoredImages {
    /// The number of images.
    pub count: usize,
    /// Height of each, in pixels.
    pub rows: usize,
    /// Width of each, in pixels.
    pub columns: usize,
    /// Where in the file the pixels begin, one byte each: `[count, rows, columns]`.
    pub start: u64,
}

impl StoredImages {
    /// Looks at a file of images of the size of `form`, which may have any length; `None` if it is packed.
    pub fn open(path: &Path, form: Form) -> Result<Option<Self>, InFile<IdxError>> {
        Self::look(path, form).map_err(InFile::named(&display_name(path)))
    }

    fn look(path: &Path, form: Form) -> Result<Option<Self>, IdxError> {
        let file = File::open(path)?;
        let found = file.metadata()?.len();
        let mut reader = BufReader::new(file);
        if reader.fill_buf()?.starts_with(&GZIP_MAGIC) {
            return Ok(None);
        }
        let header = read_header(&mut reader, &mut Vec::new())?;
        header.check_images(form)?;
        header.expect_len(found)?;
        let [count, rows, columns] = [0, 1, 2].map(|axis| header.sizes[axis] as usize);
        Ok(Some(Self {
            count,
            rows,
            columns,
            start: header_len(header.sizes.len()) as u64,
        }))
    }
}
