//! Pixels of frames, in whole numbers.

/// A pixel of a frame.
pub enum Colour {
    Rgb([u8; 3]),
    /// Luma, blue and red chroma.
    Yuv([u8; 3]),
}

impl Colour {
    pub fn grey(self) -> u8 {
        match self {
            Self::Rgb([red, green, blue]) if red == green && green == blue => red,
            Self::Rgb(channels) => {
                let [red, green, blue] = channels.map(u32::from);
                ((2126 * red + 7152 * green + 722 * blue) / 10_000) as u8
            }
            Self::Yuv([luma, ..]) => rounded(stretched(luma)),
        }
    }

    /// The factors are those of BT.601 in 1/65,536.
    pub fn rgb(self) -> [u8; 3] {
        match self {
            Self::Rgb(channels) => channels,
            Self::Yuv([luma, blue, red]) => {
                let luma = stretched(luma);
                let [blue, red] = [blue, red].map(|chroma| i32::from(chroma) - 128);
                [
                    luma + 104_597 * red,
                    luma - 25_675 * blue - 53_279 * red,
                    luma + 132_201 * blue,
                ]
                .map(rounded)
            }
        }
    }
}

/// Luma from 16 to 235 as 0 to 255, in 1/65,536.
const fn stretched(luma: u8) -> i32 {
    76_309 * (luma as i32 - 16)
}

/// The nearest value of a pixel.
fn rounded(value: i32) -> u8 {
    ((value + (1 << 15)) >> 16).clamp(0, 255) as u8
}

/// The bits of each channel stretched to 8.
pub const fn rgb565(pixel: u16) -> Colour {
    let (red, green, blue) = (pixel >> 11, pixel >> 5 & 63, pixel & 31);
    Colour::Rgb([
        ((red * 527 + 23) >> 6) as u8,
        ((green * 259 + 33) >> 6) as u8,
        ((blue * 527 + 23) >> 6) as u8,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// BT.601 in floats: the factors follow from its weights of red and blue.
    fn oracle([luma, blue, red]: [u8; 3]) -> [f64; 3] {
        let (of_red, of_blue) = (0.299, 0.114);
        let of_green = 1.0 - of_red - of_blue;
        let luma = (f64::from(luma) - 16.0) / 219.0;
        let [blue, red] = [blue, red].map(|chroma| (f64::from(chroma) - 128.0) / 112.0);
        let r = luma + (1.0 - of_red) * red;
        let b = luma + (1.0 - of_blue) * blue;
        let g = (luma - of_red * r - of_blue * b) / of_green;
        [r, g, b].map(|value| (255.0 * value).clamp(0.0, 255.0))
    }

    #[test]
    fn luma_and_chroma_are_nearest_to_floats() {
        for luma in 0..=255 {
            for blue in (0..=255).step_by(5) {
                for red in (0..=255).step_by(3) {
                    let yuv = [luma, blue, red];
                    for (found, expected) in Colour::Yuv(yuv).rgb().into_iter().zip(oracle(yuv)) {
                        assert!((f64::from(found) - expected).abs() < 0.51, "{yuv:?}");
                    }
                }
            }
            let grey = f64::from(Colour::Yuv([luma, 3, 250]).grey());
            assert!((grey - oracle([luma, 128, 128])[1]).abs() < 0.51);
        }
    }

    #[test]
    fn five_and_six_bits_are_nearest_to_floats() {
        for pixel in 0..=u16::MAX {
            let bits = [
                (pixel >> 11, 31.0),
                (pixel >> 5 & 63, 63.0),
                (pixel & 31, 31.0),
            ];
            let expected = bits.map(|(bits, most)| f64::from(bits) * 255.0 / most);
            let found = rgb565(pixel).rgb();
            for (found, expected) in found.into_iter().zip(expected) {
                assert!((f64::from(found) - expected).abs() <= 0.5, "{pixel:#06x}");
            }
            let [red, green, blue] = found.map(f64::from);
            let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
            let grey = f64::from(rgb565(pixel).grey());
            assert!(
                grey <= luma + 1e-9 && luma < grey + 1.0 + 1e-9,
                "{pixel:#06x}"
            );
        }
    }
}
