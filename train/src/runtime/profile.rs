//! Which provider of ONNX Runtime executes each node of a model, and for how long: from
//! [its profiler](https://onnxruntime.ai/docs/performance/tune-performance/profiling-tools.html).

use std::error::Error;

use serde::{Deserialize, Serialize};

use super::{Kind, Precision, Runtime, RuntimeError, Session, one_line};
use crate::tensor::Tensor;

/// How the profiler names the time that a node takes.
const KERNEL: &str = "_kernel_time";

/// A node of the graph that the runtime made of a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NodeTime {
    /// Name, after the runtime has fused and replaced nodes.
    pub name: String,
    /// Operator.
    pub operator: String,
    /// The execution provider that runs it.
    pub provider: String,
    /// Mean time of a run in microseconds; on a GPU, of starting it there.
    pub mean_microseconds: f64,
}

/// A line of a profile.
#[derive(Deserialize)]
struct Event {
    cat: String,
    name: String,
    #[serde(default)]
    dur: f64,
    #[serde(default)]
    args: Arguments,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Arguments {
    node_index: String,
    op_name: String,
    provider: String,
}

impl Runtime {
    /// Runs a model once and then `runs` times more, which count, on `threads` threads, and tells its nodes in the order
    /// in which they are executed. `None` on tract, which has no profiler.
    pub fn profile(
        &self,
        onnx: &[u8],
        threads: usize,
        residents: Vec<(String, Tensor)>,
        feeds: &[(String, Tensor)],
        runs: usize,
    ) -> Result<Option<Vec<NodeTime>>, RuntimeError> {
        if self.kind == Kind::Tract {
            return Ok(None);
        }
        let failed = |error: &dyn Error| RuntimeError::Run {
            runtime: self.kind.name(),
            reason: format!("no profile: {}", one_line(&error.to_string())),
        };
        let folder = tempfile::tempdir().map_err(|error| failed(&error))?;
        let session = self
            .builder(threads, Precision::default(), false)
            .and_then(|builder| {
                let mut builder = builder.with_profiling(folder.path().join("profile"))?;
                Session::new(builder.commit_from_memory(onnx)?, self.kind, residents)
            });
        let mut session = session.map_err(|error| self.refused(&error))?;
        for _ in 0..=runs {
            session.run(feeds.to_vec())?;
        }
        let profile = session.end_profiling().map_err(|error| failed(&error))?;
        let text = std::fs::read_to_string(profile).map_err(|error| failed(&error))?;
        nodes(&text).map(Some).map_err(|error| failed(&error))
    }
}

/// The nodes of a profile with their mean times, the first run of each left out.
fn nodes(profile: &str) -> serde_json::Result<Vec<NodeTime>> {
    let events: Vec<Event> = serde_json::from_str(profile)?;
    let mut nodes: Vec<(String, NodeTime, Vec<f64>)> = Vec::new();
    for event in events.into_iter().filter(|event| event.cat == "Node") {
        let Some(name) = event.name.strip_suffix(KERNEL) else {
            continue;
        };
        let is_same = |(index, node, _): &&mut (String, NodeTime, _)| {
            *index == event.args.node_index && node.name == name
        };
        if let Some((_, _, times)) = nodes.iter_mut().find(is_same) {
            times.push(event.dur);
        } else {
            let node = NodeTime {
                name: name.into(),
                operator: event.args.op_name,
                provider: event.args.provider,
                mean_microseconds: 0.0,
            };
            nodes.push((event.args.node_index, node, Vec::new()));
        }
    }
    let with_mean = |(_, node, times): (String, NodeTime, Vec<f64>)| NodeTime {
        mean_microseconds: times.iter().sum::<f64>() / times.len().max(1) as f64,
        ..node
    };
    Ok(nodes.into_iter().map(with_mean).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(name: &str, index: &str, duration: u32) -> String {
        format!(
            r#"{{"cat": "Node", "name": "{name}_kernel_time", "dur": {duration}, "ts": 1, "args":
                {{"node_index": "{index}", "op_name": "Op{index}", "provider": "P", "input_type_shape": [{{"float": [1]}}]}}}}"#
        )
    }

    #[test]
    fn times_are_means_without_the_first_run() {
        let other = r#"{"cat": "Session", "name": "model_run", "dur": 500, "args": {}}"#;
        let run = |durations: [u32; 3]| {
            [
                event("a", "7", durations[0]),
                event("a", "3", durations[1]),
                event("b", "4", durations[2]),
                other.into(),
            ]
        };
        let runs = [run([900, 900, 900]), run([1, 20, 300]), run([3, 30, 300])];
        let found = nodes(&format!("[{}]", runs.concat().join(","))).unwrap();
        let names: Vec<_> = found
            .iter()
            .map(|node| (&*node.name, &*node.operator, &*node.provider))
            .collect();
        assert_eq!(
            names,
            [("a", "Op7", "P"), ("a", "Op3", "P"), ("b", "Op4", "P")]
        );
        let times: Vec<_> = found.iter().map(|node| node.mean_microseconds).collect();
        assert_eq!(times, [2.0, 25.0, 300.0]);
    }

    #[test]
    fn a_damaged_profile_is_an_error() {
        assert!(nodes("[{\"cat\": ").is_err());
    }
}
