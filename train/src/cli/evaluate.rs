//! The options of `train evaluate`.

use std::path::{Path, PathBuf};

use clap::error::ErrorKind;
use clap::{Args, value_parser};

use super::{DataArgs, LimitArgs, RuntimeArgs, misused};
use crate::data::Negatives;

#[derive(Debug, Args)]
pub struct EvaluateArgs {
    /// Model file
    #[arg(long, value_name = "FILE")]
    pub model: PathBuf,
    /// Measure on the colour-inverted images too
    #[arg(long)]
    pub invert: bool,
    /// Measure on the first N test images only
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub images: Option<u32>,
    /// Write the logits here, for each image a little-endian 32-bit float a class; `-` prints them and nothing else
    #[arg(long, value_name = "FILE")]
    pub scores: Option<PathBuf>,
    /// Measure also on the images made worse, in 15 ways and 5 strengths of each
    #[arg(long)]
    pub corruptions: bool,
    /// Measure also what is accepted of pictures of no class, in any form that `--data` has, by kind: the folders that they
    /// lie in. `drawn` are letters, doodles, textures and others that the program draws, for models of digits
    #[arg(long, value_name = "SOURCE")]
    pub negatives: Option<Negatives>,
    /// The model in 8 bits to compare with [default: the one that `quantize` made of this model, if it lies beside it]
    #[arg(long, value_name = "FILE")]
    pub int8: Option<PathBuf>,
    /// Write the report as one page for a browser, with the worst mistakes, and beside it as JSON
    #[arg(long, value_name = "FILE.html", value_parser = page)]
    pub report: Option<PathBuf>,
    /// Print the report as one JSON object
    #[arg(long)]
    pub json: bool,
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
    #[command(flatten)]
    pub(crate) data: DataArgs,
    #[command(flatten)]
    pub(crate) runtime: RuntimeArgs,
}

impl EvaluateArgs {
    /// Whether the logits are all that is printed.
    pub fn prints_scores(&self) -> bool {
        self.scores.as_deref() == Some(Path::new("-"))
    }

    /// Ends the program as for any wrong usage if nothing but logits is printed and more is asked for.
    pub fn expect_usage(&self) {
        let is_report_wanted = self.json
            || self.report.is_some()
            || self.int8.is_some()
            || self.corruptions
            || self.negatives.is_some();
        if self.prints_scores() && is_report_wanted {
            let message = "with --scores - nothing but logits is printed: --json, --report, --int8, --corruptions and --negatives \
                           need another command";
            misused(ErrorKind::ArgumentConflict, message);
        }
    }
}

/// A page, beside which a file of the same name with another ending is written.
fn page(text: &str) -> Result<PathBuf, String> {
    let path = PathBuf::from(text);
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("html" | "htm") => Ok(path),
        _ => Err("expected a name that ends in .html".into()),
    }
}
