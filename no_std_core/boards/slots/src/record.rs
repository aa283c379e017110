//! What says that a slot is in service.

/// The most classes of a model whose answer a record holds.
pub const MAX_CLASSES: usize = 32;

/// Bytes at the start of a slot that belong to the record. A multiple of what any flash writes at once.
pub const RECORD_LEN: usize = 256;

const CLASSES_AT: usize = 4;
const LOGITS_AT: usize = 8;

const MAGIC_AT: usize = LOGITS_AT + MAX_CLASSES;

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
        self.0.first_chunk().copied().map_or(0, u32::from_le_bytes)
    }

    /// The logits of the known image.
    pub fn logits(self) -> &'f [i8] {
        let classes = self.0[CLASSES_AT].into();
        let (_, logits) = self.0.split_at(LOGITS_AT);
        let logits: &[i8] = bytemuck::cast_slice(logits);
        logits.get(..classes).unwrap_or_default()
    }
}

/// The start of a slot with this record. Logits beyond [`MAX_CLASSES`] are left out.
pub const fn start(sequence: u32, logits: &[i8]) -> [u8; RECORD_LEN] {
    let mut bytes = [0xFF; RECORD_LEN];
    let number = sequence.to_le_bytes();
    let mut at = 0;
    while at < FIELDS_LEN {
        let field = match at {
            0..CLASSES_AT => number[at],
            CLASSES_AT => logits.len() as u8,
            LOGITS_AT..MAGIC_AT if at - LOGITS_AT < logits.len() => {
                logits[at - LOGITS_AT].cast_unsigned()
            }
            MAGIC_AT.. => MAGIC[at - MAGIC_AT],
            _ => 0,
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
    /// With this file, which gives these logits for the known image.
    pub const fn new(file: [u8; N], logits: &[i8]) -> Self {
        Self {
            record: start(0, logits),
            file,
        }
    }
}
