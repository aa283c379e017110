//! The program, from its start to its end.

use std::fs;

use crate::program::Workplace;

#[cfg(unix)]
#[test]
fn a_signal_ends_it_with_success() {
    use std::io::{BufRead, BufReader};
    use std::net::TcpStream;
    use std::process::{Command, Stdio};

    let workplace = Workplace::new();
    for signal in ["TERM", "INT"] {
        let mut serve = workplace.infer(&["serve", "--listen", "127.0.0.1:0", "--threads", "1"]);
        let mut child = serve.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.next().unwrap().unwrap();
        let address = line.strip_prefix("listening on http://").unwrap();
        TcpStream::connect(address).unwrap();
        let kill = format!("kill -{signal} {}", child.id());
        assert!(
            Command::new("sh")
                .args(["-c", &kill])
                .status()
                .unwrap()
                .success()
        );
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
    }
}

#[test]
fn what_cannot_be_served_is_an_error() {
    let workplace = Workplace::new();
    fs::write(workplace.path("short"), "secret").unwrap();
    fs::write(workplace.path("broken.q8"), "no model").unwrap();
    let listen = ["--listen", "127.0.0.1:0"];
    for (arguments, expected) in [
        (
            &["--model", "missing.q8"][..],
            "missing.q8: expected a file",
        ),
        (
            &["--model", "broken.q8"],
            "broken.q8: expected an ONNX model",
        ),
        (
            &["--model", "a=brightness.q8", "--model", "a=brightness.onnx"],
            "--model a: expected another name",
        ),
        (
            &["--token-file", "short"],
            "short: expected one line of at least 16",
        ),
    ] {
        let outcome = workplace.run(&[&["serve"], &listen[..], arguments].concat());
        let error = outcome.failed();
        assert!(error.starts_with(&format!("error: {expected}")), "{error}");
    }
    let error = workplace.run(&["serve", "--listen", "nowhere"]).failed();
    assert!(
        error.starts_with("error: --listen nowhere: expected an address"),
        "{error}"
    );
    for name in ["=brightness.q8", "a b=brightness.q8", "brightness é.q8"] {
        let outcome = workplace.run(&["serve", "--model", name]);
        assert_eq!(outcome.code, 2, "{name}");
        assert!(
            outcome.errors.contains("expected a name of 1 to 64"),
            "{}",
            outcome.errors
        );
    }
}
