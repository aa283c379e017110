//! What is chosen, and what is judged too much of a loss.

use super::*;

/// A network that is right in floats, a part of whose layers integers cannot follow, and what is wrong with it.
fn collapsing() -> [(Vec<u8>, &'static str); 3] {
    let (weight, bias) = stripes(10);
    let scaled =
        |factor: f32| Array1::from_shape_fn(10, |unit| if unit == 3 { factor } else { 1.0 });
    let plain = |layers: &[_]| dense(layers, &[("augment", "none")]);
    // Unit 3 puts out 100,000 times as much, which the next layer undoes.
    let large = scaled(1e5).insert_axis(ndarray::Axis(1)) * &weight;
    let undoing = Array2::eye(10) * scaled(1e-5);
    let outlier = [(large, &bias * &scaled(1e5)), (undoing, Array1::zeros(10))];
    // All units put out 3,000 more, which the next layer takes away.
    let undoing = (Array2::eye(10), Array1::from_elem(10, -3e3));
    let offset = [(weight.clone(), &bias + 3e3), undoing];
    // A weight of a pixel that is 0 always.
    let mut one_weight = weight;
    one_weight.column_mut(3).fill(500.0);
    [
        (plain(&outlier), "its middle channel varies by"),
        (plain(&offset), "its middle channel varies by"),
        (plain(&[(one_weight, bias)]), "its weights in 8 bits keep"),
    ]
}

#[test]
fn a_fall_in_accuracy_is_an_error_that_names_the_layer_and_keeps_earlier_files() {
    for (model, fault) in collapsing() {
        let folder = tempfile::tempdir().unwrap();
        let earlier = ["digits-int8.onnx", "digits.q8"].map(|name| folder.path().join(name));
        let are_kept = || {
            let mut paths = earlier.iter();
            paths.all(|path| std::fs::read(path).unwrap() == b"earlier")
        };
        for path in &earlier {
            std::fs::write(path, "earlier").unwrap();
        }
        let message = quantized(&model, folder.path()).0.unwrap_err().to_string();
        let said = ["cost at most 0.01", "34 samples held out", "--force"];
        for part in said.into_iter().chain(["layer dense1 (Gemm_", fault]) {
            assert!(message.contains(part), "`{part}` is not in: {message}");
        }
        assert!(!message.contains('\n'), "{message}");
        assert!(files(folder.path()) == earlier && are_kept());

        let digits = digits();
        for (max_drop, force, expected) in [(1.0, false, None), (0.01, true, Some(&message))] {
            let request = Request {
                max_drop,
                force,
                ..request(&model, &digits, folder.path())
            };
            let report = quantize(&RUNTIME, &request, &mut |_| {}).unwrap();
            assert_eq!(report.forced.as_ref(), expected);
            assert!(!are_kept());
        }
    }
}

#[test]
fn a_fall_on_few_images_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let [_, (model, _), _] = collapsing();
    let mut digits = digits();
    digits.train = digits.train.take(5);
    let mut said = String::new();
    let request = request(&model, &digits, folder.path());
    let report = quantize(&RUNTIME, &request, &mut |line| said += line).unwrap();
    assert_eq!(report.forced, None);
    assert!(report.measured.unwrap().held_out.lost > 2);
    assert!(said.contains("too few to tell from chance"), "{said}");
}

#[test]
fn the_parts_have_no_image_in_common_and_all_classes() {
    let train = striped(60);
    let [calibration, held_out] = sets::parts(&train).unwrap();
    assert_eq!((calibration.len(), held_out.len()), (10, 50));
    let classes = |part: &Dataset| {
        part.labels()
            .iter()
            .copied()
            .collect::<BTreeSet<u16>>()
            .len()
    };
    let of_all = classes(&train);
    assert_eq!(
        (classes(&calibration), classes(&held_out)),
        (of_all, of_all)
    );
    let again = sets::parts(&train).unwrap();
    for (part, again) in [calibration, held_out].into_iter().zip(again) {
        assert_eq!(part.images().unwrap(), again.images().unwrap());
    }
    for count in [0, 1] {
        let error = sets::parts(&striped(60).take(count))
            .unwrap_err()
            .to_string();
        assert!(error.contains(&format!("found {count}")), "{error}");
    }
}

const IMAGES_GIVEN: groups::Given = groups::Given {
    input: Some(sets::IMAGE),
    is_reconstruction: false,
};

/// Striped images, plain and inverted, with their labels.
fn held_out(images: &Dataset) -> HeldOut {
    let samples = Samples::Pictures {
        images: images.clone(),
        variants: BOTH,
    };
    let right = Reference::Classes(samples.labels().unwrap());
    HeldOut { samples, right }
}

#[test]
fn outputs_and_their_noise_are_those_of_the_models() {
    let (model, images) = (striped_model(10), striped(6));
    let (network, held_out) = (import(&model).unwrap(), held_out(&images));
    let seen = observe::histograms(&runner(), &network, &held_out.samples).unwrap();
    let float = run_model(&RUNTIME, &model, &images, BOTH).unwrap();
    let ends = float.iter().fold([0.0_f32; 2], |[low, high], &logit| {
        [low.min(logit), high.max(logit)]
    });
    assert_eq!(seen.len(), 2);
    for (found, expected) in seen[1].ends().into_iter().zip(ends) {
        assert!((found - expected).abs() < 1e-4);
    }
    let choice = choose::choose(&runner(), &network, (&seen, IMAGES_GIVEN), &held_out);
    let best = choice.unwrap();
    let noise = observe::signal_to_noise(&runner(), &best, &held_out.samples).unwrap();
    let int8 = graphs::shipped(&best.int8, runner().names, "int8", &[]).unwrap();
    let int8 = run_model(&RUNTIME, &int8, &images, BOTH).unwrap();
    let power = |logits: &Array2<f32>| {
        let squares = logits.iter().map(|&logit| f64::from(logit).powi(2));
        squares.sum::<f64>()
    };
    let expected = 10.0 * (power(&float) / power(&(int8 - &float))).log10();
    assert!(
        (noise[0] - expected).abs() < 0.01,
        "{} and {expected}",
        noise[0]
    );
}

#[test]
fn the_method_is_the_most_accurate_one_and_on_a_tie_the_first() {
    let images = striped(20);
    let held_out = held_out(&images);
    let network = import(&striped_model(10)).unwrap();
    let outputs = run_model(&RUNTIME, &striped_model(10), &images, BOTH).unwrap();
    let outputs: Vec<f32> = outputs.into_iter().collect();
    let with = |others: &[f32]| [outputs.repeat(100), others.to_vec()].concat();
    for (outputs, method) in [
        (outputs.clone(), range::Method::MinMax),
        // With the outlier in the range all logits become the same integer.
        (with(&[1e6]), range::Method::Percentile),
        // Without its only number a range has a scale of 0, which rules the percentile out.
        (
            [vec![0.0; 20_000], vec![30.0]].concat(),
            range::Method::MinMax,
        ),
        // The difference of the ends is infinite, which rules out the whole.
        (with(&[f32::MAX, -f32::MAX]), range::Method::Percentile),
    ] {
        let mut seen = vec![histogram::Histogram::new(); 2];
        seen[1].add(&outputs).unwrap();
        let choice = choose::choose(&runner(), &network, (&seen, IMAGES_GIVEN), &held_out);
        assert_eq!(choice.unwrap().method, method);
    }
}
