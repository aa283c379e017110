//! Building the programs, with a word every few seconds on how far it is.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use crate::command::{cargo, describe, output, output_in_ticks};
use crate::console::human;

/// How often there is a word.
const PERIOD: Duration = Duration::from_secs(5);

/// Builds `train` and `infer` in a profile and returns cargo's messages, one JSON object a line.
pub fn programs(profile: &str) -> Result<String> {
    let mut command = cargo(&format!("build --profile {profile} -p train -p infer"));
    println!("$ {}", describe(&command));
    command.args(["--quiet", "--message-format=json-render-diagnostics"]);
    let (start, mut total) = (Instant::now(), None);
    let messages = output_in_ticks(&mut command, PERIOD, |messages| {
        // Only a build that takes its time is worth the counting.
        let total = total.get_or_insert_with(|| packages().unwrap_or_default());
        let done = built(messages).len();
        println!(
            "  {done} of {total} packages after {}",
            human(start.elapsed())
        );
    })?;
    Ok(messages.join("\n"))
}

/// How many packages the programs are made of.
fn packages() -> Result<usize> {
    let tree = "tree --quiet -p train -p infer --edges normal,build --prefix none --format {p}";
    let tree = output(&mut cargo(tree))?;
    Ok(tree
        .lines()
        .map(|line| line.trim_end_matches(" (*)"))
        .collect::<BTreeSet<_>>()
        .len())
}

/// The packages of which cargo's messages say that something is built.
fn built(messages: &[String]) -> BTreeSet<String> {
    let package = |message: &String| {
        let message: Value = serde_json::from_str(message).ok()?;
        let is_built = message["reason"] == "compiler-artifact"
            && message["target"]["kind"][0] != "custom-build";
        is_built.then(|| message["package_id"].as_str().map(str::to_owned))?
    };
    messages.iter().filter_map(package).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_counts_when_more_than_its_build_script_is_built() {
        let message = |reason, package, kind| {
            format!(
                r#"{{"reason":"{reason}","package_id":"{package}","target":{{"kind":["{kind}"]}}}}"#
            )
        };
        let messages = [
            message("compiler-artifact", "a", "custom-build"),
            message("build-script-executed", "a", "lib"),
            message("compiler-artifact", "b", "lib"),
            message("compiler-artifact", "b", "bin"),
            "not JSON".into(),
        ];
        assert_eq!(built(&messages), BTreeSet::from(["b".to_owned()]));
    }

    #[test]
    fn the_programs_are_made_of_many_packages() {
        assert!(packages().unwrap() > 100);
    }
}
