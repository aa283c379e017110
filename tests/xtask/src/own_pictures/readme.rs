//! The commands that the README tells to type.

use anyhow::{Result, ensure};

const README: &str = include_str!("../../../../README.md");
const SECTION: &str = "\n## Your own pictures\n";

/// What the four commands are for, in their order.
const COMMANDS: [[&str; 2]; 4] = [
    ["train", "data"],
    ["train", "fit"],
    ["train", "quantize"],
    ["infer", "predict"],
];

/// The words of the first commands of the section, from a folder of pictures to an answer.
pub fn commands() -> Result<Vec<Vec<String>>> {
    let section = README.split(SECTION).nth(1).unwrap_or_default();
    let commands = section
        .lines()
        .filter_map(|line| line.strip_prefix("    $ "));
    let commands: Vec<Vec<String>> = commands.take(COMMANDS.len()).map(words).collect();
    let are_known = commands.iter().map(|words| &words[..words.len().min(2)]);
    ensure!(
        are_known.eq(COMMANDS),
        "README.md, `{}`: expected commands `train data`, `train fit`, `train quantize` and `infer predict`, found {commands:?}",
        SECTION.trim()
    );
    Ok(commands)
}

/// What a shell makes of a line of the README, which quotes nothing.
fn words(line: &str) -> Vec<String> {
    let command = line.split(" #").next().unwrap_or_default();
    command.split_whitespace().map(String::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_readme_has_its_four_commands() {
        let commands = commands().unwrap();
        assert_eq!(
            commands[0].join(" "),
            "train data --data hands --preview sheet.png"
        );
        assert!(commands[3].iter().all(|word| !word.contains('#')));
    }
}
