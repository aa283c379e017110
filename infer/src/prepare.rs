//! How pictures become inputs: in one way, or in that of two of which the model is surer.

use std::fmt;

use clap::ValueEnum;
use no_std_core::prepare::{Preparation, PrepareError};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::input::Input;
use crate::picture::PictureError;
use crate::spec::Spec;

/// How pictures are to become inputs, if not as the model's file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Wish {
    /// As it is, scaled if it has another size (a board's own preparation refuses that of models that say not how)
    Plain,
    /// The drawing in it found, light on dark, scaled and centred as in MNIST, for models of 28 x 28 grey pixels
    Centred,
    /// Plain or centred, whichever makes the model surer of its answer, for models of 28 x 28 grey pixels and classes
    Auto,
}

/// Why a model's pictures cannot be prepared as is wished.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum WishError {
    #[error(
        "centred: expected a model of 28 x 28 grey pixels, found one of other inputs; leave it out"
    )]
    Centred,
    #[error(
        "auto: expected a model of 28 x 28 grey pixels that tells classes apart, found another one; leave it out"
    )]
    Auto,
}

/// How a model's pictures become inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preparing {
    As(Preparation),
    /// In both ways, of which one counts: see [`predict`](crate::predict::predict).
    Auto {
        plain: Preparation,
        centred: Preparation,
    },
}

/// Which of both ways counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Prepared {
    Plain,
    Centred,
}

impl fmt::Display for Prepared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Plain => "plain",
            Self::Centred => "centred",
        })
    }
}

/// The inputs that something makes, of which one will count.
#[derive(Clone, Debug, PartialEq)]
pub enum Candidates {
    /// With the way that is left where the other one failed.
    One(Input, Option<Prepared>),
    Both {
        plain: Input,
        centred: Input,
    },
}

impl Preparing {
    /// As is wished, else as the model's file says.
    pub fn of(spec: &Spec, wish: Option<Wish>) -> Result<Self, WishError> {
        let input = &spec.input;
        match wish {
            None => Ok(Self::As(input.preparation)),
            Some(Wish::Plain) => Ok(Self::As(input.plain())),
            Some(Wish::Centred) => input.centred().map(Self::As).ok_or(WishError::Centred),
            Some(Wish::Auto) => {
                let centred = input.centred().filter(|_| !spec.labels().is_empty());
                Ok(Self::Auto {
                    plain: input.plain(),
                    centred: centred.ok_or(WishError::Auto)?,
                })
            }
        }
    }

    /// What `prepare` makes of a picture. A way that fails leaves the other one, but that several drawings are found is said.
    pub fn candidates(
        self,
        mut prepare: impl FnMut(Preparation) -> Result<Input, PictureError>,
    ) -> Result<Candidates, PictureError> {
        match self {
            Self::As(preparation) => Ok(prepare(preparation)?.into()),
            Self::Auto { plain, centred } => match (prepare(plain), prepare(centred)) {
                (Ok(plain), Ok(centred)) => Ok(Candidates::Both { plain, centred }),
                (_, Err(several @ PictureError::Prepare(PrepareError::Several))) => Err(several),
                (Ok(plain), Err(_)) => Ok(Candidates::One(plain, Some(Prepared::Plain))),
                (Err(_), Ok(centred)) => Ok(Candidates::One(centred, Some(Prepared::Centred))),
                // Its error is about the picture in its own size.
                (Err(_), Err(error)) => Err(error),
            },
        }
    }
}

impl From<Input> for Candidates {
    fn from(input: Input) -> Self {
        Self::One(input, None)
    }
}

impl Candidates {
    /// The input that counted.
    pub fn counted(&self, prepared: Option<Prepared>) -> &Input {
        match self {
            Self::Both { centred, .. } if prepared == Some(Prepared::Centred) => centred,
            Self::One(input, _) | Self::Both { plain: input, .. } => input,
        }
    }
}

#[cfg(test)]
mod tests;
