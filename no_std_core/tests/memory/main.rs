//! What an engine of hosts takes is what was counted before, at most. Its program is its own, since all of the memory in use is
//! measured.

#[path = "../suite/network.rs"]
#[allow(dead_code, reason = "of the suite's")]
mod network;
#[path = "../suite/random.rs"]
#[allow(dead_code, reason = "of the suite's")]
mod random;
#[path = "../suite/support.rs"]
#[allow(dead_code, reason = "of the suite's")]
mod support;

use no_std_core::Model;
use no_std_core::format::Shape;
use no_std_core::host::{Backend, Engine, Memory, memory_len};
use peak_alloc::PeakAlloc;

use network::network;
use random::Random;
use support::{Contents, axis, file, shape};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// Most bytes that were in use at once while the model was packed and run on each backend.
fn peak(file: &[u8], image: &[i8]) -> u64 {
    let runs = Backend::all().into_iter().map(|backend| {
        let model = Model::new(file).expect("a model as the trainer writes it");
        let before = ALLOCATOR.current_usage();
        ALLOCATOR.reset_peak_usage();
        let engine = Engine::new(model, backend);
        engine
            .run(image, &mut Memory::default())
            .expect("the image fits");
        ALLOCATOR.peak_usage() - before
    });
    runs.max().unwrap_or(0) as u64
}

fn check(contents: &Contents, image: &[i8], what: &str) {
    let file = file(contents);
    let counted = memory_len(&Model::new(&file).expect("a model as the trainer writes it"));
    let found = peak(&file, image);
    assert!(found <= counted, "{what}: {found} of {counted}");
}

/// A convolution of a picture, which a small file asks for.
fn single(
    random: &mut Random,
    input: Shape,
    kernel: [u16; 2],
    filters: u16,
    groups: u16,
) -> Contents {
    let axis = axis(kernel[0], 1, [0, 0], kernel[1]);
    let convolution = random.convolution((0, input), [axis; 2], filters, groups);
    Contents::values(random.tensor(input), vec![convolution])
}

#[test]
fn memory_is_counted_before_it_is_taken() {
    for seed in 0..300 {
        let (contents, image) = network(&mut Random(seed));
        check(&contents, &image, &format!("network {seed}"));
    }
    let mut random = Random(3);
    for (input, kernel, filters, groups) in [
        (shape(100, 100, 1), [1, 1], 400, 1),
        (shape(700, 700, 1), [1, 1], 1, 1),
        (shape(702, 702, 1), [3, 700], 1, 1),
        (shape(32, 32, 1), [3, 15], 1, 1),
        (shape(20, 20, 60), [3, 1], 60, 60),
        (shape(9, 9, 33), [9, 1], 17, 1),
    ] {
        let contents = single(&mut random, input, kernel, filters, groups);
        let image = random.image(&contents);
        let what = format!("{input:?}, {kernel:?}, {filters}, {groups}");
        check(&contents, &image, &what);
    }
}
