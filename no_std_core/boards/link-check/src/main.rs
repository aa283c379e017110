//! A firmware that is linked and never run: it links only if no panic can be reached, and what it needs besides the core
//! shows in its symbols.
//!
//! It calls every function of the core with values that only the hardware knows, so that the optimiser can leave nothing
//! out. `cargo xtask firmware check` builds it and looks at the symbols. It leaves out `arena_len`, which is for constants,
//! `real`, which is for hosts with floats, and the derived `Debug`.
#![no_std]
#![no_main]

use core::fmt::{self, Display, Write};
use core::panic::PanicInfo;
use core::ptr::{self, read_volatile, write_volatile};
use core::slice;

use no_std_core::format::{self, Header, OperatorRecord, TensorRecord};
use no_std_core::prepare::{Fit, Image, Pixels, Preparation, PrepareError, Rows, SIDE};
use no_std_core::requantize::Multiplier;
use no_std_core::{Model, Output, Run};

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
    let arena = memory();
    loop {
        match Model::new(flash()) {
            Ok(model) => run(&model, arena),
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

fn run(model: &Model<'_>, arena: &mut [i8]) {
    describe(model);
    match no_std_core::run(model, tensor(), arena) {
        Ok(output) => report(model, &output),
        Err(error) => print(&error),
    }
    match Run::new(model, arena) {
        Ok(run) => step(model, run),
        Err(error) => print(&error),
    }
    report(model, &Output::new(model, tensor(), tensor()));
}

fn step(model: &Model<'_>, mut run: Run<'_, '_>) {
    let pixels = Pixels::new(flash(), get() as u32, get() as u32);
    match pixels.and_then(|pixels| model.prepare(&mut Camera(pixels), run.input())) {
        Ok(()) => put(model.quantize_pixel(get(), get() as u8)),
        Err(error) => print(&error),
    }
    let (width, height, channels) = (get() as u32, get() as u32, get() as u32);
    let pixels = Pixels::with_channels(flash(), width, height, channels);
    match pixels.and_then(|pixels| model.resize(&mut Camera(pixels), run.input())) {
        Ok(()) => {}
        Err(error) => print(&error),
    }
    while get() != 0 {
        put((run.operator(), run.step().is_ready()));
        let outcome = run.step_observed(|made| {
            put((made.operator, made.row));
            made.values.iter().copied().for_each(put);
        });
        put(outcome.is_ready());
    }
    report(model, &run.into_output());
}

fn report(model: &Model<'_>, output: &Output<'_>) {
    output.values().iter().copied().for_each(put);
    put(output.accepted());
    match output {
        Output::Classes(classes) => {
            put((classes.class(), classes.probability(), classes.accepted()));
            put_bytes(model.label(classes.class()).unwrap_or_default().as_bytes());
            classes.logits().iter().copied().for_each(put);
            classes.probabilities().for_each(put);
        }
        Output::Values(values) => {
            put((*values.tensor(), values.difference()));
            values.values().iter().copied().for_each(put);
        }
    }
}

fn describe(model: &Model<'_>) {
    put((model.arena_len(), model.input(), model.output()));
    put((model.output_kind(), model.preparation()));
    put((model.threshold(), model.multiply_adds()));
    put((model.operators_len(), model.tensor(get() as u16)));
    model.labels().map(str::as_bytes).for_each(put_bytes);
    for operation in model.operations() {
        put_bytes(operation.name().as_bytes());
        put((operation.record(), operation.input(), operation.output()));
        put((operation.flash_len(), operation.multiply_adds()));
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
        Some(Preparation::NONE),
        Preparation::centred(get() as u8),
        Some(Preparation::scaled(Fit::Pad)),
        decoded,
    ];
    for preparation in preparations.into_iter().flatten() {
        put((preparation.to_bytes(), preparation.box_side()));
        put((preparation.takes_pictures(), preparation.fit()));
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

    fn channels(&self) -> u32 {
        self.0.channels() ^ get() as u32
    }

    fn row(&mut self, y: u32) -> Option<&[u8]> {
        self.0.row(y ^ get() as u32)
    }
}

fn write_flash_file() {
    let header = Header::decode(&bytes());
    let record = OperatorRecord::decode(&bytes());
    let tensor = TensorRecord::decode(&bytes());
    put((header.encode(), record.encode(), tensor.encode()));
    put(Preparation::from_bytes(&header.preparation));
    put((tensor.shape.elements(), record.rows.output(get() as u16)));
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

/// Values in the flash.
fn tensor() -> &'static [i8] {
    // SAFETY: as above, and any byte is an `i8`, too.
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
