//! Boards with room for two models.

use no_std_core::requantize::Multiplier;
use protocol::{CHUNK_LEN, known_pixel};
use slots::{RECORD_LEN, RamFlash};

use super::*;

/// Bytes of a slot.
const SLOT: usize = (RECORD_LEN + MODEL.len()).next_multiple_of(4096);

/// The model of the boards with another bias.
fn other_model() -> Vec<u8> {
    let mut file = MODEL.to_vec();
    let header = format::Header::decode(file.first_chunk().unwrap());
    let last = header.layers_at as usize + usize::from(header.layers - 1) * format::LAYER_LEN;
    let record = format::LayerRecord::decode(file[last..].first_chunk().unwrap());
    file[record.biases_at as usize + 1] ^= 0x20;
    format::seal(&mut file).unwrap();
    file
}

/// The logits of an image of grey pixels.
fn logits(file: &[u8], pixels: &[u8; PIXELS]) -> Vec<i8> {
    let model = Model::new(file).unwrap();
    let image = pixels.map(quantize_pixel);
    let scores = no_std_core::run(&model, &image, &mut [0; ARENA_LEN]).unwrap();
    scores.logits().to_vec()
}

fn known_logits(file: &[u8]) -> Vec<u8> {
    let logits = logits(file, &core::array::from_fn(known_pixel));
    logits.into_iter().map(i8::cast_unsigned).collect()
}

fn begin(file: &[u8]) -> Vec<u8> {
    let begin = Request::BeginUpdate {
        len: file.len() as u32,
        checksum: stored_checksum(file).unwrap(),
    };
    frame(1, &begin)
}

fn chunks(file: &[u8]) -> Vec<Vec<u8>> {
    let chunk = |(index, bytes)| {
        let offset = (index * CHUNK_LEN) as u32;
        frame(2, &Request::WriteChunk { offset, bytes })
    };
    file.chunks(CHUNK_LEN).enumerate().map(chunk).collect()
}

fn commit(logits: &[u8]) -> Vec<u8> {
    frame(3, &Request::Commit { logits })
}

/// Answers of a board whose slots hold nothing at first but the model of the boards.
fn slot_answers(requests: &[u8]) -> Vec<(u8, Answer)> {
    answers_after(None, requests, |slots| fill(slots, MODEL, KNOWN_LOGITS))
}

/// Answers of a board, perhaps with a built-in model, whose slots were empty before `prepare`, started as often as updates
/// ask for.
fn answers_after(
    built_in: Option<Current<'_>>,
    requests: &[u8],
    prepare: impl FnOnce(&mut Slots<RamFlash<'_>>),
) -> Vec<(u8, Answer)> {
    let (mut answers, mut bytes) = (vec![], requests.to_vec());
    let mut board = FakeBoard {
        host: Box::new(|number, reply| {
            answers.push((number, reply.into()));
            core::mem::take(&mut bytes)
        }),
        line: VecDeque::new(),
        receiver: Receiver::new(),
        light: vec![],
        cycles: 0,
        pause: false,
    };
    let mut memories = [vec![0xFF; SLOT], vec![0xFF; SLOT]];
    let [a, b] = &mut memories;
    let mut slots = Slots::new([RamFlash::new(a), RamFlash::new(b)]);
    prepare(&mut slots);
    let mut memory = Memory::new();
    while serve_newest(&mut board, &mut slots, built_in, &mut memory) == End::Updated {}
    drop(board);
    answers
}

/// Puts a model into a slot, with what it should say about the known image.
fn fill(slots: &mut Slots<RamFlash<'_>>, file: &[u8], known: &[i8]) {
    let (_, mut spare) = slots.open();
    let checksum = stored_checksum(file).unwrap();
    spare.begin(file.len() as u32, checksum).unwrap();
    spare.write(0, file).unwrap();
    spare.verify().unwrap();
    spare.commit(known).unwrap();
}

fn classify(number: u8) -> Vec<u8> {
    frame(number, &Request::Classify { pixels: &image(3) })
}

fn logits_in(answers: &[(u8, Answer)], wanted: u8) -> Vec<Vec<i8>> {
    let scores = |(number, answer): &(u8, Answer)| match answer {
        Answer::Scores(scores) if *number == wanted => Some(scores.logits.to_vec()),
        _ => None,
    };
    answers.iter().filter_map(scores).collect()
}

#[test]
fn the_old_model_serves_until_the_new_one_is_whole() {
    let other = other_model();
    let [old, new] = [MODEL, &other].map(|file| logits(file, &image(3)));
    assert_ne!(old, new);
    let mut requests = begin(&other);
    for chunk in chunks(&other) {
        requests.extend([classify(8), chunk].concat());
    }
    requests.extend([commit(&known_logits(&other)), classify(9)].concat());
    let answers = slot_answers(&requests);
    let chunks = other.len().div_ceil(CHUNK_LEN);
    assert_eq!(logits_in(&answers, 8), vec![old; chunks]);
    assert_eq!(logits_in(&answers, 9), [new]);
    let expected = [(3, Answer::Updated), (UNASKED, DESCRIPTION)];
    assert_eq!(answers[answers.len() - 3..][..2], expected);
    let wishes = answers.iter().filter_map(|(_, answer)| match answer {
        Answer::NeedChunk(offset) => Some(*offset as usize),
        _ => None,
    });
    let offsets = (0..=chunks).map(|index| (index * CHUNK_LEN).min(other.len()));
    assert!(wishes.eq(offsets));
}

/// The last answer to an update of these requests; after each, the board's model must be as it was.
fn refusal_of(requests: &[Vec<u8>]) -> Answer {
    let answers = slot_answers(&[requests.concat(), classify(9)].concat());
    assert_eq!(logits_in(&answers, 9), [logits(MODEL, &image(3))]);
    answers[answers.len() - 2].1.clone()
}

#[test]
fn bad_updates_are_refused_and_change_nothing() {
    let other = other_model();
    let known = known_logits(&other);
    let refusal = |file: &[u8], begun: Vec<u8>, known: &[u8]| {
        refusal_of(&[begun, chunks(file).concat(), commit(known)])
    };
    let mut wrong = known.clone();
    wrong[3] ^= 1;
    for wrong in [&wrong[..], &known[..9], &[0; 33]] {
        let answer = refusal(&other, begin(&other), wrong);
        assert_eq!(answer, Answer::Error(Error::KnownAnswer));
    }
    let mut damaged = other.clone();
    damaged[100_000] ^= 1;
    let at = Model::new(&damaged).unwrap_err().at;
    let answer = refusal(&damaged, begin(&other), &known);
    assert_eq!(answer, Answer::Error(Error::Model { at }));
    let answer = refusal(
        &other,
        begin(&[&other[..16], &[0; 4], &other[20..]].concat()),
        &known,
    );
    assert_eq!(answer, Answer::Error(Error::Checksum));
    let answer = refusal(TINY, begin(TINY), &[0, 0]);
    assert_eq!(answer, Answer::Error(Error::KnownAnswer), "another input");

    let chunks = chunks(&other);
    let long = Request::BeginUpdate {
        len: SLOT as u32,
        checksum: 0,
    };
    let odd = Request::WriteChunk {
        offset: 0,
        bytes: &other[..3],
    };
    let cases = [
        (vec![frame(1, &long)], Error::TooLarge),
        (vec![chunks[0].clone()], Error::NotBegun),
        (vec![commit(&known)], Error::NotBegun),
        (vec![begin(&other), frame(2, &odd)], Error::Chunk),
        (vec![begin(&other), chunks[1].clone()], Error::Chunk),
        (
            vec![begin(&other), chunks[0].clone(), commit(&known)],
            Error::Chunk,
        ),
    ];
    for (requests, error) in cases {
        assert_eq!(refusal_of(&requests), Answer::Error(error));
    }
}

#[test]
fn a_chunk_whose_answer_was_lost_may_come_again() {
    let other = other_model();
    let mut chunks = chunks(&other);
    chunks.insert(1, chunks[0].clone());
    let requests = [
        begin(&other),
        chunks.concat(),
        commit(&known_logits(&other)),
    ];
    let answers = slot_answers(&requests.concat());
    assert_eq!(answers[answers.len() - 2], (3, Answer::Updated));
}

#[test]
fn a_model_that_computes_something_else_gives_way_to_the_one_before_it() {
    let other = other_model();
    let requests = [frame(8, &Request::Describe), classify(9)].concat();
    let answers = answers_after(None, &requests, |slots| {
        fill(slots, MODEL, KNOWN_LOGITS);
        fill(slots, &other, KNOWN_LOGITS);
    });
    assert_eq!(answers[..2], [(UNASKED, DESCRIPTION), (8, DESCRIPTION)]);
    assert_eq!(logits_in(&answers, 9), [logits(MODEL, &image(3))]);

    let answers = answers_after(None, &requests, |slots| {
        fill(slots, MODEL, &[0; 10]);
        fill(slots, &other, KNOWN_LOGITS);
    });
    assert_eq!(answers[2], (9, Answer::Error(Error::SelfTest)));
}

#[test]
fn the_built_in_model_serves_where_no_slot_has_one_that_works() {
    let other = other_model();
    let update = [
        begin(&other),
        chunks(&other).concat(),
        commit(&known_logits(&other)),
    ];
    let requests = [classify(8), update.concat(), classify(9)].concat();
    let [built_in, updated] = [MODEL, &other].map(|file| logits(file, &image(3)));
    for are_written in [false, true] {
        let answers = answers_after(Some(BUILT_IN), &requests, |slots| {
            if are_written {
                fill(slots, &other, KNOWN_LOGITS);
                fill(slots, &other, &[0; 10]);
            }
        });
        assert_eq!(answers[0], (UNASKED, DESCRIPTION));
        assert_eq!(logits_in(&answers, 8), [&*built_in]);
        assert_eq!(logits_in(&answers, 9), [&*updated]);
    }
}

/// A valid model that takes more memory than the one of the boards: a pointwise convolution to 16 channels of the same
/// size, then one class. All weights are zero.
fn large_model() -> Vec<u8> {
    const CHANNELS: u16 = 16;
    let shape = |side, channels| format::Shape {
        rows: side,
        columns: side,
        channels,
    };
    let point = format::Axis {
        kernel: 1,
        stride: 1,
        pool: 1,
        ..format::Axis::default()
    };
    let layer = |kind, output: format::Shape, axis, weights| format::LayerContents {
        kind,
        output,
        output_zero_point: 0,
        rows: axis,
        columns: axis,
        weights: vec![0; weights],
        biases: vec![0; output.channels.into()],
        // One half.
        multipliers: vec![Multiplier::new(1 << 23, 24).unwrap(); output.channels.into()],
    };
    let pixels = usize::from(CHANNELS) * PIXELS;
    let layers = vec![
        layer(
            format::KIND_CONVOLUTION,
            shape(28, CHANNELS),
            point,
            CHANNELS.into(),
        ),
        layer(
            format::KIND_DENSE,
            shape(1, 1),
            format::Axis::default(),
            pixels,
        ),
    ];
    let contents = format::Contents::new(shape(28, 1), quantize_pixel(0), layers);
    contents.to_file().unwrap()
}

#[test]
fn a_model_that_takes_more_memory_is_too_large() {
    let large = large_model();
    assert!(Model::new(&large).unwrap().arena_len() > ARENA_LEN);
    let answer = refusal_of(&[begin(&large), chunks(&large).concat(), commit(&[0])]);
    assert_eq!(answer, Answer::Error(Error::TooLarge));
}
