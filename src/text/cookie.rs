//! The encoding that a Python file declares for itself in one of its first two lines (PEP 263).

/// The name in the declaration, as it is written; `None` where there is none.
fn declared(bytes: &[u8]) -> Option<&str> {
    for line in bytes.split(|byte| *byte == b'\n').take(2) {
        let written = line.trim_ascii_start();
        match written.strip_prefix(b"#") {
            Some(comment) => {
                if let Some(name) = named(comment) {
                    return Some(name);
                }
            }
            // Behind the first line of code nothing declares it any more.
            None if !written.is_empty() => return None,
            None => {}
        }
    }
    None
}

/// The name behind the first `coding:` or `coding=` of a comment that has one.
fn named(comment: &[u8]) -> Option<&str> {
    const WORD: &[u8] = b"coding";
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.".contains(byte);
    comment.windows(WORD.len()).enumerate().filter(|(_, window)| *window == WORD).find_map(|(at, _)| {
        let (sign, rest) = comment.get(at + WORD.len()..)?.split_first()?;
        let rest = rest.trim_ascii_start();
        let name = rest.get(..rest.iter().take_while(|byte| is_name(byte)).count())?;
        (matches!(sign, b':' | b'=') && !name.is_empty()).then(|| std::str::from_utf8(name).ok())?
    })
}

/// What the bytes 0x80 to 0x9f are in `cp1252`; Python refuses the five that are none.
const CP1252: [char; 32] = [
    '€', '\0', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\0', 'Ž', '\0', '\0', '‘', '’', '“', '”', '•',
    '–', '—', '˜', '™', 'š', '›', 'œ', '\0', 'ž', 'Ÿ',
];

/// The text of a Python file that is no UTF-8, where it declares one of the encodings with a byte for each character that
/// Western files have. `Err`: the encoding that it declares and that is none of these.
pub(super) fn decoded(bytes: &[u8]) -> Result<Option<String>, String> {
    let Some(name) = declared(bytes) else { return Ok(None) };
    let text: Option<String> = match name.to_ascii_lowercase().replace('_', "-").as_str() {
        "latin-1" | "latin1" | "latin" | "l1" | "iso-8859-1" | "iso8859-1" | "iso-latin-1" | "iso88591" | "8859"
        | "cp819" => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
        "cp1252" | "windows-1252" | "1252" => bytes
            .iter()
            .map(|byte| match byte {
                0x80..=0x9f => CP1252.get(usize::from(byte - 0x80)).copied().filter(|found| *found != '\0'),
                _ => Some(char::from(*byte)),
            })
            .collect(),
        // What is no UTF-8 is none of these.
        "ascii" | "us-ascii" | "646" => None,
        name if name == "utf8" || name.starts_with("utf-8") => None,
        _ => return Err(name.to_owned()),
    };
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_declaration_stands_in_a_comment_of_the_first_two_lines() {
        for (text, wanted) in [
            ("# -*- coding: latin-1 -*-\n", Some("latin-1")),
            ("#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\n", Some("cp1252")),
            ("\n\t# coding:  iso-8859-1", Some("iso-8859-1")),
            ("# encoding coding: l1\n", Some("l1")),
            ("import x\n# coding: latin-1\n", None),
            ("\n\n# coding: latin-1\n", None),
            ("x = 1  # coding: latin-1\n", None),
            ("# coding latin-1\n", None),
            ("# coding:\n", None),
            ("", None),
        ] {
            assert_eq!(declared(text.as_bytes()), wanted, "{text:?}");
        }
    }

    #[test]
    fn what_has_a_byte_for_each_character_is_decoded_and_the_rest_is_named() {
        let text = |name: &str, byte: u8| decoded(&[format!("# coding: {name}\n").as_bytes(), &[byte]].concat());
        assert_eq!(text("Latin_1", 0xe9), Ok(Some("# coding: Latin_1\né".to_owned())));
        assert_eq!(text("cp1252", 0x80), Ok(Some("# coding: cp1252\n€".to_owned())));
        assert_eq!(text("cp1252", 0x81), Ok(None));
        for name in ["ascii", "utf-8", "UTF8"] {
            assert_eq!(text(name, 0xe9), Ok(None), "{name}");
        }
        assert_eq!(text("koi8-r", 0xe9), Err("koi8-r".to_owned()));
        assert_eq!(decoded(b"\xe9\n"), Ok(None));
    }
}
