//! Boards as a third party: one that answers as it is told.
#![cfg(unix)]

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread;

use device::Device;
use protocol::{
    Description, Error, FRAME_LEN, Outcome, Output, Receiver, Reply, Request, Room, Spec, Tensor,
};

use super::super::digests::of_core;
use super::*;

/// A board at a socket in a folder that has the model of a flash file, or says so, and these answers to the question for
/// its layers.
fn board(folder: &Path, flash: &[u8], checksum: u32, checksums: Result<Vec<u32>, Error>) -> Device {
    let model = Model::new(flash).unwrap();
    let tensor = |record: no_std_core::format::TensorRecord| Tensor {
        rows: record.shape.rows,
        columns: record.shape.columns,
        channels: record.shape.channels,
        zero_point: record.zero_point,
        scale: record.scale,
    };
    let spec = Spec {
        input: tensor(model.input()),
        preparation: model.preparation().to_bytes(),
        output: tensor(model.output()),
        output_kind: model.output_kind() as u8,
        labels: false,
    };
    let answer = move |request: &Request<'_>| match request {
        Request::Describe => Reply::Description(Description {
            board: "told",
            checksum,
            model: Ok(spec),
            room: Room {
                arena: 0,
                slot: 0,
                kinds: 0,
                forms: 0,
                window: 0,
                width: 0,
                height: 0,
            },
        }),
        Request::Observe { .. } if checksums.is_ok() => Reply::Output(Output {
            len: 3,
            outcome: Outcome::Values,
            accepted: true,
            cycles: 0,
            stack: 0,
        }),
        _ => match &checksums {
            Ok(all) => Reply::Checksums(all.iter().copied().collect()),
            Err(error) => Reply::Error(*error),
        },
    };
    let path = folder.join("board");
    let _ = std::fs::remove_file(&path);
    let listener = UnixListener::bind(&path).unwrap();
    thread::spawn(move || {
        let mut line = listener.accept().unwrap().0;
        let (mut receiver, mut buffer, mut byte) = (Receiver::new(), [0; FRAME_LEN], [0]);
        while line.read_exact(&mut byte).is_ok() {
            if let Some(Ok(len)) = receiver.push(byte[0], &mut buffer) {
                let (number, request) = protocol::parse(&buffer[..len]);
                let mut frame = [0; FRAME_LEN];
                let frame =
                    protocol::encode(number, &answer(&request.unwrap()), &mut frame).unwrap();
                line.write_all(frame).unwrap();
            }
        }
    });
    Device::open(&format!("unix:{}", path.display())).unwrap()
}

/// What the core makes of the first sample.
fn expected(written: &Written) -> Vec<u32> {
    let comparison = written.comparison().unwrap();
    let drawn = drawn(comparison.network(), None, (samples(inputs()), 1)).unwrap();
    let meaning = comparison.input_meaning();
    let input: Vec<i8> = drawn
        .permuted_axes([0, 2, 3, 1])
        .iter()
        .map(|&value| meaning.integer(value))
        .collect();
    of_core(&Model::new(&written.flash).unwrap(), &input)
        .unwrap()
        .0
}

#[test]
fn the_first_layer_that_a_board_computes_otherwise_is_named() {
    let runtime = Runtime::open(Choice::Tract, 1).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let written = written(&runtime, 1, folder.path());
    let comparison = written.comparison().unwrap();
    let checksum = comparison.checksum().unwrap();
    let run = |checksum, answer| {
        let device = board(folder.path(), &written.flash, checksum, answer);
        comparison.run(&runtime, (samples(inputs()), 1), Some(&device), &NEVER)
    };
    let right = expected(&written);
    let report = run(checksum, Ok(right.clone())).unwrap();
    assert!(report.disagreement().is_none());
    assert!(report.to_string().ends_with(
        "the board told and the core have equal integers in all 6 layers, on 1 samples"
    ));
    let mut wrong = right;
    wrong[2] ^= 1;
    wrong[4] ^= 1;
    let report = run(checksum, Ok(wrong)).unwrap();
    let error = report.disagreement().unwrap().to_string();
    let part = "the core on the board told, found others from layer rescale1 on, in sample 0";
    assert!(error.contains(part), "{error}");
    // Too old, or too small: all else is compared.
    for error in [Error::Unknown, Error::Memory] {
        let report = run(checksum, Err(error)).unwrap();
        assert!(report.disagreement().is_none() && report.difference.is_none());
        assert!(
            report
                .to_string()
                .contains("the board told was not compared: ")
        );
    }
    let error = run(checksum, Err(Error::SelfTest)).unwrap_err().to_string();
    assert!(error.contains("self-test"), "{error}");
    let error = run(checksum ^ 1, Err(Error::SelfTest))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(&format!("checksum {checksum:08x}, found")),
        "{error}"
    );
}
