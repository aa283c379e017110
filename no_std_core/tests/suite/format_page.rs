//! The format page's example is the tiny model, byte by byte.

use std::fmt::Write;
use std::path::Path;

use no_std_core::Model;

use crate::support::{file, tiny};

/// The example as it was when the page was written: a change of the layout does not change it too.
const TINY: &[u8] = include_bytes!("../tiny.q8");

/// The bytes as `hexdump -C` shows them.
fn dump(file: &[u8]) -> String {
    let mut text = String::new();
    let mut starred = false;
    for (index, line) in file.chunks(16).enumerate() {
        let repeated = index > 0 && file.chunks(16).nth(index - 1) == Some(line);
        if repeated && !starred {
            text += "*\n";
        }
        starred = repeated;
        if repeated {
            continue;
        }
        let _ = write!(text, "{:08x} ", index * 16);
        for (index, byte) in line.iter().enumerate() {
            let _ = write!(text, "{}{byte:02x}", if index == 8 { "  " } else { " " });
        }
        let shown = line.iter().map(|byte| match byte {
            32..127 => char::from(*byte),
            _ => '.',
        });
        let _ = writeln!(text, "  |{}|", shown.collect::<String>());
    }
    let _ = writeln!(text, "{:08x}", file.len());
    text
}

#[test]
fn the_tiny_model_is_still_the_example() {
    assert_eq!(dump(&file(&tiny())), dump(TINY));
    assert!(Model::new(TINY).is_ok());
}

#[test]
fn the_page_shows_the_file() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/FORMAT.md");
    let page = std::fs::read_to_string(page).expect("the page can be read");
    let dump = dump(TINY);
    assert!(
        page.contains(&dump),
        "expected this dump in FORMAT.md:\n{dump}"
    );
}
