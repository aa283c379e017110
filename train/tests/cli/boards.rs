//! `fit --board`: the network that is chosen for a board, and what is said of one that does not fit.

use crate::sandbox::{QUICK, Sandbox};

#[test]
fn the_usual_network_is_taken_where_it_fits() {
    let sandbox = Sandbox::with_digits();
    let fit = format!("fit {QUICK} --epochs 1 --board microbit --out run");
    let finished = sandbox.train(&fit).expect_code(0);
    let note =
        "note: the network is digits, which is for pictures of this size and fits: digits takes ";
    assert!(finished.stderr.starts_with(note), "{finished:?}");
    assert!(
        finished
            .stderr
            .contains("218,112 bytes of flash and 10,232 of RAM on microbit")
    );
    // The choice changes nothing else.
    sandbox.succeeds(&format!("fit {QUICK} --epochs 1 --out usual"));
    assert_eq!(sandbox.files("run"), sandbox.files("usual"));
    sandbox.misuses("fit --board arduino", &["'arduino'", "microbit"]);
}

#[test]
fn where_it_does_not_fit_another_one_is_taken_or_none() {
    let sandbox = Sandbox::with_digits();
    // For pictures of 40 x 40 it is `resnet8`, which takes more memory than this board has.
    let fit = format!("fit {QUICK} --size 40x40 --epochs 1 --board microbit");
    let finished = sandbox.train(&format!("{fit} --out run")).expect_code(0);
    for part in [
        "note: the network is ",
        "the one with the most multiply-adds that fits, for resnet8 takes ",
    ] {
        assert!(finished.stderr.contains(part), "{part}: {finished:?}");
    }
    let large = format!("fit {QUICK} --size 128x128 --epochs 1 --board microbit --out large");
    sandbox.refuses(
        &large,
        &[
            "--board microbit: expected a network for pictures of 128 x 128 in 1 channels",
            "digits-small takes",
            "--size",
        ],
    );
}

#[test]
fn a_named_network_that_will_not_fit_is_warned_of_and_trained() {
    let sandbox = Sandbox::with_digits();
    let fit = format!("fit {QUICK} --network digits-small --epochs 1");
    let fits = sandbox
        .train(&format!("{fit} --board nucleo --out a"))
        .expect_code(0);
    assert_eq!(fits.stderr, "");
    let resnet8 = fit.replace("digits-small", "resnet8");
    let not = sandbox
        .train(&format!("{resnet8} --board microbit --out b"))
        .expect_code(0);
    let note = "note: resnet8 will not fit on microbit: it takes ";
    assert!(not.stderr.starts_with(note), "{not:?}");
    assert!(sandbox.path("b/resnet8.onnx").exists());
}
