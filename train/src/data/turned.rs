//! Whether the images of a data set are transposed, as EMNIST's are.

use input::picture::{Pixels, SIDE};
use no_std_core::{Model, Output, quantize_pixel, run};

use crate::data::{Dataset, Element, Loaded, emnist};

/// Classes of the model.
const DIGITS: usize = 10;
/// A model that knows upright digits.
const MODEL: &[u8] = include_bytes!("../../../models/digits.q8");
/// Images that it is tried on, at most.
const SAMPLE: usize = 100;

/// What to say of transposed images.
const NOTE: &str = "these images are transposed (rows and columns exchanged), as EMNIST's are: a network that learns \
    from them misreads upright digits; `--transpose` exchanges them back";
/// What to say of letters, which the model does not know.
const LETTERS: &str = "these have the labels of EMNIST's letters, whose images are published transposed (rows and columns \
    exchanged): a network that learns from such misreads upright letters; `train data --preview` shows whether they are, and \
    `--transpose` exchanges them back";

impl Loaded {
    /// What the user should know of these pictures before a network learns from them.
    pub fn note(&self) -> Option<&'static str> {
        let Self { sets, found } = self;
        let test = &sets.test;
        if test.element() == Element::Number {
            return None;
        }
        let is_emnist = sets.source.to_lowercase().contains("emnist");
        if emnist::are_letters(test.classes()) {
            let may_be_turned = is_emnist && found.files.is_empty() && !found.is_transposed;
            return may_be_turned.then_some(LETTERS);
        }
        is_turned(test, is_emnist).then_some(NOTE)
    }
}

/// Whether a model of upright digits reads these far better once they are transposed, the letters among them aside. Of
/// images that are `suspected`, upright ones must be read better for the answer to be no.
fn is_turned(dataset: &Dataset, suspected: bool) -> bool {
    let Ok(model) = Model::new(MODEL) else {
        return false;
    };
    let names = dataset.classes().iter();
    let are_digits = (0..DIGITS)
        .map(|digit| digit.to_string())
        .eq(names.take(DIGITS).cloned());
    if dataset.shape() != [1, SIDE, SIDE] || !are_digits {
        return false;
    }
    let is_digit = |at: &usize| usize::from(dataset.labels()[*at]) < DIGITS;
    let digits: Vec<usize> = (0..dataset.len()).filter(is_digit).collect();
    let (digits, _) = dataset.select(&digits).split_stratified(SAMPLE, 0);
    let (mut upright, mut turned) = (0, 0);
    let mut image = [0; SIDE * SIDE];
    for (index, &label) in digits.labels().iter().enumerate() {
        if digits.read(index, &mut image).is_err() {
            return false;
        }
        let label = Some(usize::from(label));
        upright += usize::from(class(&model, &image) == label);
        turned += usize::from(class(&model, &transposed(&image)) == label);
    }
    // Some digits are nearly their own transposition, and few images prove nothing.
    let far_better = 2 * turned > digits.len() && turned > 2 * upright + 10;
    far_better || suspected && turned >= upright
}

/// An image with rows and columns exchanged.
fn transposed(image: &Pixels) -> Pixels {
    std::array::from_fn(|at| image[at % SIDE * SIDE + at / SIDE])
}

/// What the model takes an image for.
fn class(model: &Model, image: &Pixels) -> Option<usize> {
    let pixels = image.map(quantize_pixel);
    let mut arena = vec![0; model.arena_len()];
    match run(model, &pixels, &mut arena).ok()? {
        Output::Classes(classes) => Some(classes.class()),
        Output::Values(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::synthetic;

    /// Other pixels with the labels of these.
    fn digits_of(pixels: Vec<u8>, digits: &Dataset) -> Dataset {
        let labels = digits.labels().to_vec();
        Dataset::new(digits.shape(), pixels, labels, digits.classes().clone())
    }

    #[test]
    fn transposed_digits_are_noticed_and_upright_ones_are_not() {
        let digits = synthetic::digits(1, 300, 2).test;
        for count in [300, 100, 5, 1] {
            assert!(!is_turned(&digits.clone().take(count), false), "{count}");
        }
        assert!(!is_turned(&digits, true));
        let mut images = digits.images().unwrap();
        images.swap_axes(2, 3);
        let digits = digits_of(images.iter().copied().collect(), &digits);
        for count in [300, 100] {
            assert!(is_turned(&digits.clone().take(count), false), "{count}");
        }
        assert!(!is_turned(&digits.clone().take(10), false));
        assert!(is_turned(&digits.clone().take(10), true));
    }

    #[test]
    fn digits_among_letters_are_looked_at() {
        let digits = synthetic::digits(1, 300, 2).test;
        let mut names: Vec<String> = digits.classes().to_vec();
        names.extend(["A", "B"].map(String::from));
        let among_letters = |digits: &Dataset| {
            let mut labels = digits.labels().to_vec();
            labels[..50].fill(11);
            let pixels = digits.images().unwrap().iter().copied().collect();
            Dataset::new(digits.shape(), pixels, labels, names.clone().into())
        };
        assert!(!is_turned(&among_letters(&digits), true));
        let mut images = digits.images().unwrap();
        images.swap_axes(2, 3);
        let digits = digits_of(images.iter().copied().collect(), &digits);
        assert!(is_turned(&among_letters(&digits), false));
    }

    #[test]
    fn images_that_mean_nothing_to_the_model_are_not_said_to_be_turned() {
        let digits = synthetic::digits(1, 100, 2).test;
        let blank = digits_of(vec![0; 100 * 784], &digits);
        assert!(!is_turned(&blank, false));
    }
}
