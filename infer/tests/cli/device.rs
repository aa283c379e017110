//! `infer` with a board, whose firmware runs in the test, in place of a model.

use std::fs;
use std::os::unix::net::UnixListener;
use std::thread;

use no_std_core::format::Contents;
use no_std_core::prepare::Preparation;
use serde_json::Value;

use crate::board;
use crate::evaluate::write_test_set;
use crate::program::{Outcome, Workplace};
use crate::support::flash::brightness;

/// A workplace with a test set of noise and a board at `unix:board`, which serves every program that connects.
fn workplace() -> Workplace {
    let workplace = Workplace::new();
    write_test_set(&workplace, &[255, 0, 250, 90], &[1, 0, 0, 3]);
    fs::write(workplace.path("digits.q8"), firmware::MODEL).unwrap();
    let listener = UnixListener::bind(workplace.path("board")).unwrap();
    thread::spawn(move || {
        for socket in listener.incoming() {
            board::serve(socket.unwrap());
        }
    });
    workplace
}

/// The object that the program printed, without what depends on the time.
fn object(outcome: Outcome) -> Value {
    let mut object: Value = serde_json::from_str(&outcome.succeeded()).unwrap();
    let fields = object.as_object_mut().unwrap();
    for field in ["elapsed_microseconds", "images_per_second"] {
        fields.remove(field);
    }
    object
}

/// Takes what only boards tell out of the object.
fn without_cost(mut object: Value) -> Value {
    let fields = object.as_object_mut().unwrap();
    assert_eq!(fields.remove("stack_bytes"), Some(4321.into()));
    assert!(fields.remove("cycles").unwrap().as_u64().unwrap() > 0);
    object
}

#[test]
fn a_board_evaluates_like_its_model() {
    let workplace = workplace();
    let evaluate = |model: &[&str], scores| {
        let command = ["evaluate", "--data", "data", "--json", "--scores", scores];
        object(workplace.run(&[&command, model].concat()))
    };
    let found = evaluate(&["--device", "unix:board"], "board.bin");
    assert_eq!(
        without_cost(found),
        evaluate(&["--model", "digits.q8"], "host.bin")
    );
    let scores = |name| fs::read(workplace.path(name)).unwrap();
    assert_eq!(scores("board.bin"), scores("host.bin"));

    let command = ["evaluate", "--data", "data", "--device", "unix:board"];
    let table = workplace.run(&command).output;
    assert!(table.contains("memory   4321 bytes of stack"), "{table}");
}

#[test]
fn a_board_predicts_like_its_model() {
    let workplace = workplace();
    workplace.picture("2.png", 130);
    let digit = image::GrayImage::from_fn(90, 60, |x, y| {
        let ink = x.abs_diff(70) < 4 && y.abs_diff(30) < 20;
        image::Luma([if ink { 20 } else { 210 }])
    });
    digit.save(workplace.path("1.png")).unwrap();
    let predict = |arguments: &[&str]| {
        let command = ["--json", "--truth-from-name"];
        object(workplace.predict(&[&command, arguments].concat()))
    };
    for picture in ["1.png", "2.png"] {
        for prepare in [
            &[picture][..],
            &["--prepare", "plain", picture],
            &["--prepare", "auto", picture],
        ] {
            let found = predict(&[&["--device", "unix:board"], prepare].concat());
            assert_eq!(
                without_cost(found),
                predict(&[&["--model", "digits.q8"], prepare].concat())
            );
        }
    }
}

#[test]
fn a_picture_that_the_board_refuses_does_not_end_the_others() {
    let workplace = workplace();
    workplace.picture("large.png", 9);
    let small = image::GrayImage::from_fn(28, 28, |x, _| image::Luma([x as u8]));
    small.save(workplace.path("small.png")).unwrap();
    let on_board = ["--device", "unix:board", "--prepare", "board"];
    let outcome = workplace.predict(&[&on_board[..], &["large.png", "small.png"]].concat());
    assert_eq!(outcome.code, 1);
    assert!(
        outcome.output.starts_with("small. CNN thinks"),
        "{outcome:?}"
    );
    let expected = "error: unix:board: expected 28 rows of 28 bytes, found 40 of 40";
    assert!(outcome.errors.starts_with(expected), "{}", outcome.errors);
}

#[test]
fn boards_that_are_not_there() {
    let workplace = Workplace::new();
    workplace.picture("2.png", 130);
    let missing = "expected a serial port, found nothing of that name; is the board plugged in, or the emulator on?\n";
    let other = "expected a serial port, unix:PATH or tcp:HOST:PORT, found: ";
    for (address, expected) in [
        ("none", missing),
        ("unix:none", missing),
        ("2.png", other),
        ("tcp:127.0.0.1:1", other),
    ] {
        let error = workplace.predict(&["--device", address, "2.png"]).failed();
        let expected = format!("error: {address}: {expected}");
        assert!(error.starts_with(&expected), "{error}");
    }
}

#[test]
fn options_that_a_board_has_not() {
    let workplace = Workplace::new();
    for options in [
        &["--device", "none", "--model", "digits.q8"][..],
        &["--device", "none", "--engine", "int8"],
        &["--prepare", "board"],
    ] {
        let outcome = workplace.predict(&[options, &["2.png"]].concat());
        assert_eq!(outcome.code, 2);
    }
}

#[test]
fn frames_without_one_drawing_do_not_end_a_board_that_prepares_them() {
    let workplace = Workplace::new();
    let centred = Contents {
        preparation: Preparation::CENTRED,
        ..brightness()
    };
    fs::write(workplace.path("centred.q8"), centred.to_file().unwrap()).unwrap();
    board::serve_slots(UnixListener::bind(workplace.path("board")).unwrap());
    let board = ["--device", "unix:board"];
    let update = workplace.run(&[&["update", "centred.q8"][..], &board].concat());
    update.succeeded();
    let bars = |columns: &'static [u32]| {
        let is_ink = move |x: u32, y: u32| {
            (20..70).contains(&y) && columns.iter().any(|&column| x.abs_diff(column) < 6)
        };
        let places = (0..120 * 90).map(|at| (at % 120, at / 120));
        places.map(move |(x, y)| if is_ink(x, y) { 20 } else { 200 })
    };
    let frames: [&[u32]; 4] = [&[60], &[], &[30, 90], &[40]];
    let stream: Vec<u8> = frames.into_iter().flat_map(bars).collect();
    fs::write(workplace.path("stream"), stream).unwrap();
    let camera = "camera stream --prepare board --format grey --frame 120x90";
    let camera: Vec<&str> = camera.split(' ').chain(board).collect();
    let Outcome { output, errors, .. } = workplace.run(&camera);
    let numbers = output.lines().map(|line| {
        let object: Value = serde_json::from_str(line).unwrap();
        object["frame"].as_u64().unwrap()
    });
    assert_eq!(numbers.collect::<Vec<_>>(), [1, 4], "{errors}");
    let counts = "2 predicted, 0 dropped, 0 unchanged, 1 blank, 1 several drawings, 0 broken\n";
    assert!(errors.ends_with(counts), "{errors}");
}
