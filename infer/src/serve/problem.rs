//! Why a request is not answered as it wishes, in the one shape that all errors have.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use thiserror::Error;

use crate::error::RunError;
use crate::file::{InFile, one_line};
use crate::input::InputError;
use crate::picture::PictureError;
use crate::prepare::WishError;
use crate::source::SourceError;

/// Seconds after which a request that found the server busy may come again.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// Why there is no prediction.
#[derive(Debug, Error)]
pub enum Problem {
    #[error("expected a route of /openapi.json, found {0}")]
    NoRoute(String),
    #[error("expected another method for this route, found {0}; /openapi.json has it")]
    Method(String),
    #[error("expected a model that is served ({known}), found {name}")]
    NoModel { name: String, known: String },
    #[error("expected a header `Authorization: Bearer TOKEN` with the token of this server")]
    Unauthorized,
    #[error("{0}")]
    Query(String),
    #[error("prepare={0}")]
    Prepare(#[from] WishError),
    #[error("expected a body of at most {0} bytes, found more")]
    BodyTooLong(usize),
    #[error("expected a whole body within {0} s, found less")]
    BodyTooSlow(u64),
    #[error("expected a whole body, found: {0}")]
    Body(String),
    #[error("expected parts of multipart/form-data with files, found: {0}")]
    Multipart(String),
    #[error("expected at most {0} inputs in a request, found more; send several requests")]
    TooManyInputs(usize),
    #[error(
        "expected a picture of at most {limit} pixels, found {rows} rows of {columns}; send it smaller"
    )]
    TooManyPixels { limit: u64, rows: u32, columns: u32 },
    #[error("expected a .npy file, found an archive of arrays; send its arrays one by one")]
    Archive,
    #[error(
        "expected the bytes of {expected}, found {found} bytes; pictures and .npy files go under another type"
    )]
    Tensor { expected: String, found: usize },
    #[error(transparent)]
    Input(#[from] SourceError),
    #[error(transparent)]
    Run(#[from] InFile<RunError>),
    #[error("expected a worker that is free, found all busy; try again soon")]
    Busy,
    #[error("expected room for the body, found other bodies in all of it; try again soon")]
    NoRoom,
    #[error("expected an answer within {0} s, found none; try again, or a smaller request")]
    AnswerTooSlow(u64),
    #[error("expected an answer, found a fault of this program; its log has more")]
    Fault,
}

/// An error as JSON has it.
#[derive(Debug, Serialize)]
pub struct Described {
    code: &'static str,
    message: String,
}

impl Problem {
    /// The status and a word for programs.
    fn kind(&self) -> (StatusCode, &'static str) {
        match self {
            Self::NoRoute(_) => (StatusCode::NOT_FOUND, "no_such_route"),
            Self::Method(_) => (StatusCode::METHOD_NOT_ALLOWED, "method"),
            Self::NoModel { .. } => (StatusCode::NOT_FOUND, "no_such_model"),
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "unauthorized"),
            Self::Query(_) | Self::Prepare(_) => (StatusCode::BAD_REQUEST, "query"),
            Self::BodyTooLong(_) => (StatusCode::PAYLOAD_TOO_LARGE, "body_too_long"),
            Self::BodyTooSlow(_) => (StatusCode::REQUEST_TIMEOUT, "body_too_slow"),
            Self::Body(_) => (StatusCode::BAD_REQUEST, "body"),
            Self::Multipart(_) => (StatusCode::BAD_REQUEST, "multipart"),
            Self::TooManyInputs(_) => (StatusCode::PAYLOAD_TOO_LARGE, "too_many_inputs"),
            Self::TooManyPixels { .. }
            | Self::Input(SourceError::Picture(
                PictureError::Size { .. } | PictureError::Memory { .. },
            )) => (StatusCode::PAYLOAD_TOO_LARGE, "picture_too_large"),
            Self::Archive
            | Self::Input(
                SourceError::Picture(PictureError::Format(_))
                | SourceError::Input(
                    InputError::NoPicture { .. } | InputError::Picture(PictureError::Format(_)),
                ),
            ) => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported"),
            Self::Tensor { .. } | Self::Input(_) => (StatusCode::UNPROCESSABLE_ENTITY, "input"),
            Self::Run(_) => (StatusCode::UNPROCESSABLE_ENTITY, "model"),
            Self::Busy | Self::NoRoom => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
            Self::AnswerTooSlow(_) => (StatusCode::SERVICE_UNAVAILABLE, "answer_too_slow"),
            Self::Fault => (StatusCode::INTERNAL_SERVER_ERROR, "fault"),
        }
    }

    pub fn described(&self) -> Described {
        Described {
            code: self.kind().1,
            message: one_line(&self.to_string()),
        }
    }
}

impl From<InputError> for Problem {
    fn from(error: InputError) -> Self {
        Self::Input(error.into())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct Shape {
            error: Described,
        }
        let (status, _) = self.kind();
        let error = self.described();
        let is_body_left = matches!(
            self,
            Self::BodyTooLong(_) | Self::BodyTooSlow(_) | Self::Body(_)
        );
        let mut response = (status, Json(Shape { error })).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, RETRY_AFTER);
            }
            StatusCode::UNAUTHORIZED => {
                let scheme = HeaderValue::from_static("Bearer");
                headers.insert(header::WWW_AUTHENTICATE, scheme);
            }
            _ => {}
        }
        if is_body_left {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
