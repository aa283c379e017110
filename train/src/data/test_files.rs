//! IDX files, written independently of the code that reads them: <http://yann.lecun.com/exdb/mnist/>.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

/// An images file whose header announces these sizes, whatever follows.
pub fn images_file(sizes: [u32; 3], pixels: &[u8]) -> Vec<u8> {
    let header = [0x0000_0803, sizes[0], sizes[1], sizes[2]].map(u32::to_be_bytes);
    [header.as_flattened(), pixels].concat()
}

/// A labels file.
pub fn labels_file(labels: &[u8]) -> Vec<u8> {
    let header = [0x0000_0801, labels.len() as u32].map(u32::to_be_bytes);
    [header.as_flattened(), labels].concat()
}

/// One gzip member.
pub fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).unwrap();
    encoder.finish().unwrap()
}
