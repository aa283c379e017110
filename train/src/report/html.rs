//! A report as one file for a browser: no scripts, nothing from elsewhere, light or dark as the reader has it.

mod acceptance;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Calibration, Corruptions, Int8, Report};
use crate::checkpoint::Epoch;
use crate::data::corruption::STRENGTHS;

/// A page, which [`fmt::Display`] writes.
pub struct Page<'a> {
    pub title: &'a str,
    pub report: &'a Report,
    /// The epochs of the run, if it is known.
    pub epochs: &'a [Epoch],
    /// The pictures of the report's mistakes, as PNG files.
    pub mistakes: Vec<Vec<u8>>,
}

const STYLE: &str = "
:root { color-scheme: light dark; --line: #8886; --bar: #4a7dbd; --wrong: 205, 92, 60; --right: 74, 125, 189 }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .15rem .6rem; text-align: right; border-bottom: 1px solid var(--line) }
th:first-child { text-align: left }
.wide { overflow-x: auto }
.matrix td { min-width: 2.2rem; text-align: center; border: 1px solid var(--line) }
.matrix th { font-weight: normal; text-align: center }
svg { max-width: 100%; height: auto }
svg text { fill: currentColor; font: 12px system-ui, sans-serif }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(7rem, 1fr)); gap: 1rem }
figure { margin: 0; font-size: 13px }
img { width: 100%; image-rendering: pixelated }
";

/// Sides of a plot and the room around it for text.
const WIDTH: f64 = 420.0;
const HEIGHT: f64 = 260.0;
const MARGIN: f64 = 40.0;

/// The beginning of a page, with its title.
pub fn head(f: &mut fmt::Formatter<'_>, title: &str) -> fmt::Result {
    let title = escaped(title);
    writeln!(
        f,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <title>{title}</title>\n<style>{STYLE}</style></head>\n<body>\n<h1>{title}</h1>"
    )
}

impl fmt::Display for Page<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        head(f, self.title)?;
        writeln!(f, "<p>{}</p>", escaped(&self.report.line()))?;
        self.classes(f)?;
        self.confusion(f)?;
        calibration(f, &self.report.calibration)?;
        if let Some(int8) = &self.report.int8 {
            floats_and_8_bits(f, int8)?;
        }
        if let Some(corruptions) = &self.report.corruptions {
            made_worse(f, corruptions)?;
        }
        if let Some(found) = &self.report.acceptance {
            acceptance::write(f, found)?;
        }
        if self.epochs.len() > 1 {
            epochs(f, self.epochs)?;
        }
        self.mistakes(f)?;
        f.write_str("</body></html>\n")
    }
}

impl Page<'_> {
    fn classes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "<h2>Classes</h2>\n<div class=\"wide\"><table>\n<tr><th>class<th>precision<th>right of found\
             <th>recall<th>found of its own</tr>\n",
        )?;
        let share = |share: Option<f64>| share.map_or("–".into(), |share| format!("{share:.4}"));
        for class in &self.report.classes {
            writeln!(
                f,
                "<tr><th>{}<td>{}<td>{} of {}<td>{}<td>{} of {}</tr>",
                escaped(&class.name),
                share(class.precision),
                class.correct,
                class.found,
                share(class.recall),
                class.correct,
                class.samples
            )?;
        }
        f.write_str("</table></div>\n")
    }

    fn mistakes(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.mistakes.is_empty() {
            return Ok(());
        }
        f.write_str(
            "<h2>Mistakes that the network was surest of</h2>\n<div class=\"pictures\">\n",
        )?;
        for (mistake, png) in self.report.mistakes.iter().zip(&self.mistakes) {
            let name = |class: usize| escaped(&self.report.classes[class].name);
            let (answer, label) = (name(mistake.answer), name(mistake.label));
            writeln!(
                f,
                "<figure><img alt=\"\" src=\"data:image/png;base64,{}\"><figcaption>{answer} ({:.0} %), \
                 is {label}</figcaption></figure>",
                STANDARD.encode(png),
                100.0 * mistake.confidence
            )?;
        }
        f.write_str("</div>\n")
    }

    /// Rows are the truth; the more of a row, the stronger the colour.
    fn confusion(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = || self.report.classes.iter().map(|class| escaped(&class.name));
        f.write_str(
            "<h2>What was taken for what</h2>\n<p>Rows: the class, columns: the answer.</p>\n\
             <div class=\"wide\"><table class=\"matrix\">\n<tr><th>",
        )?;
        for name in names() {
            write!(f, "<th>{name}")?;
        }
        f.write_str("</tr>\n")?;
        for (label, (name, answers)) in names().zip(&self.report.confusion).enumerate() {
            write!(f, "<tr><th>{name}")?;
            let all = answers.iter().sum::<usize>().max(1) as f64;
            for (answer, &count) in answers.iter().enumerate() {
                let colour = if answer == label { "right" } else { "wrong" };
                // Few mistakes shall be seen among many right answers.
                let strength = (count as f64 / all).sqrt() * 0.8;
                write!(
                    f,
                    "<td style=\"background: rgba(var(--{colour}), {strength:.2})\">{count}"
                )?;
            }
            f.write_str("</tr>\n")?;
        }
        f.write_str("</table></div>\n")
    }
}

/// Both networks in a table, and how far they are apart in words.
fn floats_and_8_bits(f: &mut fmt::Formatter<'_>, int8: &Int8) -> fmt::Result {
    writeln!(
        f,
        "<h2>Floats and 8 bits</h2>\n<table>\n<tr><th>{}<th>accuracy<th>right</tr>",
        escaped(&int8.model)
    )?;
    for (name, accuracy, correct) in int8.rows() {
        let samples = int8.samples;
        writeln!(
            f,
            "<tr><th>{name}<td>{accuracy:.4}<td>{correct} of {samples}</tr>"
        )?;
    }
    writeln!(f, "</table>\n<p>{}</p>", int8.differences())
}

/// The accuracy of each way and strength; the more is wrong, the stronger the colour. The counts appear below the pointer.
fn made_worse(f: &mut fmt::Formatter<'_>, corruptions: &Corruptions) -> fmt::Result {
    writeln!(
        f,
        "<h2>Pictures made worse</h2>\n<p>{}</p>\n<div class=\"wide\"><table>\n<tr><th>accuracy at strength",
        corruptions.summary()
    )?;
    for strength in 1..=STRENGTHS {
        write!(f, "<th>{strength}")?;
    }
    f.write_str("<th>mean</tr>\n")?;
    for way in &corruptions.ways {
        write!(f, "<tr><th>{}", way.name)?;
        for (accuracy, correct) in way.accuracy.iter().zip(way.correct) {
            let strength = (1.0 - accuracy).sqrt() * 0.8;
            write!(
                f,
                "<td style=\"background: rgba(var(--wrong), {strength:.2})\" title=\"{correct} of {}\">{accuracy:.4}",
                corruptions.samples
            )?;
        }
        writeln!(f, "<td>{:.4}</tr>", way.mean)?;
    }
    f.write_str("</table></div>\n")
}

/// Bars of accuracy over confidence; on the diagonal, answers are right as often as the network is sure.
fn calibration(f: &mut fmt::Formatter<'_>, calibration: &Calibration) -> fmt::Result {
    write!(
        f,
        "<h2>How sure, how right</h2>\n<p>Mean difference: {:.4}. On the line, answers are right as often as the \
         network says.</p>\n",
        calibration.error
    )?;
    begin(f, "accuracy over confidence")?;
    let width = (WIDTH - 2.0 * MARGIN) / calibration.bins.len() as f64;
    for (index, bin) in calibration.bins.iter().enumerate() {
        let height = bin.accuracy * (HEIGHT - 2.0 * MARGIN);
        writeln!(
            f,
            "<rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\" fill=\"var(--bar)\">\
             <title>{} samples, confidence {:.3}, accuracy {:.3}</title></rect>",
            MARGIN + index as f64 * width + 1.0,
            HEIGHT - MARGIN - height,
            width - 2.0,
            bin.samples,
            bin.confidence,
            bin.accuracy
        )?;
    }
    line(f, &[[0.0, 0.0], [1.0, 1.0]], "stroke-dasharray=\"4\"")?;
    end(f, ["0", "confidence", "1"])
}

/// Accuracy after each epoch: what was learnt from dashed, what was measured on whole.
fn epochs(f: &mut fmt::Formatter<'_>, epochs: &[Epoch]) -> fmt::Result {
    f.write_str(
        "<h2>Accuracy after each epoch</h2>\n<p>Dashed: while learning; whole: measured afterwards.</p>\n",
    )?;
    begin(f, "accuracy over epochs")?;
    let last = (epochs.len() - 1) as f64;
    let points = |of: fn(&Epoch) -> f64| -> Vec<[f64; 2]> {
        let points = epochs.iter().enumerate();
        points
            .map(|(index, epoch)| [index as f64 / last, of(epoch)])
            .collect()
    };
    let learnt = points(|epoch| epoch.accuracy.unwrap_or(0.0));
    let measured = points(|epoch| epoch.val_accuracy.unwrap_or(0.0));
    line(f, &learnt, "stroke-dasharray=\"4\"")?;
    line(f, &measured, "stroke-width=\"2\"")?;
    end(f, ["1", "epoch", &epochs.len().to_string()])
}

fn begin(f: &mut fmt::Formatter<'_>, label: &str) -> fmt::Result {
    let (right, bottom) = (WIDTH - MARGIN, HEIGHT - MARGIN);
    write!(
        f,
        "<svg role=\"img\" aria-label=\"{label}\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\">\n\
         <path d=\"M{MARGIN} {MARGIN}V{bottom}H{right}\" fill=\"none\" stroke=\"var(--line)\"/>\n\
         <text x=\"{0}\" y=\"{MARGIN}\" text-anchor=\"end\">1</text>\
         <text x=\"{0}\" y=\"{bottom}\" text-anchor=\"end\">0</text>\n",
        MARGIN - 6.0
    )
}

/// A line through points of 0 to 1.
fn line(f: &mut fmt::Formatter<'_>, points: &[[f64; 2]], style: &str) -> fmt::Result {
    f.write_str("<polyline fill=\"none\" stroke=\"currentColor\" points=\"")?;
    for [x, y] in points {
        let x = MARGIN + x * (WIDTH - 2.0 * MARGIN);
        let y = HEIGHT - MARGIN - y * (HEIGHT - 2.0 * MARGIN);
        write!(f, "{x:.1},{y:.1} ")?;
    }
    writeln!(f, "\" {style}/>")
}

fn end(f: &mut fmt::Formatter<'_>, [first, name, last]: [&str; 3]) -> fmt::Result {
    let y = HEIGHT - MARGIN + 18.0;
    let texts = [(MARGIN, first), (WIDTH / 2.0, name), (WIDTH - MARGIN, last)];
    for (x, text) in texts {
        write!(
            f,
            "<text x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>"
        )?;
    }
    f.write_str("\n</svg>\n")
}

/// A text without the characters that HTML reads as its own.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
