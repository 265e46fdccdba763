//! Tells WSL 1, WSL 2, a container on WSL and an ordinary Linux apart, and reads `/etc/wsl.conf`.
#![expect(clippy::disallowed_methods, reason = "this is a probe: it looks at /proc, /run and /etc")]

use std::path::Path;

use crate::facts::{Automount, Wsl, WslKind};
use crate::text::ini;

use super::files::read_regular;
use super::filesystems::Mounts;

/// What tells the systems apart. The environment is not among it: sudo and services take `WSL_DISTRO_NAME` away, and `-e`
/// carries it into containers.
#[derive(Clone, Debug, Default)]
struct Signs {
    /// `/proc/sys/kernel/osrelease`: containers see that of their host.
    release: String,
    /// Something that WSL puts into its distributions and no engine into containers.
    of_wsl: bool,
    /// `/.dockerenv`. A distribution that was imported from `docker export` has it too.
    docker_file: bool,
    /// `/run/.containerenv`, which is made when a container starts.
    container_file: bool,
    /// `/proc/1/cgroup` and `/proc/self/cgroup`.
    cgroups: String,
    /// Kind of the root file system.
    root: String,
}

/// Looks at this machine.
pub fn look(mounts: &Mounts) -> Wsl {
    let there = |path: &str| Path::new(path).symlink_metadata().is_ok();
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let interop = ["WSLInterop", "WSLInterop-late"];
    let signs = Signs {
        release: read("/proc/sys/kernel/osrelease"),
        of_wsl: there("/run/WSL")
            || interop.iter().any(|name| there(&format!("/proc/sys/fs/binfmt_misc/{name}")))
            || mounts.is_point(Path::new("/mnt/wsl")),
        docker_file: there("/.dockerenv"),
        container_file: there("/run/.containerenv"),
        cgroups: read("/proc/1/cgroup") + &read("/proc/self/cgroup"),
        root: mounts.at(Path::new("/")).map(|filesystem| filesystem.kind).unwrap_or_default(),
    };
    let kind = decide(&signs);
    let conf = || String::from_utf8(read_regular(Path::new("/etc/wsl.conf")).ok()?).ok();
    let is_distribution = matches!(kind, WslKind::One | WslKind::Two);
    Wsl { kind, automount: if is_distribution { conf().and_then(|text| automount(&text)) } else { None } }
}

fn decide(signs: &Signs) -> WslKind {
    // `/.dockerenv` alone says nothing where WSL left its own signs; the other markers are made at the start of a container.
    let in_container = signs.container_file
        || signs.root == "overlay"
        || names_a_container(&signs.cgroups)
        || (signs.docker_file && !signs.of_wsl);
    let release = signs.release.trim();
    let by_microsoft = release.to_ascii_lowercase().contains("microsoft") || release.contains("WSL2");
    match (by_microsoft, in_container) {
        (true, true) => WslKind::Container,
        (false, true) => WslKind::None,
        // A kernel of one's own has any name.
        (false, false) if !signs.of_wsl => WslKind::None,
        (false, false) => WslKind::Two,
        // WSL 1 says 4.4.0 and a capital letter, and its root is no disk. The first kernels of WSL 2 do not name it.
        (true, false) if ["lxfs", "wslfs"].contains(&signs.root.as_str()) => WslKind::One,
        (true, false) if release.contains("WSL2") || version(release) >= (4, 19) => WslKind::Two,
        (true, false) => WslKind::One,
    }
}

/// The first two numbers of a kernel's release.
fn version(release: &str) -> (u32, u32) {
    let mut numbers =
        release.split(|character: char| !character.is_ascii_digit()).map(|part| part.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// Whether a cgroup path is one that an engine gives to a container.
fn names_a_container(cgroups: &str) -> bool {
    // Engines give 64 digits; systemd and others name their own things by 32.
    let is_id = |text: &str| text.len() == 64 && text.chars().all(|character| character.is_ascii_hexdigit());
    cgroups.lines().flat_map(|line| line.split('/')).any(|part| {
        let part = part.strip_suffix(".scope").unwrap_or(part);
        let id = part.rsplit_once('-').map_or(part, |(_, id)| id);
        is_id(id) || part.starts_with("kubepods") || part.starts_with("lxc.payload")
    })
}

/// Understands `/etc/wsl.conf`. One that cannot be understood is none.
fn automount(text: &str) -> Option<Automount> {
    let file = ini::parse(text.trim_start_matches('\u{feff}')).ok()?;
    let section = file.sections.iter().find(|(name, _)| name.trim().eq_ignore_ascii_case("automount"))?.1;
    let value = |key: &str| {
        let written = section.entries.get(key)?.raw.lines().next().unwrap_or_default();
        Some(written.trim().trim_matches('"').trim().to_owned()).filter(|value| !value.is_empty())
    };
    let root = value("root").map(|root| root.trim_end_matches('/').to_owned());
    let options = value("options").unwrap_or_default();
    let words = options.split(',').map(|word| word.trim().to_owned()).filter(|word| !word.is_empty());
    Some(Automount { root: root.unwrap_or(Automount::default().root), options: words.collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "1f3c9a6e5b7d4820a1b2c3d4e5f60718293a4b5c6d7e8f901234567890abcdef";

    fn signs(release: &str, root: &str, of_wsl: bool) -> Signs {
        Signs { release: format!("{release}\n"), root: root.to_owned(), of_wsl, ..Signs::default() }
    }

    #[test]
    fn distributions_are_told_by_kernel_and_by_what_wsl_leaves() {
        for (expected, signs) in [
            (WslKind::Two, signs("5.15.153.1-microsoft-standard-WSL2", "ext4", true)),
            (WslKind::Two, signs("4.19.84-microsoft-standard", "ext4", false)),
            (WslKind::Two, signs("6.6.36-mine", "ext4", true)),
            (WslKind::Two, signs("6.6.36-mine-WSL2+", "ext4", false)),
            (WslKind::One, signs("4.4.0-19041-Microsoft", "wslfs", true)),
            (WslKind::One, signs("4.4.0-17134-Microsoft", "lxfs", false)),
            (WslKind::One, signs("4.4.0-43-Microsoft", "", false)),
            (WslKind::None, signs("6.1.0-18-amd64", "ext4", false)),
            (WslKind::None, signs("5.15.0-1050-azure", "ext4", false)),
            (WslKind::None, signs("", "", false)),
        ] {
            assert_eq!(decide(&signs), expected, "{signs:?}");
        }
    }

    #[test]
    fn a_container_on_wsl_is_not_wsl() {
        let kernel = "5.15.153.1-microsoft-standard-WSL2";
        let plain = signs(kernel, "ext4", false);
        assert_eq!(decide(&Signs { docker_file: true, ..plain.clone() }), WslKind::Container);
        assert_eq!(decide(&Signs { container_file: true, ..plain.clone() }), WslKind::Container);
        assert_eq!(decide(&signs(kernel, "overlay", false)), WslKind::Container);
        for cgroups in [
            format!("12:pids:/docker/{ID}\n"),
            format!("0::/system.slice/docker-{ID}.scope\n"),
            format!("0::/machine.slice/libpod-{ID}.scope/container\n"),
            "0::/kubepods.slice/kubepods-burstable.slice\n".to_owned(),
        ] {
            assert_eq!(decide(&Signs { cgroups, ..plain.clone() }), WslKind::Container);
        }
        let imported = Signs { docker_file: true, of_wsl: true, ..plain.clone() };
        assert_eq!(decide(&imported), WslKind::Two, "a distribution made from `docker export`");
        let of_others = "4:memory:/jobs/c0c04563321c291fb3015293c698e487";
        let cgroups = format!("0::/system.slice/docker.service\n0::/init.scope\n0::/\n{of_others}\n");
        assert_eq!(decide(&Signs { cgroups, ..plain }), WslKind::Two);
        let elsewhere = Signs { docker_file: true, ..signs("6.1.0-18-amd64", "overlay", false) };
        assert_eq!(decide(&elsewhere), WslKind::None);
    }

    #[test]
    fn wsl_conf_is_read_as_people_write_it() {
        let said = |text: &str| automount(text).map(|automount| (automount.root, automount.options.join(" ")));
        let of = |root: &str, options: &str| Some((root.to_owned(), options.to_owned()));
        assert_eq!(
            said("[automount]\noptions = \"metadata,umask=22,fmask=11\"\n"),
            of("/mnt", "metadata umask=22 fmask=11")
        );
        assert_eq!(said("\u{feff}[Automount]\r\nroot = /windir/\r\nOptions=metadata\r\n"), of("/windir", "metadata"));
        assert_eq!(said("[automount]\nroot = /\n"), of("", ""));
        assert_eq!(said("# none\n[boot]\nsystemd=true\n"), None);
        assert_eq!(said("[automount]\nenabled = true\n"), of("/mnt", ""));
        for broken in ["options = metadata\n", "[automount]\noptions=a\noptions=b\n", "[", "\0\x7f"] {
            assert_eq!(said(broken), None, "{broken:?}");
        }
    }
}
