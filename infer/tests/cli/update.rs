//! `infer update`, with a board whose firmware runs in the test.

use std::fs;
use std::os::unix::net::UnixListener;

use no_std_core::format::{HEADER_LEN, Header, LAYER_LEN, LayerRecord, seal, stored_checksum};

use crate::program::{Outcome, Workplace};
use crate::support::board;

/// The model of the boards with another bias.
fn other_model() -> Vec<u8> {
    let mut file = firmware::MODEL.to_vec();
    let header = Header::decode(file.first_chunk::<HEADER_LEN>().unwrap());
    let last = header.layers_at as usize + usize::from(header.layers - 1) * LAYER_LEN;
    let record = LayerRecord::decode(file[last..].first_chunk().unwrap());
    // That of class 3, in its second byte.
    file[record.biases_at as usize + 13] ^= 0x20;
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
fn on_board(workplace: &Workplace) -> Outcome {
    let outcome = workplace.run(&["predict", "--device", "unix:board", "picture.png"]);
    assert_eq!((outcome.code, outcome.errors.as_str()), (0, ""));
    outcome
}

/// What a model says about the picture here.
fn here(workplace: &Workplace, model: &str) -> Outcome {
    workplace.run(&["predict", "--model", model, "picture.png"])
}

fn done(model: &str, file: &[u8]) -> Outcome {
    let checksum = stored_checksum(file).unwrap();
    let len = file.len();
    Outcome::done(&format!(
        "socket runs {model} now: {len} bytes, checksum {checksum:#010x}\n"
    ))
}

#[test]
fn a_board_takes_one_model_after_the_other() {
    let workplace = workplace();
    let other = other_model();
    let digits = done("digits.q8", firmware::MODEL);
    assert_ne!(here(&workplace, "digits.q8"), here(&workplace, "other.q8"));
    assert_eq!(update(&workplace, "digits.q8"), digits, "the first");
    assert_eq!(on_board(&workplace), here(&workplace, "digits.q8"));
    assert_eq!(update(&workplace, "other.q8"), done("other.q8", &other));
    assert_eq!(on_board(&workplace), here(&workplace, "other.q8"));
    assert_eq!(
        update(&workplace, "digits.q8"),
        digits,
        "in place of the first"
    );
    assert_eq!(on_board(&workplace), here(&workplace, "digits.q8"));
}

#[test]
fn what_is_no_model_never_gets_to_the_board() {
    let workplace = workplace();
    let mut damaged = other_model();
    damaged[70_000] ^= 1;
    fs::write(workplace.path("damaged.q8"), damaged).unwrap();
    for model in ["damaged.q8", "digits.onnx", "missing.q8"] {
        let outcome = update(&workplace, model);
        let named = format!("error: {model}: ");
        assert!(
            outcome.code == 1 && outcome.errors.starts_with(&named),
            "{outcome:?}"
        );
    }
    let outcome = workplace.run(&["update", "--device", "unix:nowhere", "digits.q8"]);
    assert!(
        outcome.errors.starts_with("error: unix:nowhere: "),
        "{outcome:?}"
    );
}

#[test]
fn a_board_without_room_for_two_models_says_so() {
    let workplace = Workplace::new();
    fs::write(workplace.path("digits.q8"), firmware::MODEL).unwrap();
    let listener = UnixListener::bind(workplace.path("board")).unwrap();
    std::thread::spawn(move || board::serve(listener.accept().unwrap().0));
    let expected = "error: unix:board: expected the board to do it, found that the board has no room for two models; flash it to change its model\n";
    assert_eq!(
        update(&workplace, "digits.q8"),
        Outcome::failed("", expected)
    );
}
