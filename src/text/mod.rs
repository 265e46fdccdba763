//! File formats with spans: every value that is read keeps the bytes it was read from.

mod cookie;
pub mod dockerignore;
pub mod dotenv;
pub mod gitconfig;
pub mod ini;
pub mod interpolate;
pub mod json;
pub mod just;
pub mod log;
pub mod make;
mod mapped;
mod pattern;
pub mod python;
mod secrets;
pub mod shell;
mod source;
pub mod toml;
mod version;
pub mod yaml;

use std::fmt;

pub use mapped::{Insertion, Mapped};
pub use pattern::{bytes_pattern, pattern};
pub use secrets::{MASK, Redactor, mask_setting, mask_text, mask_url, mask_word, percent_encoded};
pub use source::{Encoding, Position, Source, Span, Spanned};
pub use version::Version;

/// So many of something, in the right number: `1 file`, `3 files`.
pub fn counted<Number: fmt::Display + PartialEq + From<u8>>(count: Number, one: &str, many: &str) -> String {
    let word = if count == Number::from(1) { one } else { many };
    format!("{count} {word}")
}

/// Why a text could not be read as its format, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SyntaxError {
    /// Byte offset in the source where the parser gave up.
    pub offset: usize,
    /// What the parser says, lower case, without the place.
    pub message: String,
}

impl SyntaxError {
    /// An error at `offset` that says `message`.
    pub fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into() }
    }
}
