//! What is asked, and answered.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use super::server::{Server, bounds};
use crate::program::Workplace;

/// Both models of the workplace.
pub fn serve(workplace: &Workplace) -> Server {
    let [float, int8] = ["brightness.onnx", "brightness.q8"].map(|name| workplace.path(name));
    Server::start(&[("float", &float), ("int8", &int8)], bounds(), None)
}

fn sample(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../models/samples")
        .join(name)
}

/// The lines of `infer predict --json`, without what differs each time.
fn predicted(workplace: &Workplace, model: &str, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["--json"], arguments].concat();
    let lines = workplace.predict_with(model, &arguments).succeeded();
    let lines = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines.map(without_time).collect()
}

fn without_time(mut prediction: Value) -> Value {
    let object = prediction.as_object_mut().unwrap();
    assert!(object.remove("elapsed_microseconds").unwrap().is_u64());
    object.remove("file");
    prediction
}

fn predictions(answer: &Value) -> Vec<Value> {
    let predictions = answer["predictions"].as_array().unwrap();
    predictions.iter().cloned().map(without_time).collect()
}

/// A `.npy` file of floats.
fn npy(shape: &str, floats: &[f32]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({shape}), }}");
    header.push('\n');
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.into_bytes());
    file.extend(floats.iter().flat_map(|float| float.to_le_bytes()));
    file
}

#[test]
fn answers_are_those_of_predict() {
    let workplace = Workplace::new();
    let server = serve(&workplace);
    let floats: Vec<f32> = (0..2 * 784).map(|at| (at % 256) as f32 / 255.0).collect();
    fs::write(workplace.path("two.npy"), npy("2, 28, 28", &floats)).unwrap();
    for (model, file) in [("float", "brightness.onnx"), ("int8", "brightness.q8")] {
        for prepare in ["plain", "centred", "auto"] {
            for name in ["3.png", "7.png", "house.png"] {
                let picture = sample(name);
                let path = format!("/v1/models/{model}/predict?prepare={prepare}");
                let body = fs::read(&picture).unwrap();
                let answer = server.post(&path, "image/png", &body);
                let answer = answer.json();
                assert_eq!(answer["model"], model);
                let picture = picture.to_str().unwrap();
                let expected = predicted(&workplace, file, &["--prepare", prepare, picture]);
                assert_eq!(predictions(&answer), expected, "{model} {prepare} {name}");
            }
        }
        let expected = predicted(&workplace, file, &["two.npy"]);
        assert_eq!(expected.len(), 2);
        let path = format!("/v1/predict?model={model}");
        let body = npy("2, 28, 28", &floats);
        assert_eq!(predictions(&server.post(&path, "", &body).json()), expected);
        let tensor: Vec<u8> = match model {
            "float" => floats
                .iter()
                .flat_map(|float| float.to_le_bytes())
                .collect(),
            // As the file says: 1/255 a step, from -128 on.
            _ => (0..2 * 784).map(|at| (at % 256) as u8 ^ 0x80).collect(),
        };
        let answer = server.post(&path, "application/octet-stream", &tensor);
        assert_eq!(predictions(&answer.json()), expected, "{model}");
    }
}

#[test]
fn files_in_parts_are_answered_one_by_one() {
    let workplace = Workplace::new();
    let server = serve(&workplace);
    let mut body = Vec::new();
    for (name, bytes) in [
        ("seven.png", fs::read(sample("7.png")).unwrap()),
        ("notes.txt", b"no picture".to_vec()),
        ("one.png", fs::read(sample("1.png")).unwrap()),
    ] {
        let head = format!(
            "--frontier\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n"
        );
        body.extend(head.into_bytes());
        body.extend(bytes);
        body.extend(b"\r\n");
    }
    body.extend(b"--frontier--\r\n");
    let content_type = "multipart/form-data; boundary=frontier";
    let answer = server.post("/v1/predict", content_type, &body);
    assert_eq!(answer.status, 200);
    let answer = answer.json();
    let names: Vec<_> = (0..3)
        .map(|at| &answer["predictions"][at]["file"])
        .collect();
    assert_eq!(names, ["seven.png", "notes.txt", "one.png"]);
    assert_eq!(answer["predictions"][1]["error"]["code"], "unsupported");
    for (at, name) in [(0, "7.png"), (2, "1.png")] {
        let picture = sample(name);
        let expected = predicted(&workplace, "brightness.onnx", &[picture.to_str().unwrap()]);
        let found = without_time(answer["predictions"][at].clone());
        assert_eq!([found], expected[..]);
    }
}

#[test]
fn what_the_network_sees_is_told() {
    let workplace = Workplace::new();
    workplace.picture("dog.png", 0);
    let server = serve(&workplace);
    let picture = fs::read(workplace.path("dog.png")).unwrap();
    for model in ["float", "int8"] {
        let path = format!("/v1/models/{model}/predict?input=1&prepare=plain");
        let input = &server.post(&path, "image/png", &picture).json()["predictions"][0]["input"];
        assert_eq!(
            [&input["rows"], &input["columns"], &input["channels"]],
            [28, 28, 1]
        );
        let pixels = input["pixels"].as_str().unwrap();
        assert_eq!(pixels.len(), 784_usize.div_ceil(3) * 4);
        // One spot at the top left, all else black.
        assert!(
            pixels.starts_with(['L', 'M']) && pixels.ends_with("AAAA=="),
            "{pixels}"
        );
    }
}

#[test]
fn every_route_is_described_and_answers() {
    let workplace = Workplace::new();
    let server = serve(&workplace);
    let description = server.get("/openapi.json").json();
    let paths = description["paths"].as_object().unwrap();
    assert_eq!(paths.len(), 9);
    for (path, methods) in paths {
        let path = path.replace("{name}", "int8");
        let is_post = methods.get("post").is_some();
        let (method, other) = if is_post {
            ("POST", "GET")
        } else {
            ("GET", "POST")
        };
        let answer = server.request(method, &path, "", b"no picture");
        assert_eq!(answer.status, if is_post { 415 } else { 200 }, "{path}");
        let refused = server.request(other, &path, "", b"");
        assert_eq!(refused.error(), (405, "method".into()), "{path}");
        assert!(refused.head.contains("\r\nallow: "), "{}", refused.head);
    }
    let models = server.get("/v1/models").json();
    assert_eq!(models["models"][0], server.get("/v1/model").json());
    assert_eq!(
        models["models"][1],
        server.get("/v1/model?model=int8").json()
    );
    assert_eq!(models["models"][1], server.get("/v1/models/int8").json());
    assert_eq!(models["models"][1]["engine"], "integer");
    assert_eq!(models["models"][1]["output"]["labels"][1], "bright");
    let metrics = String::from_utf8(server.get("/metrics").body).unwrap();
    let line = "infer_requests_total{route=\"/v1/models/{name}/predict\",status=\"415\"} 1\n";
    assert!(metrics.contains(line), "{metrics}");
}

#[test]
fn bad_requests_are_refused() {
    let workplace = Workplace::new();
    workplace.picture("dog.png", 0);
    let server = serve(&workplace);
    let picture = fs::read(workplace.path("dog.png")).unwrap();
    let cut = &picture[..picture.len() / 2];
    let blank = fs::read(workplace.path("brightness.onnx")).unwrap();
    let multipart = "multipart/form-data; boundary=frontier";
    let octets = "application/octet-stream";
    for (path, content_type, body, expected) in [
        ("/v1/predict", "image/png", &b""[..], (415, "unsupported")),
        ("/v1/predict", "image/png", b"hello", (415, "unsupported")),
        ("/v1/predict", "image/png", &blank, (415, "unsupported")),
        ("/v1/predict", "image/png", cut, (422, "input")),
        ("/v1/predict", "", b"\x93NUMPY\x01", (422, "input")),
        ("/v1/predict", "", &npy("3", &[1.0; 3]), (422, "input")),
        (
            "/v1/predict",
            "",
            &npy("784", &[f32::NAN; 784]),
            (422, "input"),
        ),
        ("/v1/predict", "", b"PK\x03\x04", (415, "unsupported")),
        ("/v1/predict", octets, b"", (422, "input")),
        ("/v1/predict", octets, &[0; 784], (422, "input")),
        ("/v1/predict", octets, &[0; 3137], (422, "input")),
        ("/v1/predict", octets, &[0xFF; 3136], (422, "input")),
        (
            "/v1/predict",
            "multipart/form-data",
            b"",
            (400, "multipart"),
        ),
        ("/v1/predict", multipart, b"--frontier", (400, "multipart")),
        (
            "/v1/predict",
            multipart,
            b"--frontier--\r\n",
            (400, "multipart"),
        ),
        (
            "/v1/predict?model=cat",
            "",
            &picture,
            (404, "no_such_model"),
        ),
        (
            "/v1/models/cat/predict",
            "",
            &picture,
            (404, "no_such_model"),
        ),
        (
            "/v1/models/int8/predict?model=float",
            "",
            &picture,
            (400, "query"),
        ),
        ("/v1/predict?prepare=board", "", &picture, (400, "query")),
        ("/v1/predict?input=maybe", "", &picture, (400, "query")),
        ("/v1/predict?what=this", "", &picture, (400, "query")),
        ("/v1/predicts", "", &picture, (404, "no_such_route")),
    ] {
        let answer = server.post(path, content_type, body);
        let (status, code) = expected;
        assert_eq!(
            answer.error(),
            (status, code.into()),
            "{path} {content_type}"
        );
    }
    assert_eq!(
        server.get("/v1/models/cat").error(),
        (404, "no_such_model".into())
    );
    // What is no HTTP is not answered as if it were.
    assert_eq!(server.send(b"hello\r\n\r\n").status, 400);
    let header = "x: y\r\n".repeat(100);
    assert_eq!(server.request("GET", "/healthz", &header, b"").status, 431);
    assert_eq!(server.get("/healthz").body, b"ok\n");
}
