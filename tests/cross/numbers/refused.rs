//! Networks, data and options that are not for each other.

use super::{AUTOENCODER, REGRESSION, Workplace};
use crate::arrays::floats;

/// Fails unless a fit on eight samples with these answers is refused in one line that has these parts.
fn assert_refused(
    network: &str,
    answers: Option<(&[usize], &[f32])>,
    options: &str,
    parts: &[&str],
) {
    let answers = answers.map(|(shape, numbers)| ("y_train", floats(shape, numbers)));
    // Samples that are the same would leave none to measure on.
    let numbers: Vec<f32> = (0..24_u8).map(f32::from).collect();
    let x = ("x_train", floats(&[8, 3], &numbers));
    let arrays: Vec<_> = [x].into_iter().chain(answers).collect();
    let error = Workplace::new(network, &arrays).fit(options).unwrap_err();
    for part in parts {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert!(!error.contains('\n'), "{error}");
}

#[test]
fn networks_that_do_not_fit_are_refused() {
    let halves = [0.5; 16];
    let one = Some((&[8][..], &halves[..8]));
    let classes = REGRESSION.replace("classes = 0", "classes = 2");
    let again = REGRESSION.replace("units = 2", "units = \"inputs\"");
    let said = REGRESSION.replace("classes = 0", "classes = 0\noutput = \"reconstruction\"");
    let limited = REGRESSION.replace("units = 2", "units = 2, activation = \"relu\"");
    let both = REGRESSION.replace("classes = 0", "classes = 2\noutput = \"values\"");
    let few = [
        "expected 2 numbers in y for each sample",
        "`linear`",
        "found 1",
        "again gives 3",
    ];
    assert_refused(REGRESSION, one, "", &few);
    assert_refused(
        REGRESSION,
        None,
        "",
        &["expected 2 numbers in y", "found 0"],
    );
    let no_classes = [
        "expected the class of each sample",
        "numbers that are no classes",
        "`classes = 0`",
    ];
    assert_refused(&classes, one, "", &no_classes);
    assert_refused(
        &again,
        one,
        "",
        &["expected 0 for each normal sample", "no classes"],
    );
    let size = [
        "network.toml, line 6: layer 2: ",
        "`dense1`",
        "found [2]",
        "`units = \"inputs\"`",
    ];
    assert_refused(&said, None, "", &size);
    let linear = "line 5: layer 2: expected no activation after the last layer, `dense1`";
    assert_refused(&limited, None, "", &[linear]);
    let kinds = "line 5: expected `classes = 0` with `output = \"values\"`";
    assert_refused(&both, None, "", &[kinds]);
}

#[test]
fn answers_and_options_that_do_not_fit_are_refused() {
    let halves = [0.5; 16];
    let two = Some((&[8, 2][..], &halves[..]));
    let again = REGRESSION.replace("units = 2", "units = \"inputs\"");
    let form = [
        "data.npz: expected a class or numbers for each of the samples",
        "in y_train",
        "[7] for 8",
    ];
    assert_refused(REGRESSION, Some((&[7], &halves[..7])), "", &form);
    let mut not_finite = [0.5; 8];
    not_finite[3] = f32::NAN;
    let finite = "data.npz: expected finite numbers in y_train, found NaN for sample 3";
    assert_refused(REGRESSION, Some((&[8], &not_finite)), "", &[finite]);
    let names = ["--normal: expected names of classes", "found \"7\""];
    assert_refused(&again, None, "--normal 7", &names);
    for (option, part) in [
        (
            "--false-alarms 0.1",
            "--false-alarms: expected a network of reconstructions, found one of values",
        ),
        (
            "--augment invert",
            "augment: expected a network of pictures, found one of arrays of numbers",
        ),
        ("--size 3x3", "found arrays of numbers, "),
    ] {
        assert_refused(REGRESSION, two, option, &[part]);
    }
}

#[test]
fn numbers_without_a_network_and_of_other_sizes_are_refused() {
    let x = floats(&[8, 4], &[1.5; 32]);
    let workplace = Workplace::new(AUTOENCODER, &[("x_train", x)]);
    let error = workplace
        .train("fit --data=data.npz --out=run")
        .unwrap_err();
    assert!(error.contains("--network"), "{error}");
    assert!(!workplace.path("run").exists());
    // The network follows the data, which is too few here.
    let few = Workplace::new(AUTOENCODER, &[("x_train", floats(&[3, 4], &[1.5; 12]))]);
    let error = few.fit("").unwrap_err();
    assert!(error.contains("at least 4 normal samples"), "{error}");
    let error = workplace.train("data --data=data.npz").unwrap_err();
    assert!(error.contains("arrays of numbers"), "{error}");
}
