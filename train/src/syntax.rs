//! What is wrong with the text of a TOML file, in the words of all other errors.

use toml::de::Error;

/// The line of a place in a text, from 1.
pub fn line_of(text: &str, position: usize) -> usize {
    let before = text.bytes().take(position);
    before.filter(|&byte| byte == b'\n').count() + 1
}

/// What the reader found wrong: what was expected, and what was found.
pub fn reason(error: &Error) -> String {
    let message = error.message();
    let of_value = ["invalid type: ", "invalid value: ", "invalid length "]
        .iter()
        .find_map(|start| message.strip_prefix(start));
    match of_value.and_then(|rest| rest.rsplit_once(", expected ")) {
        Some((found, expected)) => format!("expected {}, found {found}", plain(expected)),
        None => message.to_owned(),
    }
}

/// A type of values as people call it.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number of 0 or more",
        "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        "a string" => "a text in quotes",
        "a sequence" => "a list in brackets",
        "a map" => "`{ name = value }`",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use toml::Table;

    use super::{line_of, reason};

    #[test]
    fn values_of_other_types_are_named_after_what_was_expected() {
        #[derive(Debug, serde::Deserialize)]
        #[expect(dead_code, reason = "only read")]
        struct Values {
            count: Option<u32>,
            share: Option<f32>,
            names: Option<Vec<String>>,
        }
        for (text, expected) in [
            (
                "count = 'ten'",
                "expected a whole number of 0 or more, found string \"ten\"",
            ),
            (
                "count = -3",
                "expected a whole number of 0 or more, found integer `-3`",
            ),
            ("share = true", "expected a number, found boolean `true`"),
            (
                "names = 5",
                "expected a list in brackets, found integer `5`",
            ),
            (
                "names = [1]",
                "expected a text in quotes, found integer `1`",
            ),
        ] {
            let error = toml::from_str::<Values>(text).unwrap_err();
            assert_eq!(reason(&error), expected, "{text}");
        }
    }

    #[test]
    fn other_messages_stay_as_they_are() {
        let error = "a = ".parse::<Table>().unwrap_err();
        assert_eq!(reason(&error), error.message());
    }

    #[test]
    fn lines_are_counted_from_1() {
        for (position, line) in [(0, 1), (1, 1), (2, 2), (3, 3), (9, 3)] {
            assert_eq!(line_of("a\n\nb", position), line, "{position}");
        }
    }
}
