//! Where sections start, and the fields of records.

/// Every section starts at a multiple of this many bytes, and the file's length is one.
pub const ALIGNMENT: u32 = 16;

/// The smallest multiple of [`ALIGNMENT`] that is at least `offset`: where the section after one that ends at `offset`
/// starts. `None` beyond the largest u32.
pub const fn align(offset: u32) -> Option<u32> {
    offset.checked_next_multiple_of(ALIGNMENT)
}

/// Writes `value` at `at`, which lies inside `bytes` in every call.
pub fn put<const N: usize>(bytes: &mut [u8], at: usize, value: [u8; N]) {
    if let Some(place) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        *place = value;
    }
}

/// The bytes at `at`, all of which lie inside `bytes` in every call.
#[inline(always)]
pub const fn get<const N: usize>(bytes: &[u8], at: usize) -> &[u8; N] {
    let Some((_, rest)) = bytes.split_at_checked(at) else {
        return &[0; N];
    };
    match rest.first_chunk() {
        Some(value) => value,
        None => &[0; N],
    }
}

/// The number of 16 bits at `at`.
#[inline(always)]
pub const fn half_word(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(*get(bytes, at))
}

/// The number of 32 bits at `at`. Armv6-M loads one that can lie anywhere byte by byte: that is done in one place.
#[cfg_attr(backend = "armv6m", inline(never))]
#[cfg_attr(not(backend = "armv6m"), inline(always))]
pub const fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*get(bytes, at))
}
