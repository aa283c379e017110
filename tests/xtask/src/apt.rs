//! Debian's and Ubuntu's packages, which this program installs only where nobody has to be asked.

pub mod unpacked;

use std::process::Command;

use anyhow::{Result, ensure};

use crate::command::{describe, output, run_quietly};

/// Installs the packages, with the newest lists of packages.
///
/// An error says what to type, where this program may not do it itself.
pub fn install(packages: &[&str]) -> Result<()> {
    ensure!(
        is_root() && run_quietly(Command::new("apt-get").arg("--version")).is_ok(),
        "not installed: {}; {}",
        packages.join(" "),
        remedy(packages)
    );
    eprintln!("Installing packages: {} (once)", packages.join(" "));
    run_quietly(Command::new("apt-get").arg("update"))?;
    // No questions, and never in place of other packages.
    run_quietly(
        command(packages)
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["--yes", "--no-remove"]),
    )
}

/// What to type where [`install`] fails.
pub fn remedy(packages: &[&str]) -> String {
    format!(
        "on Debian and Ubuntu `apt-get update && {}` as root installs it",
        describe(&command(packages))
    )
}

fn command(packages: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command
        .args(["install", "--no-install-recommends"])
        .args(packages);
    command
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|user| user.trim() == "0")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_remedy_can_be_typed() {
        let remedy = remedy(&["lld", "qemu-system-arm"]);
        let command =
            "`apt-get update && apt-get install --no-install-recommends lld qemu-system-arm`";
        assert!(remedy.contains(command), "{remedy}");
    }
}
