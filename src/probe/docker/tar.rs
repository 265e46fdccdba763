//! Reads the headers of a tar stream as it comes, so that reading can stop as soon as enough was seen.

use crate::facts::{FileKind, Owner, PathStat};

/// Size of a block of the format.
const BLOCK: usize = 512;

/// Longer names and settings are no file system's.
const LONGEST_EXTENSION: u64 = 1_000_000;

/// Longer files are skipped even when their content is wanted.
const LONGEST_CONTENT: u64 = 4_000_000;

/// One member of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// Its name as archived, trailing slashes taken off; broken bytes replaced.
    pub name: String,
    /// Owner, mode, kind.
    pub stat: PathStat,
    /// Its content, for those whose content is wanted.
    pub content: Option<Vec<u8>>,
}

/// The stream is no tar archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the archive is broken")]
pub(super) struct BrokenArchive;

/// A tar stream in pieces.
pub(super) struct Reader {
    buffer: Vec<u8>,
    position: usize,
    skip: u64,
    extension: Extension,
    keep: fn(&str) -> bool,
    ended: bool,
}

/// What earlier headers say about the next member.
#[derive(Clone, Debug, Default)]
struct Extension {
    name: Option<String>,
    uid: Option<u32>,
    gid: Option<u32>,
    size: Option<u64>,
}

impl Reader {
    /// A reader that keeps the content of members whose name `keep` likes.
    pub fn new(keep: fn(&str) -> bool) -> Self {
        Self { buffer: vec![], position: 0, skip: 0, extension: Extension::default(), keep, ended: false }
    }

    /// Takes the next piece of the stream.
    pub fn feed(&mut self, piece: &[u8]) {
        self.buffer.drain(..self.position);
        self.position = 0;
        // What is to be skipped is never stored.
        let skipped = self.skip.min(piece.len() as u64);
        let skipped = if self.buffer.is_empty() { skipped } else { 0 };
        self.skip -= skipped;
        self.buffer.extend_from_slice(piece.get(skipped as usize..).unwrap_or_default());
    }

    /// Whether the archive came to its own end.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The next member, `None` when more of the stream is needed.
    pub fn next(&mut self) -> Result<Option<Member>, BrokenArchive> {
        loop {
            let available = self.buffer.len() - self.position;
            let skipped = self.skip.min(available as u64);
            self.skip -= skipped;
            self.position += skipped as usize;
            let Some(header) = self.buffer.get(self.position..self.position + BLOCK) else { return Ok(None) };
            if self.ended || header.iter().all(|byte| *byte == 0) {
                self.ended = true;
                return Ok(None);
            }
            if !checksum_holds(header) {
                return Err(BrokenArchive);
            }
            let kind = header.get(156).copied().unwrap_or_default();
            let extension = matches!(kind, b'x' | b'g' | b'L' | b'K');
            let size = match self.extension.size.filter(|_| !extension) {
                Some(size) => size,
                None => number(header.get(124..136).unwrap_or_default()).ok_or(BrokenArchive)?,
            };
            // Links and directories have no content, whatever their size says.
            let size = if matches!(kind, b'1'..=b'6') { 0 } else { size };
            let padded = size.checked_next_multiple_of(BLOCK as u64).ok_or(BrokenArchive)?;
            if extension {
                if size > LONGEST_EXTENSION {
                    return Err(BrokenArchive);
                }
                let start = self.position + BLOCK;
                let Some(content) = self.buffer.get(start..start + padded as usize) else { return Ok(None) };
                extend(&mut self.extension, kind, content.get(..size as usize).unwrap_or_default());
                self.position = start + padded as usize;
                continue;
            }
            let name = self.extension.name.clone().unwrap_or_else(|| name_of(header));
            let name = name.trim_end_matches('/').to_owned();
            let wanted = (self.keep)(&name) && size <= LONGEST_CONTENT && kind_of(kind) == FileKind::File;
            let start = self.position + BLOCK;
            let mut content = None;
            if wanted {
                let Some(bytes) = self.buffer.get(start..start + padded as usize) else { return Ok(None) };
                content = Some(bytes.get(..size as usize).unwrap_or_default().to_vec());
            }
            let stat = stat_of(header, &self.extension).ok_or(BrokenArchive)?;
            self.extension = Extension::default();
            self.position = start;
            self.skip = padded;
            return Ok(Some(Member { name, stat, content }));
        }
    }
}

fn kind_of(flag: u8) -> FileKind {
    match flag {
        b'0' | 0 | b'1' | b'7' => FileKind::File,
        b'2' => FileKind::Symlink,
        b'5' => FileKind::Directory,
        _ => FileKind::Other,
    }
}

fn stat_of(header: &[u8], extension: &Extension) -> Option<PathStat> {
    let small = |range: std::ops::Range<usize>| u32::try_from(number(header.get(range)?)?).ok();
    let flag = header.get(156).copied()?;
    Some(PathStat {
        owner: Owner {
            uid: extension.uid.or_else(|| small(108..116))?,
            gid: extension.gid.or_else(|| small(116..124))?,
        },
        mode: small(100..108)? & 0o7777,
        kind: kind_of(flag),
        // An archive counts no names; a member that is a second name of an earlier one has at least two.
        links: if flag == b'1' { 2 } else { 1 },
    })
}

/// A number: octal digits, or binary when the first bit is set.
fn number(field: &[u8]) -> Option<u64> {
    let first = *field.first()?;
    if first & 0x80 != 0 {
        if first != 0x80 {
            return None;
        }
        let (high, low) = field.split_at(field.len().saturating_sub(8));
        if high.iter().skip(1).any(|byte| *byte != 0) {
            return None;
        }
        return Some(low.iter().enumerate().fold(0, |sum, (at, byte)| {
            // In fields of eight bytes the mark itself is among the low ones.
            let byte = if high.is_empty() && at == 0 { byte & 0x7f } else { *byte };
            sum << 8 | u64::from(byte)
        }));
    }
    let digits = field.iter().copied().skip_while(|byte| *byte == b' ').take_while(|byte| !matches!(byte, 0 | b' '));
    digits.into_iter().try_fold(0_u64, |sum, digit| {
        let digit = digit.checked_sub(b'0').filter(|digit| *digit < 8)?;
        sum.checked_mul(8)?.checked_add(u64::from(digit))
    })
}

fn checksum_holds(header: &[u8]) -> bool {
    let sum: u64 = header
        .iter()
        .enumerate()
        .map(|(at, byte)| u64::from(if (148..156).contains(&at) { b' ' } else { *byte }))
        .sum();
    number(header.get(148..156).unwrap_or_default()) == Some(sum)
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
}

fn name_of(header: &[u8]) -> String {
    let name = text(header.get(..100).unwrap_or_default());
    // Only the format of POSIX has a prefix; GNU's keeps times there.
    let prefix = if header.get(257..263) == Some(b"ustar\0") {
        text(header.get(345..500).unwrap_or_default())
    } else {
        String::new()
    };
    if prefix.is_empty() { name } else { format!("{prefix}/{name}") }
}

/// Learns from an extended header what it says about the next member.
fn extend(extension: &mut Extension, kind: u8, content: &[u8]) {
    match kind {
        b'L' => extension.name = Some(text(content)),
        b'x' => {
            let mut rest = content;
            while let Some((key, value, after)) = record(rest) {
                let value = String::from_utf8_lossy(value);
                match key {
                    b"path" => extension.name = Some(value.into_owned()),
                    b"uid" => extension.uid = value.parse().ok(),
                    b"gid" => extension.gid = value.parse().ok(),
                    b"size" => extension.size = value.parse().ok(),
                    _ => {}
                }
                rest = after;
            }
        }
        // Long link targets and settings for all members are of no interest here.
        _ => {}
    }
}

/// One `LENGTH KEY=VALUE\n` of a POSIX extended header, and what follows it.
fn record(bytes: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let space = bytes.iter().position(|byte| *byte == b' ')?;
    let length: usize = std::str::from_utf8(bytes.get(..space)?).ok()?.parse().ok()?;
    let body = bytes.get(space + 1..length.checked_sub(1)?)?;
    let equals = body.iter().position(|byte| *byte == b'=')?;
    Some((body.get(..equals)?, body.get(equals + 1..)?, bytes.get(length..)?))
}

#[cfg(test)]
mod tests;
