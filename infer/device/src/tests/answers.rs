//! What becomes of every answer that a board can give.

use super::*;

#[test]
fn outputs_come_as_they_were_sent() {
    let device = greeted(running(|number| frame(number, &output(1))));
    assert_eq!(device.board().preparation, Preparation::CENTRED);
    assert_eq!(device.labels(), ["no", "yes"]);
    let expected = Answer {
        values: vec![5, -5],
        outcome: Outcome::Class {
            class: 1,
            probability: 1 << 15,
        },
        probabilities: vec![1 << 15, 1 << 14],
        accepted: false,
        cycles: 7,
        stack: 8,
    };
    assert_eq!(run(&device, &[0; PIXELS]).unwrap(), expected);
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
    let device = greeted(running(move |number| {
        count += 1;
        match count % 3 {
            1 => vec![],
            2 => frame(UNASKED, &Reply::Error(Error::Damaged)),
            _ => frame(number, &output(0)),
        }
    }));
    for _ in 0..3 {
        assert!(run(&device, &[0; PIXELS]).is_ok());
    }
}

#[test]
fn late_answers_are_not_taken_for_new_ones() {
    let device = greeted(running(|number| {
        let late = frame(number.wrapping_sub(1), &output(1));
        [late, frame(number, &output(0))].concat()
    }));
    for _ in 0..5 {
        let outcome = run(&device, &[0; PIXELS]).unwrap().outcome;
        assert!(matches!(outcome, Outcome::Class { class: 0, .. }));
    }
}

#[test]
fn a_board_that_starts_again_is_asked_again() {
    let mut restarted = false;
    let device = greeted(running(move |number| {
        if core::mem::replace(&mut restarted, true) {
            frame(number, &output(0))
        } else {
            frame(UNASKED, &Reply::Description(DESCRIPTION))
        }
    }));
    assert!(run(&device, &[0; PIXELS]).is_ok());
}

#[test]
fn an_unplugged_board_is_gone() {
    let device = greeted(|_, _| UNPLUG.to_vec());
    for _ in 0..2 {
        assert_has(&run_error(&device), "expected the board to stay connected");
    }
}

#[test]
fn boards_out_of_order_are_not_asked_to_run() {
    let described = |model| {
        greeting_error(scripted(move |number, _| {
            let description = Description {
                model,
                ..DESCRIPTION
            };
            frame(number, &Reply::Description(description))
        }))
    };
    assert_has(
        &described(Err(SelfTest::Model { at: 77 })),
        "expected a board that passes its self-test, found script: the model in its flash is damaged at byte 77",
    );
    assert_has(&described(Err(SelfTest::Answer)), "a wrong output");
    let arena = SelfTest::Arena { needed: 5000 };
    assert_has(&described(Err(arena)), "takes 5000 bytes of memory");
    let (preparation, output_kind) = ([1, 255, 0, 0, 0, 0, 0, 0], 9);
    let error = described(Ok(Spec {
        preparation,
        ..SPEC
    }));
    assert_has(&error, "expected a way to prepare pictures that this");
    let error = described(Ok(Spec {
        output_kind,
        ..SPEC
    }));
    assert_has(&error, "expected a kind of output that this");
}

#[test]
fn other_versions_are_named() {
    // An error in a whole frame of version 1: stuffed, with its CRC-32 behind it.
    let other = |number, _: &Request<'_>| {
        let bytes = [1, number, 4, 1].map(u8::cast_signed);
        let crc = protocol::answer(&bytes).to_le_bytes();
        let bytes = [&bytes.map(i8::cast_unsigned)[..], &crc].concat();
        let groups = bytes.split(|&byte| byte == 0);
        let groups = groups.flat_map(|group| [&[group.len() as u8 + 1], group].concat());
        [0].into_iter().chain(groups).chain([0]).collect()
    };
    assert_eq!(
        greeting_error(scripted(other)),
        "expected a board with protocol version 2, found 1; flash the firmware of this version"
    );
    let other = |number, _: &Request<'_>| frame(number, &Reply::Error(Error::Version));
    assert_has(&greeting_error(scripted(other)), "version 2, found another");
}

#[test]
fn labels_are_text() {
    let board = scripted(|number, request| match request {
        Request::Describe => frame(number, &Reply::Description(DESCRIPTION)),
        _ => frame(number, &Reply::Label(b"\xFF")),
    });
    let error = greet(board, SHORT).err().unwrap().to_string();
    assert_has(&error, "expected a label in UTF-8 from the board");
}

#[test]
fn impossible_answers_are_refused() {
    let longer = Reply::Output(Output {
        len: 3,
        outcome: Outcome::Values,
        accepted: true,
        cycles: 0,
        stack: 0,
    });
    let wish = |offset, len| Reply::NeedInput { offset, len };
    for (reply, found) in [
        (Reply::Label(b"7"), "expected an output from the board"),
        (Reply::Error(Error::SelfTest), "has failed its self-test"),
        (output(2), "expected one of 2 classes"),
        (longer, "expected an output of 2 values, found 3"),
        (wish(700, 100), "asks for 100 bytes at 700"),
        (wish(0, 769), "asks for 769 bytes at 0"),
    ] {
        let device = greeted(running(move |number| frame(number, &reply)));
        assert_has(&run_error(&device), found);
    }
}

#[test]
fn inputs_of_other_sizes_are_not_sent() {
    let device = greeted(|_, request| panic!("{request:?}"));
    let error = |len, rows, prepare| {
        let bytes = &vec![0; len];
        let input = Input {
            bytes,
            rows,
            prepare,
        };
        device.run(&input).unwrap_err().to_string()
    };
    assert_has(
        &error(784, 14, false),
        "28 rows of 28 bytes, found 14 of 56",
    );
    let size = "expected a picture of at most 100 x 100 pixels";
    assert_has(&error(101, 1, true), size);
    assert_has(&error(101, 101, true), size);
}

#[test]
fn ports_that_may_not_be_used_say_how_to_get_them() {
    let denied = OpenError::from(io::Error::from(io::ErrorKind::PermissionDenied));
    assert_has(&denied.to_string(), "dialout");
}
