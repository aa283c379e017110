//! Connections: how many there may be, for how long, and how they end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{sleep, timeout};

use super::{Bounds, Stop};

/// Headers of a request, and bytes of them.
const MAX_HEADERS: usize = 64;
const MAX_HEADER_BYTES: usize = 16 << 10;

/// Time to wait where the system has no more sockets.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves connections until the server is to end, and then what is in work.
pub async fn accept(listener: TcpListener, router: Router, bounds: &Bounds, stop: &'static Stop) {
    let free = Arc::new(Semaphore::new(bounds.connections));
    loop {
        let next = async {
            let place = Arc::clone(&free).acquire_owned().await;
            (listener.accept().await, place)
        };
        let (stream, place) = select! {
            next = next => next,
            () = stop.wait() => break,
        };
        match (stream, place) {
            (Ok((stream, _)), Ok(place)) => {
                let connection = Connection {
                    bounds: bounds.clone(),
                    stop,
                    _place: place,
                };
                tokio::spawn(connection.serve(stream, router.clone()));
            }
            _ => sleep(PAUSE).await,
        }
    }
    // Others are refused from now on.
    drop(listener);
    let all = u32::try_from(bounds.connections).unwrap_or(u32::MAX);
    let _ = timeout(bounds.stop_time, free.acquire_many(all)).await;
}

struct Connection {
    bounds: Bounds,
    stop: &'static Stop,
    _place: OwnedSemaphorePermit,
}

impl Connection {
    async fn serve(self, stream: TcpStream, router: Router) {
        // Answers are small and whole.
        let _ = stream.set_nodelay(true);
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.bounds.header_time)
            .max_headers(MAX_HEADERS)
            .max_buf_size(MAX_HEADER_BYTES)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
        let mut connection = pin!(connection);
        let bounds = &self.bounds;
        let time_left = select! {
            // What went wrong is the client's to know.
            _ = connection.as_mut() => return,
            () = self.stop.wait() => bounds.stop_time,
            // A request may have begun just now.
            () = sleep(bounds.connection_time) => bounds.body_time + bounds.answer_time,
        };
        connection.as_mut().graceful_shutdown();
        let _ = timeout(time_left, connection).await;
    }
}
