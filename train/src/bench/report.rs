//! What `train bench` prints.

use serde::Serialize;

use super::IMAGES;
use super::host::Host;
use super::steps::{Sections, Step};
use super::utilization::Utilization;
use crate::runtime::{Kind, NodeTime};

/// All that is measured.
#[derive(Debug, Serialize)]
pub struct Report {
    pub runtime: &'static str,
    pub description: String,
    pub threads: usize,
    /// Images of a step.
    pub batch: usize,
    /// Steps that were measured one by one.
    pub steps: usize,
    /// Fed by the host, on a GPU too.
    pub step: Step,
    pub sections_ms: Sections,
    pub epoch: Epoch,
    pub utilization: Utilization,
    pub host: Host,
    /// Images of a step that one thread takes, on a GPU all.
    pub part: usize,
    /// Of the nodes of a step for these images, run alone; `None` on tract.
    pub providers: Option<Vec<Provider>>,
    /// The same nodes one by one, in the order in which they run; `None` on tract.
    pub nodes: Option<Vec<NodeTime>>,
    /// Why there are none.
    pub nodes_missing: Option<&'static str>,
}

/// Training on new batches as `train fit` does it. On the CPU another thread makes them meanwhile; on a GPU, where all
/// images are, the steps need nothing of the host, and these are the steps of whole epochs.
#[derive(Debug, Serialize)]
pub struct Epoch {
    /// Mean milliseconds of a step.
    pub step_ms: f64,
    /// Images of a step over its mean time.
    pub images_per_second: f64,
    /// Seconds for the 60,000 images of MNIST at this rate.
    pub seconds: f64,
}

impl Epoch {
    /// From the mean seconds of a step.
    pub fn new(step: f64, batch: usize) -> Self {
        Self {
            step_ms: 1000.0 * step,
            images_per_second: batch as f64 / step,
            seconds: step * IMAGES.div_ceil(batch) as f64,
        }
    }
}

/// The nodes that an execution provider runs.
#[derive(Debug, PartialEq, Serialize)]
pub struct Provider {
    pub name: String,
    /// Number of nodes.
    pub nodes: usize,
    /// Sum of their mean times.
    pub microseconds: f64,
}

/// Why a runtime that has no nodes to show has none.
pub const NO_NODES: &str = "all nodes run on tract, which has no profiler that tells their times";

/// Sums of the nodes of each provider.
pub fn providers(nodes: &[NodeTime]) -> Vec<Provider> {
    let mut providers: Vec<Provider> = Vec::new();
    for node in nodes {
        let known = providers.iter_mut().find(|one| one.name == node.provider);
        if let Some(provider) = known {
            provider.nodes += 1;
            provider.microseconds += node.mean_microseconds;
        } else {
            providers.push(Provider {
                name: node.provider.clone(),
                nodes: 1,
                microseconds: node.mean_microseconds,
            });
        }
    }
    providers
}

impl Report {
    /// The report for people, a row a line.
    pub fn table(&self) -> String {
        let (step, sections, epoch, host) =
            (&self.step, &self.sections_ms, &self.epoch, &self.host);
        let section = |ms: f64| format!("{ms:8.3} ms {:4.0} %", 100.0 * ms / step.median_ms);
        let rows = [
            ("runtime", self.description.clone()),
            ("step", self.step_row()),
            ("  forward", section(sections.forward)),
            ("  gradients", section(sections.gradients)),
            ("  update", section(sections.update)),
            ("  host", section(sections.host)),
            (
                "epoch",
                format!(
                    "{:8.3} ms a step on new batches, {:.0} images/s, {:.1} s for {IMAGES} images",
                    epoch.step_ms, epoch.images_per_second, epoch.seconds
                ),
            ),
            ("utilization", self.utilization_row()),
            (
                "batches",
                format!(
                    "{:8.3} ms each on one thread; images/s: {:.0} plain, {:.0} inverted, {:.0} masks",
                    host.batch_ms,
                    host.plain_images_per_second,
                    host.inverted_images_per_second,
                    host.masks_images_per_second
                ),
            ),
            ("nodes", self.nodes_row()),
        ];
        rows.map(|(name, value)| format!("{name:12} {value}"))
            .join("\n")
    }

    fn step_row(&self) -> String {
        let step = &self.step;
        let fed = if self.runtime == Kind::Cuda.name() {
            ", fed by the host"
        } else {
            ""
        };
        format!(
            "{:8.3} ms median, {:.3} min, {:.3} p95 of {} steps of {} images{fed}, {:.0} images/s",
            step.median_ms,
            step.min_ms,
            step.p95_ms,
            self.steps,
            self.batch,
            step.images_per_second
        )
    }

    fn utilization_row(&self) -> String {
        let share = |share: Option<f64>| match share {
            Some(share) => format!("{:.0} %", 100.0 * share),
            None => "unknown".into(),
        };
        let (cpu, gpu) = (share(self.utilization.cpu), share(self.utilization.gpu));
        if self.runtime == Kind::Cuda.name() {
            format!("GPU {gpu}, CPU {cpu}, threads: {}", self.threads)
        } else {
            format!("CPU {cpu}, threads: {}", self.threads)
        }
    }

    fn nodes_row(&self) -> String {
        let Some(providers) = &self.providers else {
            return NO_NODES.into();
        };
        let row =
            |one: &Provider| format!("{} on {}, {:.0} us", one.nodes, one.name, one.microseconds);
        let rows: Vec<String> = providers.iter().map(row).collect();
        format!("{}, for {} images", rows.join("; "), self.part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_are_added_up_by_provider() {
        let node = |provider: &str, mean_microseconds| NodeTime {
            name: String::new(),
            operator: "Conv".into(),
            provider: provider.into(),
            mean_microseconds,
        };
        let found = providers(&[node("A", 1.0), node("B", 2.0), node("A", 4.0)]);
        let provider = |name: &str, nodes, microseconds| Provider {
            name: name.into(),
            nodes,
            microseconds,
        };
        assert_eq!(found, [provider("A", 2, 5.0), provider("B", 1, 2.0)]);
    }

    fn report(kind: Kind) -> Report {
        Report {
            runtime: kind.name(),
            description: String::new(),
            threads: 1,
            batch: 128,
            steps: 3,
            step: Step {
                median_ms: 2.0,
                min_ms: 1.0,
                p95_ms: 3.0,
                images_per_second: 64_000.0,
            },
            sections_ms: Sections {
                forward: 1.0,
                gradients: 0.5,
                update: 0.25,
                host: 0.25,
            },
            epoch: Epoch::new(0.002, 128),
            utilization: Utilization {
                cpu: Some(0.25),
                gpu: Some(0.5),
            },
            host: Host {
                batch_ms: 1.0,
                plain_images_per_second: 1.0,
                inverted_images_per_second: 1.0,
                masks_images_per_second: 1.0,
            },
            part: 128,
            providers: None,
            nodes: None,
            nodes_missing: None,
        }
    }

    #[test]
    fn on_a_gpu_the_table_says_what_the_host_feeds_and_what_the_driver_tells() {
        let row = |kind, name: &str| {
            let table = report(kind).table();
            let row = table.lines().find(|row| row.starts_with(name));
            row.map(str::to_owned)
        };
        let fed = "of 3 steps of 128 images, fed by the host, 64000 images/s";
        assert!(row(Kind::Cuda, "step ").unwrap().ends_with(fed));
        assert!(!report(Kind::Tract).table().contains("fed by the host"));
        assert_eq!(
            row(Kind::Cuda, "utilization").unwrap(),
            "utilization  GPU 50 %, CPU 25 %, threads: 1"
        );
        assert!(!report(Kind::Onnxruntime).table().contains("GPU"));
    }

    #[test]
    fn an_epoch_ends_with_a_whole_step() {
        assert!((Epoch::new(0.01, 128).seconds - 4.69).abs() < 1e-9);
        assert!((Epoch::new(0.01, 60_000).seconds - 0.01).abs() < 1e-9);
    }
}
