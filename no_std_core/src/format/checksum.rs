//! The checksum that tells a damaged file from a whole one.

use super::bytes::put;
use super::header::{HEADER_LEN, Header};

const CHECKSUM_AT: usize = Header::CHECKSUM_AT;

/// Writes the total length and the checksum into a file that is otherwise complete. `None` if it is shorter than a
/// header or longer than a u32 can say.
pub fn seal(file: &mut [u8]) -> Option<()> {
    let total_len = u32::try_from(file.len()).ok()?;
    file.first_chunk::<HEADER_LEN>()?;
    put(file, Header::TOTAL_LEN_AT, total_len.to_le_bytes());
    let checksum = checksum(file)?;
    put(file, CHECKSUM_AT, checksum.to_le_bytes());
    Some(())
}

/// The checksum that the file holds. `None` if it is too short to hold one.
pub fn stored_checksum(file: &[u8]) -> Option<u32> {
    file.get(CHECKSUM_AT..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}

/// The checksum that the file should hold: CRC-32 (IEEE 802.3, as in zip and PNG) of all its bytes but those of the
/// checksum. `None` if it is too short to hold one.
pub fn checksum(file: &[u8]) -> Option<u32> {
    let itself = CHECKSUM_AT..CHECKSUM_AT + size_of::<u32>();
    if file.len() < itself.end {
        return None;
    }
    let others = file.iter().enumerate();
    let others = others.filter(|(at, _)| !itself.contains(at));
    Some(!others.fold(!0, |crc, (_, &byte)| {
        let crc = half_byte(crc ^ u32::from(byte));
        half_byte(crc)
    }))
}

/// One step of CRC-32 by four bits, lowest first: a table of 64 bytes is a good trade between flash and time.
fn half_byte(crc: u32) -> u32 {
    (crc >> 4) ^ REMAINDERS[(crc & 15) as usize]
}

/// What four bits leave when divided by the polynomial 0xEDB88320 (its bits in reflected order).
const REMAINDERS: [u32; 16] = {
    let mut remainders = [0; 16];
    let mut bits = 0;
    while bits < 16 {
        let mut remainder = bits as u32;
        let mut step = 0;
        while step < 4 {
            remainder = (remainder >> 1) ^ (0xEDB8_8320 * (remainder & 1));
            step += 1;
        }
        remainders[bits] = remainder;
        bits += 1;
    }
    remainders
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sealed_file_holds_its_length_and_checksum() {
        let mut file = [7; HEADER_LEN + 5];
        assert_eq!(seal(&mut file), Some(()));
        let total_len = &file[Header::TOTAL_LEN_AT..CHECKSUM_AT];
        assert_eq!(total_len, 69_u32.to_le_bytes());
        assert_eq!(stored_checksum(&file), checksum(&file));
        let sealed = file;
        assert_eq!(seal(&mut file), Some(()));
        assert_eq!(file, sealed, "the checksum's own bytes are not part of it");
    }

    #[test]
    fn refuses_what_is_shorter_than_a_header() {
        assert_eq!(seal(&mut [0; HEADER_LEN - 1]), None);
        assert_eq!(checksum(&[0; CHECKSUM_AT + 3]), None);
        assert_eq!(stored_checksum(&[0; CHECKSUM_AT + 3]), None);
    }
}
