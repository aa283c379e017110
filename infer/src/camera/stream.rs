//! Where a frame ends and the next one begins.

use std::io::{self, Read};
use std::ops::RangeInclusive;

use super::counts::{Counts, Fate};

/// The largest frame of a stream of JPEGs, in bytes.
const MAX_FRAME: usize = 32 << 20;

/// Bytes that are asked for at once.
const CHUNK: usize = 1 << 16;

// Markers of a JPEG (ITU-T T.81, annex B).
const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const TEMPORARY: u8 = 0x01;
const RESTARTS: RangeInclusive<u8> = 0xD0..=0xD7;

/// Bytes that are cut into frames.
pub trait Stream {
    /// The next frame that is whole; `None` at the end. Those that are not are counted and numbered.
    fn next_frame(&mut self, counts: &Counts) -> io::Result<Option<Vec<u8>>>;
}

/// Frames of so many bytes each.
pub struct Raw<R> {
    reader: R,
    len: usize,
}

impl<R: Read> Raw<R> {
    pub fn new(reader: R, len: usize) -> Self {
        Self { reader, len }
    }
}

impl<R: Read> Stream for Raw<R> {
    fn next_frame(&mut self, counts: &Counts) -> io::Result<Option<Vec<u8>>> {
        let mut frame = Vec::with_capacity(self.len);
        let mut rest = self.reader.by_ref().take(self.len as u64);
        rest.read_to_end(&mut frame)?;
        if frame.len() == self.len {
            return Ok(Some(frame));
        }
        if !frame.is_empty() {
            break_frame(counts);
        }
        Ok(None)
    }
}

/// JPEG files one after the other. What lies between them, as the headers of a stream over HTTP, is passed over.
pub struct Mjpeg<R> {
    reader: R,
    /// From the start of a frame on, once there is one.
    bytes: Vec<u8>,
    /// How far the frame has been walked through: to where a marker is to be looked for.
    at: usize,
}

/// What a walk comes to.
enum Step {
    /// The frame is so many bytes long.
    End(usize),
    /// Another frame begins so many bytes after this one did.
    Cut(usize),
    /// More bytes are needed.
    More,
}

impl<R: Read> Mjpeg<R> {
    pub fn new(reader: R) -> Self {
        Self {
            reader,
            bytes: Vec::new(),
            at: 0,
        }
    }

    /// Leaves out what lies before the next frame. Whether there is one.
    fn find_start(&mut self) -> bool {
        let start = [0xFF, START_OF_IMAGE];
        let found = self.bytes.windows(2).position(|pair| pair == start);
        // The last byte may be the first one of the two.
        let before = found.unwrap_or(self.bytes.len().saturating_sub(1));
        self.bytes.drain(..before);
        if found.is_some() {
            self.at = start.len();
        }
        found.is_some()
    }

    /// Walks from marker to marker.
    fn walk(&mut self) -> Step {
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let is_marker = |pair: &[u8]| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF);
            let Some(place) = rest.windows(2).position(is_marker) else {
                self.at += rest.len().saturating_sub(1);
                return Step::More;
            };
            self.at += place;
            let next = self.at + 2;
            match self.bytes[self.at + 1] {
                END_OF_IMAGE => return Step::End(next),
                START_OF_IMAGE => return Step::Cut(self.at),
                marker if marker == TEMPORARY || RESTARTS.contains(&marker) => self.at = next,
                _ => match self.bytes.get(next..).and_then(<[u8]>::first_chunk) {
                    Some(len) => self.at = next + usize::from(u16::from_be_bytes(*len)).max(2),
                    None => return Step::More,
                },
            }
        }
    }

    /// Takes the first bytes out; what follows may be a frame.
    fn take(&mut self, len: usize) -> Vec<u8> {
        let rest = self.bytes.split_off(len);
        self.at = 0;
        std::mem::replace(&mut self.bytes, rest)
    }
}

impl<R: Read> Stream for Mjpeg<R> {
    fn next_frame(&mut self, counts: &Counts) -> io::Result<Option<Vec<u8>>> {
        loop {
            if self.at > 0 || self.find_start() {
                match self.walk() {
                    Step::End(len) => return Ok(Some(self.take(len))),
                    Step::Cut(len) => {
                        break_frame(counts);
                        self.take(len);
                        continue;
                    }
                    Step::More if self.bytes.len() > MAX_FRAME => {
                        break_frame(counts);
                        self.take(self.bytes.len());
                    }
                    Step::More => {}
                }
            }
            if read_some(&mut self.reader, &mut self.bytes)? == 0 {
                if self.at > 0 {
                    break_frame(counts);
                }
                self.at = 0;
                self.bytes.clear();
                return Ok(None);
            }
        }
    }
}

/// Appends what is there to be read, at least a byte, or nothing at the end.
fn read_some(reader: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let before = bytes.len();
    bytes.resize(before + CHUNK, 0);
    let read = loop {
        match reader.read(&mut bytes[before..]) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    bytes.truncate(before + *read.as_ref().unwrap_or(&0));
    read
}

/// Counts a frame that is not whole.
fn break_frame(counts: &Counts) {
    counts.number();
    counts.count(Fate::Broken);
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Gives bytes in pieces of these lengths, over and over.
    struct Pieces(VecDeque<u8>, Vec<usize>);

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.1.rotate_left(1);
            let len = self.1[0].min(buffer.len());
            self.0.read(&mut buffer[..len])
        }
    }

    fn jpeg(content: u8) -> Vec<u8> {
        let header = b"\xFF\xD8\xFF\xE1\x00\x06\xFF\xD8\xFF\xD9\xFF\xDA\x00\x03\x01";
        [
            &header[..],
            &[content, 0xFF, 0x00, 0xFF, 0xD3, content],
            b"\xFF\xD9",
        ]
        .concat()
    }

    /// The frames of a stream, and how many are broken.
    fn frames(bytes: &[u8], pieces: &[usize]) -> (Vec<Vec<u8>>, u64) {
        let counts = Counts::start();
        let mut stream = Mjpeg::new(Pieces(bytes.to_vec().into(), pieces.to_vec()));
        let next = || stream.next_frame(&counts).unwrap();
        let frames = std::iter::from_fn(next).collect();
        (frames, counts.of(Fate::Broken))
    }

    #[test]
    fn frames_are_found_however_they_come() {
        let stream = [
            jpeg(1),
            b"\r\n--boundary\r\nContent-Type: image/jpeg\r\n\r\n\xFF".to_vec(),
            jpeg(2),
            jpeg(3),
            b"\xFF\xFF\0".to_vec(),
        ]
        .concat();
        for pieces in [&[1][..], &[2, 3], &[5, 1, 7], &[1000]] {
            let expected = vec![jpeg(1), jpeg(2), jpeg(3)];
            assert_eq!(frames(&stream, pieces), (expected, 0), "{pieces:?}");
        }
        assert_eq!(frames(b"", &[1]), (Vec::new(), 0));
        assert_eq!(frames(b"no frames at all\xFF", &[3]), (Vec::new(), 0));
    }

    #[test]
    fn cut_frames_are_passed_over() {
        let whole = jpeg(1);
        // Cut in the data, where the next frame's start tells.
        for len in 15..whole.len() {
            let stream = [&whole[..len], &jpeg(2), &jpeg(3)].concat();
            let (found, broken) = frames(&stream, &[4]);
            assert_eq!((found, broken), (vec![jpeg(2), jpeg(3)], 1), "{len}");
        }
        // Cut at the end.
        for len in 2..whole.len() {
            let stream = [&jpeg(2), &whole[..len]].concat();
            assert_eq!(frames(&stream, &[1]), (vec![jpeg(2)], 1), "{len}");
        }
    }

    #[test]
    fn no_frame_grows_without_end() {
        let mut stream = b"\xFF\xD8".to_vec();
        stream.resize(MAX_FRAME + 100_000, 7);
        stream.extend(jpeg(2));
        assert_eq!(frames(&stream, &[1 << 20]), (vec![jpeg(2)], 1));
    }

    #[test]
    fn raw_frames_have_one_length() {
        let counts = Counts::start();
        let mut stream = Raw::new(Pieces((0..20).collect(), vec![1, 3]), 8);
        let mut next = || stream.next_frame(&counts).unwrap();
        assert_eq!(next().unwrap(), (0..8).collect::<Vec<u8>>());
        assert_eq!(next().unwrap(), (8..16).collect::<Vec<u8>>());
        assert_eq!(next(), None);
        assert_eq!((counts.of(Fate::Broken), counts.frames()), (1, 1));
    }
}
