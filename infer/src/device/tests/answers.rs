//! What becomes of every answer that a board can give.

use super::*;

#[test]
fn scores_come_as_they_were_sent() {
    let device = greeted(|number, _| frame(number, &Reply::Scores(scores(1))));
    assert_eq!(device.preparation(), Preparation::CENTRED);
    let found = device.scores(&[0; PIXELS]).unwrap();
    let expected = Scores {
        class: 1,
        probabilities: vec![0.5, 0.25],
        accepted: Some(false),
        logits: Logits::Int8(vec![5, -5]),
        cost: Some(Cost {
            cycles: 7,
            stack_bytes: 8,
        }),
    };
    assert_eq!(found, expected);
}

#[test]
fn silence_and_garbage_are_told_apart() {
    let error = greeting_error(scripted(|_, _| vec![]));
    assert!(error.contains("found none in 0.3 s"), "{error}");
    let error = greeting_error(scripted(|_, _| vec![0, 99, 98, 97, 0]));
    assert!(error.contains("found damaged ones"), "{error}");
    let half = |number, _: &Request<'_>| {
        let frame = frame(number, &Reply::Description(DESCRIPTION));
        frame[..frame.len() / 2].to_vec()
    };
    let error = greeting_error(scripted(half));
    assert!(error.contains("found "), "{error}");
}

#[test]
fn a_lost_answer_is_asked_for_again() {
    let mut count = 0;
    let device = greeted(move |number, _| {
        count += 1;
        match count % 3 {
            1 => vec![],
            2 => frame(UNASKED, &Reply::Error(Error::Damaged)),
            _ => frame(number, &Reply::Scores(scores(0))),
        }
    });
    for _ in 0..3 {
        assert_eq!(device.scores(&[0; PIXELS]).unwrap().class, 0);
    }
}

#[test]
fn late_answers_are_not_taken_for_new_ones() {
    let device = greeted(|number, _| {
        let late = frame(number.wrapping_sub(1), &Reply::Scores(scores(1)));
        [late, frame(number, &Reply::Scores(scores(0)))].concat()
    });
    for _ in 0..5 {
        assert_eq!(device.scores(&[0; PIXELS]).unwrap().class, 0);
    }
}

#[test]
fn a_board_that_starts_again_is_asked_again() {
    let mut restarted = false;
    let device = greeted(move |number, _| {
        if core::mem::replace(&mut restarted, true) {
            frame(number, &Reply::Scores(scores(0)))
        } else {
            frame(UNASKED, &Reply::Description(DESCRIPTION))
        }
    });
    assert!(device.scores(&[0; PIXELS]).is_ok());
}

#[test]
fn an_unplugged_board_is_gone() {
    assert!(
        greeting_error(scripted(|_, _| UNPLUG.to_vec()))
            .contains("expected the board to stay connected")
    );
    let device = greeted(|_, _| UNPLUG.to_vec());
    let error = scores_error(&device);
    assert!(
        error.starts_with("board: expected the board to stay connected"),
        "{error}"
    );
    assert!(scores_error(&device).contains("stay connected"));
}

#[test]
fn boards_out_of_order_are_not_asked_for_scores() {
    let failed = |self_test| {
        greeting_error(scripted(move |number, _| {
            let description = Description {
                classes: 0,
                self_test,
                ..DESCRIPTION
            };
            frame(number, &Reply::Description(description))
        }))
    };
    assert_eq!(
        failed(SelfTest::Model { at: 77 }),
        "expected a board that passes its self-test, found script: the model in its flash is damaged at byte 77; flash it again"
    );
    assert!(failed(SelfTest::Scores).contains("wrong scores"));
    assert!(failed(SelfTest::Input).contains("28 x 28"));
    assert!(failed(SelfTest::Passed).contains("found another number than 0"));
    for box_side in [29, 255] {
        let error = greeting_error(scripted(move |number, _| {
            let description = Description {
                box_side,
                ..DESCRIPTION
            };
            frame(number, &Reply::Description(description))
        }));
        assert!(
            error.contains(&format!("found a box of {box_side}")),
            "{error}"
        );
    }
}

#[test]
fn other_versions_are_named() {
    // A whole frame of version 2.
    let other = |number, _: &Request<'_>| {
        let mut frame = vec![2, number, 9];
        let mut crc = flate2::Crc::new();
        crc.update(&frame);
        frame.extend(crc.sum().to_le_bytes());
        let groups = frame.split(|&byte| byte == 0);
        let groups = groups.flat_map(|group| [&[group.len() as u8 + 1], group].concat());
        [0].into_iter().chain(groups).chain([0]).collect()
    };
    assert_eq!(
        greeting_error(scripted(other)),
        "expected a board with protocol version 1, found 2; flash the firmware of this version"
    );
    let error = greeting_error(scripted(|number, _| {
        frame(number, &Reply::Error(Error::Version))
    }));
    assert!(error.contains("version 1, found another"), "{error}");
}

#[test]
fn impossible_answers_are_refused() {
    let answer_with = |reply: fn() -> Reply<'static>| {
        scores_error(&greeted(move |number, _| frame(number, &reply())))
    };
    assert!(answer_with(|| Reply::Label("7")).contains("expected scores from the board"));
    assert!(answer_with(|| Reply::Error(Error::SelfTest)).contains("has failed its self-test"));
    assert!(answer_with(|| Reply::Scores(scores(2))).contains("found another number than 2"));
    let fewer = || {
        Reply::Scores(protocol::Scores {
            logits: [1].into_iter().collect(),
            ..scores(0)
        })
    };
    assert!(answer_with(fewer).contains("found another number than 2"));

    let device = greeted(|number, _| frame(number, &Reply::NeedRow { y: 10 }));
    let picture = GrayImage::from_pixel(10, 10, Luma([9]));
    let error = device.scores_of_picture(&picture).unwrap_err().to_string();
    assert!(error.contains("asks for the 10 rows"), "{error}");
}

#[test]
fn addresses_that_are_no_boards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("port");
    let error = |address: &str| Device::open(address).unwrap_err().to_string();
    let missing = error(path.to_str().unwrap());
    assert!(missing.contains("found nothing of that name"), "{missing}");
    let missing = error(&format!("unix:{}", path.display()));
    assert!(missing.contains("found nothing of that name"), "{missing}");
    std::fs::write(&path, "text").unwrap();
    let file = error(path.to_str().unwrap());
    assert!(
        file.contains("expected a serial port, unix:PATH or tcp:HOST:PORT, found: "),
        "{file}"
    );
    assert!(
        error("tcp:127.0.0.1:1")
            .contains("expected a serial port, unix:PATH or tcp:HOST:PORT, found: ")
    );
    let denied = OpenError::from(io::Error::from(io::ErrorKind::PermissionDenied));
    assert!(denied.to_string().contains("dialout"), "{denied}");
}
