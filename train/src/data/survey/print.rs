//! A survey as text.

use std::fmt::{Display, Formatter, Result};

use super::{Count, Pair, Remark, Survey};

/// Lines of a list at most.
const LISTED: usize = 8;

impl Display for Survey {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let [channels, rows, columns] = self.input;
        writeln!(
            out,
            "input: {rows} x {columns}, {}",
            if channels == 1 {
                "grey"
            } else {
                "red, green and blue"
            }
        )?;
        for choice in &self.choices {
            writeln!(out, "  {choice}")?;
        }
        self.table(out)?;
        counted(out, "sizes", &self.sizes)?;
        counted(out, "formats", &self.formats)?;
        counted(out, "colours", &self.colours)?;
        if self.turned > 0 {
            writeln!(out, "turned as EXIF says: {}", self.turned)?;
        }
        let number = |of: fn(&super::Statistics) -> f64| -> String {
            let numbers = self
                .statistics
                .iter()
                .map(|channel| format!("{:.3}", of(channel)));
            numbers.collect::<Vec<_>>().join(", ")
        };
        writeln!(
            out,
            "mean {}, deviation {} of what is there to learn from; all networks but that of digits are trained with them",
            number(|one| one.mean),
            number(|one| one.deviation)
        )?;
        pairs(out, "the same", &self.same)?;
        pairs(out, "nearly the same", &self.near)?;
        remarks(out, "unreadable", &self.unreadable)?;
        remarks(out, "passed over", &self.passed_over)?;
        for problem in &self.problems {
            write!(out, "\nlooks wrong: {problem}")?;
        }
        Ok(())
    }
}

impl Survey {
    /// A line for each class.
    fn table(&self, out: &mut Formatter<'_>) -> Result {
        let names = self.classes.iter().map(|class| class.name.chars().count());
        let width = names.chain([5]).max().unwrap_or(0);
        writeln!(
            out,
            "\n{:width$} {:>8} {:>10} {:>8}",
            "class", "train", "validation", "test"
        )?;
        let mut total = [0; 3];
        for class in &self.classes {
            let counts = [class.train, class.validation, class.test];
            writeln!(
                out,
                "{:width$} {:8} {:10} {:8}",
                class.name, counts[0], counts[1], counts[2]
            )?;
            total = std::array::from_fn(|set| total[set] + counts[set]);
        }
        writeln!(
            out,
            "{:width$} {:8} {:10} {:8}\n",
            "all", total[0], total[1], total[2]
        )
    }
}

fn counted(out: &mut Formatter<'_>, what: &str, counts: &[Count]) -> Result {
    let shown = counts.iter().take(LISTED);
    let shown: Vec<String> = shown
        .map(|count| format!("{} ({})", count.what, count.count))
        .collect();
    match counts.len().saturating_sub(LISTED) {
        _ if counts.is_empty() => Ok(()),
        0 => writeln!(out, "{what}: {}", shown.join(", ")),
        more => writeln!(out, "{what}: {} and {more} others", shown.join(", ")),
    }
}

fn pairs(out: &mut Formatter<'_>, how: &str, pairs: &[Pair]) -> Result {
    writeln!(out, "{how} as another one: {}", pairs.len())?;
    list(
        out,
        pairs
            .iter()
            .map(|pair| format!("{} and {}", pair.first, pair.second)),
    )
}

fn remarks(out: &mut Formatter<'_>, what: &str, remarks: &[Remark]) -> Result {
    if remarks.is_empty() {
        return Ok(());
    }
    writeln!(out, "{what}: {}", remarks.len())?;
    list(
        out,
        remarks
            .iter()
            .map(|remark| format!("{}: {}", remark.name, remark.reason)),
    )
}

fn list(out: &mut Formatter<'_>, lines: impl ExactSizeIterator<Item = String>) -> Result {
    let more = lines.len().saturating_sub(LISTED);
    for line in lines.take(LISTED) {
        writeln!(out, "  {line}")?;
    }
    if more > 0 {
        writeln!(out, "  and {more} more")?;
    }
    Ok(())
}
