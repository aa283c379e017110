//! A network as a table for people.

use super::{Network, Parameter, PlannedLayer};

impl Network {
    /// A table of the layers: name, output shape and size, parameters, multiply-adds, and the totals.
    pub fn summary(&self) -> String {
        let plan = self.plan();
        let mut lines = vec![format!(
            "{:<10} {:<14} {:>8} {:>11} {:>14}",
            "layer", "output", "size", "parameters", "multiply-adds"
        )];
        for layer in &plan {
            let shape: Vec<String> = layer.output.iter().map(usize::to_string).collect();
            let size: usize = layer.output.iter().product();
            lines.push(format!(
                "{:<10} {:<14} {size:>8} {:>11} {:>14}",
                layer.name,
                shape.join(" x "),
                thousands(parameter_count(layer)),
                thousands(layer.multiply_adds)
            ));
        }
        lines.push(format!(
            "{:<34} {:>11} {:>14}",
            "total",
            thousands(plan.iter().map(parameter_count).sum()),
            thousands(plan.iter().map(|layer| layer.multiply_adds).sum())
        ));
        lines.join("\n")
    }
}

fn parameter_count(layer: &PlannedLayer) -> usize {
    layer.parameters.iter().map(Parameter::len).sum()
}

/// A number with a comma between groups of three digits.
pub(crate) fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let groups: Vec<&str> = digits
        .as_bytes()
        .rchunks(3)
        .rev()
        .map(|group| std::str::from_utf8(group).unwrap_or_default())
        .collect();
    groups.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_has_the_figures_of_the_seed() {
        let network = Network::digits();
        let sizes: Vec<usize> = network
            .plan()
            .iter()
            .map(|layer| layer.output.iter().product())
            .collect();
        assert_eq!(sizes, [12544, 3136, 6272, 1568, 1568, 128, 128, 10]);
        let summary = network.summary();
        let total: Vec<&str> = summary.lines().last().unwrap().split_whitespace().collect();
        assert_eq!(total, ["total", "215,370", "3,024,384"]);
    }

    #[test]
    fn thousands_are_grouped() {
        assert_eq!(
            ["0", "999", "1,000", "3,024,384"],
            [0, 999, 1000, 3_024_384]
                .map(thousands)
                .each_ref()
                .map(String::as_str)
        );
    }
}
