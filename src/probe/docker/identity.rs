//! How an engine maps the user numbers of its containers to this machine's.

#![expect(clippy::disallowed_methods, reason = "the maps lie in /proc and /etc")]

use serde_json::Value;

use super::connect::Listener;
use crate::facts::{EngineKind, Fact, IdRange, Missing, Need};

/// How many numbers a user namespace of a remapping engine has when `/etc/subuid` does not say.
const USUAL_COUNT: u32 = 65_536;

/// What kind of engine these answers to `/version` and `/info` come from.
pub(super) fn kind_of(version: &Value, info: &Value) -> EngineKind {
    let component_names = version.get("Components").and_then(Value::as_array).into_iter().flatten();
    let podman = component_names
        .filter_map(|component| component.get("Name").and_then(Value::as_str))
        .any(|name| name.to_lowercase().contains("podman"));
    if podman {
        EngineKind::Podman
    } else if info.get("OperatingSystem").and_then(Value::as_str) == Some("Docker Desktop") {
        EngineKind::Desktop
    } else if has_option(info, "rootless") {
        EngineKind::Rootless
    } else if has_option(info, "userns") {
        EngineKind::UsernsRemap
    } else {
        EngineKind::Rootful
    }
}

/// Whether the engine names a security option.
fn has_option(info: &Value, name: &str) -> bool {
    let options = info.get("SecurityOptions").and_then(Value::as_array).into_iter().flatten();
    options.filter_map(Value::as_str).any(|option| option.split(',').any(|part| part == format!("name={name}")))
}

/// The files of this machine that tell how numbers are mapped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MapFiles {
    /// Who listens behind the socket.
    pub listener: Option<Listener>,
    /// Login name of that user.
    pub listener_name: Option<String>,
    /// `/proc/<pid>/uid_map` of that process.
    pub uid_map: Option<String>,
    /// `/proc/<pid>/gid_map` of that process.
    pub gid_map: Option<String>,
    /// `/etc/subuid`.
    pub subuid: String,
    /// `/etc/subgid`.
    pub subgid: String,
    /// Primary group of the listener.
    pub listener_gid: Option<u32>,
}

/// Reads those files.
pub(super) fn read(listener: Option<Listener>) -> MapFiles {
    let file = |path: &str| std::fs::read_to_string(path).ok();
    let passwd = file("/etc/passwd").unwrap_or_default();
    let entry = super::understand::passwd(&passwd)
        .into_iter()
        .find(|entry| listener.is_some_and(|listener| entry.uid == listener.uid));
    let of_process = |name: &str| file(&format!("/proc/{}/{name}", listener?.pid?));
    MapFiles {
        listener,
        uid_map: of_process("uid_map"),
        gid_map: of_process("gid_map"),
        subuid: file("/etc/subuid").unwrap_or_default(),
        subgid: file("/etc/subgid").unwrap_or_default(),
        listener_gid: entry.as_ref().map(|entry| entry.gid),
        listener_name: entry.map(|entry| entry.name),
    }
}

/// The maps for users and for groups.
pub(super) fn maps(
    kind: EngineKind,
    info: &Value,
    local: bool,
    files: &MapFiles,
) -> (Fact<Vec<IdRange>>, Fact<Vec<IdRange>>) {
    let missing = |reason: &str| {
        let missing = Missing::new(Need::Docker, reason);
        (Err(missing.clone()), Err(missing))
    };
    let rootless = match kind {
        EngineKind::Rootless => true,
        // Podman says it in a word of its own, and only newer ones among the security options.
        EngineKind::Podman => info.get("Rootless") == Some(&Value::Bool(true)) || has_option(info, "rootless"),
        _ => false,
    };
    match kind {
        EngineKind::Desktop => {
            missing("Docker Desktop runs containers in a machine of its own, which shifts user numbers its own way")
        }
        _ if rootless && !local => missing("the engine runs elsewhere, so its map of user numbers cannot be read"),
        _ if rootless => {
            let Some(listener) = files.listener else {
                return missing("whose the rootless engine is cannot be seen from here");
            };
            let who = Who { number: listener.uid, name: files.listener_name.as_deref() };
            let users = of_rootless(files.uid_map.as_deref(), listener.uid, &files.subuid, &who);
            let groups = match files.listener_gid {
                Some(gid) => of_rootless(files.gid_map.as_deref(), gid, &files.subgid, &who),
                None => files.gid_map.as_deref().and_then(|map| namespace(map).filter(|ranges| !ranges.is_empty())),
            };
            let known = |map: Option<Vec<IdRange>>, file: &str| {
                map.ok_or_else(|| {
                    Missing::new(Need::Docker, format!("{file} has no range for the rootless engine's user"))
                })
            };
            (known(users, "/etc/subuid"), known(groups, "/etc/subgid"))
        }
        EngineKind::UsernsRemap => match remapped_root(info) {
            Some((uid, gid)) => (Ok(of_remapped(uid, &files.subuid)), Ok(of_remapped(gid, &files.subgid))),
            None => missing("the engine's data root does not tell how it maps user numbers"),
        },
        _ => (Ok(vec![]), Ok(vec![])),
    }
}

/// A person in `/etc/subuid`, where a line may begin with the name or the number.
struct Who<'name> {
    number: u32,
    name: Option<&'name str>,
}

/// The map of a rootless engine: its process's own, else what `/etc/subuid` makes of its user: container root is that
/// user, the others follow from the subordinate numbers.
fn of_rootless(process: Option<&str>, own: u32, subordinate: &str, who: &Who<'_>) -> Option<Vec<IdRange>> {
    // A socket that systemd opened belongs to a process outside the namespace; its map says nothing.
    let of_process = process
        .and_then(namespace)
        .filter(|ranges| ranges.first().is_some_and(|first| first.inside == 0 && first.outside == own));
    of_process.or_else(|| {
        let mut ranges = vec![IdRange { inside: 0, outside: own, count: 1 }];
        append(&mut ranges, subordinates(subordinate, |user| is_who(user, who)));
        (ranges.len() > 1).then_some(ranges)
    })
}

fn is_who(user: &str, who: &Who<'_>) -> bool {
    Some(user) == who.name || user.parse() == Ok(who.number)
}

/// The map of a remapping engine whose container root is `root` here.
fn of_remapped(root: u32, subordinate: &str) -> Vec<IdRange> {
    let owner = subordinates(subordinate, |_| true).into_iter().find(|(_, start, _)| *start == root);
    let mut ranges = vec![];
    if let Some((user, ..)) = owner {
        append(&mut ranges, subordinates(subordinate, |other| other == user));
    }
    match ranges.first() {
        Some(first) if first.outside == root => ranges,
        _ => vec![IdRange { inside: 0, outside: root, count: USUAL_COUNT }],
    }
}

/// Adds runs one after the other, as engines do.
fn append(ranges: &mut Vec<IdRange>, runs: Vec<(&str, u32, u32)>) {
    for (_, outside, count) in runs {
        let inside = ranges.last().map_or(Some(0), |last| last.inside.checked_add(last.count));
        if let Some(inside) = inside {
            ranges.push(IdRange { inside, outside, count });
        }
    }
}

/// The lines of `/etc/subuid` for some users: user, first number, how many.
fn subordinates(text: &str, wanted: impl Fn(&str) -> bool) -> Vec<(&str, u32, u32)> {
    text.lines()
        .filter_map(|line| {
            let mut fields = line.trim().split(':');
            let (user, start, count) = (fields.next()?, fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
            (wanted(user) && count > 0).then_some((user, start, count))
        })
        .collect()
}

/// `/proc/<pid>/uid_map`; empty when it maps every number to itself.
fn namespace(text: &str) -> Option<Vec<IdRange>> {
    let mut ranges = vec![];
    for line in text.lines() {
        let numbers: Vec<u32> = line.split_whitespace().map(str::parse).collect::<Result<_, _>>().ok()?;
        let [inside, outside, count] = numbers[..] else { return None };
        ranges.push(IdRange { inside, outside, count });
    }
    ranges.sort_by_key(|range| range.inside);
    match ranges[..] {
        [] => None,
        [IdRange { inside: 0, outside: 0, count: u32::MAX }] => Some(vec![]),
        _ => Some(ranges),
    }
}

/// The host's numbers of container root, which a remapping engine writes at the end of its data root:
/// `/var/lib/docker/165536.165536`.
fn remapped_root(info: &Value) -> Option<(u32, u32)> {
    let root = info.get("DockerRootDir").and_then(Value::as_str)?;
    let (uid, gid) = root.trim_end_matches('/').rsplit('/').next()?.split_once('.')?;
    Some((uid.parse().ok()?, gid.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn range(inside: u32, outside: u32, count: u32) -> IdRange {
        IdRange { inside, outside, count }
    }

    fn files(uid_map: Option<&str>) -> MapFiles {
        MapFiles {
            listener: Some(Listener { uid: 1001, pid: Some(7) }),
            listener_name: Some("me".to_owned()),
            uid_map: uid_map.map(str::to_owned),
            gid_map: None,
            subuid: "you:300000:65536\nme:100000:1000\nbroken\n1001:500000:10\ndockremap:165536:65536\n".to_owned(),
            subgid: "me:200000:65536\n".to_owned(),
            listener_gid: Some(1002),
        }
    }

    #[test]
    fn a_rootless_engines_root_is_its_user() {
        let info = json!({"SecurityOptions": ["name=seccomp,profile=default", "name=rootless"]});
        let own = "         0       1001          1\n         1     700000      65536\n";
        let identity = "         0          0 4294967295\n";
        let podman = json!({"Rootless": true, "SecurityOptions": ["name=seccomp,profile=default"]});
        let (users, _) = maps(EngineKind::Podman, &podman, true, &files(Some(own)));
        assert_eq!(users, Ok(vec![range(0, 1001, 1), range(1, 700_000, 65536)]));
        let (users, _) = maps(EngineKind::Podman, &json!({"Rootless": false}), true, &files(None));
        assert_eq!(users, Ok(vec![]));
        for (process, expected) in [
            (Some(own), vec![range(0, 1001, 1), range(1, 700_000, 65536)]),
            (Some(identity), vec![range(0, 1001, 1), range(1, 100_000, 1000), range(1001, 500_000, 10)]),
            (None, vec![range(0, 1001, 1), range(1, 100_000, 1000), range(1001, 500_000, 10)]),
        ] {
            let (users, groups) = maps(EngineKind::Rootless, &info, true, &files(process));
            assert_eq!(users, Ok(expected));
            assert_eq!(groups, Ok(vec![range(0, 1002, 1), range(1, 200_000, 65536)]));
        }
    }

    #[test]
    fn what_cannot_be_known_is_missing_not_the_identity() {
        let info = json!({"SecurityOptions": ["name=rootless"]});
        let none = MapFiles { listener: None, ..files(None) };
        let nobody = MapFiles { subuid: String::new(), ..files(None) };
        for (kind, local, files) in [
            (EngineKind::Desktop, true, &files(None)),
            (EngineKind::Rootless, false, &files(None)),
            (EngineKind::Rootless, true, &none),
            (EngineKind::Rootless, true, &nobody),
            (EngineKind::UsernsRemap, true, &none),
        ] {
            assert!(maps(kind, &info, local, files).0.is_err(), "{kind:?} {files:?}");
        }
    }

    #[test]
    fn a_remapping_engine_says_its_root_in_its_data_root() {
        let info = json!({"DockerRootDir": "/var/lib/docker/165536.200000", "SecurityOptions": ["name=userns"]});
        let (users, groups) = maps(EngineKind::UsernsRemap, &info, true, &files(None));
        assert_eq!(users, Ok(vec![range(0, 165_536, 65536)]));
        assert_eq!(groups, Ok(vec![range(0, 200_000, 65536)]));
        let unknown = json!({"DockerRootDir": "/d/77.88"});
        assert_eq!(maps(EngineKind::UsernsRemap, &unknown, true, &files(None)).0, Ok(vec![range(0, 77, 65536)]));
    }
}
