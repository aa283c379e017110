//! Pages with several of MNIST's digits, read by `infer`.

use image::imageops::{self, FilterType};
use image::{GrayImage, Luma};
use infer::engine::Engine;
use infer::open::{Choice, open};
use infer::page::read;
use input::limits::Limits;
use no_std_core::prepare::Preparation;
use tests::mnist::mnist;
use tests::random::Numbers;
use train::data::Dataset;

const MODEL: &[u8] = include_bytes!("../../models/digits.onnx");
const PAGES: usize = 20;
/// Of these pages, so many are read without a fault: of a hundred single digits the model misreads one.
const RIGHT: usize = 16;

/// A digit of this height, slanted, as amounts of ink in a box without a margin.
fn digit(digits: &Dataset, random: &mut Numbers, height: f64) -> (GrayImage, u16) {
    let at = random.between(0.0, digits.len() as f64) as usize;
    let mut pixels = vec![0; 784];
    digits.read(at, &mut pixels).unwrap();
    let small = GrayImage::from_raw(28, 28, pixels).unwrap();
    let side = (height * 28.0 / 20.0) as u32;
    let large = imageops::resize(&small, side, side, FilterType::Triangle);
    let slant = random.between(-0.2, 0.2);
    let slanted = GrayImage::from_fn(side, side, |x, y| {
        let x = f64::from(x) + slant * (f64::from(y) - f64::from(side) / 2.0);
        let inside = (0.0..f64::from(side)).contains(&x);
        Luma([if inside {
            large.get_pixel(x as u32, y).0[0]
        } else {
            0
        }])
    });
    let ink = || {
        slanted
            .enumerate_pixels()
            .filter(|(_, _, pixel)| pixel.0[0] > 30)
    };
    let range = |at: fn((u32, u32)) -> u32| {
        let places = || ink().map(move |(x, y, _)| at((x, y)));
        (places().min().unwrap(), places().max().unwrap() + 1)
    };
    let ((left, right), (top, bottom)) = (range(|(x, _)| x), range(|(_, y)| y));
    let cut = imageops::crop_imm(&slanted, left, top, right - left, bottom - top);
    (cut.to_image(), digits.labels()[at])
}

/// A page with 1 to 12 digits in up to four lines, and what they are.
fn page(digits: &Dataset, random: &mut Numbers) -> (GrayImage, String) {
    let [width, height] = [(); 2].map(|()| random.between(400.0, 800.0) as u32);
    let usual = random.between(35.0, 75.0);
    let mut ink = GrayImage::new(width, height);
    let mut lines = Vec::new();
    let (count, mut top) = (
        random.between(1.0, 13.0) as usize,
        random.between(5.0, 30.0),
    );
    let mut placed = 0;
    while placed < count && top + 1.4 * usual < f64::from(height) {
        let (mut line, mut left) = (Vec::new(), random.between(5.0, 60.0));
        while placed < count && line.len() < 3 {
            let tall = usual * random.between(0.8, 1.2);
            let (picture, label) = digit(digits, random, tall);
            let rise = random.between(0.0, 0.15 * usual);
            for (x, y, pixel) in picture.enumerate_pixels() {
                ink.put_pixel(left as u32 + x, (top + rise) as u32 + y, *pixel);
            }
            left += f64::from(picture.width()) + usual * random.between(0.25, 0.7);
            line.push(label.to_string());
            placed += 1;
        }
        lines.push(line.join(" "));
        top += usual * random.between(1.6, 1.9);
    }
    (on_paper(&ink, random), lines.join("\n"))
}

/// Dark ink on light paper or the other way round, with uneven light, grain, specks and sometimes rules.
fn on_paper(ink: &GrayImage, random: &mut Numbers) -> GrayImage {
    let [light, dark] = [random.between(170.0, 220.0), random.between(20.0, 80.0)];
    let [across, down, grain] = [30.0, 30.0, 8.0].map(|most| random.between(0.0, most));
    let (has_rules, is_inverted) = (
        random.between(0.0, 1.0) < 0.3,
        random.between(0.0, 1.0) < 0.5,
    );
    let rule = random.between(10.0, 60.0);
    GrayImage::from_fn(ink.width(), ink.height(), |x, y| {
        let [right, below] = [(x, ink.width()), (y, ink.height())]
            .map(|(at, side)| f64::from(at) / f64::from(side) - 0.5);
        let mut paper = light + across * right + down * below;
        if has_rules && y % 45 < 2 {
            paper -= rule;
        }
        let is_speck = x % 131 == 7 && y % 117 == 9;
        let share = if is_speck {
            1.0
        } else {
            f64::from(ink.get_pixel(x, y).0[0]) / 255.0
        };
        let grey = paper + share * (dark - paper) + random.between(-grain, grain);
        let grey = grey.clamp(0.0, 255.0) as u8;
        Luma([if is_inverted { 255 - grey } else { grey }])
    })
}

/// What the model reads.
fn text(page: &GrayImage, model: &dyn Engine) -> String {
    let Ok(page) = read(page, model, Preparation::CENTRED) else {
        return String::new();
    };
    let lines = page.lines.iter().map(|line| {
        let digits = line.iter().map(|found| found.classes.class.to_string());
        digits.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn pages_of_digits_are_read() {
    let Some(digits) = mnist("pages_of_digits_are_read") else {
        return;
    };
    let model = open(MODEL, "digits.onnx", Choice::Auto, &Limits::default()).unwrap();
    let mut random = Numbers::new(11);
    let (mut right, mut found) = (0, 0);
    for _ in 0..PAGES {
        let (page, expected) = page(&digits.test, &mut random);
        let text = text(&page, &*model);
        let shape = |text: &str| text.lines().map(str::len).collect::<Vec<_>>();
        found += usize::from(shape(&text) == shape(&expected));
        right += usize::from(text == expected);
    }
    println!("of {PAGES} pages {right} are right, of {found} the lines");
    assert!(right >= RIGHT && found + 1 >= PAGES);
}
