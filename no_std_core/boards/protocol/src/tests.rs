//! What arrives is what was sent, whatever else is on the line.

use std::string::String;
use std::vec;
use std::vec::Vec;

use proptest::collection::vec as many;
use proptest::prelude::*;

use super::*;

/// The CRC-32 of zip, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 * (crc & 1));
        }
    }
    !crc
}

/// COBS as its authors describe it: each group's code tells how far the next zero is. A group follows each full block, if
/// only an empty one.
fn stuff(bytes: &[u8]) -> Vec<u8> {
    let mut stuffed = vec![];
    for mut group in bytes.split(|&byte| byte == 0) {
        while group.len() >= 254 {
            stuffed.push(255);
            stuffed.extend(&group[..254]);
            group = &group[254..];
        }
        stuffed.push(group.len() as u8 + 1);
        stuffed.extend(group);
    }
    stuffed
}

/// The way back: each code is followed by a group, and each group but the last by a zero, unless it is full.
fn unstuff(mut stuffed: &[u8]) -> Vec<u8> {
    let mut bytes = vec![];
    while let Some((&code, rest)) = stuffed.split_first() {
        let (group, rest) = rest.split_at(usize::from(code) - 1);
        bytes.extend(group);
        if code < 255 && !rest.is_empty() {
            bytes.push(0);
        }
        stuffed = rest;
    }
    bytes
}

/// A frame of any payload.
fn frame_of(payload: &[u8]) -> Vec<u8> {
    let content = [payload, &crc32(payload).to_le_bytes()].concat();
    [&[0], &*stuff(&content), &[0]].concat()
}

fn encoded(number: u8, message: &impl serde::Serialize) -> Vec<u8> {
    encode(number, message, &mut [0; FRAME_LEN])
        .unwrap()
        .to_vec()
}

#[derive(Debug, PartialEq)]
enum Arrival {
    Frame(Vec<u8>),
    Damaged(Damage),
}

/// What a receiver with `room` makes of the bytes.
fn receive_into(room: usize, bytes: &[u8]) -> Vec<Arrival> {
    let (mut receiver, mut buffer) = (Receiver::new(), vec![0; room]);
    let mut arrivals = vec![];
    for &byte in bytes {
        arrivals.extend(match receiver.push(byte, &mut buffer) {
            Some(Ok(len)) => Some(Arrival::Frame(buffer[..len].to_vec())),
            Some(Err(damage)) => Some(Arrival::Damaged(damage)),
            None => None,
        });
    }
    arrivals
}

fn receive(bytes: &[u8]) -> Vec<Arrival> {
    receive_into(FRAME_LEN, bytes)
}

fn scores(logits: &[i8]) -> Scores {
    Scores {
        logits: logits.iter().copied().collect(),
        probabilities: logits
            .iter()
            .map(|&logit| u32::from(logit.unsigned_abs()) << 9)
            .collect(),
        class: 1,
        accepted: true,
        cycles: u32::MAX,
        stack: 5000,
    }
}

fn requests() -> impl Strategy<Value = (u8, u16, u16, Vec<u8>)> {
    (
        0..8u8,
        any::<u16>(),
        any::<u16>(),
        many(any::<u8>(), 0..=MAX_WIDTH),
    )
}

fn request(parts: &(u8, u16, u16, Vec<u8>)) -> Request<'_> {
    let (kind, first, second, ref pixels) = *parts;
    match kind {
        0 => Request::Describe,
        1 => Request::Label { class: first as u8 },
        2 => Request::Classify { pixels },
        3 => Request::ClassifyPicture {
            width: first,
            height: second,
        },
        4 => Request::Row { y: first, pixels },
        5 => Request::BeginUpdate {
            len: first.into(),
            checksum: u32::from(second) << 16,
        },
        6 => Request::WriteChunk {
            offset: u32::from(first) << 16,
            bytes: pixels,
        },
        _ => Request::Commit { logits: pixels },
    }
}

#[test]
fn the_largest_messages_fit() {
    for fill in [0, 1, 255] {
        let image = Request::Classify {
            pixels: &[fill; PIXELS],
        };
        let row = Request::Row {
            y: u16::MAX,
            pixels: &[fill; MAX_WIDTH],
        };
        let chunk = Request::WriteChunk {
            offset: u32::MAX,
            bytes: &[fill; CHUNK_LEN],
        };
        for request in [image, row, chunk] {
            let frame = encoded(255, &request);
            let [Arrival::Frame(payload)] = &receive(&frame)[..] else {
                panic!("{request:?} did not arrive");
            };
            assert_eq!(parse(payload), (255, Ok(request)));
        }
    }
    let reply = Reply::Scores(scores(&[-128; MAX_CLASSES]));
    assert!(encode(1, &reply, &mut [0; 255]).is_ok());
}

#[test]
fn what_does_not_fit_is_not_written() {
    let frame = encoded(1, &Request::Describe);
    for room in 0..frame.len() {
        assert_eq!(
            encode(1, &Request::Describe, &mut vec![0; room]),
            Err(TooLong)
        );
    }
    assert!(encode(1, &Request::Describe, &mut vec![0; frame.len()]).is_ok());
}

#[test]
fn other_versions_and_unknown_messages_have_a_number() {
    let payload = |bytes: &[u8]| match &receive(&frame_of(bytes))[..] {
        [Arrival::Frame(payload)] => payload.clone(),
        other => panic!("{other:?}"),
    };
    let read = |bytes: &[u8]| {
        let payload = payload(bytes);
        let (number, message) = parse::<Request<'_>>(&payload);
        (number, message.map(|_| ()))
    };
    assert_eq!(read(&[VERSION, 9, 0]), (9, Ok(())));
    assert_eq!(read(&[2, 9, 0]), (9, Err(Unreadable::Version(2))));
    assert_eq!(read(&[2, 9]), (9, Err(Unreadable::Version(2))));
    let unknown = [
        &[VERSION, 9, 200][..],
        &[VERSION, 9],
        &[VERSION, 9, 0, 0],
        &[VERSION, 9, 1],
    ];
    for bytes in unknown {
        assert_eq!(read(bytes), (9, Err(Unreadable::Message)), "{bytes:?}");
    }
    assert_eq!(parse::<Request<'_>>(&[1]).1, Err(Unreadable::Message));
}

#[test]
fn frames_too_short_for_a_header_are_damaged() {
    for payload in [&[][..], &[VERSION]] {
        assert_eq!(
            receive(&frame_of(payload)),
            [Arrival::Damaged(Damage::Checksum)]
        );
    }
}

#[test]
fn numbers_never_are_that_of_unasked_frames() {
    let mut number = UNASKED;
    for _ in 0..1000 {
        let next = next_number(number);
        assert!(next != UNASKED && next != number);
        number = next;
    }
}

#[test]
fn every_half_of_a_frame_is_noticed_and_the_next_one_arrives() {
    let frame = encoded(3, &Request::Classify { pixels: &[7; 300] });
    let whole = receive(&frame);
    assert_eq!(whole.len(), 1);
    for cut in 2..frame.len() - 1 {
        let arrivals = receive(&[&frame[..cut], &frame[..]].concat());
        assert!(matches!(arrivals[0], Arrival::Damaged(_)), "cut at {cut}");
        assert_eq!(arrivals[1..], whole, "cut at {cut}");
    }
}

#[test]
fn a_frame_that_is_too_long_is_noticed_and_the_next_one_arrives() {
    let long = encoded(
        3,
        &Request::Classify {
            pixels: &[7; PIXELS],
        },
    );
    let short = encoded(4, &Request::Describe);
    let arrivals = receive_into(100, &[long, short.clone()].concat());
    assert_eq!(arrivals[0], Arrival::Damaged(Damage::TooLong));
    assert_eq!(arrivals[1..], receive(&short));
}

proptest! {
    #[test]
    fn requests_arrive_as_they_were_sent(number: u8, parts in requests()) {
        let request = request(&parts);
        let frame = encoded(number, &request);
        prop_assert!(!frame[1..frame.len() - 1].contains(&0));
        let arrivals = receive(&frame);
        let [Arrival::Frame(payload)] = &arrivals[..] else {
            return Err(TestCaseError::fail("expected one frame"));
        };
        prop_assert_eq!(parse(payload), (number, Ok(request)));
        // By the description of the format, not by its code.
        let content = [&payload[..], &crc32(payload).to_le_bytes()].concat();
        prop_assert_eq!(unstuff(&frame[1..frame.len() - 1]), content);
    }

    #[test]
    fn replies_arrive_as_they_were_sent(
        number: u8,
        kind in 0..7,
        name: String,
        logits in many(any::<i8>(), 0..=MAX_CLASSES),
        at: u32,
    ) {
        let reply = match kind {
            0 => Reply::Description(Description {
                board: &name,
                model: at,
                classes: 10,
                box_side: 20,
                arena: at,
                max_width: 768,
                max_height: 8192,
                self_test: SelfTest::Model { at },
            }),
            1 => Reply::Label(&name),
            2 => Reply::Scores(scores(&logits)),
            3 => Reply::NeedRow { y: at as u16 },
            4 => Reply::NeedChunk { offset: at },
            5 => Reply::Updated,
            _ => Reply::Error(Error::Model { at }),
        };
        let mut buffer = vec![0; 4 * FRAME_LEN];
        let frame = encode(number, &reply, &mut buffer).unwrap();
        let arrivals = receive_into(4 * FRAME_LEN, frame);
        let [Arrival::Frame(payload)] = &arrivals[..] else {
            return Err(TestCaseError::fail("expected one frame"));
        };
        prop_assert_eq!(parse(payload), (number, Ok(reply)));
    }

    #[test]
    fn noise_between_frames_costs_none(
        noises in many((many(any::<u8>(), 0..2000), requests()), 1..5),
    ) {
        let mut line = vec![];
        let mut sent = vec![];
        for (number, (noise, parts)) in noises.iter().enumerate() {
            line.extend(noise);
            line.extend(encoded(number as u8, &request(parts)));
            sent.push((number as u8, request(parts)));
        }
        let arrivals = receive(&line);
        let arrived: Vec<_> = arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Frame(payload) => Some(parse::<Request<'_>>(payload)),
            Arrival::Damaged(_) => None,
        }).collect();
        let sent: Vec<_> = sent.into_iter().map(|(number, request)| (number, Ok(request))).collect();
        prop_assert_eq!(arrived, sent);
    }

    #[test]
    fn a_changed_byte_is_never_taken_for_the_message(
        parts in requests(),
        position: prop::sample::Index,
        change in 1..=255u8,
    ) {
        let mut frame = encoded(1, &request(&parts));
        let position = position.index(frame.len());
        frame[position] ^= change;
        // Zeros before and after may go: the line begins and ends with the next frames.
        let next = encoded(2, &Request::Describe);
        let arrivals = receive(&[&next[..], &frame, &next].concat());
        let numbers: Vec<u8> = arrivals.iter().filter_map(|arrival| match arrival {
            Arrival::Frame(payload) => Some(parse::<Request<'_>>(payload).0),
            Arrival::Damaged(_) => None,
        }).collect();
        let outer = position == 0 || position == frame.len() - 1;
        prop_assert!(numbers == [2, 2] || outer && numbers.ends_with(&[2]), "{:?}", numbers);
    }

    #[test]
    fn any_payload_is_read_without_a_panic(payload in many(any::<u8>(), 0..900)) {
        let _ = parse::<Request<'_>>(&payload);
        let _ = parse::<Reply<'_>>(&payload);
    }
}
