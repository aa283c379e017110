//! What says that a slot is in service.

/// Bytes at the start of a slot that belong to the record. A multiple of what any flash writes at once.
pub const RECORD_LEN: usize = 256;

const ANSWER_AT: usize = 4;
const MAGIC_AT: usize = 8;

/// Never all ones, nor its complement: without the last word, which is the latter, a record is not whole.
const MAGIC: [u8; 4] = *b"SLOT";

/// Bytes of the fields, which their complement follows.
const FIELDS_LEN: usize = MAGIC_AT + MAGIC.len();

/// The record of a slot.
#[derive(Clone, Copy, Debug)]
pub struct Record<'f>(&'f [u8; FIELDS_LEN]);

impl<'f> Record<'f> {
    /// Bytes that are written.
    pub const LEN: usize = 2 * FIELDS_LEN;

    /// The record in a slot. `None` if it has no whole one.
    pub fn read(slot: &'f [u8]) -> Option<Self> {
        let (fields, rest) = slot.split_first_chunk()?;
        let complement: &[u8; FIELDS_LEN] = rest.first_chunk()?;
        let fits = fields.iter().zip(complement).all(|(a, b)| *a == !*b);
        (fits && fields.ends_with(&MAGIC)).then_some(Self(fields))
    }

    /// The number of the update.
    pub fn sequence(self) -> u32 {
        self.number(0)
    }

    /// The checksum of what the model makes of the known input.
    pub fn answer(self) -> u32 {
        self.number(ANSWER_AT)
    }

    fn number(self, at: usize) -> u32 {
        let bytes = self.0.get(at..).and_then(<[u8]>::first_chunk);
        bytes.copied().map_or(0, u32::from_le_bytes)
    }
}

/// The start of a slot with this record.
pub const fn start(sequence: u32, answer: u32) -> [u8; RECORD_LEN] {
    let mut bytes = [0xFF; RECORD_LEN];
    let [number, answer] = [sequence.to_le_bytes(), answer.to_le_bytes()];
    let mut at = 0;
    while at < FIELDS_LEN {
        let field = match at {
            0..ANSWER_AT => number[at],
            ANSWER_AT..MAGIC_AT => answer[at - ANSWER_AT],
            _ => MAGIC[at - MAGIC_AT],
        };
        bytes[at] = field;
        bytes[FIELDS_LEN + at] = !field;
        at += 1;
    }
    bytes
}

/// What a slot holds from the first: a model of `N` bytes, in service as update 0.
#[repr(C, align(16))]
#[derive(Debug)]
pub struct Image<const N: usize> {
    pub(crate) record: [u8; RECORD_LEN],
    pub(crate) file: [u8; N],
}

impl<const N: usize> Image<N> {
    /// With this file, whose model's answer to the known input has this checksum.
    pub const fn new(file: [u8; N], answer: u32) -> Self {
        Self {
            record: start(0, answer),
            file,
        }
    }
}
