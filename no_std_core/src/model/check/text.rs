//! What can be shown.

/// The least character that takes so many bytes more than one.
const LEAST: [u32; 4] = [0, 0x80, 0x800, 0x1_0000];

/// Whether bytes are UTF-8 without control characters. The library's own check is made for speed and several times as large.
pub fn is_text(mut bytes: &[u8]) -> bool {
    while let Some((&first, rest)) = bytes.split_first() {
        // The first byte begins with a one for each byte of its character, but of a single one with a zero.
        let ones = first.leading_ones();
        let more = ones.saturating_sub(1) as usize;
        let Some((others, rest)) = rest.split_at_checked(more) else {
            return false;
        };
        let mut code = u32::from(first) & (0x7F >> ones);
        for &byte in others {
            if byte & 0xC0 != 0x80 {
                return false;
            }
            code = code << 6 | u32::from(byte & 0x3F);
        }
        let is_shortest = ones != 1 && LEAST.get(more).is_some_and(|&least| code >= least);
        if !is_shortest || char::from_u32(code).is_none_or(char::is_control) {
            return false;
        }
        bytes = rest;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_text;

    #[test]
    fn as_the_library_says() {
        let expected = |bytes: &[u8]| {
            core::str::from_utf8(bytes).is_ok_and(|text| !text.contains(char::is_control))
        };
        assert!(is_text(b""));
        let mut state = 1_u32;
        for len in 1..=6 {
            for _ in 0..400_000 {
                let bytes = [(); 6].map(|()| {
                    state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    // Half of them bytes that follow others.
                    let byte = (state >> 24) as u8;
                    if state >> 20 & 1 == 0 {
                        byte
                    } else {
                        byte & 0x3F | 0x80
                    }
                });
                let bytes = &bytes[..len];
                assert_eq!(is_text(bytes), expected(bytes), "{bytes:02x?}");
            }
        }
        for character in '\0'..=char::MAX {
            let mut bytes = [0; 4];
            let bytes = character.encode_utf8(&mut bytes).as_bytes();
            assert_eq!(is_text(bytes), !character.is_control(), "{character:?}");
        }
    }
}
