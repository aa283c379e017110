//! Choices between answers that are made up.

use std::cell::RefCell;
use std::time::Duration;

use no_std_core::prepare::Fit;

use super::*;
use crate::engine::{Answer, Cost, Engine};
use crate::error::RunError;
use crate::file::InFile;
use crate::output::{Classes, Numbers, Output};
use crate::predict::predict;
use crate::spec::{InputSpec, Layout, OutputSpec};

const BOTH: Preparing = Preparing::Auto {
    plain: Preparation::PLAIN,
    centred: Preparation::CENTRED,
};

/// Is as sure as its input says, in parts of 255.
struct Sure {
    spec: Spec,
    runs: RefCell<Vec<u8>>,
}

impl Sure {
    fn new() -> Self {
        let labels = vec!["a".into(), "b".into()];
        let input = InputSpec {
            sizes: vec![28, 28, 1],
            layout: Layout::ChannelsLast,
            quantization: None,
            preparation: Preparation::PLAIN,
        };
        Self {
            spec: Spec {
                input,
                output: OutputSpec::Classes { labels },
            },
            runs: RefCell::default(),
        }
    }
}

impl Engine for Sure {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    fn run(&self, input: &Input) -> Result<Answer, InFile<RunError>> {
        let Input::Pixels(pixels) = input else {
            panic!("there are pictures only");
        };
        self.runs.borrow_mut().push(pixels[0]);
        let sure = f64::from(pixels[0]) / 255.0;
        let output = Output::Classes(Classes {
            class: 1,
            probabilities: vec![1.0 - sure, sure],
            accepted: None,
            logits: Numbers::Float(Vec::new()),
        });
        let cost = Cost {
            cycles: 10,
            stack_bytes: pixels[0].into(),
        };
        let cost = Some(cost);
        Ok(Answer { output, cost })
    }
}

/// A picture that is prepared as these say, plain and centred: a value, or a failure.
fn candidates(plain: Option<u8>, centred: Option<u8>) -> Result<Candidates, PictureError> {
    BOTH.candidates(|how| {
        let (found, error) = match how {
            Preparation::PLAIN => (plain, PictureError::Blank),
            _ => (centred, PictureError::Prepare(PrepareError::NoInk)),
        };
        found.map(|value| Input::Pixels(vec![value])).ok_or(error)
    })
}

#[test]
fn the_surer_answer_counts_and_the_plain_one_of_equals() {
    for (plain, centred, expected) in [
        (200, 201, Prepared::Centred),
        (201, 200, Prepared::Plain),
        (200, 200, Prepared::Plain),
        (255, 255, Prepared::Plain),
    ] {
        let engine = Sure::new();
        let candidates = candidates(Some(plain), Some(centred)).unwrap();
        let found = predict(&engine, &candidates).unwrap();
        assert_eq!(found.prepared, Some(expected));
        let greater = plain.max(centred);
        let sure = f64::from(greater) / 255.0;
        assert_eq!(found.output.certainty().to_bits(), sure.to_bits());
        let counted = candidates.counted(found.prepared);
        assert_eq!(*counted, Input::Pixels(vec![greater]));
        let cost = found.cost.unwrap();
        assert_eq!((cost.cycles, cost.stack_bytes), (20, greater.into()));
        assert_eq!(*engine.runs.borrow(), [plain, centred]);
        assert!(found.elapsed > Duration::ZERO);
    }
}

#[test]
fn a_way_that_fails_leaves_the_other_one() {
    for (plain, centred, expected) in [
        (Some(7), None, Prepared::Plain),
        (None, Some(7), Prepared::Centred),
    ] {
        let engine = Sure::new();
        let candidates = candidates(plain, centred).unwrap();
        let found = predict(&engine, &candidates).unwrap();
        assert_eq!(found.prepared, Some(expected));
        assert_eq!(*engine.runs.borrow(), [7]);
        let counted = candidates.counted(found.prepared);
        assert_eq!(*counted, Input::Pixels(vec![7]));
    }
    let error = candidates(None, None).unwrap_err();
    assert!(matches!(error, PictureError::Prepare(PrepareError::NoInk)));
}

#[test]
fn several_drawings_are_said_though_a_picture_can_be_taken_as_it_is() {
    let error = BOTH.candidates(|how| match how {
        Preparation::PLAIN => Ok(Input::Pixels(vec![9])),
        _ => Err(PrepareError::Several.into()),
    });
    let error = error.unwrap_err();
    assert!(matches!(
        error,
        PictureError::Prepare(PrepareError::Several)
    ));
}

#[test]
fn nothing_is_chosen_where_a_way_is_said() {
    let engine = Sure::new();
    let candidates = Preparing::As(Preparation::PLAIN)
        .candidates(|_| Ok(Input::Pixels(vec![9])))
        .unwrap();
    let found = predict(&engine, &candidates).unwrap();
    assert_eq!(found.prepared, None);
    assert_eq!(*candidates.counted(None), Input::Pixels(vec![9]));
}

#[test]
fn wishes_that_a_model_cannot_fulfil() {
    let mut spec = Sure::new().spec;
    assert_eq!(Preparing::of(&spec, Some(Wish::Auto)), Ok(BOTH));
    spec.output = OutputSpec::Values { outputs: 2 };
    let auto = Preparing::of(&spec, Some(Wish::Auto));
    assert_eq!(auto, Err(WishError::Auto));
    assert!(Preparing::of(&spec, Some(Wish::Centred)).is_ok());
    spec.input.sizes = vec![28, 28, 3];
    for (wish, error) in [
        (Wish::Auto, WishError::Auto),
        (Wish::Centred, WishError::Centred),
    ] {
        assert_eq!(Preparing::of(&spec, Some(wish)), Err(error));
    }
    let plain = Preparing::As(Preparation::PLAIN);
    assert_eq!(Preparing::of(&spec, Some(Wish::Plain)), Ok(plain));
}

/// Those that are scaled are no drawings, though a drawing in them can be centred.
#[test]
fn pictures_are_drawings_unless_the_model_has_them_scaled() {
    let mut input = Sure::new().spec.input;
    for (preparation, expected) in [
        (Preparation::PLAIN, true),
        (Preparation::CENTRED, true),
        (Preparation::scaled(Fit::Stretch), false),
    ] {
        input.preparation = preparation;
        assert_eq!(
            (input.is_of_drawings(), input.can_centre()),
            (expected, true)
        );
    }
    input.sizes = vec![28, 28, 3];
    assert!(!input.is_of_drawings());
}
