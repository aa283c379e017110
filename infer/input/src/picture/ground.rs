//! What lies under a transparent picture.

use image::{GrayAlphaImage, GrayImage, Luma};

const WHITE: u32 = 255;
const BLACK: u32 = 0;

/// Lays a picture on the ground that lets its ink be seen. Where every pixel is transparent, the colours count alone.
pub fn lay(picture: &GrayAlphaImage) -> GrayImage {
    let ground = match Visible::of(picture) {
        Some(visible) => visible.ground(),
        None => {
            return GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
                Luma([picture.get_pixel(x, y).0[0]])
            });
        }
    };
    GrayImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [luma, alpha] = picture.get_pixel(x, y).0.map(u32::from);
        Luma([((luma * alpha + ground * (255 - alpha) + 127) / 255) as u8])
    })
}

/// What is to be seen of a picture, each pixel weighed by how opaque it is.
struct Visible {
    /// The part of the picture that is opaque, 0..=1.
    share: f64,
    /// The mean of what is there, 0 black to 255 white.
    mean: f64,
    /// Its standard deviation.
    deviation: f64,
}

impl Visible {
    /// `None` if there is nothing.
    fn of(picture: &GrayAlphaImage) -> Option<Self> {
        let (mut weight, mut sum, mut squares) = (0_u64, 0_u64, 0_u64);
        for pixel in picture.pixels() {
            let [luma, alpha] = pixel.0.map(u64::from);
            weight += alpha;
            sum += alpha * luma;
            squares += alpha * luma * luma;
        }
        let pixels = f64::from(picture.width()) * f64::from(picture.height());
        let mean = sum as f64 / weight as f64;
        (weight > 0).then(|| Self {
            share: weight as f64 / (255.0 * pixels),
            mean,
            deviation: (squares as f64 / weight as f64 - mean * mean)
                .max(0.0)
                .sqrt(),
        })
    }

    /// White, as paper is; black under light ink, which is all that is there and alike.
    fn ground(&self) -> u32 {
        let has_paper = self.share > 0.5 && self.deviation > 16.0;
        if self.mean > 127.5 && !has_paper {
            BLACK
        } else {
            WHITE
        }
    }
}

#[cfg(test)]
mod tests {
    use image::LumaA;

    use super::*;

    /// A stroke in a picture of 20 x 20 pixels, each of a grey and an alpha.
    fn laid(ink: [u8; 2], around: [u8; 2]) -> [u8; 2] {
        let picture = GrayAlphaImage::from_fn(20, 20, |x, y| {
            let inside = (9..12).contains(&x) && (3..17).contains(&y);
            LumaA(if inside { ink } else { around })
        });
        let laid = lay(&picture);
        [laid.get_pixel(10, 10).0[0], laid.get_pixel(1, 1).0[0]]
    }

    #[test]
    fn ink_is_seen_on_its_ground() {
        for (ink, around, expected) in [
            ([0, 255], [0, 0], [0, 255]),
            ([255, 255], [255, 0], [255, 0]),
            ([255, 255], [0, 0], [255, 0]),
            ([230, 128], [77, 0], [115, 0]),
            ([60, 255], [255, 0], [60, 255]),
            // All is opaque.
            ([255, 255], [9, 255], [255, 9]),
            ([0, 255], [200, 255], [0, 200]),
            // Nothing is.
            ([255, 0], [9, 0], [255, 9]),
        ] {
            assert_eq!(laid(ink, around), expected, "{ink:?} {around:?}");
        }
    }

    #[test]
    fn paper_with_transparent_corners_stays_paper() {
        let picture = GrayAlphaImage::from_fn(20, 20, |x, y| match (x, y) {
            (0..2, 0..2) => LumaA([0, 0]),
            (9..12, 3..17) => LumaA([0, 255]),
            _ => LumaA([240, 255]),
        });
        let laid = lay(&picture);
        assert_eq!(
            [laid.get_pixel(0, 0).0[0], laid.get_pixel(10, 10).0[0]],
            [255, 0]
        );
    }
}
