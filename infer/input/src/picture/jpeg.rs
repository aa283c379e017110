//! Where a JPEG ends (ITU-T T.81, annex B).

const START_OF_IMAGE: u8 = 0xD8;
const END_OF_IMAGE: u8 = 0xD9;
const TEMPORARY: u8 = 0x01;
const RESTARTS: std::ops::RangeInclusive<u8> = 0xD0..=0xD7;

/// The first picture in the bytes, up to its end marker; `None` if it is cut short. What follows, such as the video of a
/// motion photo or a second picture, does not belong to it.
///
/// Decoders paint what is missing grey without a word, so the end is looked for here, segment by segment: thumbnails
/// inside a segment have end markers of their own.
pub fn whole(bytes: &[u8]) -> Option<&[u8]> {
    let mut at = 0;
    loop {
        let (marker, next) = next_marker(bytes, at)?;
        at = match marker {
            END_OF_IMAGE => return bytes.get(..next),
            START_OF_IMAGE | TEMPORARY => next,
            marker if RESTARTS.contains(&marker) => next,
            // The data of a scan follow its header; in them, markers are looked for as between segments.
            _ => next + segment_len(bytes, next)?,
        };
    }
}

/// The next marker, and the place behind it. Two bytes 0xFF 0x00 stand for data, and further 0xFF are padding.
fn next_marker(bytes: &[u8], from: usize) -> Option<(u8, usize)> {
    let mut pairs = bytes.get(from..)?.windows(2);
    let at = from + pairs.position(|pair| pair[0] == 0xFF && !matches!(pair[1], 0x00 | 0xFF))?;
    Some((bytes[at + 1], at + 2))
}

/// The length of a segment, with the two bytes that tell it.
fn segment_len(bytes: &[u8], at: usize) -> Option<usize> {
    let len = bytes.get(at..)?.first_chunk()?;
    Some(usize::from(u16::from_be_bytes(*len)).max(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A segment with its marker.
    fn segment(marker: u8, content: &[u8]) -> Vec<u8> {
        let len = (content.len() as u16 + 2).to_be_bytes();
        [&[0xFF, marker][..], &len, content].concat()
    }

    #[test]
    fn the_end_is_found_behind_the_scans() {
        let thumbnail = b"\xFF\xD8\xFF\xDA\0\x02\xFF\xD9";
        let picture = [
            vec![0xFF, 0xD8],
            segment(0xE1, thumbnail),
            vec![0xFF, 0xFF],
            segment(0xC2, b"frame"),
            segment(0xDA, b"\xFF\xD9"),
            b"data\xFF\0more\xFF\xD0after\xFF\xD7a restart".to_vec(),
            segment(0xC4, b"\xFF\xD9 tables between scans"),
            segment(0xDA, b"scan"),
            b"\xFF\0\xFF\xFF".to_vec(),
            vec![0xD9],
        ]
        .concat();
        assert_eq!(whole(&picture), Some(&picture[..]));
        for video in [
            &b"\xFF\xDA ftypmp42"[..],
            b"\xFF\xD9\xFF\xDA",
            thumbnail,
            b"\0",
        ] {
            assert_eq!(whole(&[&picture, video].concat()), Some(&picture[..]));
        }
        for len in 0..picture.len() {
            assert_eq!(whole(&picture[..len]), None, "{len}");
        }
    }
}
