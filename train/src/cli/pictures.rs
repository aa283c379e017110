//! What a user says of the pictures that a network learns from.

use clap::{Args, ValueEnum};
use no_std_core::prepare::Fit;

use crate::data::choice::{Colour, Wanted};

#[derive(Clone, Copy, Debug, Default, PartialEq, Args)]
pub struct PictureArgs {
    /// Rows and columns of the network's input: 64x64 [default: those of the run or model, if there is one; else those of the
    /// pictures in the middle, up to 64]
    #[arg(long, value_name = "RxC", value_parser = size)]
    pub size: Option<[usize; 2]>,
    /// Its colours [default: those of the run or model, if there is one; else rgb if pictures have colours, else grey]
    #[arg(long, value_enum)]
    pub colour: Option<Colour>,
    /// What becomes of pictures in other proportions, in `infer` and on boards as well [default: that of the run or
    /// model, if there is one; else stretch]
    #[arg(long, value_enum)]
    pub fit: Option<FitArg>,
    /// Exchange rows and columns of images in IDX files and arrays, as EMNIST's need it
    #[arg(long)]
    pub transpose: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FitArg {
    /// All of the picture, stretched
    Stretch,
    /// The middle of the picture
    Crop,
    /// All of the picture, between black bars
    Pad,
}

impl PictureArgs {
    pub fn wanted(self) -> Wanted {
        Wanted {
            size: self.size,
            colour: self.colour,
            fit: self.fit.map(|fit| match fit {
                FitArg::Stretch => Fit::Stretch,
                FitArg::Crop => Fit::Crop,
                FitArg::Pad => Fit::Pad,
            }),
            transpose: self.transpose,
        }
    }
}

fn size(text: &str) -> Result<[usize; 2], String> {
    const SIDES: std::ops::RangeInclusive<usize> = 1..=1024;
    let side = |text: &str| text.trim().parse().ok().filter(|side| SIDES.contains(side));
    let sides = text.split_once(['x', 'X']);
    let sides = sides.and_then(|(rows, columns)| Some([side(rows)?, side(columns)?]));
    sides.ok_or_else(|| "expected rows and columns of 1 to 1024, as 64x64 or 48x64".into())
}
