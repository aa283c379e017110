//! A model as an array in C, with its constants.

use std::fmt::Write;

use no_std_core::Model;
use no_std_core::format::{OutputKind, TensorRecord};

use super::name::Name;

/// Words in a line.
const IN_LINE: usize = 8;

/// The constants of a model, with the description of each.
struct Constants(String);

/// The text of the header `NAME.h`.
pub fn header(name: &Name, file: &[u8], model: &Model<'_>) -> String {
    let (lower, upper) = (name.lower(), name.upper());
    let mut constants = Constants(String::new());
    let mut define =
        |key: &str, value: String, what: &str| constants.define(&upper, key, &value, what);
    define(
        "MODEL_LEN",
        file.len().to_string(),
        "Bytes of the model, which stay where they are: in flash.",
    );
    define(
        "ARENA_LEN",
        model.arena_len().to_string(),
        "Bytes of memory that it works in.",
    );
    let pictures = model.preparation();
    let taken = u8::from(pictures.takes_pictures());
    define(
        "TAKES_PICTURES",
        taken.to_string(),
        "1 if baton_set_pixels gives it its input, else 0.",
    );
    let scaled = u8::from(pictures.fit().is_some());
    define(
        "SCALES_PICTURES",
        scaled.to_string(),
        "1 if it scales pictures of any size to that of its input, else 0.",
    );
    let centred = u8::from(pictures.box_side().is_some());
    define(
        "CENTRES_PICTURES",
        centred.to_string(),
        "1 if it cuts the drawing out of pictures of any size, else 0.",
    );
    let is = |kind| u32::from(model.output_kind() == kind);
    let classes = is(OutputKind::Classes) * model.output().shape.elements() as u32;
    define(
        "CLASSES",
        classes.to_string(),
        "How many classes it tells apart; 0 if its output is something else.",
    );
    let compared = is(OutputKind::Reconstruction);
    define(
        "RECONSTRUCTS",
        compared.to_string(),
        "1 if its output is a reconstruction of its input, else 0.",
    );
    constants.tensor(&upper, "INPUT", &model.input());
    constants.tensor(&upper, "OUTPUT", &model.output());
    let labels = match labels(model).len() {
        0 => String::new(),
        count => format!(
            "\n/** The names of the classes, in UTF-8. */\nextern const char *const {lower}_labels[{count}];\n"
        ),
    };
    format!(
        "/* The model {lower}: its constants, made by `cargo xtask library`. */\n\
         #ifndef BATON_MODEL_{upper}_H\n#define BATON_MODEL_{upper}_H\n\n#include \"baton.h\"\n\n{}\n\
         #ifdef __cplusplus\nextern \"C\" {{\n#endif\n\n\
         /** The bytes of the model, as baton_open takes them. */\nextern const uint32_t {lower}_model[{upper}_MODEL_LEN / 4];\n\
         {labels}\n#ifdef __cplusplus\n}}\n#endif\n\n#endif\n",
        constants.0
    )
}

/// The text of `NAME.c`: an array of words, so that every compiler aligns it.
pub fn source(name: &Name, file: &[u8], model: &Model<'_>) -> String {
    let lower = name.lower();
    let (words, _) = file.as_chunks::<4>();
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("0x{:08x}", u32::from_le_bytes(*word)))
        .collect();
    let lines: Vec<String> = words
        .chunks(IN_LINE)
        .map(|line| format!("    {},\n", line.join(", ")))
        .collect();
    let labels = labels(model);
    let mut text = format!(
        "/* The model {lower}, made by `cargo xtask library`. */\n#include \"{lower}.h\"\n\n\
         const uint32_t {lower}_model[] = {{\n{}}};\n",
        lines.concat()
    );
    if !labels.is_empty() {
        let lines: Vec<String> = labels
            .iter()
            .map(|label| format!("    \"{}\",\n", literal(label)))
            .collect();
        let _ = write!(
            text,
            "\nconst char *const {lower}_labels[] = {{\n{}}};\n",
            lines.concat()
        );
    }
    text
}

impl Constants {
    fn define(&mut self, upper: &str, key: &str, value: &str, what: &str) {
        let _ = writeln!(self.0, "/** {what} */\n#define {upper}_{key} {value}");
    }

    /// What is known of a tensor, the `INPUT` or the `OUTPUT`.
    fn tensor(&mut self, upper: &str, which: &str, tensor: &TensorRecord) {
        let (shape, scale) = (tensor.shape, f32::from_bits(tensor.scale));
        let of = which.to_lowercase();
        let mut define = |key: &str, value: String, what: &str| {
            let what = format!("{what} of the {of}.");
            self.define(upper, &format!("{which}_{key}"), &value, &what);
        };
        define("ROWS", shape.rows.to_string(), "Rows");
        define("COLUMNS", shape.columns.to_string(), "Columns");
        define("CHANNELS", shape.channels.to_string(), "Channels");
        define("LEN", shape.elements().to_string(), "All int8 values");
        define(
            "SCALE",
            format!("{scale:e}f"),
            "What a step of 1 stands for in values",
        );
        let zero_point = format!("({})", tensor.zero_point);
        define("ZERO_POINT", zero_point, "The value that stands for 0, one");
    }
}

fn labels<'a>(model: &Model<'a>) -> Vec<&'a str> {
    model.labels().collect()
}

/// A label as a string of C. Octal escapes end after three digits, whatever follows.
fn literal(label: &str) -> String {
    let escaped = |byte: u8| match byte {
        // Two question marks could begin a trigraph.
        b'"' | b'\\' | b'?' => format!("\\{}", char::from(byte)),
        b' '..=b'~' => char::from(byte).to_string(),
        _ => format!("\\{byte:03o}"),
    };
    label.bytes().map(escaped).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TINY: &[u8] = include_bytes!("../../../../no_std_core/tests/tiny.q8");

    #[test]
    fn labels_are_strings_of_c() {
        assert_eq!(literal("a \"b\" \\ ??="), "a \\\"b\\\" \\\\ \\?\\?=");
        assert_eq!(literal("\u{e9}1"), "\\303\\2511");
    }

    #[test]
    fn the_array_has_the_bytes_of_the_model() {
        let name = Name::new("tiny").unwrap();
        let source = source(&name, TINY, &Model::new(TINY).unwrap());
        let words = source
            .split("0x")
            .skip(1)
            .map(|word| u32::from_str_radix(&word[..8], 16).unwrap());
        let bytes: Vec<u8> = words.flat_map(u32::to_le_bytes).collect();
        assert_eq!(bytes, TINY);
    }

    #[test]
    fn the_header_has_the_models_constants() {
        let name = Name::new("tiny").unwrap();
        let model = Model::new(TINY).unwrap();
        let header = header(&name, TINY, &model);
        for line in [
            format!("#define TINY_MODEL_LEN {}\n", TINY.len()),
            format!("#define TINY_ARENA_LEN {}\n", model.arena_len()),
            "#define TINY_INPUT_LEN 16\n".to_owned(),
            "#define TINY_INPUT_ZERO_POINT (-128)\n".to_owned(),
            "#define TINY_CLASSES 2\n".to_owned(),
            "extern const char *const tiny_labels[2];\n".to_owned(),
        ] {
            assert!(header.contains(&line), "{line}\n{header}");
        }
    }
}
