//! Why a model cannot be imported.

/// Why a model cannot become a [`Network`](crate::network::Network).
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("expected an ONNX model, found bytes that are none: {0}")]
    NotOnnx(#[from] prost::DecodeError),
    #[error(transparent)]
    Excess(#[from] input::limits::Excess),
    /// The model as a whole has another form.
    #[error("expected {expected}, found {found}")]
    Form { expected: String, found: String },
    #[error("node {node} ({operator}): expected {expected}, found {found}")]
    Node {
        node: String,
        operator: String,
        expected: String,
        found: String,
    },
}

/// A refusal of the model as a whole.
pub(super) fn form(expected: &str, found: impl Into<String>) -> ImportError {
    ImportError::Form {
        expected: expected.into(),
        found: found.into(),
    }
}
