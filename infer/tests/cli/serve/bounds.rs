//! What is too much, too slow or too many.

use std::fs;
use std::io::{Cursor, Read, Write};
use std::thread;
use std::time::Duration;

use infer::serve::Bounds;

use super::server::{Response, Server, bounds};
use crate::program::Workplace;

fn serve(workplace: &Workplace, bounds: Bounds) -> Server {
    Server::start(
        &[("float", &workplace.path("brightness.onnx"))],
        bounds,
        None,
    )
}

/// A PNG file whose header says that it is so large, with next to nothing in it.
fn png(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    image::GrayImage::new(1, 1)
        .write_to(&mut Cursor::new(&mut file), image::ImageFormat::Png)
        .unwrap();
    file[16..20].copy_from_slice(&width.to_be_bytes());
    file[20..24].copy_from_slice(&height.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&file[12..29]);
    file[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    file
}

#[test]
fn too_large_pictures_are_refused_by_their_headers() {
    let workplace = Workplace::new();
    let server = serve(&workplace, bounds());
    for (width, height) in [(10_000, 10_000), (8_000, 8_001), (20_000, 20_000)] {
        let answer = server.post("/v1/predict", "image/png", &png(width, height));
        assert_eq!(answer.error(), (413, "picture_too_large".into()));
    }
    // Within the limit, it is the content that is missed.
    let answer = server.post("/v1/predict", "image/png", &png(8_000, 8_000));
    assert_eq!(answer.error(), (422, "input".into()));
}

#[test]
fn too_long_bodies_are_refused_while_others_are_served() {
    let workplace = Workplace::new();
    workplace.picture("dog.png", 0);
    let picture = fs::read(workplace.path("dog.png")).unwrap();
    let bounds = Bounds {
        body_bytes: 10_000,
        ..bounds()
    };
    let server = serve(&workplace, bounds);
    let long = vec![0; 100_000];
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..10 {
                    let answer = server.post("/v1/predict", "", &long);
                    assert_eq!(answer.error(), (413, "body_too_long".into()));
                }
            });
        }
        for _ in 0..20 {
            assert_eq!(server.post("/v1/predict", "", &picture).status, 200);
        }
    });
    // Without a length that tells it beforehand.
    let mut chunked =
        b"POST /v1/predict HTTP/1.1\r\nhost: here\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for _ in 0..20 {
        chunked.extend(b"400\r\n");
        chunked.extend([0; 0x400]);
        chunked.extend(b"\r\n");
    }
    chunked.extend(b"0\r\n\r\n");
    assert_eq!(server.send(&chunked).error(), (413, "body_too_long".into()));
}

#[test]
fn slow_clients_are_let_go() {
    let workplace = Workplace::new();
    let bounds = Bounds {
        header_time: Duration::from_millis(100),
        body_time: Duration::from_millis(100),
        connection_time: Duration::from_millis(400),
        ..bounds()
    };
    let server = serve(&workplace, bounds);
    let mut body = server.connect();
    body.write_all(b"POST /v1/predict HTTP/1.1\r\nhost: here\r\ncontent-length: 10\r\n\r\n12345")
        .unwrap();
    let answer = Response::read(body);
    assert_eq!(answer.error(), (408, "body_too_slow".into()));
    assert!(answer.head.contains("connection: close"));
    let mut headers = server.connect();
    headers
        .write_all(b"GET /healthz HTTP/1.1\r\nhost: he")
        .unwrap();
    let mut found = Vec::new();
    headers.read_to_end(&mut found).unwrap();
    assert!(!found.starts_with(b"HTTP/1.1 200"), "{found:?}");
    // One that asks nothing more, or nothing at all.
    for request in [&b"GET /healthz HTTP/1.1\r\nhost: here\r\n\r\n"[..], b""] {
        let mut idle = server.connect();
        idle.write_all(request).unwrap();
        let mut found = Vec::new();
        idle.read_to_end(&mut found).unwrap();
        assert_eq!(found.is_empty(), request.is_empty());
    }
}

#[test]
fn many_inputs_are_refused() {
    let workplace = Workplace::new();
    let bounds = Bounds {
        inputs: 3,
        ..bounds()
    };
    let server = serve(&workplace, bounds);
    let octets = "application/octet-stream";
    let post = |count: usize| server.post("/v1/predict", octets, &vec![0; 3136 * count]);
    let answer = post(3);
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json()["predictions"][2]["sample"], 2);
    assert_eq!(post(4).error(), (413, "too_many_inputs".into()));
}

#[test]
fn a_server_without_room_says_so_at_once() {
    let workplace = Workplace::new();
    let bounds = Bounds {
        all_bodies_bytes: 4 << 10,
        ..bounds()
    };
    let server = serve(&workplace, bounds);
    let octets = "application/octet-stream";
    let answer = server.post("/v1/predict", octets, &[0; 2 * 3136]);
    assert_eq!(answer.error(), (503, "busy".into()));
    assert!(
        answer.head.contains("\r\nretry-after: 1"),
        "{}",
        answer.head
    );
    // Bodies that are told of and do not come take no room, and what was taken is given back.
    let told = b"POST /v1/predict HTTP/1.1\r\nhost: here\r\ncontent-length: 4000\r\n\r\n";
    let waiting = [(); 8].map(|()| {
        let mut stream = server.connect();
        stream.write_all(told).unwrap();
        stream
    });
    for _ in 0..5 {
        assert_eq!(server.post("/v1/predict", octets, &[0; 3136]).status, 200);
    }
    drop(waiting);
}

#[test]
fn a_full_queue_says_so_at_once() {
    let workplace = Workplace::new();
    let bounds = Bounds {
        workers: 1,
        queue: 1,
        ..bounds()
    };
    let server = serve(&workplace, bounds);
    let post = || {
        let body = vec![0; 1_000 * 3136];
        server.post("/v1/predict", "application/octet-stream", &body)
    };
    // As long as many ask at once, some find one at work and one waiting.
    let mut refused = 0;
    for _ in 0..50 {
        let answers = thread::scope(|scope| {
            let all: Vec<_> = (0..8).map(|_| scope.spawn(post)).collect();
            all.into_iter()
                .map(|one| one.join().unwrap())
                .collect::<Vec<_>>()
        });
        for answer in answers {
            if answer.status != 200 {
                assert_eq!(answer.error(), (503, "busy".into()));
                refused += 1;
            }
        }
        if refused > 0 {
            break;
        }
    }
    assert!(refused > 0);
    assert_eq!(post().status, 200);
}

#[test]
fn an_answer_that_takes_too_long_is_given_up() {
    let workplace = Workplace::new();
    let bounds = Bounds {
        answer_time: Duration::ZERO,
        ..bounds()
    };
    let server = serve(&workplace, bounds);
    let body = vec![0; 1_000 * 3136];
    let answer = server.post("/v1/predict", "application/octet-stream", &body);
    assert_eq!(answer.error(), (503, "answer_too_slow".into()));
}
