//! A report of a few lines as a page.

use std::fmt;

use super::html::{self, escaped};
use crate::checkpoint::Epoch;

/// A page, which [`fmt::Display`] writes.
pub struct LinesPage<'a> {
    pub title: &'a str,
    /// What the report says.
    pub text: &'a str,
    /// The epochs of the run.
    pub epochs: &'a [Epoch],
}

impl fmt::Display for LinesPage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        html::head(f, self.title)?;
        write!(
            f,
            "<pre>{}</pre>\n\
             <h2>Loss after each epoch</h2>\n<table>\n<tr><th>epoch<th>while learning<th>measured afterwards</tr>\n",
            escaped(self.text)
        )?;
        for (number, epoch) in (1..).zip(self.epochs) {
            let (loss, val_loss) = (epoch.loss, epoch.val_loss);
            writeln!(f, "<tr><th>{number}<td>{loss:.5}<td>{val_loss:.5}</tr>")?;
        }
        f.write_str("</table>\n</body></html>\n")
    }
}
