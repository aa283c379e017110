//! What a model says of its input and its output, whichever file or board it is in.

pub use input::quantization::Quantization;
use no_std_core::prepare::Preparation;

use crate::picture::SIDE;

/// What a model takes and what it gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Spec {
    pub input: InputSpec,
    pub output: OutputSpec,
}

/// What a model says of its input.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSpec {
    /// The sizes of its axes in the model's own order, without the batch.
    pub sizes: Vec<usize>,
    /// What that order is.
    pub layout: Layout,
    /// What its integers stand for; `None` for a model that takes floats.
    pub quantization: Option<Quantization>,
    /// How a picture becomes the input, if one does.
    pub preparation: Preparation,
}

/// The order of the axes of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Rows, columns, channels, as in flash files.
    ChannelsLast,
    /// Channels, rows, columns, as in ONNX files of ours.
    ChannelsFirst,
    /// Whatever the model's file has.
    Unknown,
}

/// What a model says of its output.
#[derive(Clone, Debug, PartialEq)]
pub enum OutputSpec {
    /// A logit for each class. At least one class, each with a name.
    Classes { labels: Vec<String> },
    /// So many numbers, whatever they stand for.
    Values { outputs: usize },
    /// What an autoencoder makes of its input, which is accepted if the mean of the squared differences, in steps of its
    /// integers or of floats themselves, is at most the threshold. Boards do not say what it is.
    Reconstruction { threshold: Option<f64> },
}

impl InputSpec {
    /// The number of values.
    pub fn elements(&self) -> usize {
        self.sizes.iter().product()
    }

    /// Rows, columns and channels, if they are known.
    pub fn shape(&self) -> Option<[usize; 3]> {
        match (self.layout, &self.sizes[..]) {
            (Layout::ChannelsLast, &[rows, columns, channels])
            | (Layout::ChannelsFirst, &[channels, rows, columns]) => {
                Some([rows, columns, channels])
            }
            _ => None,
        }
    }

    /// Rows, columns and channels of the pictures that the model takes: grey ones with one channel, or RGB.
    pub fn picture(&self) -> Option<[usize; 3]> {
        let takes_pictures = self.preparation.takes_pictures();
        let is_one = |shape: &[usize; 3]| takes_pictures && matches!(shape[2], 1 | 3);
        self.shape().filter(is_one)
    }

    /// Whether the model takes pictures of the size of MNIST's, in which drawings can be centred.
    pub fn can_centre(&self) -> bool {
        self.picture() == Some([SIDE, SIDE, 1])
    }

    /// Whether that is what drawings are for it, and not pictures to be scaled.
    pub fn is_of_drawings(&self) -> bool {
        self.can_centre() && self.preparation.fit().is_none()
    }

    /// Pictures as they are, scaled where they have another size.
    pub fn plain(&self) -> Preparation {
        match self.preparation.fit() {
            Some(_) => self.preparation,
            None => Preparation::PLAIN,
        }
    }

    /// The drawing in a picture found and centred; `None` for a model of other inputs.
    pub fn centred(&self) -> Option<Preparation> {
        let own = self.preparation;
        let centred = match own.box_side() {
            Some(_) => own,
            None => Preparation::CENTRED,
        };
        self.can_centre().then_some(centred)
    }
}

impl Spec {
    /// Whether the model tells the ten digits in pictures like MNIST's.
    pub fn is_of_digits(&self) -> bool {
        let labels = self.labels().iter().enumerate();
        let mut are_digits = labels.map(|(digit, label)| *label == digit.to_string());
        self.input.can_centre() && are_digits.len() == 10 && are_digits.all(|is_one| is_one)
    }

    /// The names of the classes; none where there are none.
    pub fn labels(&self) -> &[String] {
        match &self.output {
            OutputSpec::Classes { labels } => labels,
            _ => &[],
        }
    }
}
