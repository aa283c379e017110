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

/// COBS undone as its authors describe it: each code is followed by a group, and each group but the last by a zero, unless
/// it is full.
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

/// A frame of any short payload: each group's code tells how far the next zero is.
fn frame_of(payload: &[u8]) -> Vec<u8> {
    let content = [payload, &crc32(payload).to_le_bytes()].concat();
    let groups = content.split(|&byte| byte == 0);
    let stuffed = groups.flat_map(|group| [&[group.len() as u8 + 1], group].concat());
    [0].into_iter().chain(stuffed).chain([0]).collect()
}

fn encoded(number: u8, message: &impl serde::Serialize) -> Vec<u8> {
    encode(number, message, &mut [0; FRAME_LEN])
        .unwrap()
        .to_vec()
}

/// What a receiver with `room` makes of the bytes: payloads, and frames that are none.
fn receive_into(room: usize, bytes: &[u8]) -> Vec<Result<Vec<u8>, Damage>> {
    let (mut receiver, mut buffer) = (Receiver::new(), vec![0; room]);
    let mut arrivals = vec![];
    for &byte in bytes {
        let arrival = receiver.push(byte, &mut buffer);
        arrivals.extend(arrival.map(|frame| frame.map(|len| buffer[..len].to_vec())));
    }
    arrivals
}

fn receive(bytes: &[u8]) -> Vec<Result<Vec<u8>, Damage>> {
    receive_into(FRAME_LEN, bytes)
}

/// The only frame that arrives.
fn receive_one(room: usize, bytes: &[u8]) -> Vec<u8> {
    let mut arrivals = receive_into(room, bytes);
    assert_eq!(arrivals.len(), 1);
    arrivals.remove(0).unwrap()
}

/// What [`request`] makes a request of.
type Parts = (u8, u16, u16, Vec<u8>);

fn requests() -> impl Strategy<Value = Parts> {
    let bytes = many(any::<u8>(), 0..=MAX_WIDTH);
    (0..11u8, any::<u16>(), any::<u16>(), bytes)
}

fn request(&(kind, first, second, ref bytes): &Parts) -> Request<'_> {
    let large = u32::from(first) << 16;
    match kind {
        0 => Request::Describe,
        1 => Request::Label { class: first },
        2 => Request::Begin {
            rows: first,
            row_len: second.into(),
            prepare: first > second,
        },
        3 => Request::Input {
            offset: large,
            bytes,
        },
        4 => Request::Values { offset: large },
        5 => Request::Probabilities { class: first },
        6 => Request::BeginUpdate {
            len: large,
            checksum: second.into(),
        },
        7 => Request::WriteChunk {
            offset: large,
            bytes,
        },
        8 => Request::Commit { answer: large },
        9 => Request::Observe {
            rows: first,
            row_len: second.into(),
        },
        _ => Request::Checksums { operator: first },
    }
}

#[test]
fn the_largest_messages_fit() {
    for fill in [0, 1, 255] {
        let row = Request::Input {
            offset: u32::MAX,
            bytes: &[fill; MAX_WIDTH],
        };
        let chunk = Request::WriteChunk {
            offset: u32::MAX,
            bytes: &[fill; CHUNK_LEN],
        };
        for request in [row, chunk] {
            let payload = receive_one(FRAME_LEN, &encoded(255, &request));
            assert_eq!(parse(&payload), (255, Ok(request)));
        }
        let values = Reply::Values(&[fill; CHUNK_LEN]);
        assert!(encode(1, &values, &mut [0; FRAME_LEN]).is_ok());
    }
    let all = [u32::MAX; PROBABILITIES].into_iter().collect();
    assert!(encode(1, &Reply::Probabilities(all), &mut [0; FRAME_LEN]).is_ok());
    let all = [u32::MAX; CHECKSUMS].into_iter().collect();
    assert!(encode(1, &Reply::Checksums(all), &mut [0; FRAME_LEN]).is_ok());
}

#[test]
fn answers_are_told_apart_by_the_checksum_of_zip() {
    for values in [&[][..], &[-128, 0, 5]] {
        let bytes: Vec<u8> = values
            .iter()
            .map(|value: &i8| value.cast_unsigned())
            .collect();
        assert_eq!(answer(values), crc32(&bytes));
        for cut in 0..=values.len() {
            let (before, after) = values.split_at(cut);
            assert_eq!(answer_continued(answer(before), after), answer(values));
        }
    }
}

#[test]
fn the_known_input_has_all_values() {
    let mut values: Vec<i8> = (0..784).map(known_value).collect();
    values.sort_unstable();
    values.dedup();
    assert_eq!(values.len(), 256);
}

#[test]
fn what_does_not_fit_is_not_written() {
    let len = encoded(1, &Request::Describe).len();
    let fits = |room| encode(1, &Request::Describe, &mut vec![0; room]).map(<[u8]>::len);
    assert!((0..len).all(|room| fits(room) == Err(TooLong)));
    assert_eq!(fits(len), Ok(len));
}

#[test]
fn other_versions_and_unknown_messages_have_a_number() {
    let read = |bytes: &[u8]| {
        let payload = receive_one(FRAME_LEN, &frame_of(bytes));
        let (number, message) = parse::<Request<'_>>(&payload);
        (number, message.map(|_| ()))
    };
    let version = Err(Unreadable::Version(1));
    let unknown = Err(Unreadable::Message);
    for (bytes, expected) in [
        (&[VERSION, 9, 0][..], Ok(())),
        (&[1, 9, 0], version),
        (&[1, 9], version),
        (&[VERSION, 9, 200], unknown),
        (&[VERSION, 9], unknown),
        (&[VERSION, 9, 0, 0], unknown),
        (&[VERSION, 9, 1], unknown),
    ] {
        assert_eq!(read(bytes), (9, expected), "{bytes:?}");
    }
    assert_eq!(parse::<Request<'_>>(&[1]).1, Err(Unreadable::Message));
}

#[test]
fn frames_too_short_for_a_header_are_damaged() {
    for payload in [&[][..], &[VERSION]] {
        assert_eq!(receive(&frame_of(payload)), [Err(Damage::Checksum)]);
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
    let frame = encoded(
        3,
        &Request::Input {
            offset: 7,
            bytes: &[7; 300],
        },
    );
    let whole = receive(&frame);
    assert_eq!(whole.len(), 1);
    for cut in 2..frame.len() - 1 {
        let arrivals = receive(&[&frame[..cut], &frame[..]].concat());
        assert!(arrivals[0].is_err(), "cut at {cut}");
        assert_eq!(arrivals[1..], whole, "cut at {cut}");
    }
}

#[test]
fn a_frame_that_is_too_long_is_noticed_and_the_next_one_arrives() {
    let long = encoded(
        3,
        &Request::Input {
            offset: 7,
            bytes: &[7; 700],
        },
    );
    let short = encoded(4, &Request::Describe);
    let arrivals = receive_into(100, &[long, short.clone()].concat());
    assert_eq!(arrivals[0], Err(Damage::TooLong));
    assert_eq!(arrivals[1..], receive(&short));
}

proptest! {
    #[test]
    fn requests_arrive_as_they_were_sent(number: u8, parts in requests()) {
        let request = request(&parts);
        let frame = encoded(number, &request);
        prop_assert!(!frame[1..frame.len() - 1].contains(&0));
        let payload = receive_one(FRAME_LEN, &frame);
        prop_assert_eq!(parse(&payload), (number, Ok(request)));
        // By the description of the format, not by its code.
        let content = [&payload[..], &crc32(&payload).to_le_bytes()].concat();
        prop_assert_eq!(unstuff(&frame[1..frame.len() - 1]), content);
    }

    #[test]
    fn replies_arrive_as_they_were_sent(
        number: u8,
        kind in 0..10,
        name: String,
        bytes in many(any::<u8>(), 0..=CHUNK_LEN),
        at: u32,
    ) {
        let tensor = Tensor { rows: 28, columns: at as u16, channels: 1, zero_point: -1, scale: at };
        let spec = Spec { input: tensor, preparation: [1; 8], output: tensor, output_kind: 1, labels: true };
        let outcomes = [
            Outcome::Values,
            Outcome::Class { class: at as u16, probability: at },
            Outcome::Difference { mean: at },
        ];
        let reply = match kind {
            0 => Reply::Description(Description {
                board: &name,
                checksum: at,
                model: if at.is_multiple_of(2) { Ok(spec) } else { Err(SelfTest::Model { at }) },
                room: Room { arena: at, slot: at, kinds: at, forms: 7, window: 9000, width: 768, height: 8192 },
            }),
            1 => Reply::Label(name.as_bytes()),
            2 => Reply::Output(Output {
                len: at,
                outcome: outcomes[at as usize % 3],
                accepted: true,
                cycles: u32::MAX,
                stack: 5000,
            }),
            3 => Reply::NeedInput { offset: at, len: at as u16 },
            4 => Reply::NeedChunk { offset: at },
            5 => Reply::Updated,
            6 => Reply::Values(&bytes),
            7 => Reply::Probabilities(bytes.iter().take(PROBABILITIES).map(|&byte| byte.into()).collect()),
            8 => Reply::Error(Error::Model { at }),
            _ => Reply::Checksums(bytes.iter().take(CHECKSUMS).map(|&byte| at ^ u32::from(byte)).collect()),
        };
        let mut buffer = vec![0; 4 * FRAME_LEN];
        let frame = encode(number, &reply, &mut buffer).unwrap();
        let payload = receive_one(4 * FRAME_LEN, frame);
        prop_assert_eq!(parse(&payload), (number, Ok(reply)));
    }

    #[test]
    fn noise_between_frames_costs_none(
        noises in many((many(any::<u8>(), 0..2000), requests()), 1..5),
    ) {
        let (mut line, mut sent) = (vec![], vec![]);
        for (number, (noise, parts)) in (0..).zip(&noises) {
            line.extend(noise);
            line.extend(encoded(number, &request(parts)));
            sent.push((number, Ok(request(parts))));
        }
        let arrivals = receive(&line);
        let arrived: Vec<_> = arrivals.iter().flatten().map(|payload| parse(payload)).collect();
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
        let number = |payload: &Vec<u8>| parse::<Request<'_>>(payload).0;
        let numbers: Vec<u8> = arrivals.iter().flatten().map(number).collect();
        let outer = position == 0 || position == frame.len() - 1;
        prop_assert!(numbers == [2, 2] || outer && numbers.ends_with(&[2]), "{:?}", numbers);
    }

    #[test]
    fn any_payload_is_read_without_a_panic(payload in many(any::<u8>(), 0..900)) {
        let _ = parse::<Request<'_>>(&payload);
        let _ = parse::<Reply<'_>>(&payload);
    }
}
