//! A network as a table for people.

use super::{Network, Node};
use crate::layers::Parameter;

impl Network {
    /// A table of the layers: name, output shape and size, parameters, multiply-adds, and the totals.
    pub fn summary(&self) -> String {
        let widths = self.nodes.iter().map(|layer| layer.name.len());
        let width = widths.max().unwrap_or(0).max(10);
        let mut lines = vec![format!(
            "{:<width$} {:<14} {:>8} {:>11} {:>14}",
            "layer", "output", "size", "parameters", "multiply-adds"
        )];
        for layer in &self.nodes {
            let shape: Vec<String> = layer.output.iter().map(usize::to_string).collect();
            let size: usize = layer.output.iter().product();
            let (name, shape) = (&layer.name, shape.join(" x "));
            let parameters = thousands(parameter_count(layer));
            let multiply_adds = thousands(layer.multiply_adds);
            lines.push(format!(
                "{name:<width$} {shape:<14} {size:>8} {parameters:>11} {multiply_adds:>14}"
            ));
        }
        let parameters = thousands(self.parameter_count());
        let multiply_adds = thousands(self.multiply_adds());
        lines.push(format!(
            "{:<total$} {parameters:>11} {multiply_adds:>14}",
            "total",
            total = width + 24
        ));
        lines.join("\n")
    }
}

fn parameter_count(layer: &Node) -> usize {
    layer.parameters.iter().map(Parameter::len).sum()
}

/// A number with a comma between groups of three digits.
pub(crate) fn thousands(number: usize) -> String {
    let mut text = number.to_string();
    for comma in (1..text.len()).rev().skip(2).step_by(3) {
        text.insert(comma, ',');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_grouped() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1000, "1,000"),
            (3_024_384, "3,024,384"),
        ] {
            assert_eq!(thousands(number), text);
        }
    }
}
