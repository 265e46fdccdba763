//! Whether a process of this machine is one of a container: numbers of processes are given again, and an engine whose sockets
//! come from another machine tells numbers of that one.

#![expect(clippy::disallowed_methods, reason = "processes are looked at in /proc")]

/// Files that an engine mounts into every container from a folder named after it.
const OWN_FILES: [&str; 3] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf"];

/// Whether a process is one of a container: by its control group, or, behind an engine that has none to give, by the files
/// that the engine mounts into every container.
pub(crate) fn is_of_container(process: i32, id: &str) -> bool {
    let reads = |file: &str| std::fs::read_to_string(format!("/proc/{process}/{file}")).unwrap_or_default();
    in_group(&reads("cgroup"), id) || has_files(&reads("mountinfo"), id)
}

/// Whether the root of a process is a container's, whose uppermost layer this is.
pub(super) fn has_for_root(process: i64, layer: &str) -> bool {
    std::fs::read_to_string(format!("/proc/{process}/mountinfo")).is_ok_and(|mounts| is_root(&mounts, layer))
}

/// `/docker/ID`, `docker-ID.scope`, `libpod-ID`: but not the group of Podman's monitor, which is none of the container's.
fn in_group(groups: &str, id: &str) -> bool {
    let is_named = |part: &str| part.strip_suffix(".scope").unwrap_or(part).ends_with(id) && !part.contains("conmon");
    !id.is_empty() && groups.lines().any(|line| line.split('/').any(is_named))
}

/// Whether one of the files is a mount from a folder of the container's name. Other mounts of containers tell nothing: an
/// engine makes some of them where every process of this machine has them.
fn has_files(mounts: &str, id: &str) -> bool {
    !id.is_empty()
        && mounts.lines().any(|line| {
            let mut fields = line.split(' ').skip(3);
            let (source, target) = (fields.next().unwrap_or_default(), fields.next().unwrap_or_default());
            OWN_FILES.contains(&target) && source.split('/').any(|part| part == id)
        })
}

/// Whether a mount at `/` has this layer as its uppermost. Every process of this machine has the same mount elsewhere.
fn is_root(mounts: &str, layer: &str) -> bool {
    let upper = format!("upperdir={layer}");
    !layer.is_empty()
        && mounts.lines().any(|line| {
            let mut fields = line.split(' ');
            fields.nth(4) == Some("/")
                && fields.next_back().is_some_and(|options| options.split(',').any(|option| option == upper))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_control_group_names_its_container() {
        for (groups, expected) in [
            ("12:cpu:/docker/abc\n0::/\n", true),
            ("0::/system.slice/docker-abc.scope\n", true),
            ("0::/user.slice/user@1.service/libpod-abc.scope/container\n", true),
            ("8:pids:/libpod_parent/libpod-abc\n", true),
            ("0::/machine.slice/libpod-conmon-abc.scope\n", false),
            ("0::/docker/abcd\n", false),
            ("0::/\n", false),
            ("", false),
        ] {
            assert_eq!(in_group(groups, "abc"), expected, "{groups}");
        }
        assert!(!in_group("0::/\n", "") && !has_files("1 2 0:3 / /etc/hosts rw - x x x\n", ""));
    }

    #[test]
    fn mounts_that_everybody_has_tell_nothing() {
        for (mount, expected) in [
            ("91 72 254:0 /var/lib/docker/containers/abc/hosts /etc/hosts rw - ext4 /dev/vda rw", true),
            ("9 7 0:0 /overlay-containers/abc/userdata/resolv.conf /etc/resolv.conf rw - tmpfs tmpfs rw", true),
            ("91 72 254:0 /var/lib/docker/containers/abcd/hosts /etc/hosts rw - ext4 /dev/vda rw", false),
            ("47 42 0:41 / /var/lib/docker/containers/abc/mounts/shm rw shared:3 - tmpfs shm rw", false),
            ("47 42 0:4 /containers/abc/hosts /var/lib/docker/containers/abc/hosts rw - ext4 x rw", false),
            ("91 72 254:0", false),
        ] {
            assert_eq!(has_files(mount, "abc"), expected, "{mount}");
        }
    }

    #[test]
    fn a_root_is_told_by_its_uppermost_layer() {
        let options = "overlay rw,lowerdir=/l/a:/l/b,upperdir=/s/abc/diff,workdir=/s/abc/work";
        let at = |target: &str| format!("72 48 0:39 / {target} rw,relatime master:2 - overlay {options}\n");
        assert!(is_root(&at("/"), "/s/abc/diff"));
        assert!(!is_root(&at("/s/abc/merged"), "/s/abc/diff"), "the machine's own");
        assert!(!is_root(&at("/"), "/s/abc/di") && !is_root(&at("/"), "/l/a") && !is_root(&at("/"), ""));
    }
}
