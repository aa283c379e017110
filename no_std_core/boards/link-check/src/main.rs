//! A firmware that is linked and never run: it links only if no panic can be reached, and what it needs besides the core
//! shows in its symbols.
//!
//! It calls every function of the core with values that only the hardware knows, so that the optimiser can leave nothing
//! out. `cargo xtask firmware check` builds it and looks at the symbols. It leaves out `arena_len`, which is for constants,
//! and the derived `Debug`.
#![no_std]
#![no_main]

use core::fmt::{self, Display, Write};
use core::panic::PanicInfo;
use core::ptr::{self, read_volatile, write_volatile};
use core::slice;
use core::task::Poll;

use no_std_core::format::{self, Header, LayerRecord};
use no_std_core::prepare::{Image, Pixels, Preparation, PrepareError, Rows, SIDE};
use no_std_core::requantize::Multiplier;
use no_std_core::{Model, Run, Scores};

/// Where microcontrollers have their flash, their memory and their devices.
const FLASH: usize = 0x0800_0000;
const MEMORY: usize = 0x2000_0000;
const DEVICE: usize = 0x4000_0000;

unsafe extern "C" {
    /// Defined nowhere, so that nothing links from which a panic can be reached.
    safe fn a_panic_can_be_reached() -> !;
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    a_panic_can_be_reached()
}

/// Where the linker begins to look for what is needed.
// SAFETY: nothing else has this name.
#[unsafe(no_mangle)]
extern "C" fn _start() -> ! {
    let memory = memory();
    loop {
        let (image, arena) = memory.split_at_mut_checked(get()).unwrap_or_default();
        match Model::new(flash()) {
            Ok(model) => classify(&model, image, arena),
            Err(error) => print(&error),
        }
        prepare();
        write_flash_file();
        multiply();
        #[cfg(feature = "panics")]
        put([get(), get()][get()]);
        #[cfg(feature = "floats")]
        put(get() as f32 * get() as f32);
    }
}

fn classify(model: &Model<'_>, image: &mut [i8], arena: &mut [i8]) {
    describe(model);
    for value in image.iter_mut() {
        *value = no_std_core::quantize_pixel(get() as u8);
    }
    match no_std_core::run(model, image, arena) {
        Ok(scores) => report(model, &scores),
        Err(error) => print(&error),
    }
    match Run::new(model, image, arena) {
        Ok(run) => step(model, run),
        Err(error) => print(&error),
    }
}

fn step(model: &Model<'_>, mut run: Run<'_, '_>) {
    while get() != 0 {
        if let Poll::Ready(scores) = run.step() {
            report(model, &scores);
        }
    }
}

fn report(model: &Model<'_>, scores: &Scores) {
    put((scores.class(), scores.probability(), scores.accepted()));
    put_bytes(model.label(scores.class()).unwrap_or_default().as_bytes());
    scores.logits().iter().copied().for_each(put);
    scores.probabilities().iter().copied().for_each(put);
}

fn describe(model: &Model<'_>) {
    put((model.arena_len(), model.input_len(), model.input()));
    put((model.input_zero_point(), model.preparation()));
    put((model.classes(), model.threshold(), model.multiply_adds()));
    model.labels().map(str::as_bytes).for_each(put_bytes);
    for layer in model.layers() {
        put_bytes(layer.name().as_bytes());
        put((*layer.record(), layer.flash_len(), layer.multiply_adds()));
    }
}

fn print(error: &impl Display) {
    // The console never fails.
    let _ = write!(Console, "{error}");
}

struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        put_bytes(text.as_bytes());
        Ok(())
    }
}

fn prepare() {
    let decoded = Preparation::from_bytes(&bytes());
    let preparations = [
        Some(Preparation::PLAIN),
        Preparation::centred(get() as u8),
        decoded,
    ];
    for preparation in preparations.into_iter().flatten() {
        put((preparation.to_bytes(), preparation.box_side()));
        match take_picture(preparation) {
            Ok(image) => image.into_iter().for_each(put),
            Err(error) => print(&error),
        }
    }
}

fn take_picture(preparation: Preparation) -> Result<Image, PrepareError> {
    let pixels = Pixels::new(flash(), get() as u32, get() as u32)?;
    let mut image = [0; SIDE * SIDE];
    preparation.prepare(&mut Camera(pixels), &mut image)?;
    Ok(image)
}

/// Gives rows that have nothing to do with what it says about them.
struct Camera(Pixels<'static>);

impl Rows for Camera {
    fn width(&self) -> u32 {
        self.0.width() ^ get() as u32
    }

    fn height(&self) -> u32 {
        self.0.height() ^ get() as u32
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        self.0.row(y ^ get() as u32)
    }
}

fn write_flash_file() {
    let header = Header::decode(&bytes());
    let record = LayerRecord::decode(&bytes());
    put((header.encode(), record.encode()));
    put(Preparation::from_bytes(&header.preparation));
    put((header.input.elements(), record.rows.output(get() as u16)));
    put(format::align(get() as u32));

    let mut file = bytes::<{ format::HEADER_LEN * 2 }>();
    let file = file.get_mut(..get()).unwrap_or_default();
    put((format::checksum(file), format::stored_checksum(file)));
    put(format::seal(file));
    put_bytes(file);
}

fn multiply() {
    put(Multiplier::from_f32_bits(get() as u32));
    put(Multiplier::decode(bytes()));
    if let Some(multiplier) = Multiplier::new(get() as u32, get() as u8) {
        put(multiplier.requantize(get() as i32, get() as i8));
        put((multiplier.encode(), multiplier.mantissa()));
        put(multiplier.shift());
    }
}

/// The flash, of which the hardware says how much there is.
fn flash() -> &'static [u8] {
    // SAFETY: so many bytes are there, any of them is a `u8`, and nothing here writes to them.
    unsafe { slice::from_raw_parts(ptr::with_exposed_provenance(FLASH), get()) }
}

/// The memory, of which the hardware says how much there is.
fn memory() -> &'static mut [i8] {
    // SAFETY: so many bytes are there, any of them is an `i8`, nothing was placed in them, and `_start` asks only once.
    unsafe { slice::from_raw_parts_mut(ptr::with_exposed_provenance_mut(MEMORY), get()) }
}

fn bytes<const N: usize>() -> [u8; N] {
    [(); N].map(|()| get() as u8)
}

/// A value that only the hardware knows.
fn get() -> usize {
    // SAFETY: the device is there, its address suits a `usize`, and any bits are one.
    unsafe { read_volatile(ptr::with_exposed_provenance(DEVICE)) }
}

/// A value that the hardware wants to know.
fn put<T>(value: T) {
    // SAFETY: the device is there, its address suits any type, and nothing of the program lies there.
    unsafe { write_volatile(ptr::with_exposed_provenance_mut(DEVICE), value) }
}

fn put_bytes(bytes: &[u8]) {
    bytes.iter().copied().for_each(put);
}
