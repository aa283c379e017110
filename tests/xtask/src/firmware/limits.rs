//! What the firmware may take at most, whatever the snapshots say.

use anyhow::{Result, ensure};

use super::snapshots::Metrics;

/// A limit of one board, or of all of them.
struct Limit {
    board: Option<&'static str>,
    metric: &'static str,
    most: u64,
}

/// What the project promises. For comparison, CMSIS-NN takes 7.37 and 22.8 million instructions, 16.3 KB and 10.2 KB; the
/// core's code checks model files besides.
const LIMITS: [Limit; 4] = [
    Limit {
        board: Some("mps2-an386"),
        metric: "instructions",
        most: 4_500_000,
    },
    Limit {
        board: Some("microbit"),
        metric: "instructions",
        most: 14_000_000,
    },
    Limit {
        board: None,
        metric: "RAM of the core alone",
        most: 6 * 1024,
    },
    Limit {
        board: Some("mps2-an386"),
        metric: "code of the core alone",
        most: 12 * 1024,
    },
];

/// That what was measured on a board keeps to the limits.
pub fn check(board: &str, metrics: &Metrics) -> Result<()> {
    for limit in LIMITS {
        let concerned = limit.board.is_none_or(|name| name == board);
        if let Some(&found) = metrics.get(limit.metric).filter(|_| concerned) {
            ensure!(
                found <= limit.most,
                "{board}: {}: expected at most {}, found {found}",
                limit.metric,
                limit.most
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_a_limit_is_named() {
        let metrics = |name: &str, found| Metrics::from([(name.to_owned(), found)]);
        let ram = "RAM of the core alone";
        for board in ["mps2-an386", "microbit"] {
            assert!(check(board, &metrics(ram, 6144)).is_ok());
            let error = check(board, &metrics(ram, 6145)).unwrap_err().to_string();
            assert_eq!(
                error,
                format!("{board}: {ram}: expected at most 6144, found 6145")
            );
        }
        assert!(check("mps2-an386", &metrics("instructions", 4_500_001)).is_err());
        assert!(check("mps2-an385", &metrics("instructions", 4_500_001)).is_ok());
    }
}
