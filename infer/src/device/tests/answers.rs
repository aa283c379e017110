//! What becomes of every answer that a board can give.

use super::*;
use crate::error::OpenError;

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
    let half = |number, _: &Request<'_>| {
        let frame = frame(number, &Reply::Description(DESCRIPTION));
        frame[..frame.len() / 2].to_vec()
    };
    for (line, found) in [
        (scripted(|_, _| vec![]), "found none in 0.3 s"),
        (scripted(|_, _| b"\0cba\0".to_vec()), "found damaged ones"),
        (scripted(half), "found "),
        (scripted(|_, _| UNPLUG.to_vec()), "to stay connected"),
    ] {
        assert_has(&greeting_error(line), found);
    }
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
    let device = greeted(|_, _| UNPLUG.to_vec());
    let expected = "board: expected the board to stay connected";
    for _ in 0..2 {
        assert_has(&scores_error(&device), expected);
    }
}

#[test]
fn boards_out_of_order_are_not_asked_for_scores() {
    let described = |classes, self_test, box_side| {
        greeting_error(scripted(move |number, _| {
            let description = Description {
                classes,
                self_test,
                box_side,
                ..DESCRIPTION
            };
            frame(number, &Reply::Description(description))
        }))
    };
    let failed = |self_test| described(0, self_test, 20);
    assert_eq!(
        failed(SelfTest::Model { at: 77 }),
        "expected a board that passes its self-test, found script: the model in its flash is damaged at byte 77; flash it again"
    );
    assert_has(&failed(SelfTest::Scores), "wrong scores");
    assert_has(&failed(SelfTest::Input), "28 x 28");
    assert_has(&failed(SelfTest::Passed), "found another number than 0");
    for box_side in [29, 255] {
        let error = described(2, SelfTest::Passed, box_side);
        assert_has(&error, &format!("found a box of {box_side}"));
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
    let other = |number, _: &Request<'_>| frame(number, &Reply::Error(Error::Version));
    assert_has(&greeting_error(scripted(other)), "version 1, found another");
}

#[test]
fn impossible_answers_are_refused() {
    let mut fewer = scores(0);
    fewer.logits = [1].into_iter().collect();
    for (reply, found) in [
        (Reply::Label("7"), "expected scores from the board"),
        (Reply::Error(Error::SelfTest), "has failed its self-test"),
        (Reply::Scores(scores(2)), "found another number than 2"),
        (Reply::Scores(fewer), "found another number than 2"),
    ] {
        let device = greeted(move |number, _| frame(number, &reply));
        assert_has(&scores_error(&device), found);
    }

    let device = greeted(|number, _| frame(number, &Reply::NeedRow { y: 10 }));
    let error = |width, height| {
        let picture = GrayImage::new(width, height);
        device.scores_of_picture(&picture).unwrap_err().to_string()
    };
    assert_has(&error(10, 10), "asks for the 10 rows");
    let size = "board: expected a picture of at most 100 x 100 pixels";
    assert_has(&error(101, 1), size);
}

#[test]
fn ports_that_may_not_be_used_say_how_to_get_them() {
    let denied = OpenError::from(io::Error::from(io::ErrorKind::PermissionDenied));
    assert_has(&denied.to_string(), "dialout");
}
