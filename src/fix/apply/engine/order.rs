//! What a helper is told to do, what it answers, and how it does it: it runs in the throw-away container.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::LONGEST_RUN;
use super::helper::PLACE;
use super::parcel::ORDER;
use crate::facts::{FileKind, ForeignFile, Owner, PathStat, SeenPath};
use crate::fix::apply::chown::{self, Refusal, Terms};
use crate::fix::{Chown, ChownPlace};

/// At most so many refused paths are named.
pub(super) const NAMED: usize = 10;

/// What a helper is told to do.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Order {
    /// How it is done.
    pub head: Head,
    /// The paths, relative to the mount, each with the owner it has, and what it was if that is known.
    pub paths: Vec<(SeenPath, Owner, Option<FileKind>)>,
}

/// The first line of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The owner they get.
    pub to: Owner,
    /// Whether a file with several names goes, too.
    pub hard_links: bool,
    /// Whether what is gone or belongs to somebody else is passed over.
    pub passing_over: bool,
}

/// What a helper answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Answer {
    /// How many paths changed owner.
    pub given: usize,
    /// The first paths that were refused, by their place in the order.
    pub refused: Vec<(usize, Refusal)>,
    /// How many more were refused.
    pub more: usize,
}

impl Order {
    /// The order as bytes: the head, then each path ended by NUL, so that every name comes through.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = serde_json::to_vec(&self.head).unwrap_or_default();
        bytes.push(b'\n');
        for (path, owner, kind) in &self.paths {
            let kind = match kind {
                Some(FileKind::File) => 'f',
                Some(FileKind::Directory) => 'd',
                Some(FileKind::Symlink) => 'l',
                Some(FileKind::Other) => 'o',
                None => '-',
            };
            bytes.extend_from_slice(format!("{owner}:{kind}:").as_bytes());
            bytes.extend_from_slice(path.as_path().as_os_str().as_bytes());
            bytes.push(0);
        }
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let head = serde_json::from_slice(bytes.get(..end)?).ok()?;
        // What was cut off would name another path.
        let all = bytes.get(end + 1..)?;
        let Some(all) = all.strip_suffix(b"\0") else {
            return all.is_empty().then_some(Self { head, paths: vec![] });
        };
        let paths = all.split(|byte| *byte == 0).map(record).collect::<Option<_>>()?;
        Some(Self { head, paths })
    }
}

fn record(bytes: &[u8]) -> Option<(SeenPath, Owner, Option<FileKind>)> {
    let mut parts = bytes.splitn(4, |byte| *byte == b':');
    let mut number = || std::str::from_utf8(parts.next()?).ok()?.parse().ok();
    let owner = Owner { uid: number()?, gid: number()? };
    let kind = match parts.next()? {
        b"f" => Some(FileKind::File),
        b"d" => Some(FileKind::Directory),
        b"l" => Some(FileKind::Symlink),
        b"o" => Some(FileKind::Other),
        _ => None,
    };
    Some((SeenPath(OsString::from_vec(parts.next()?.to_vec()).into()), owner, kind))
}

/// Carries out the order that lies beside this program, in a helper, and gives the answer as one line.
///
/// # Errors
/// When there is no order: this is no helper.
pub fn serve() -> Result<String, String> {
    // Whoever waited for the helper may be gone by then.
    std::thread::spawn(|| {
        std::thread::sleep(LONGEST_RUN);
        std::process::exit(124);
    });
    #[expect(clippy::disallowed_methods, reason = "in a helper there is nothing else to read")]
    let order = std::fs::read(ORDER).map_err(|_| "this is no throw-away container of devdoctor's".to_owned())?;
    let order = Order::from_bytes(&order).ok_or("the order is damaged")?;
    let answer = carry_out(Path::new(PLACE), order);
    serde_json::to_string(&answer).map_err(|error| error.to_string())
}

fn carry_out(root: &Path, order: Order) -> Answer {
    let Head { to, hard_links, passing_over } = order.head;
    let seen: Vec<ForeignFile> = order
        .paths
        .iter()
        .filter_map(|(path, owner, kind)| {
            let stat = PathStat { owner: *owner, mode: 0, kind: (*kind)?, links: 1 };
            Some(ForeignFile { path: path.clone(), stat, capabilities: false })
        })
        .collect();
    let paths = order.paths.into_iter().map(|(path, owner, _)| (path, owner)).collect();
    let step = Chown { place: ChownPlace::Project, paths, to, direct: true };
    let mut answer = Answer::default();
    let terms = Terms { hard_links, seen: &seen, ..Terms::default() };
    for (number, outcome) in chown::chown(root, &step, terms).into_iter().enumerate() {
        match outcome.result {
            Ok(()) => answer.given += usize::from(outcome.before != Some(to)),
            Err(Refusal::Gone | Refusal::Changed(_) | Refusal::Moved) if passing_over => {}
            Err(refusal) if answer.refused.len() < NAMED => answer.refused.push((number, refusal)),
            Err(_) => answer.more += 1,
        }
    }
    answer
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HEAD: Head = Head { to: Owner { uid: 7, gid: 8 }, hard_links: false, passing_over: true };

    proptest! {
        #[test]
        fn every_name_comes_through(names in prop::collection::vec("[^\0]{1,20}", 0..5)) {
            let kinds = [None, Some(FileKind::File), Some(FileKind::Directory), Some(FileKind::Symlink)];
            let paths = names.into_iter().zip(kinds.into_iter().cycle());
            let paths = paths.map(|(name, kind)| (SeenPath(name.into()), Owner { uid: 0, gid: u32::MAX }, kind)).collect();
            let order = Order { head: HEAD, paths };
            prop_assert_eq!(Order::from_bytes(&order.to_bytes()), Some(order.clone()));
        }

        #[test]
        fn no_bytes_are_a_reason_to_panic(bytes: Vec<u8>) {
            let _ = Order::from_bytes(&bytes);
        }
    }

    #[test]
    fn an_order_that_was_cut_off_is_not_carried_out() {
        let path = (SeenPath("a:b".into()), Owner { uid: 1, gid: 2 }, None);
        let bytes = Order { head: HEAD, paths: vec![path] }.to_bytes();
        assert!(Order::from_bytes(&bytes[..bytes.len() - 1]).is_none());
    }

    #[test]
    fn refusals_are_counted_and_the_first_are_named() {
        let root = tempfile::tempdir().unwrap();
        let path = |number: usize| (SeenPath(format!("{number:02}").into()), Owner { uid: 1, gid: 2 }, None);
        let order = |passing_over| Order { head: Head { passing_over, ..HEAD }, paths: (0..15).map(path).collect() };
        let answer = carry_out(root.path(), order(false));
        assert_eq!((answer.given, answer.refused.len(), answer.more), (0, NAMED, 5));
        assert_eq!(answer.refused[3], (3, Refusal::Gone));
        assert_eq!(carry_out(root.path(), order(true)), Answer::default());
    }
}
