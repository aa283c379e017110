use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Pnm, WebP};
use image::codecs::jpeg::JpegEncoder;
use image::{ColorType, GrayAlphaImage, ImageEncoder, Luma, Rgba, RgbaImage};

use super::*;

fn decode(bytes: &[u8]) -> Result<Pixels, PictureError> {
    Ok(resize(&grey(bytes)?))
}

/// Red, green and blue of the test picture at a place given in 0..1; each is linear in it.
fn colour(u: f64, v: f64) -> [f64; 3] {
    [
        30.0 + 150.0 * u,
        60.0 + 100.0 * v,
        200.0 - 90.0 * u - 60.0 * v,
    ]
}

/// How opaque every pixel of the test picture is.
fn opacity(color: ColorType) -> f64 {
    if color.has_alpha() { 0.6 } else { 1.0 }
}

/// What the test picture must become, by the definitions of luma and of painting over white.
fn expected(u: f64, v: f64, opacity: f64) -> f64 {
    let [red, green, blue] = colour(u, v);
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    opacity * luma + (1.0 - opacity) * 255.0
}

fn test_picture(width: u32, height: u32, color: ColorType) -> DynamicImage {
    let alpha = (255.0 * opacity(color)).round() as u8;
    let pixels = RgbaImage::from_fn(width, height, |x, y| {
        let u = (f64::from(x) + 0.5) / f64::from(width);
        let v = (f64::from(y) + 0.5) / f64::from(height);
        let [red, green, blue] = colour(u, v).map(|channel| channel.round() as u8);
        Rgba([red, green, blue, alpha])
    });
    let picture = DynamicImage::from(pixels);
    match color {
        ColorType::L8 => picture.into_luma8().into(),
        ColorType::La8 => picture.into_luma_alpha8().into(),
        ColorType::Rgb8 => picture.into_rgb8().into(),
        ColorType::L16 => picture.into_luma16().into(),
        ColorType::La16 => picture.into_luma_alpha16().into(),
        ColorType::Rgb16 => picture.into_rgb16().into(),
        ColorType::Rgba16 => picture.into_rgba16().into(),
        _ => picture,
    }
}

fn encode(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Compares pixels with the test picture, where no edge of the original, which has these sizes, is near.
fn assert_shows_test_picture(pixels: &Pixels, sizes: [u32; 2], opacity: f64, tolerance: f64) {
    let side = SIDE as f64;
    let margin = |size: u32| 1.0 / f64::from(size).min(side);
    for (index, &pixel) in pixels.iter().enumerate() {
        let u = ((index % SIDE) as f64 + 0.5) / side;
        let v = ((index / SIDE) as f64 + 0.5) / side;
        let inside = |place: f64, size| margin(size) < place && place < 1.0 - margin(size);
        if inside(u, sizes[0]) && inside(v, sizes[1]) {
            let expected = expected(u, v, opacity);
            let error = (f64::from(pixel) - expected).abs();
            assert!(error <= tolerance, "{pixel} is not {expected} at {u}, {v}");
        }
    }
}

/// Each format with the colour types its encoder takes, and how far off its pixels may be.
fn formats() -> [(ImageFormat, &'static [ColorType], f64); 6] {
    use ColorType::{L8, L16, La8, La16, Rgb8, Rgb16, Rgba8, Rgba16};
    [
        (Png, &[L8, La8, Rgb8, Rgba8, L16, La16, Rgb16, Rgba16], 1.5),
        (Jpeg, &[L8, Rgb8], 6.0),
        (Bmp, &[L8, Rgb8, Rgba8], 1.5),
        (Gif, &[Rgb8], 12.0),
        (Pnm, &[L8, La8, Rgb8, Rgba8, L16, Rgb16], 1.5),
        (WebP, &[L8, La8, Rgb8, Rgba8], 1.5),
    ]
}

#[test]
fn every_format_colour_type_and_size_shows_the_same() {
    for (format, colors, tolerance) in formats() {
        for &color in colors {
            for (width, height) in [(28, 28), (280, 280), (500, 90), (9, 13), (28, 300), (1, 1)] {
                let picture = test_picture(width, height, color);
                let pixels = decode(&encode(&picture, format))
                    .unwrap_or_else(|error| panic!("{format:?} {color:?}: {error}"));
                assert_shows_test_picture(&pixels, [width, height], opacity(color), tolerance);
            }
        }
    }
}

#[test]
fn grey_pictures_of_the_right_size_keep_every_value() {
    let values: Pixels = std::array::from_fn(|index| (index * 7 % 256) as u8);
    let side = SIDE as u32;
    let grey = DynamicImage::from(GrayImage::from_raw(side, side, values.to_vec()).unwrap());
    for format in [Png, Bmp, Pnm, WebP] {
        for picture in [&grey, &grey.to_rgb8().into()] {
            let found = decode(&encode(picture, format)).unwrap();
            assert_eq!(found, values, "{format:?}");
        }
    }
    let deep = DynamicImage::from(grey.to_luma16());
    assert_eq!(decode(&encode(&deep, Png)).unwrap(), values);
}

#[test]
fn pictures_of_one_colour_are_blank() {
    for (width, height, grey) in [(1, 1, 0), (100, 3, 77), (777, 1234, 255)] {
        let picture = GrayImage::from_pixel(width, height, Luma([grey]));
        for preparation in [Preparation::PLAIN, Preparation::CENTRED] {
            let error = prepare(&picture, preparation).unwrap_err().to_string();
            assert_eq!(
                error,
                "expected a drawing, found a blank picture, or ink too faint"
            );
        }
        assert_eq!(resize(&picture), [grey; PIXELS]);
    }
}

/// A picture too large to be held whole: a dark stroke on light paper, 20 x 100 in each 200 x 200 of it.
fn large_picture(width: u32, height: u32) -> GrayImage {
    GrayImage::from_fn(width, height, |x, y| {
        let x = u64::from(x) * 200 / u64::from(width);
        let y = u64::from(y) * 200 / u64::from(height);
        let inside = (90..110).contains(&x) && (50..150).contains(&y);
        Luma([if inside { 20 } else { 220 }])
    })
}

#[test]
fn large_pictures_are_made_smaller_while_they_are_decoded() {
    let expected = prepare(&large_picture(600, 600), Preparation::PLAIN).unwrap();
    for format in [Png, Jpeg, Pnm] {
        let picture = large_picture(9001, 1205).into();
        let reduced = grey(&encode(&picture, format)).unwrap();
        assert_eq!(reduced.dimensions(), (4501, 603), "{format:?}");
        let pixels = prepare(&reduced, Preparation::PLAIN).unwrap();
        for (found, &expected) in pixels.iter().zip(&expected) {
            assert!(
                found.abs_diff(expected) < 9,
                "{format:?} {found} {expected}"
            );
        }
    }
    // Each pixel is the mean of a square, and those at the edges of what is there.
    let columns = GrayAlphaImage::from_fn(8193, 3, |x, y| {
        image::LumaA([(x % 2) as u8 * 200, if y < 2 { 255 } else { 0 }])
    });
    let reduced = grey(&encode(&columns.into(), Png)).unwrap();
    assert_eq!(reduced.dimensions(), (4097, 2));
    assert_eq!(
        [(0, 0), (4095, 0), (4096, 0), (0, 1)].map(|(x, y)| reduced.get_pixel(x, y).0[0]),
        [100, 100, 0, 255]
    );
}

#[test]
fn bytes_after_the_end_of_a_jpeg_are_no_part_of_it() {
    let picture = encode(&test_picture(64, 64, ColorType::Rgb8), Jpeg);
    let expected = decode(&picture).unwrap();
    for after in [
        &b"\0\0\0\x18ftypmp42"[..],
        b"\xFF\xDA\xFF\xD9",
        b"\xFF\xD9 video \xFF\xDA",
        &picture,
    ] {
        assert_eq!(decode(&[&picture, after].concat()).unwrap(), expected);
    }
}

#[test]
fn photographs_are_turned_upright() {
    // Bright left half; orientation 6 asks for a quarter turn clockwise, which brings it to the
    // top.
    let picture = GrayImage::from_fn(64, 32, |x, _| Luma([if x < 32 { 255 } else { 0 }]));
    let exif = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0";
    let mut bytes = Vec::new();
    let mut encoder = JpegEncoder::new(&mut bytes);
    encoder.set_exif_metadata(exif.to_vec()).unwrap();
    encoder.encode_image(&picture).unwrap();
    let header = header(&bytes).unwrap();
    assert_eq!((header.rows, header.columns), (64, 32));
    assert!(header.is_turned && !header.has_colours);
    let pixels = decode(&bytes).unwrap();
    assert!(pixels[..12 * SIDE].iter().all(|&pixel| pixel > 240));
    assert!(pixels[16 * SIDE..].iter().all(|&pixel| pixel < 15));
}

#[test]
fn truncated_pictures_are_refused() {
    for (format, _, _) in formats() {
        let whole = encode(&test_picture(40, 30, ColorType::Rgb8), format);
        for length in 1..whole.len() {
            let refused = decode(&whole[..length]);
            // The last bytes of some formats hold no pixels.
            assert!(
                refused.is_err() || length + 20 > whole.len(),
                "{format:?} {length}"
            );
        }
    }
    let text = b"P2\n3 3\n255\n0 1 2\n3 4";
    assert!(matches!(decode(text), Err(PictureError::Damaged(_))));
}

#[test]
fn damaged_pictures_never_panic() {
    for (format, _, _) in formats() {
        let whole = encode(&test_picture(20, 15, ColorType::Rgb8), format);
        for place in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[place] ^= 0x55;
            if let Err(error) = decode(&damaged) {
                assert_eq!(error.to_string().lines().count(), 1);
            }
        }
    }
}

#[test]
fn other_files_are_refused() {
    let message = "expected a picture (PNG, JPEG, BMP, GIF, PGM or WebP), found ";
    for (bytes, found) in [
        (&b""[..], "an empty file"),
        (b"Some plain text.\n", "a file of another kind"),
        (b"II*\0\x08\0\0\0\0\0\0\0", "Tiff"),
    ] {
        let error = decode(bytes).unwrap_err().to_string();
        assert_eq!(error, format!("{message}{found}"));
    }
    let error = open(Path::new(".")).unwrap_err().to_string();
    assert_eq!(error, ".: expected a file, found a folder");
}

#[test]
fn headers_of_oversized_pictures_are_refused() {
    let with_size = |format, at: usize, size: &[u8]| {
        let mut file = encode(&test_picture(8, 8, ColorType::Rgb8), format);
        file[at..][..2 * size.len()].copy_from_slice(&size.repeat(2));
        file
    };
    let (size, short) = (20_000_u32, 20_000_u16);
    let mut png = with_size(Png, 16, &size.to_be_bytes());
    let mut crc = flate2::Crc::new();
    crc.update(&png[12..29]);
    png[29..33].copy_from_slice(&crc.sum().to_be_bytes());
    let jpeg = encode(&test_picture(8, 8, ColorType::Rgb8), Jpeg);
    let mut pairs = jpeg.windows(2);
    let frame = pairs.position(|pair| pair == [0xFF, 0xC0]).unwrap();
    for bytes in [
        png,
        with_size(Bmp, 18, &size.to_le_bytes()),
        with_size(Gif, 6, &short.to_le_bytes()),
        with_size(Jpeg, frame + 5, &short.to_be_bytes()),
        b"P5 20000 20000 255\n".to_vec(),
    ] {
        assert_eq!(
            decode(&bytes).unwrap_err().to_string(),
            "expected a picture of 1 pixel to 200 megapixels, found 20000 x 20000 pixels; save it smaller"
        );
    }
    assert!(decode(b"P5 0 5 255\n").is_err());
    let error = decode(b"P6 14000 14000 65535\n").unwrap_err().to_string();
    let expected = "expected a picture of at most 1024 MiB once decoded, found 1121 MiB; ";
    assert!(error.starts_with(expected), "{error}");
}

/// A stroke of this grey on paper of another, in a picture much larger than a model's.
fn stroke(ink: u8, paper: u8) -> GrayImage {
    GrayImage::from_fn(300, 200, |x, y| {
        let inside = (180..200).contains(&x) && (40..140).contains(&y);
        Luma([if inside { ink } else { paper }])
    })
}

#[test]
fn centred_drawings_are_light_on_dark_in_the_middle() {
    let light = prepare(&stroke(255, 0), Preparation::CENTRED).unwrap();
    let dark = prepare(&stroke(0, 255), Preparation::CENTRED).unwrap();
    assert_eq!(light, dark);
    // 100 rows become the 20 of the box, 20 columns 4 of them.
    for (index, &pixel) in light.iter().enumerate() {
        let inside = (4..24).contains(&(index / SIDE)) && (12..16).contains(&(index % SIDE));
        assert_eq!(pixel, if inside { 255 } else { 0 }, "{index}");
    }
    let plain = prepare(&stroke(0, 255), Preparation::PLAIN).unwrap();
    assert!(plain[0] == 255 && plain[10 * SIDE + 17] < 50);
}

#[test]
fn pictures_of_any_size_are_grey_or_in_colours() {
    let picture = test_picture(90, 60, ColorType::Rgb8);
    let file = encode(&picture, Png);
    let plain = Preparation::PLAIN;
    let rgb = pixels(&file, [60, 90, 3], plain).unwrap();
    assert_eq!(rgb, picture.to_rgb8().into_raw(), "of its own size");
    assert_eq!(raw(&file, 3).unwrap(), (rgb, 60));
    let grey = pixels(&file, [60, 90, 1], plain).unwrap();
    assert_eq!(raw(&file, 1).unwrap(), (grey.clone(), 60));
    assert_eq!(grey, super::grey(&file).unwrap().into_raw());

    let small = pixels(&file, [30, 45, 3], plain).unwrap();
    for (at, &found) in small.iter().enumerate() {
        let [x, y, channel] = [at / 3 % 45, at / 3 / 45, at % 3];
        let picture = picture.to_rgb8();
        let corner = |dx, dy| {
            picture
                .get_pixel((2 * x + dx) as u32, (2 * y + dy) as u32)
                .0[channel]
        };
        let corners = [corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1)].map(f64::from);
        let mean = corners.iter().sum::<f64>() / 4.0;
        // The border is even.
        assert!(
            (f64::from(found) - mean).abs() < 6.0,
            "{x} {y}: {found}, not {mean}"
        );
    }
    let digit = pixels(&file, [SIDE, SIDE, 1], plain).unwrap();
    assert_eq!(digit, prepare(&super::grey(&file).unwrap(), plain).unwrap());
}

#[test]
fn colours_lie_on_white_and_one_alone_is_blank_where_digits_are_wanted() {
    let even = |pixel| {
        encode(
            &image::RgbaImage::from_pixel(4, 4, image::Rgba(pixel)).into(),
            Png,
        )
    };
    for (pixel, laid) in [
        ([200, 100, 0, 255], [200, 100, 0]),
        ([200, 100, 0, 0], [255; 3]),
        ([0, 255, 51, 127], [128, 255, 153]),
    ] {
        let (pixels, _) = raw(&even(pixel), 3).unwrap();
        assert_eq!(pixels[..3], laid);
        let of_shape = |shape| super::pixels(&even(pixel), shape, Preparation::PLAIN);
        assert_eq!(of_shape([8, 8, 3]).unwrap(), laid.repeat(64));
        assert!(is_blank(&of_shape([28, 27, 1]).unwrap()));
        let error = of_shape([SIDE, SIDE, 1]).unwrap_err();
        assert!(matches!(error, PictureError::Blank));
    }
}
