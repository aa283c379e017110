//! What the server counts, in the text format of Prometheus.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

/// Upper ends of the classes of times, in seconds.
const SECONDS: [f64; 12] = [
    0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0,
];

/// Counters, shared by all copies.
#[derive(Clone, Debug)]
pub struct Metrics {
    registry: Arc<Registry>,
    requests: Family<RequestLabels, Counter>,
    seconds: Histogram,
    predictions: Family<ModelLabels, Counter>,
    reloads: Family<ReloadLabels, Counter>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    route: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ModelLabels {
    model: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReloadLabels {
    model: String,
    result: String,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("infer");
        let (requests, predictions, reloads) =
            (Family::default(), Family::default(), Family::default());
        let seconds = Histogram::new(SECONDS);
        registry.register("requests", "Requests that were answered", requests.clone());
        registry.register(
            "predict_seconds",
            "Time from the headers of a request for predictions to its answer",
            seconds.clone(),
        );
        registry.register(
            "predictions",
            "Inputs that were answered",
            predictions.clone(),
        );
        registry.register(
            "reloads",
            "Files of models that had changed",
            reloads.clone(),
        );
        Self {
            registry: Arc::new(registry),
            requests,
            seconds,
            predictions,
            reloads,
        }
    }
}

impl Metrics {
    /// A request was answered.
    pub fn answered(&self, route: &str, status: u16, elapsed: Duration) {
        let labels = RequestLabels {
            route: route.to_owned(),
            status,
        };
        self.requests.get_or_create(&labels).inc();
        if route.ends_with("/predict") {
            self.seconds.observe(elapsed.as_secs_f64());
        }
    }

    /// A model has answered so many inputs.
    pub fn predicted(&self, model: &str, inputs: usize) {
        let labels = ModelLabels {
            model: model.to_owned(),
        };
        self.predictions
            .get_or_create(&labels)
            .inc_by(inputs as u64);
    }

    /// The file of a model was read again.
    pub fn reloaded(&self, model: &str, is_served: bool) {
        let labels = ReloadLabels {
            model: model.to_owned(),
            result: if is_served { "served" } else { "refused" }.to_owned(),
        };
        self.reloads.get_or_create(&labels).inc();
    }

    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = text::encode(&mut text, &self.registry);
        text
    }
}
