//! Writes a report or facts to the file that the person named.

#![expect(clippy::disallowed_methods, reason = "this is where files are written")]

use std::io;
use std::path::Path;

/// Writes `bytes` to `path`, replacing what is there.
///
/// # Errors
/// What the kernel says.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    std::fs::write(path, bytes)
}
