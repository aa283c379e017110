//! What is in a frame of a camera.

use std::time::Duration;

use serde::Serialize;

use super::Measured;

/// The result for a frame, an object of JSON.
#[derive(Debug, Serialize)]
pub struct FrameReport<'a> {
    /// Its number in the stream, from 1 on; frames that are dropped or broken have one, too.
    frame: u64,
    /// When it was whole, in seconds since the stream was opened.
    seconds: f64,
    #[serde(flatten)]
    measured: Measured<'a>,
}

impl<'a> FrameReport<'a> {
    pub fn new(number: u64, at: Duration, measured: Measured<'a>) -> Self {
        Self {
            frame: number,
            seconds: at.as_millis() as f64 / 1000.0,
            measured,
        }
    }
}
