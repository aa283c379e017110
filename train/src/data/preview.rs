//! A picture of what a recipe makes of pictures, before a network learns from them.

use image::RgbImage;
use ndarray::Axis;

use super::augment::{Transform, Variant};
use super::batch::{Batch, Batches, Order, Shown};
use super::sheet::{self, Sheet};
use super::{DataError, Dataset};

/// Pictures at most, a row each, of each class in proportion.
const ROWS: usize = 16;
/// Changed versions of each.
const VERSIONS: u64 = 9;

/// Draws some pictures as they are, and beside each what `transforms` make of it, as a fit would show it epoch after epoch.
/// Below a mixture stands the share and the class of what was mixed in.
pub fn draw(pictures: &Dataset, transforms: &[Transform]) -> Result<RgbImage, DataError> {
    let (shown, _) = pictures.split_stratified(ROWS, 0);
    let versions = (0..=VERSIONS).map(|version| match version {
        0 => batch(&shown, &[], 0),
        seed => batch(&shown, transforms, seed),
    });
    let versions: Vec<Batch> = versions.collect::<Result<_, _>>()?;
    let mixes = versions.iter().any(|version| version.mixed.is_some());
    let mut sheet = Sheet::new(shown.shape(), [shown.len(), versions.len()], mixes);
    for row in 0..shown.len() {
        let class = &shown.classes()[usize::from(shown.labels()[row])];
        sheet.title(row, class);
        for (column, version) in versions.iter().enumerate() {
            let pixels = version.images.index_axis(Axis(0), row);
            let pixels = pixels.iter().map(|pixel| (pixel * 255.0).round() as u8);
            let pixels: Vec<u8> = pixels.collect();
            sheet.put([row, column], &sheet::of_pixels(shown.shape(), &pixels));
            if let Some((labels, shares)) = &version.mixed {
                let other = &shown.classes()[labels[row] as usize];
                let share = 100.0 * (1.0 - shares[row]);
                sheet.caption([row, column], &format!("{share:.0}% {other}"));
            }
        }
    }
    Ok(sheet.image)
}

/// All pictures, changed as a fit changes the pictures of a batch.
fn batch(pictures: &Dataset, transforms: &[Transform], seed: u64) -> Result<Batch, DataError> {
    let (batch_size, samples) = (pictures.len(), pictures.len());
    let batches = Batches::new(pictures, &[Variant::Plain], batch_size, Order::Sequential)?;
    let shown = Shown {
        transforms,
        seed,
        class_weights: &[],
    };
    let none = DataError::BatchSize {
        batch_size,
        samples,
    };
    batches.shown(shown).next().unwrap_or(Err(none))
}

#[cfg(test)]
mod tests {
    use image::imageops;

    use super::*;
    use crate::data::synthetic;
    use crate::recipe::Recipe;

    /// The picture in a row and a column of a sheet of digits, which are drawn twice as large, each row this high.
    fn shown(sheet: &RgbImage, [row, column]: [u32; 2], height: u32) -> Vec<u8> {
        let (left, top) = (4 + column * 60, 4 + row * height + 20);
        let picture = imageops::crop_imm(sheet, left, top, 56, 56).to_image();
        let pixels = (0..784).map(|at| picture.get_pixel(at % 28 * 2, at / 28 * 2).0[0]);
        pixels.collect()
    }

    fn transforms(text: &str) -> Vec<Transform> {
        toml::from_str::<Recipe>(text).unwrap().augment
    }

    #[test]
    fn each_picture_is_there_as_it_is_and_changed_as_a_fit_changes_it() {
        let digits = synthetic::digits(40, 1, 1).train;
        let (chosen, _) = digits.split_stratified(ROWS, 0);
        let inverted = transforms("augment = [{ invert = 1.0 }]");
        let sheet = draw(&digits, &inverted).unwrap();
        assert_eq!(sheet.dimensions(), (4 + 10 * 60, 4 + 16 * 84));
        let mut pixels = [0; 784];
        for row in 0..ROWS {
            chosen.read(row, &mut pixels).unwrap();
            assert_eq!(shown(&sheet, [row as u32, 0], 84), pixels);
            let negative = pixels.map(|pixel| 255 - pixel);
            for column in 1..=9 {
                assert_eq!(shown(&sheet, [row as u32, column], 84), negative);
            }
        }
        // Each version is another one, and the same again.
        let turned = transforms("augment = [{ rotate = 90 }]");
        let sheet = draw(&digits, &turned).unwrap();
        let versions: Vec<_> = (1..=9)
            .map(|column| shown(&sheet, [0, column], 84))
            .collect();
        assert!((1..9).all(|at| versions[at] != versions[0]));
        assert_eq!(sheet, draw(&digits, &turned).unwrap());
    }

    #[test]
    fn below_mixtures_stands_what_was_mixed_in() {
        let digits = synthetic::digits(40, 1, 1).train;
        let sheet = draw(&digits, &transforms("augment = [{ mixup = 1.0 }]")).unwrap();
        assert_eq!(sheet.height(), 4 + 16 * 96);
        let caption = |column: u32| {
            let line = imageops::crop_imm(&sheet, 4 + column * 60, 84, 56, 8).to_image();
            line.pixels().filter(|pixel| pixel.0[0] < 50).count()
        };
        assert_eq!(caption(0), 0);
        assert!((1..=9).all(|column| caption(column) > 20));
    }
}
