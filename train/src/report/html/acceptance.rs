//! What is accepted, in a report's page.

use std::fmt;

use super::super::Acceptance;
use super::{begin, end, escaped, line};

/// A curve of what is accepted that is of no class over what is accepted of the samples, the points of it in a table, and a
/// table of kinds.
pub fn write(f: &mut fmt::Formatter<'_>, found: &Acceptance) -> fmt::Result {
    f.write_str(
        "<h2>How sure, how much is accepted</h2>\n<p>Across: the share of the samples that is accepted; up: the share of what is \
         of no class.</p>\n",
    )?;
    begin(f, "what is accepted of no class over what is accepted")?;
    let share = |count: usize, of: usize| count as f64 / of as f64;
    let points = found.points.iter();
    let point = points.map(|point| [share(point.accepted, found.samples), found.share(point)]);
    line(f, &point.collect::<Vec<_>>(), "stroke-width=\"2\"")?;
    end(f, ["0", "accepted", "1"])?;
    f.write_str(
        "<div class=\"wide\"><table>\n<tr><th>threshold<th>accepted<th>wrong<th>of no class</tr>\n",
    )?;
    let points = found.points.iter().map(|point| ("", point));
    let own = found.own.iter().map(|own| ("the model's own: ", own));
    for (name, point) in points.chain(own) {
        writeln!(
            f,
            "<tr><td>{name}{:.4}<td>{} of {}<td>{}<td>{:.4} ({} of {})</tr>",
            point.threshold,
            point.accepted,
            found.samples,
            point.wrong,
            found.share(point),
            point.accepted_negatives,
            found.negatives
        )?;
    }
    write!(
        f,
        "</table></div>\n<p>Of each kind, where {} of the samples are accepted:</p>\n\
         <div class=\"wide\"><table>\n<tr><th>kind<th>accepted</tr>\n",
        found.told_at
    )?;
    for kind in &found.kinds {
        let (name, accepted, samples) = (escaped(&kind.name), kind.accepted, kind.samples);
        writeln!(
            f,
            "<tr><th>{name}<td>{:.4} ({accepted} of {samples})</tr>",
            kind.share()
        )?;
    }
    f.write_str("</table></div>\n")
}
