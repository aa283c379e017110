//! The body of a request for predictions, within the limits of size and time.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::Bounds;
use super::job::Files;
use super::problem::Problem;

/// Bytes of memory that a permit stands for.
const UNIT: usize = 1 << 10;

/// Time in which what is left of a body that is refused is read and dropped: a client that still writes would not read why.
const DROP_TIME: Duration = Duration::from_secs(2);

/// The files of a request, and the room that they take.
pub type Held = (Files, OwnedSemaphorePermit);

/// Reads bodies as long as there is room for them.
#[derive(Debug)]
pub struct Reader {
    bounds: Bounds,
    room: Arc<Semaphore>,
}

impl Reader {
    pub fn new(bounds: Bounds) -> Self {
        let room = Arc::new(Semaphore::new(bounds.all_bodies_bytes.div_ceil(UNIT)));
        Self { bounds, room }
    }

    /// The files in a body.
    pub async fn files(&self, headers: &HeaderMap, body: Body) -> Result<Held, Problem> {
        let (bytes, room) = self.read(body).await?;
        let content_type = headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|value| value.to_str().ok());
        let content_type = content_type.unwrap_or_default();
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let files = if essence.eq_ignore_ascii_case("multipart/form-data") {
            Files::Parts(self.parts(content_type, bytes).await?)
        } else if essence.eq_ignore_ascii_case("application/octet-stream") {
            Files::Tensor(bytes)
        } else {
            Files::File(bytes)
        };
        Ok((files, room))
    }

    async fn read(&self, mut body: Body) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
        let time = self.bounds.body_time;
        let read = timeout(time, self.collect(&mut body)).await;
        let read = read.map_err(|_| Problem::BodyTooSlow(time.as_secs()))?;
        if read.is_err() {
            discard(body).await;
        }
        read
    }

    /// The bytes of a body up to the limit, with room for those that have come: a body that is only told of takes none.
    async fn collect(&self, body: &mut Body) -> Result<(Bytes, OwnedSemaphorePermit), Problem> {
        let limit = self.bounds.body_bytes;
        if body.size_hint().lower() > limit as u64 {
            return Err(Problem::BodyTooLong(limit));
        }
        let (mut bytes, mut room) = (Vec::new(), self.room(0)?);
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Problem::Body(error.to_string()))?;
            let data = frame.into_data().unwrap_or_default();
            let len = bytes.len() + data.len();
            if len > limit {
                return Err(Problem::BodyTooLong(limit));
            }
            room.merge(self.room(len.div_ceil(UNIT) - room.num_permits())?);
            bytes.extend_from_slice(&data);
        }
        Ok((bytes.into(), room))
    }

    fn room(&self, units: usize) -> Result<OwnedSemaphorePermit, Problem> {
        let units = u32::try_from(units).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).try_acquire_many_owned(units);
        room.map_err(|_| Problem::NoRoom)
    }

    /// The files of a body in several parts. Fields that are no files are left out.
    async fn parts(
        &self,
        content_type: &str,
        body: Bytes,
    ) -> Result<Vec<(String, Bytes)>, Problem> {
        let malformed = |error: multer::Error| Problem::Multipart(error.to_string());
        let boundary = multer::parse_boundary(content_type).map_err(malformed)?;
        let body = Body::from(body).into_data_stream();
        let mut multipart = multer::Multipart::new(body, boundary);
        let mut files = Vec::new();
        while let Some(field) = multipart.next_field().await.map_err(malformed)? {
            let Some(name) = field.file_name().map(str::to_owned) else {
                continue;
            };
            if files.len() == self.bounds.inputs {
                return Err(Problem::TooManyInputs(self.bounds.inputs));
            }
            files.push((name, field.bytes().await.map_err(malformed)?));
        }
        if files.is_empty() {
            return Err(Problem::Multipart("none with a file name".into()));
        }
        Ok(files)
    }
}

/// Reads what is left of the body of a request that is refused.
pub async fn discard(mut body: Body) {
    let drain = async { while let Some(Ok(_)) = body.frame().await {} };
    let _ = timeout(DROP_TIME, drain).await;
}
