//! What requests must bring to be served.

use std::fmt;
use std::path::Path;

use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::file::{self, InFile, ReadError, display_name};

/// Shorter ones are found by trying.
const MIN_LEN: usize = 16;

/// A secret that all users share.
pub struct Token(String);

/// Why a file has no token.
#[derive(Debug, Error)]
pub enum TokenError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(
        "expected one line of at least {MIN_LEN} printable ASCII characters without spaces, found {0}"
    )]
    Form(String),
}

impl Token {
    /// Reads a file with nothing else in it.
    pub fn read(path: &Path) -> Result<Self, InFile<TokenError>> {
        let bytes = file::read(path).map_err(TokenError::from);
        let token = bytes.and_then(|bytes| Self::new(&bytes));
        token.map_err(InFile::named(&display_name(path)))
    }

    fn new(bytes: &[u8]) -> Result<Self, TokenError> {
        let token = bytes.trim_ascii();
        if let Some(at) = token.iter().position(|byte| !byte.is_ascii_graphic()) {
            let place = format!("another one at {}", at + 1);
            return Err(TokenError::Form(place));
        }
        if token.len() < MIN_LEN {
            return Err(TokenError::Form(format!("{}", token.len())));
        }
        Ok(Self(String::from_utf8_lossy(token).into_owned()))
    }

    /// Whether the value of a header `Authorization` is `Bearer` and this token, found out in a time that does not tell where
    /// it differs (RFC 6750).
    pub fn is_in(&self, authorization: &[u8]) -> bool {
        const SCHEME: &[u8] = b"bearer ";
        let Some((scheme, token)) = authorization.split_at_checked(SCHEME.len()) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(SCHEME) && bool::from(token.ct_eq(self.0.as_bytes()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_taken() {
        let token = Token::new(b"  correct-horse-battery\n").unwrap();
        for (header, expected) in [
            ("Bearer correct-horse-battery", true),
            ("bearer correct-horse-battery", true),
            ("Bearer correct-horse-batterY", false),
            ("Bearer correct-horse-batter", false),
            ("Bearer correct-horse-battery ", false),
            ("Bearer ", false),
            ("Basic correct-horse-battery", false),
            ("correct-horse-battery", false),
            ("", false),
        ] {
            assert_eq!(token.is_in(header.as_bytes()), expected, "{header}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn what_is_no_secret_is_refused() {
        for (bytes, found) in [
            (&b""[..], "0"),
            (b"\n", "0"),
            (b"fifteen-letters", "15"),
            (b"two words that are long", "another one at 4"),
            (b"two-lines-that-are\nlong-enough", "another one at 19"),
            ("schlüsselwort-das-lang-ist".as_bytes(), "another one at 5"),
        ] {
            let error = Token::new(bytes).unwrap_err().to_string();
            assert!(error.ends_with(&format!("found {found}")), "{error}");
        }
    }
}
