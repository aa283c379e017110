//! What a reader finds: pictures that are not decoded yet, or arrays of pixels, each with its class.

use std::path::PathBuf;

use ndarray::Array2;

use super::Element;
use crate::network::Shape;

/// What a picture is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A network learns from it.
    Train,
    /// Choices are made by it.
    Validation,
    /// A network is measured on it in the end.
    Test,
}

impl Part {
    /// The part that a name of a folder or a word in a list stands for.
    pub fn of_name(name: &str) -> Option<Self> {
        match &*name.to_lowercase() {
            "train" | "training" => Some(Self::Train),
            "val" | "valid" | "validation" | "dev" => Some(Self::Validation),
            "test" | "testing" => Some(Self::Test),
            _ => None,
        }
    }

    /// What messages call its pictures.
    pub fn set_name(self) -> &'static str {
        match self {
            Self::Train => "training set",
            Self::Validation => "validation set",
            Self::Test => "test set",
        }
    }
}

/// A picture's class, as a place among the names, and what it is for, where the data say so: of all pictures or of none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    pub label: u16,
    pub part: Option<Part>,
}

/// Where pictures are, in the order of the entries.
#[derive(Clone, Debug, PartialEq)]
pub enum Pictures {
    /// Picture files, with what messages call them.
    Files(Vec<(PathBuf, String)>),
    /// Pixels: `[pictures, channels, rows, columns]`.
    Array { shape: Shape, pixels: Vec<u8> },
    /// The same, in files.
    Stored { shape: Shape, places: Vec<Place> },
    /// Arrays of any kind.
    Arrays(Arrays),
}

/// Pixels of whole pictures in a file that is not packed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub path: PathBuf,
    /// Where they begin, in bytes, and how many there are.
    pub start: u64,
    pub len: u64,
}

/// Samples in arrays, with what else is known of them.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrays {
    pub shape: Shape,
    pub values: Values,
    /// Whether the labels of the entries are known; else they are 0.
    pub is_labelled: bool,
    /// Numbers that belong to each sample.
    pub targets: Option<Array2<f32>>,
}

/// The samples themselves, `[samples, channels, rows, columns]`.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    Pixels(Vec<u8>),
    /// Finite ones.
    Numbers(Vec<f32>),
}

impl Arrays {
    /// What the samples are made of.
    pub fn element(&self) -> Element {
        match self.values {
            Values::Pixels(_) => Element::Pixel,
            Values::Numbers(_) => Element::Number,
        }
    }
}

/// A file or folder and what is to be said of it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Remark {
    pub name: String,
    pub reason: String,
}

/// Whether choices need pictures of their own where the data have a test set and no validation set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Divided {
    /// The parts are as published, to be compared with what others reach.
    AsPublished,
    /// The validation set is drawn from what is there to learn from.
    WithValidation,
}

/// Pictures with their classes.
#[derive(Clone, Debug, PartialEq)]
pub struct Collection {
    /// One line for people: what this is and where it came from.
    pub source: String,
    /// The names of the classes.
    pub classes: Vec<String>,
    pub entries: Vec<Entry>,
    pub pictures: Pictures,
    pub divided: Divided,
    /// What was there and is not used.
    pub passed_over: Vec<Remark>,
    /// What could not be read, counted among the pictures.
    pub unreadable: Vec<Remark>,
    /// SHA-256 of the files in hexadecimal, where that names the data.
    pub sha256: Option<String>,
}

/// Names without their doubles in natural order, 2 before 10, and the place of each of `names` among them.
pub fn classes_of(names: &[&str]) -> (Vec<String>, Vec<u16>) {
    let mut classes = names.to_vec();
    classes.sort_by_cached_key(|name| (input::folder::natural_key(name.as_bytes()), *name));
    classes.dedup();
    let places: std::collections::HashMap<&str, u16> =
        (0..).zip(&classes).map(|(at, name)| (*name, at)).collect();
    let labels = names.iter().map(|name| places[name]).collect();
    (classes.into_iter().map(str::to_owned).collect(), labels)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_in_natural_order_and_labels_are_places_among_them() {
        let names = ["10", "2", "1", "größe, 3", "2", "ant"];
        let (classes, labels) = classes_of(&names);
        assert_eq!(classes, ["1", "2", "10", "ant", "größe, 3"]);
        let of_labels = labels.iter().map(|&label| &*classes[usize::from(label)]);
        assert!(of_labels.eq(names));
    }
}
