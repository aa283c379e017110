//! `infer serve`: models behind HTTP, and a page that draws for them.
//!
//! Connections are served by one thread, which runs no model; it hands each request to the workers of a model, which share
//! its engine, through a queue that is bounded. A request that finds it full is answered at once. All of
//! HTTP is in this module.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use input::limits::Limits;
use thiserror::Error;
use tokio::net::TcpListener;

use crate::error::ModelError;
use crate::file::InFile;

mod about;
mod body;
mod connections;
mod job;
mod metrics;
mod models;
mod page;
mod pool;
mod problem;
mod routes;
mod stop;
mod token;

use metrics::Metrics;
use models::Models;
use routes::App;

pub use stop::Stop;
pub use token::{Token, TokenError};

/// Ends the server of this program.
pub static STOP: Stop = Stop::new();

/// What is served, and where.
#[derive(Debug)]
pub struct Settings {
    /// Where to listen, as `127.0.0.1:8080`; port 0 takes any that is free.
    pub listen: String,
    /// At least one; the first one answers where none is named.
    pub models: Vec<NamedModel>,
    /// What requests must bring, if anything.
    pub token: Option<Token>,
    pub bounds: Bounds,
}

/// A model and what it is called in addresses.
#[derive(Clone, Debug)]
pub struct NamedModel {
    pub name: String,
    pub source: ModelSource,
}

/// Where a model comes from.
#[derive(Clone, Debug)]
pub enum ModelSource {
    BuiltIn(&'static [u8]),
    /// Read again whenever it changes.
    File(PathBuf),
}

/// What a server does not go beyond.
#[derive(Clone, Debug)]
pub struct Bounds {
    /// Workers of each model.
    pub workers: usize,
    /// Requests that wait for the workers of a model.
    pub queue: usize,
    /// Bytes of a body.
    pub body_bytes: usize,
    /// Bytes of all bodies that are held at once.
    pub all_bodies_bytes: usize,
    /// Pixels of a picture, which its header is asked for before anything is decoded.
    pub pixels: u64,
    /// Inputs in a request.
    pub inputs: usize,
    /// Connections at once; further ones wait.
    pub connections: usize,
    /// Time for the headers of a request, and for the next request to begin.
    pub header_time: Duration,
    /// Time for a body.
    pub body_time: Duration,
    /// Time for an answer once the body is there.
    pub answer_time: Duration,
    /// Time of a connection, however busy; clients open another one.
    pub connection_time: Duration,
    /// Time for what is in work when the server is asked to end.
    pub stop_time: Duration,
    /// How often the files of models are looked at.
    pub reload_time: Duration,
    /// What a model may take.
    pub limits: Limits,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            workers: thread::available_parallelism().map_or(1, NonZeroUsize::get),
            queue: 128,
            body_bytes: 32 << 20,
            all_bodies_bytes: 256 << 20,
            pixels: 64_000_000,
            inputs: 1_000,
            connections: 1_024,
            header_time: Duration::from_secs(10),
            body_time: Duration::from_secs(30),
            answer_time: Duration::from_mins(1),
            connection_time: Duration::from_mins(10),
            stop_time: Duration::from_secs(30),
            reload_time: Duration::from_secs(1),
            limits: Limits::default(),
        }
    }
}

/// Why nothing is served.
#[derive(Debug, Error)]
pub enum ServeError {
    #[error(transparent)]
    Model(#[from] InFile<ModelError>),
    #[error(
        "--listen {address}: expected an address and a port that are free here, as 127.0.0.1:8080, found: {error}"
    )]
    Listen { address: String, error: io::Error },
    #[error("expected threads and sockets from the system, found: {0}")]
    System(#[from] io::Error),
}

/// Serves until it is asked to stop and what was in work then is answered; `announce` hears where.
pub fn serve(
    settings: Settings,
    stop: &'static Stop,
    announce: impl FnOnce(SocketAddr),
) -> Result<(), ServeError> {
    let Settings {
        listen,
        models,
        token,
        bounds,
    } = settings;
    let metrics = Metrics::default();
    let models = Arc::new(Models::open(models, &bounds, &metrics)?);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listen_error = |error| ServeError::Listen {
            address: listen.clone(),
            error,
        };
        let listener = TcpListener::bind(&listen).await.map_err(listen_error)?;
        let address = listener.local_addr()?;
        models::watch(&models, &bounds, &metrics, stop)?;
        stop.will_be_heard();
        announce(address);
        let app = Arc::new(App::new(models, token, bounds.clone(), metrics));
        connections::accept(listener, routes::router(app), &bounds, stop).await;
        Ok(())
    })
}
