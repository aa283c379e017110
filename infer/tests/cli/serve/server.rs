//! A server in this process, and a client that knows no more of HTTP than it must.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use infer::serve::{Bounds, ModelSource, NamedModel, Settings, Stop, Token, serve};
use serde_json::Value;

/// A server that ends when it is dropped.
pub struct Server {
    pub address: SocketAddr,
    stop: &'static Stop,
    thread: Option<JoinHandle<()>>,
}

/// What came back.
#[derive(Debug)]
pub struct Response {
    pub status: u16,
    /// In lower case.
    pub head: String,
    pub body: Vec<u8>,
}

/// Short times and few workers, so that tests reach the bounds.
pub fn bounds() -> Bounds {
    Bounds {
        workers: 2,
        reload_time: Duration::from_millis(20),
        ..Bounds::default()
    }
}

impl Server {
    /// Serves models in files, each with a name.
    pub fn start(models: &[(&str, &Path)], bounds: Bounds, token: Option<Token>) -> Self {
        let models = models.iter().map(|(name, path)| NamedModel {
            name: (*name).to_owned(),
            source: ModelSource::File(path.to_path_buf()),
        });
        let settings = Settings {
            listen: "127.0.0.1:0".into(),
            models: models.collect(),
            token,
            bounds,
        };
        let stop: &'static Stop = Box::leak(Box::new(Stop::new()));
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            serve(settings, stop, |address| sender.send(address).unwrap()).unwrap();
        });
        Self {
            address: receiver.recv().unwrap(),
            stop,
            thread: Some(thread),
        }
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        let limit = Duration::from_secs(30);
        stream.set_read_timeout(Some(limit)).unwrap();
        stream
    }

    pub fn get(&self, path: &str) -> Response {
        self.request("GET", path, "", b"")
    }

    /// Sends a body of this type.
    pub fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Response {
        self.request(
            "POST",
            path,
            &format!("content-type: {content_type}\r\n"),
            body,
        )
    }

    /// Sends a request with further headers, a line each.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> Response {
        let len = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: here\r\nconnection: close\r\ncontent-length: {len}\r\n{headers}\r\n"
        );
        self.send(&[head.as_bytes(), body].concat())
    }

    /// Sends bytes as they are.
    pub fn send(&self, bytes: &[u8]) -> Response {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        Response::read(stream)
    }

    /// Asks the server to end, and waits until it has.
    pub fn end(&mut self) {
        self.stop.ask();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

impl Response {
    /// Reads until the server closes the connection.
    pub fn read(mut stream: TcpStream) -> Self {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no response in {bytes:?}"));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        Self {
            status: head[9..12].parse().unwrap(),
            head: head.to_lowercase(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&self.body)))
    }

    /// The status and the code of an error, which has the one shape.
    pub fn error(&self) -> (u16, String) {
        let error = &self.json()["error"];
        assert!(error["message"].is_string(), "{error}");
        (self.status, error["code"].as_str().unwrap().to_owned())
    }
}
