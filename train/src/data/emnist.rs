//! The parts of [EMNIST](https://arxiv.org/abs/1702.05373), whose labels stand for digits and letters.

use std::path::Path;

/// A part of EMNIST.
#[derive(Debug, PartialEq, Eq)]
pub struct Part {
    /// The word in its files' names.
    word: &'static str,
    /// Its first label.
    pub first: u16,
    /// What its labels stand for, from the first one on.
    characters: &'static str,
}

/// Capital and small letters of one form are one class.
const MERGED: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabdefghnqrt";

static PARTS: [Part; 4] = [
    Part {
        word: "letters",
        first: 1,
        characters: "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    },
    Part {
        word: "balanced",
        first: 0,
        characters: MERGED,
    },
    Part {
        word: "bymerge",
        first: 0,
        characters: MERGED,
    },
    Part {
        word: "byclass",
        first: 0,
        characters: "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz",
    },
];

/// The part that a file's name says, if its labels may be from `smallest` to `largest`. Labels from 1 to 26 are those of the
/// letters, whatever the file is called.
pub fn part(images: &Path, [smallest, largest]: [u16; 2]) -> Option<&'static Part> {
    let name = images.file_name()?.to_string_lossy().to_lowercase();
    let holds = |part: &&Part| part.first <= smallest && largest <= part.last();
    let is_named = |part: &&Part| name.contains("emnist") && name.contains(part.word);
    let named = PARTS.iter().find(|part| is_named(part) && holds(part));
    let letters =
        || Some(&PARTS[0]).filter(|part| [smallest, largest] == [part.first, part.last()]);
    named.or_else(letters)
}

/// Whether these are the classes of the letters.
pub fn are_letters(classes: &[String]) -> bool {
    PARTS[0].classes().eq(classes.iter().map(String::as_str))
}

impl Part {
    pub fn last(&self) -> u16 {
        self.first + self.characters.len() as u16 - 1
    }

    /// The names of the classes, from the first label on.
    pub fn classes(&self) -> impl Iterator<Item = &'static str> {
        (0..self.characters.len()).map(|at| &self.characters[at..=at])
    }

    /// What messages call it.
    pub fn name(&self) -> String {
        format!("EMNIST's {}", self.word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_by_names_and_letters_by_their_labels_too() {
        for (file, labels, expected) in [
            (
                "emnist-letters-train-images-idx3-ubyte.gz",
                [1, 26],
                Some(("letters", "A", "Z")),
            ),
            (
                "EMNIST-Letters-test-images-idx3-ubyte",
                [3, 9],
                Some(("letters", "A", "Z")),
            ),
            ("emnist-letters-train-images-idx3-ubyte", [0, 25], None),
            (
                "train-images-idx3-ubyte",
                [1, 26],
                Some(("letters", "A", "Z")),
            ),
            ("train-images-idx3-ubyte", [1, 25], None),
            ("train-images-idx3-ubyte", [0, 46], None),
            (
                "emnist-balanced-train-images-idx3-ubyte",
                [0, 46],
                Some(("balanced", "0", "t")),
            ),
            (
                "emnist-bymerge-train-images-idx3-ubyte",
                [0, 46],
                Some(("bymerge", "0", "t")),
            ),
            (
                "emnist-byclass-train-images-idx3-ubyte",
                [0, 61],
                Some(("byclass", "0", "z")),
            ),
            ("emnist-digits-train-images-idx3-ubyte", [0, 9], None),
        ] {
            let found = part(Path::new(file), labels);
            let ends = found.map(|part| {
                let classes: Vec<&str> = part.classes().collect();
                (part.word, classes[0], classes[classes.len() - 1])
            });
            assert_eq!(ends, expected, "{file}");
        }
        assert_eq!(
            PARTS.each_ref().map(|part| part.classes().count()),
            [26, 47, 47, 62]
        );
    }
}
