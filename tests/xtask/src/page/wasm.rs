//! The parts of a WebAssembly module (<https://webassembly.github.io/spec/core/binary/modules.html>).

use anyhow::{Context, Result};

/// The magic number and the version.
const HEAD_LEN: usize = 8;

/// The kind of a section that engines pass over.
const CUSTOM: u8 = 0;

/// A section with its head.
struct Section<'m> {
    kind: u8,
    whole: &'m [u8],
    content: &'m [u8],
}

impl Section<'_> {
    /// Whether it is a custom section of this name.
    fn is_called(&self, name: &str) -> bool {
        let named = number(self.content).and_then(|(len, rest)| rest.get(..len));
        self.kind == CUSTOM && named == Some(name.as_bytes())
    }
}

/// The module without the names of its functions, which nobody needs to run it.
pub fn without_names(module: &[u8]) -> Result<Vec<u8>> {
    let (head, sections) = sections(module)?;
    let kept = sections.iter().filter(|section| !section.is_called("name"));
    let kept: Vec<&[u8]> = kept.map(|section| section.whole).collect();
    Ok([head, &kept.concat()].concat())
}

/// What made the module: the compiler and its version.
pub fn producers(module: &[u8]) -> Result<Vec<u8>> {
    let (_, sections) = sections(module)?;
    let found = sections
        .iter()
        .find(|section| section.is_called("producers"));
    Ok(found
        .map(|section| section.content.to_vec())
        .unwrap_or_default())
}

fn sections(module: &[u8]) -> Result<(&[u8], Vec<Section<'_>>)> {
    let (head, mut rest) = module
        .split_at_checked(HEAD_LEN)
        .filter(|(head, _)| *head == b"\0asm\x01\0\0\0")
        .context("expected a WebAssembly module of version 1, found other bytes")?;
    let mut sections = Vec::new();
    while !rest.is_empty() {
        let (section, after) = section(rest)
            .context("expected whole sections in the WebAssembly module, found one cut short")?;
        sections.push(section);
        rest = after;
    }
    Ok((head, sections))
}

fn section(bytes: &[u8]) -> Option<(Section<'_>, &[u8])> {
    let (&kind, rest) = bytes.split_first()?;
    let (len, rest) = number(rest)?;
    let (content, after) = rest.split_at_checked(len)?;
    let whole = &bytes[..bytes.len() - after.len()];
    let section = Section {
        kind,
        whole,
        content,
    };
    Some((section, after))
}

/// A number in LEB128, and what follows it.
fn number(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let end = bytes.iter().position(|byte| byte & 0x80 == 0)?;
    let (digits, rest) = bytes.split_at(end + 1);
    let digits = digits.iter().rev().map(|digit| usize::from(digit & 0x7F));
    let number = digits.fold(0_usize, |number, digit| number << 7 | digit);
    Some((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn module(sections: &[(u8, &[u8])]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for (kind, content) in sections {
            module.push(*kind);
            // In two digits, whether or not it takes them.
            module.extend([content.len() as u8 | 0x80, (content.len() >> 7) as u8]);
            module.extend(*content);
        }
        module
    }

    #[test]
    fn names_are_left_out() {
        let long = [7; 200];
        let names: (u8, &[u8]) = (0, b"\x04nameabc");
        let producers_of: (u8, &[u8]) = (0, b"\x09producersrustc");
        let with = module(&[(1, &long), names, (10, b"code"), producers_of]);
        let without = module(&[(1, &long), (10, b"code"), producers_of]);
        assert_eq!(without_names(&with).unwrap(), without);
        assert_eq!(producers(&with).unwrap(), b"\x09producersrustc");
        assert!(producers(&module(&[names])).unwrap().is_empty());
    }

    #[test]
    fn what_is_no_module_is_refused() {
        let whole = module(&[(1, b"types"), (10, b"code")]);
        assert!(without_names(b"\0asm\x02\0\0\0").is_err());
        assert!(without_names(b"ELF").is_err());
        for len in HEAD_LEN + 1..whole.len() {
            let is_between = len == HEAD_LEN + 8;
            assert_eq!(without_names(&whole[..len]).is_ok(), is_between, "{len}");
        }
    }
}
