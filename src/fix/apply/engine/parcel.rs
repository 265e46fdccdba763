//! Packs this very program with the libraries it is bound to, so that it runs in a container that has nothing at all.

use std::path::{Path, PathBuf};

use super::EngineError;

/// Where the parcel lies in the helper: a volume, since the helper's own file system cannot be written.
pub(super) const FOLDER: &str = "/devdoctor-parcel";

/// The order in that folder.
pub(super) const ORDER: &str = "/devdoctor-parcel/order";

/// A longer name does not fit into an archive's head.
const LONGEST_NAME: usize = 100;

/// What goes into a helper.
#[derive(Debug)]
pub(super) struct Parcel {
    /// Everything, as an archive to be unpacked in [`FOLDER`].
    pub archive: Vec<u8>,
    /// The words that start the program there.
    pub command: Vec<String>,
}

/// Packs a program (this one unless another is named) with an order.
#[expect(clippy::disallowed_methods, reason = "the program itself is read where it is packed")]
pub(super) fn pack(program: Option<&Path>, order: &[u8]) -> Result<Parcel, EngineError> {
    let unpacked = |what: &str, error: std::io::Error| {
        EngineError::NoProgram(format!("`{what}` cannot be read: {}", crate::error::said(&error)))
    };
    // This name leads to the program also when its file was replaced meanwhile.
    let itself = Path::new("/proc/self/exe");
    let program = program.unwrap_or(itself);
    let bytes = std::fs::read(program).map_err(|error| unpacked("/proc/self/exe", error))?;
    let maps = std::fs::read_to_string("/proc/self/maps").map_err(|error| unpacked("/proc/self/maps", error))?;
    let own = std::fs::read_link(itself).unwrap_or_default();
    let mut archive = Archive::default();
    archive.file("devdoctor", 0o755, &bytes);
    let at = |name: &str| format!("{FOLDER}/{name}");
    let mut command = vec![at("devdoctor"), "helper".to_owned()];
    for library in libraries(&maps, &own) {
        let name = library.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let bytes = std::fs::read(&library).map_err(|error| unpacked(&name, error))?;
        archive.file(&name, 0o755, &bytes);
        aliases(&library).iter().for_each(|alias| archive.link(alias, &name));
        if name.starts_with("ld-") || name.starts_with("ld.so") {
            let loader = [at(&name), "--library-path".to_owned(), FOLDER.to_owned()];
            command.splice(0..0, loader);
        }
    }
    archive.file("order", 0o400, order);
    Ok(Parcel { archive: archive.ended(), command })
}

/// The libraries that are mapped into a process to be run, the loader among them.
fn libraries(maps: &str, own: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = vec![];
    for line in maps.lines() {
        let mut words = line.splitn(6, ' ');
        let (Some(rights), Some(rest)) = (words.nth(1), words.nth(3)) else { continue };
        let path = Path::new(rest.trim_start());
        if rights.contains('x') && path.is_absolute() && path != own && !found.iter().any(|other| other == path) {
            found.push(path.to_owned());
        }
    }
    found
}

/// The other names that a library has beside it: `libc.so.6` for `libc-2.31.so`. By such a one it is asked for.
fn aliases(library: &Path) -> Vec<String> {
    let (Some(folder), Some(name)) = (library.parent(), library.file_name()) else { return vec![] };
    let Ok(entries) = std::fs::read_dir(folder) else { return vec![] };
    let links = entries.flatten().filter(|entry| {
        entry.file_name() != name && std::fs::read_link(entry.path()).is_ok_and(|target| target == Path::new(name))
    });
    links.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

/// An archive that is being written. What came half would be another program, and other paths than were meant; an archive
/// that comes half is no archive, and the helper is not started.
#[derive(Default)]
struct Archive(Vec<u8>);

impl Archive {
    fn file(&mut self, name: &str, mode: u32, content: &[u8]) {
        self.member(name, mode, b'0', "", content);
    }

    fn link(&mut self, name: &str, target: &str) {
        self.member(name, 0o777, b'2', target, &[]);
    }

    fn member(&mut self, name: &str, mode: u32, kind: u8, target: &str, content: &[u8]) {
        if name.len() >= LONGEST_NAME || target.len() >= LONGEST_NAME {
            return;
        }
        let mut header = [0; 512];
        let mut put = |at: usize, field: &[u8]| {
            header.iter_mut().skip(at).zip(field).for_each(|(place, byte)| *place = *byte);
        };
        put(0, name.as_bytes());
        put(100, format!("{mode:07o}").as_bytes());
        put(108, b"0000000");
        put(116, b"0000000");
        put(124, format!("{:011o}", content.len()).as_bytes());
        put(136, b"00000000000");
        put(148, b"        ");
        put(156, &[kind]);
        put(157, target.as_bytes());
        put(257, b"ustar\x0000");
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        let sum = format!("{sum:06o}\0 ");
        header.iter_mut().skip(148).zip(sum.bytes()).for_each(|(place, byte)| *place = byte);
        self.0.extend_from_slice(&header);
        self.0.extend_from_slice(content);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
    }

    /// Two empty blocks end an archive.
    fn ended(mut self) -> Vec<u8> {
        self.0.resize(self.0.len() + 1024, 0);
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_are_those_that_are_run() {
        let maps = "55a0-55a1 r-xp 00000000 fe:01 12   /opt/my tools/devdoctor\n\
            7f00-7f01 r--p 00000000 fe:01 13                 /usr/lib/locale/locale-archive\n\
            7f01-7f02 r--p 00000000 fe:01 14                 /lib/libc.so.6\n\
            7f02-7f03 r-xp 00000000 fe:01 14                 /lib/libc.so.6\n\
            7f04-7f05 r-xp 00000000 00:00 0                  [vdso]\n\
            7f05-7f06 rwxp 00000000 00:00 0 \n\
            7f06-7f07 r-xp 00000000 fe:01 15                 /lib64/ld-linux-x86-64.so.2\nbroken";
        let found = libraries(maps, Path::new("/opt/my tools/devdoctor"));
        assert_eq!(found, [Path::new("/lib/libc.so.6"), Path::new("/lib64/ld-linux-x86-64.so.2")]);
        assert!(libraries("55a0-55a1 r-xp 00000000 fe:01 12 /a", Path::new("/a")).is_empty(), "bound to nothing");
    }

    #[test]
    fn the_parcel_is_an_archive_with_the_program_and_the_order() {
        let parcel = pack(None, b"do it").unwrap();
        let mut archive = tar::Archive::new(&parcel.archive[..]);
        let mut names = vec![];
        for member in archive.entries().unwrap() {
            let mut member = member.unwrap();
            let name = member.path().unwrap().display().to_string();
            let mut content = vec![];
            std::io::Read::read_to_end(&mut member, &mut content).unwrap();
            assert!(name != "order" || content == b"do it");
            names.push(name);
        }
        let (first, last) = (names.first().unwrap().as_str(), names.last().unwrap().as_str());
        assert_eq!((first, last), ("devdoctor", "order"));
        assert!(parcel.command.ends_with(&["/devdoctor-parcel/devdoctor".into(), "helper".into()]));
    }
}
