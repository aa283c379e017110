//! What has been found as people read it.

use std::fmt;

use super::{Finding, Measured};
use crate::file::one_line;
use crate::output::shown;

impl fmt::Display for Measured<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding.fmt(f)?;
        match self.prepared {
            Some(prepared) => write!(f, " [{prepared}]"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Class(found) => {
                let percent = 100.0 * found.probability;
                let label = one_line(found.label);
                write!(f, "CNN thinks it's a {label} ({percent:.1}%)")?;
                if found.accepted == Some(false) {
                    write!(f, ", not sure it is {}", found.stranger)?;
                }
                for (place, other) in found.top.iter().enumerate().skip(1) {
                    let before = if place == 1 { "; else" } else { "," };
                    let percent = 100.0 * other.probability;
                    write!(f, "{before} {} ({percent:.1}%)", one_line(other.label))?;
                }
                Ok(())
            }
            Self::Values { numbers } => write!(f, "CNN gives {}", numbers.shown()),
            Self::Reconstruction {
                score,
                threshold,
                accepted,
            } => {
                let like = if *accepted { "like" } else { "unlike" };
                write!(
                    f,
                    "CNN thinks it's {like} what it was made for (score {}",
                    shown(*score)
                )?;
                match threshold {
                    Some(threshold) => write!(f, ", threshold {})", shown(*threshold)),
                    None => f.write_str(")"),
                }
            }
        }
    }
}
