//! A report of a few lines as a page.

use std::fmt;

use super::html::{STYLE, escaped};
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
        let [title, text] = [self.title, self.text].map(escaped);
        write!(
            f,
            "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
             <meta name=\"viewport\" content=\"width=device-width\">\n\
             <title>{title}</title>\n<style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>\n<pre>{text}</pre>\n\
             <h2>Loss after each epoch</h2>\n<table>\n<tr><th>epoch<th>while learning<th>measured afterwards</tr>\n"
        )?;
        for (number, epoch) in (1..).zip(self.epochs) {
            let (loss, val_loss) = (epoch.loss, epoch.val_loss);
            writeln!(f, "<tr><th>{number}<td>{loss:.5}<td>{val_loss:.5}</tr>")?;
        }
        f.write_str("</table>\n</body></html>\n")
    }
}
