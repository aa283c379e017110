//! `infer update`, with a board whose firmware runs in the test.

use std::fs;
use std::os::unix::net::UnixListener;

use no_std_core::Model;
use no_std_core::format::{seal, stored_checksum};

use crate::program::{Outcome, Workplace};
use crate::support::board;

/// The model of the boards with another bias.
fn other_model() -> Vec<u8> {
    let mut file = firmware::MODEL.to_vec();
    let model = Model::new(firmware::MODEL).unwrap();
    let biases_at = model.operations().last().unwrap().record().biases_at;
    // That of class 3, in its second byte.
    file[biases_at as usize + 13] ^= 0x20;
    seal(&mut file).unwrap();
    file
}

/// A workplace with two models, a picture, and at `unix:board` a board with slots, which hold nothing yet.
fn workplace() -> Workplace {
    let workplace = Workplace::new();
    fs::write(workplace.path("digits.q8"), firmware::MODEL).unwrap();
    fs::write(workplace.path("other.q8"), other_model()).unwrap();
    let picture = image::GrayImage::from_fn(28, 28, |x, y| image::Luma([(x * y % 256) as u8]));
    picture.save(workplace.path("picture.png")).unwrap();
    board::serve_slots(UnixListener::bind(workplace.path("board")).unwrap());
    workplace
}

fn update(workplace: &Workplace, model: &str) -> Outcome {
    workplace.run(&["update", "--device", "unix:board", model])
}

/// What the board says about the picture.
fn on_board(workplace: &Workplace) -> String {
    workplace
        .predict(&["--device", "unix:board", "picture.png"])
        .succeeded()
}

/// What a model says about the picture here.
fn here(workplace: &Workplace, model: &str) -> String {
    workplace.predict_with(model, &["picture.png"]).succeeded()
}

#[test]
fn a_board_takes_one_model_after_the_other() {
    let workplace = workplace();
    assert_ne!(here(&workplace, "digits.q8"), here(&workplace, "other.q8"));
    for (name, file) in [
        ("digits.q8", firmware::MODEL),
        ("other.q8", &other_model()),
        // In place of the first.
        ("digits.q8", firmware::MODEL),
    ] {
        let (len, checksum) = (file.len(), stored_checksum(file).unwrap());
        assert_eq!(
            update(&workplace, name).succeeded(),
            format!("socket runs {name} now: {len} bytes, checksum {checksum:#010x}\n")
        );
        assert_eq!(on_board(&workplace), here(&workplace, name));
    }
}

#[test]
fn what_is_no_model_never_gets_to_the_board() {
    let workplace = workplace();
    let mut damaged = other_model();
    damaged[70_000] ^= 1;
    fs::write(workplace.path("damaged.q8"), damaged).unwrap();
    for model in ["damaged.q8", "digits.onnx", "missing.q8"] {
        let error = update(&workplace, model).failed();
        assert!(error.starts_with(&format!("error: {model}: ")), "{error}");
    }
    let nowhere = ["update", "--device", "unix:nowhere", "digits.q8"];
    let error = workplace.run(&nowhere).failed();
    assert!(error.starts_with("error: unix:nowhere: "), "{error}");
}

#[test]
fn a_board_without_room_for_two_models_says_so() {
    let workplace = Workplace::new();
    fs::write(workplace.path("digits.q8"), firmware::MODEL).unwrap();
    let listener = UnixListener::bind(workplace.path("board")).unwrap();
    std::thread::spawn(move || board::serve(listener.accept().unwrap().0));
    assert_eq!(
        update(&workplace, "digits.q8").failed(),
        "error: unix:board: expected the board to do it, found that the board has no room for two models; flash it to change its model\n"
    );
}
