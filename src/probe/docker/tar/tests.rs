//! Archives made by another library, fed in pieces of every size.

use proptest::prelude::*;

use super::*;

/// An archive with everything the engine writes: long names, large numbers, links, content.
fn archive() -> (Vec<u8>, Vec<(String, u32, u32)>) {
    let mut builder = tar::Builder::new(vec![]);
    let mut expected = vec![];
    let long = format!("d/{}/file", "é".repeat(90));
    for (name, uid, mode, kind, content) in [
        ("d", 0_u64, 0o40755, tar::EntryType::Directory, &b""[..]),
        ("d/passwd", 1000, 0o100644, tar::EntryType::Regular, b"root:x:0:0:root:/root:/bin/sh\n"),
        (long.as_str(), 3_000_000_000, 0o104755, tar::EntryType::Regular, &[7; 1500]),
        ("d/link", 5, 0o777, tar::EntryType::Symlink, b""),
        ("d/new\nline", 6, 0o600, tar::EntryType::Regular, b"x"),
    ] {
        let mut header = tar::Header::new_gnu();
        header.set_uid(uid);
        header.set_gid(uid + 1);
        header.set_mode(mode);
        header.set_entry_type(kind);
        header.set_size(content.len() as u64);
        if kind == tar::EntryType::Symlink {
            header.set_link_name("passwd").unwrap();
        }
        builder.append_data(&mut header, name, content).unwrap();
        expected.push((name.to_owned(), uid as u32, mode & 0o7777));
    }
    (builder.into_inner().unwrap(), expected)
}

fn read(bytes: &[u8], piece: usize) -> Result<(Vec<Member>, bool), BrokenArchive> {
    let mut reader = Reader::new(|name| name.ends_with("passwd"));
    let mut members = vec![];
    for piece in bytes.chunks(piece.max(1)) {
        reader.feed(piece);
        while let Some(member) = reader.next()? {
            members.push(member);
        }
    }
    Ok((members, reader.ended()))
}

#[test]
fn members_are_the_same_in_pieces_of_every_size() {
    let (bytes, expected) = archive();
    for piece in [1, 7, 511, 512, 513, 1024, 100_000] {
        let (members, ended) = read(&bytes, piece).unwrap();
        let seen: Vec<_> =
            members.iter().map(|member| (member.name.clone(), member.stat.owner.uid, member.stat.mode)).collect();
        assert_eq!(seen, expected, "{piece}");
        assert!(ended);
        assert_eq!(members[1].content.as_deref(), Some(&b"root:x:0:0:root:/root:/bin/sh\n"[..]));
        assert_eq!(members[3].stat.kind, FileKind::Symlink);
    }
}

#[test]
fn extended_headers_of_posix_win() {
    let mut builder = tar::Builder::new(vec![]);
    builder.append_pax_extensions([("path", &b"new name"[..]), ("uid", b"4000000000"), ("size", b"3")]).unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_path("old").unwrap();
    header.set_size(3);
    header.set_mode(0o644);
    header.set_uid(1);
    header.set_gid(2);
    header.set_cksum();
    builder.append(&header, &b"abc"[..]).unwrap();
    let (members, _) = read(&builder.into_inner().unwrap(), 100).unwrap();
    assert_eq!(members.len(), 1);
    assert_eq!((members[0].name.as_str(), members[0].stat.owner.uid), ("new name", 4_000_000_000));
    assert_eq!(members[0].stat.owner.gid, 2);
}

#[test]
fn what_is_no_archive_is_told() {
    assert_eq!(read(&[b'x'; 2048], 512), Err(BrokenArchive));
    assert_eq!(read(b"<html>", 512), Ok((vec![], false)));
}

proptest! {
    #[test]
    fn no_bytes_make_it_fall_over(noise in proptest::collection::vec(any::<u8>(), 0..4096), at in 0_usize..4000, piece in 1_usize..600) {
        let (mut bytes, _) = archive();
        let end = (at + noise.len()).min(bytes.len());
        let at = at.min(end);
        bytes[at..end].copy_from_slice(&noise[..end - at]);
        let _ = read(&bytes, piece);
        let _ = read(&noise, piece);
    }
}
