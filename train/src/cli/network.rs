//! What a user says of a network before it is trained.

use std::path::PathBuf;

use clap::{Args, value_parser};

use super::RuntimeArgs;

/// A network, and what it is for.
#[derive(Clone, Debug, Default, Args)]
pub struct NetworkArgs {
    /// A network's file, or the name of one that comes with the program (`train networks`) [default: digits]
    #[arg(long, value_name = "FILE|NAME")]
    pub network: Option<PathBuf>,
    /// Channels, rows and columns of an input [default: those that the network's file names]
    #[arg(long, value_name = "CxRxC", value_parser = shape)]
    pub input: Option<[usize; 3]>,
    /// Number of classes [default: likewise]
    #[arg(long, value_name = "N", value_parser = value_parser!(u16).range(1..))]
    pub classes: Option<u16>,
}

/// Three sizes with `x` between them.
fn shape(text: &str) -> Result<[usize; 3], String> {
    let size = |part: &str| part.parse().ok().filter(|size| (1..=4096).contains(size));
    let sizes: Option<Vec<usize>> = text.split('x').map(size).collect();
    let sizes = sizes.and_then(|sizes| <[usize; 3]>::try_from(sizes).ok());
    sizes.ok_or_else(|| "expected channels, rows and columns from 1 to 4096: 3x64x64".into())
}

#[derive(Debug, Args)]
pub struct SummaryArgs {
    #[command(flatten)]
    pub(crate) network: NetworkArgs,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}
