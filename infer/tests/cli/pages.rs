//! `infer predict --read`: pages with several drawings.

use std::fs;

use image::{GrayImage, Luma};
use serde_json::Value;

use crate::program::Workplace;

/// A page with a square, two crosses below it and some dust. The square, without a piece at its corner, fills hardly more than
/// half of the picture that is made of it, a cross far less.
fn page(inverted: bool) -> GrayImage {
    let is_in = |[left, top]: [u32; 2], x: u32, y: u32| {
        let inside = (left..left + 40).contains(&x) && (top..top + 40).contains(&y);
        inside.then(|| [x - left, y - top])
    };
    let is_cross = |corner, x, y| {
        is_in(corner, x, y).is_some_and(|place| place.iter().any(|at| (17..23).contains(at)))
    };
    GrayImage::from_fn(300, 240, |x, y| {
        let is_ink = is_in([30, 20], x, y).is_some_and(|[x, y]| x < 35 || y >= 4)
            || is_cross([200, 140], x, y)
            || is_cross([80, 150], x, y)
            || (x % 97 == 1 && y % 89 == 1);
        let grey = if is_ink { 40 } else { 200 + (x / 20) as u8 };
        Luma([if inverted { 255 - grey } else { grey }])
    })
}

fn workplace() -> Workplace {
    let workplace = Workplace::new();
    fs::create_dir(workplace.path("folder")).unwrap();
    page(false).save(workplace.path("page.png")).unwrap();
    page(true).save(workplace.path("folder/dark.png")).unwrap();
    workplace
}

#[test]
fn drawings_are_read_line_by_line() {
    let workplace = workplace();
    let read = |model, arguments: &[&str]| {
        let arguments = [&["--read"], arguments].concat();
        workplace.predict_with(model, &arguments).succeeded()
    };
    assert_eq!(
        read("brightness.onnx", &["page.png"]),
        "bright\ndark dark\n"
    );
    assert_eq!(
        read("brightness.onnx", &["folder"]),
        "dark. bright\ndark. dark dark\n"
    );
    // The square is not bright enough for this one.
    assert_eq!(read("brightness.q8", &["page.png"]), "?\ndark dark\n");
    let object: Value =
        serde_json::from_str(&read("brightness.q8", &["--json", "page.png"])).unwrap();
    assert_eq!(object["text"], "?\ndark dark");
    let drawings = object["drawings"].as_array().unwrap();
    let boxes: Vec<&Value> = drawings.iter().map(|drawing| &drawing["box"]).collect();
    assert_eq!(
        boxes,
        [
            &serde_json::json!([30, 20, 40, 40]),
            &serde_json::json!([80, 150, 40, 40]),
            &serde_json::json!([200, 140, 40, 40])
        ]
    );
    assert_eq!(drawings[0]["accepted"], false);
    assert_eq!(drawings[2]["line"], 1);
    assert_eq!(drawings[2]["column"], 1);
    let table = read("brightness.onnx", &["--csv", "page.png", "folder"]);
    let rows: Vec<&str> = table.lines().collect();
    assert!(rows[0].starts_with("file,line,column,left,top,width,height,label,class,"));
    assert!(
        rows[2].starts_with("page.png,1,0,80,150,40,40,dark,0,0."),
        "{}",
        rows[2]
    );
    assert_eq!(rows.len(), 7);
}

#[test]
fn a_large_page_is_made_smaller() {
    let workplace = Workplace::new();
    let large = image::imageops::resize(
        &page(false),
        6000,
        4800,
        image::imageops::FilterType::Nearest,
    );
    large.save(workplace.path("large.png")).unwrap();
    let object = workplace.predict_with("brightness.onnx", &["--read", "--json", "large.png"]);
    let object: Value = serde_json::from_str(&object.succeeded()).unwrap();
    let area = object["drawings"][2]["box"].as_array().unwrap();
    let expected = [4000, 2800, 800, 800];
    for (found, expected) in area.iter().zip(expected) {
        assert!(found.as_i64().unwrap().abs_diff(expected) < 10, "{area:?}");
    }
}

#[test]
fn pages_are_annotated() {
    let workplace = workplace();
    let command = ["--read", "--annotate", "copies", "page.png"];
    workplace
        .predict_with("brightness.onnx", &command)
        .succeeded();
    let copy = image::open(workplace.path("copies/page.png"))
        .unwrap()
        .into_rgb8();
    assert_eq!(copy.dimensions(), (300, 240));
    for [x, y] in [
        [29, 30],
        [70, 30],
        [50, 19],
        [50, 60],
        [79, 170],
        [240, 150],
    ] {
        let [red, green, _] = copy.get_pixel(x, y).0;
        assert!(green > red + 50, "{x} {y}: {:?}", copy.get_pixel(x, y));
    }
    assert_eq!(copy.get_pixel(31, 30).0, [40; 3]);
}

#[test]
fn what_cannot_be_read() {
    let workplace = workplace();
    let flat = GrayImage::from_pixel(300, 200, Luma([180]));
    flat.save(workplace.path("flat.png")).unwrap();
    let noise = GrayImage::from_fn(400, 400, |x, y| {
        Luma([if (x / 4 + y / 4) % 2 == 0 && x % 4 < 2 && y % 4 < 2 {
            0
        } else {
            255
        }])
    });
    noise.save(workplace.path("grain.png")).unwrap();
    fs::write(
        workplace.path("a.npy"),
        crate::arrays::npy("<f4", &[1], &[0; 4]),
    )
    .unwrap();
    for (input, expected) in [
        (
            "flat.png",
            "flat.png: expected a drawing, found a blank picture, or ink too faint",
        ),
        (
            "grain.png",
            "grain.png: expected a page with at most 1000 drawings, found more; cut it into parts",
        ),
        (
            "a.npy",
            "a.npy: expected a picture to --read, found an array; leave --read out",
        ),
    ] {
        let outcome = workplace.predict_with("brightness.onnx", &["--read", input]);
        assert_eq!(outcome.failed(), format!("error: {expected}\n"));
    }
    for option in [
        &["--top", "2"][..],
        &["--prepare", "plain"],
        &["--truth-from-name"],
    ] {
        let arguments = [&["--read", "page.png"], option].concat();
        assert_eq!(
            workplace.predict_with("brightness.onnx", &arguments).code,
            2
        );
    }
}
