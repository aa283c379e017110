//! What was found on a GPU, as a table and as JSON.

use std::fmt;

use serde_json::{Value, json};

use crate::table::aligned;

/// Times are compared with those of this one.
const PEER: &str = "CUDA eager";

pub struct Finding {
    pub what: String,
    pub value: Value,
    pub unit: &'static str,
}

/// A part that is over.
pub struct Measured {
    pub name: &'static str,
    pub seconds: f64,
    pub findings: Vec<Finding>,
    /// One line each; none if all went well.
    pub failures: Vec<String>,
}

pub struct Report {
    device: String,
    parts: Vec<Measured>,
}

impl Report {
    pub fn new(device: String, parts: impl Iterator<Item = Measured>) -> Self {
        Self {
            device,
            parts: parts.collect(),
        }
    }

    pub fn is_good(&self) -> bool {
        self.parts.iter().all(|part| part.failures.is_empty())
    }

    /// A row for each finding; times of a step also as multiples of `PyTorch`'s.
    pub fn table(&self) -> String {
        let findings = || self.parts.iter().flat_map(|part| &part.findings);
        let is_peer =
            |one: &&Finding| one.what.starts_with("step of an epoch") && one.what.ends_with(PEER);
        let peer = findings().find(is_peer).and_then(|one| one.value.as_f64());
        let ratio = |one: &Finding| match (one.value.as_f64(), peer) {
            (Some(time), Some(peer)) if one.unit == "ms" => {
                format!("{:.2} x PyTorch {PEER}", time / peer)
            }
            _ => String::new(),
        };
        let row = |one: &Finding| vec![one.what.clone(), one.shown(), ratio(one)];
        let rows: Vec<Vec<String>> = findings().map(row).collect();
        let failures = self.parts.iter().flat_map(|part| {
            let failed = |failure| format!("{} FAILED: {failure}\n", part.name);
            part.failures.iter().map(failed)
        });
        aligned(&rows) + &failures.collect::<String>()
    }

    pub fn json(&self) -> String {
        let finding =
            |one: &Finding| json!({"what": one.what, "value": one.value, "unit": one.unit});
        let part = |part: &Measured| {
            let findings: Vec<Value> = part.findings.iter().map(finding).collect();
            json!({"name": part.name, "seconds": part.seconds, "findings": findings, "failures": part.failures})
        };
        let parts: Vec<Value> = self.parts.iter().map(part).collect();
        format!("{:#}\n", json!({"device": self.device, "parts": parts}))
    }
}

impl Finding {
    fn shown(&self) -> String {
        let value = match &self.value {
            Value::String(text) => text.clone(),
            Value::Number(number) if number.is_f64() => {
                format!("{:.3}", number.as_f64().unwrap_or_default())
            }
            Value::Null => "unknown".into(),
            other => other.to_string(),
        };
        format!("{value} {}", self.unit).trim_end().to_owned()
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for one in &self.findings {
            writeln!(formatter, "{}: {}", one.what, one.shown())?;
        }
        for failure in &self.failures {
            writeln!(formatter, "FAILED: {failure}")?;
        }
        writeln!(formatter, "({:.1} s)", self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let finding = |what: &str, value: Value, unit| Finding {
            what: what.into(),
            value,
            unit,
        };
        let good = Measured {
            name: "Steps",
            seconds: 1.0,
            findings: vec![
                finding("step of an epoch, CUDA graphs, float32", json!(0.25), "ms"),
                finding("step of an epoch, PyTorch 2, CUDA eager", json!(1.0), "ms"),
                finding("GPU busy", Value::Null, ""),
            ],
            failures: Vec::new(),
        };
        let bad = Measured {
            name: "Bits",
            seconds: 2.0,
            findings: Vec::new(),
            failures: vec!["the models differ".into()],
        };
        Report::new("a GPU".into(), [good, bad].into_iter())
    }

    #[test]
    fn the_table_compares_with_the_peer_and_names_what_failed() {
        let table = report().table();
        assert!(
            table.contains("0.250 ms  0.25 x PyTorch CUDA eager"),
            "{table}"
        );
        assert!(
            table.contains("GPU busy") && table.contains("unknown"),
            "{table}"
        );
        assert!(
            table.ends_with("Bits FAILED: the models differ\n"),
            "{table}"
        );
        assert!(!report().is_good());
    }

    #[test]
    fn the_json_holds_everything() {
        let json: Value = serde_json::from_str(&report().json()).unwrap();
        assert_eq!(json["device"], "a GPU");
        assert_eq!(json["parts"][0]["findings"][0]["value"], 0.25);
        assert_eq!(json["parts"][1]["failures"][0], "the models differ");
    }
}
