//! What changes while a server goes on: files of models, and that it is to end.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use infer::serve::Token;

use super::server::{Server, bounds};
use crate::program::Workplace;
use crate::support;

/// A model that is always sure of one class.
fn sure_of(class: usize, path: &Path) {
    let mut logits = [0.0; 2];
    logits[class] = 9.0;
    // As tools write files: whole, under another name first.
    let beside = path.with_extension("new");
    fs::write(&beside, support::constant(&logits, Some("dark,bright"))).unwrap();
    fs::rename(beside, path).unwrap();
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_file_that_changes_is_served_without_a_lost_request() {
    let workplace = Workplace::new();
    let path = workplace.path("changing.onnx");
    sure_of(0, &path);
    let server = Server::start(&[("m", &path)], bounds(), None);
    let label = || {
        let answer = server.post("/v1/predict", "application/octet-stream", &[0; 3136]);
        assert_eq!(answer.status, 200);
        answer.json()["predictions"][0]["label"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let metrics = || String::from_utf8(server.get("/metrics").body).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    label();
                }
            });
        }
        assert_eq!(label(), "dark");
        sure_of(1, &path);
        wait_until("the new file is served", || label() == "bright");
        fs::write(&path, "no model").unwrap();
        let refused = r#"infer_reloads_total{model="m",result="refused"} 1"#;
        wait_until("the broken file is refused", || metrics().contains(refused));
        assert_eq!(label(), "bright");
        fs::remove_file(&path).unwrap();
        sure_of(0, &path);
        wait_until("the file is served again", || label() == "dark");
        done.store(true, Ordering::Relaxed);
    });
    let both = r#"infer_reloads_total{model="m",result="served"} 2"#;
    assert!(metrics().contains(both), "{}", metrics());
}

#[test]
fn what_is_in_work_is_answered_before_the_end() {
    let workplace = Workplace::new();
    let path = workplace.path("brightness.onnx");
    let mut server = Server::start(&[("m", &path)], bounds(), None);
    let idle = server.connect();
    let body = vec![0; 1_000 * 3136];
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nhost: here\r\ncontent-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut stream = server.connect();
    std::io::Write::write_all(&mut stream, &[head.as_bytes(), &body].concat()).unwrap();
    // Until the request is at work.
    assert_eq!(server.get("/healthz").status, 200);
    server.end();
    let answer = super::server::Response::read(stream);
    assert_eq!(answer.status, 200);
    let predictions = &answer.json()["predictions"];
    assert_eq!(predictions.as_array().unwrap().len(), 1_000);
    drop(idle);
    assert!(std::net::TcpStream::connect(server.address).is_err());
}

#[test]
fn a_token_is_asked_for() {
    let workplace = Workplace::new();
    fs::write(workplace.path("token"), "correct-horse-battery\n").unwrap();
    let token = Token::read(&workplace.path("token")).unwrap();
    let path = workplace.path("brightness.q8");
    let server = Server::start(&[("secret", &path)], bounds(), Some(token));
    for header in ["", "authorization: Bearer wrong\r\n"] {
        for route in ["/v1/models", "/v1/nowhere", "/metrics", "/openapi.json"] {
            let answer = server.request("GET", route, header, b"");
            assert_eq!(answer.error(), (401, "unauthorized".into()));
            assert!(answer.head.contains("www-authenticate: bearer"));
        }
        let answer = server.request("POST", "/v1/predict", header, &[0; 784]);
        assert_eq!(answer.error(), (401, "unauthorized".into()));
    }
    let right = "authorization: Bearer correct-horse-battery\r\n";
    assert_eq!(server.request("GET", "/v1/models", right, b"").status, 200);
    assert_eq!(server.get("/healthz").status, 200);
    // The page tells nothing of the model.
    let page = String::from_utf8(server.get("/").body).unwrap();
    assert!(page.contains("asks for a token"));
    assert!(!page.contains("secret") && !page.contains("bright"));
}

#[test]
fn the_page_has_all_that_it_needs() {
    let workplace = Workplace::new();
    let path = workplace.path("brightness.q8");
    let server = Server::start(&[("b", &path)], bounds(), None);
    let answer = server.get("/");
    assert!(
        answer
            .head
            .contains("content-security-policy: default-src 'none'")
    );
    let page = String::from_utf8(answer.body).unwrap();
    for part in [
        r#""local":{"#,
        r#""engine":"AGFzbQ"#,
        "class Engine",
        "color-scheme",
    ] {
        assert!(page.contains(part), "{part}");
    }
    for part in [
        "http://",
        "https://",
        "/* data */",
        "/* script */",
        "/* style */",
    ] {
        assert!(!page.contains(part), "{part}");
    }
}
