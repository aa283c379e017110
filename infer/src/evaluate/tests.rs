use super::*;
use crate::open::{Choice, open};
use crate::picture::PIXELS;
use crate::support::{brightness, flash};

/// Two bright pictures, one of them called dark; three dark ones, one of them hardly so.
fn test_set() -> TestSet {
    TestSet {
        images: [255, 200, 0, 10, 127].map(|grey| [grey; PIXELS]).to_vec(),
        classes: vec![1, 0, 0, 0, 0],
    }
}

fn evaluation(bytes: &[u8], invert: bool) -> Evaluation {
    let engine = open(bytes, "m", Choice::Auto, &input::onnx::Limits::default()).unwrap();
    evaluate(&*engine, &test_set(), invert, |_| {}).unwrap()
}

#[test]
fn pictures_are_counted_by_truth_and_prediction() {
    let float = evaluation(&brightness(), false);
    assert_eq!((float.images, float.correct, float.accepted), (5, 4, None));
    assert_eq!(float.confusion, [[3, 1], [0, 1]]);
    assert!((float.accuracy - 0.8).abs() < 1e-12);
    assert!(float.images_per_second > 0.0);

    let int8 = evaluation(&flash::brightness().file(), false);
    assert_eq!((int8.images, int8.correct, int8.accepted), (5, 4, Some(4)));
    assert_eq!(int8.confusion, [[3, 1], [0, 1]]);
}

#[test]
fn inverted_pictures_are_seen_inverted() {
    let int8 = evaluation(&flash::brightness().file(), true);
    // The grey of 127 becomes 128, whose logits are a tie: dark.
    assert_eq!(int8.confusion, [[2, 2], [1, 0]]);
    assert_eq!(
        int8.outputs()[..4],
        [0, (-98_i8).cast_unsigned(), 0, (-56_i8).cast_unsigned()]
    );
}

#[test]
fn outputs_are_the_logits_in_order() {
    let int8 = evaluation(&flash::brightness().file(), false);
    let logits = [98, 56, -98, -90, 0_i8].map(i8::cast_unsigned);
    assert_eq!(
        int8.outputs(),
        logits.map(|logit| [0, logit]).as_flattened()
    );

    let float = evaluation(&brightness(), false);
    let (floats, rest) = float.outputs().as_chunks();
    let logits: Vec<f32> = floats
        .iter()
        .map(|&bytes| f32::from_le_bytes(bytes))
        .collect();
    assert_eq!((logits.len(), rest.len()), (10, 0));
    let expected = [255.0, 200.0, 0.0, 10.0, 127.0].map(|grey: f32| 2.0 * grey / 255.0 - 1.0);
    for (logits, expected) in logits.chunks(2).zip(expected) {
        assert!(
            logits[0] == 0.0 && (logits[1] - expected).abs() < 1e-3,
            "{logits:?} {expected}"
        );
    }
}

#[test]
fn tables_and_objects() {
    let mut int8 = evaluation(&flash::brightness().file(), false);
    int8.images_per_second = 1234.56;
    assert_eq!(
        int8.to_string(),
        "accuracy 0.8000 (4 of 5 right)\n\
         accepted 0.8000 (4 of 5)\n\
         speed    1235 images/s\n\
         \n\
         rows: truth, columns: prediction\n\
         \x20       dark  bright\n\
         \x20 dark     3       1\n\
         bright     0       1\n"
    );
    assert_eq!(
        serde_json::to_string(&int8).unwrap(),
        r#"{"images":5,"correct":4,"accuracy":0.8,"accepted":4,"images_per_second":1234.56,"labels":["dark","bright"],"confusion":[[3,1],[0,1]]}"#
    );
    let float = evaluation(&brightness(), false);
    assert!(!float.to_string().contains("accepted"));
    assert!(!serde_json::to_string(&float).unwrap().contains("accepted"));
}
