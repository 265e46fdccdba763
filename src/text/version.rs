//! Versions of packages, as far as what a program can do hangs on them.

use serde::{Deserialize, Serialize};

/// The first three numbers of a version. Of what comes before a release it is taken to do all that the release does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Version([u32; 3]);

impl Version {
    /// A version by its numbers.
    pub const fn new(major: u32, minor: u32, patch: u32) -> Self {
        Self([major, minor, patch])
    }

    /// Reads `2.1`, `v0.11.13`, `1.16.0rc1`, `2.0.*`; `None` when it begins with no number. Who asks says what that means.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let mut rest = text.strip_prefix(['v', 'V']).unwrap_or(text);
        let mut numbers = [0; 3];
        for (place, number) in numbers.iter_mut().enumerate() {
            let end = rest.find(|one: char| !one.is_ascii_digit()).unwrap_or(rest.len());
            match rest.get(..end).filter(|digits| !digits.is_empty()) {
                Some(digits) => *number = digits.parse().ok()?,
                None if place == 0 => return None,
                None => break,
            }
            match rest.get(end..).and_then(|behind| behind.strip_prefix('.')) {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        Some(Self(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_far_as_they_are_numbers() {
        for (text, expected) in [
            ("1.16.3", Some([1, 16, 3])),
            ("2.1", Some([2, 1, 0])),
            ("2", Some([2, 0, 0])),
            (" v0.11.13\n", Some([0, 11, 13])),
            ("1.16.0rc1", Some([1, 16, 0])),
            ("2.1.0b1", Some([2, 1, 0])),
            ("0.0.45.post1+local", Some([0, 0, 45])),
            ("2.0.*", Some([2, 0, 0])),
            ("0.17 ; python_version > '3'", Some([0, 17, 0])),
            ("", None),
            ("x", None),
            (".1", None),
            ("-1", None),
            ("99999999999.1", None),
        ] {
            assert_eq!(Version::parse(text), expected.map(Version), "{text}");
        }
    }

    #[test]
    fn versions_are_ordered_by_number() {
        let ordered = ["0.0.9", "0.0.45", "0.9", "0.17", "1.9.9", "1.16", "1.16.3", "2.0b1"];
        assert!(ordered.map(Version::parse).is_sorted_by(|one, other| one < other));
    }
}
