//! How the engine maps user and group numbers between containers and the host, both ways.

use crate::facts::{Docker, EngineHint, EngineKind, Fact, Facts, IdRange, Missing, Need, Owner};

/// The user namespace of a container. Empty lists: its numbers are the host's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdMaps {
    /// User numbers.
    pub uids: Vec<IdRange>,
    /// Group numbers.
    pub gids: Vec<IdRange>,
}

/// The number that the kernel shows for an owner that a user namespace does not know (`/proc/sys/kernel/overflowuid`).
pub const UNMAPPED: u32 = 65_534;

/// Why nothing is said of owners behind Docker Desktop but what the host itself shows.
pub const DESKTOP: &str = "Docker Desktop maps owners by itself, so whose the files are is seen on the host alone";

/// That reason, when Docker Desktop is the engine.
pub fn untold_owners(facts: &Facts) -> Option<Missing> {
    let desktop = facts.docker.as_ref().is_ok_and(|docker| docker.kind == EngineKind::Desktop);
    let hinted = facts.docker.is_err() && facts.engine_hint == Some(EngineHint::Kind(EngineKind::Desktop));
    (desktop || hinted).then(|| Missing::new(Need::Docker, DESKTOP))
}

/// Whether root in a container of this `userns_mode` is root here, where no engine answered: by what shows of the one that
/// would. `None`: nothing shows. Where nobody looked it is, as on an ordinary engine.
pub fn root_without_engine(facts: &Facts, userns_mode: &str) -> Option<bool> {
    match &facts.engine_hint {
        None | Some(EngineHint::Kind(EngineKind::Rootful)) => Some(true),
        Some(EngineHint::Kind(EngineKind::UsernsRemap)) => Some(userns_mode == "host"),
        Some(EngineHint::Kind(_)) => Some(false),
        Some(EngineHint::Unknown(_)) => None,
    }
}

impl IdMaps {
    /// The maps of a container with this `userns_mode`.
    ///
    /// # Errors
    /// Behind Docker Desktop a file share decides owners, not a map of numbers; and a map that was not found out is not
    /// taken for identity.
    pub fn of(docker: &Docker, userns_mode: &str) -> Fact<Self> {
        match docker.kind {
            EngineKind::Desktop => Err(Missing::new(Need::Docker, DESKTOP)),
            // dockerd, `--userns-remap`: "`--userns=host` disables user namespaces for a container".
            EngineKind::UsernsRemap if userns_mode == "host" => Ok(Self::default()),
            EngineKind::Podman => super::podman::maps(docker, userns_mode),
            _ => Ok(Self { uids: docker.uid_map.clone()?, gids: docker.gid_map.clone()? }),
        }
    }

    /// Whether the host sees the same numbers.
    pub fn is_identity(&self) -> bool {
        self.uids.is_empty() && self.gids.is_empty()
    }

    /// The owner that the host sees for one in the container (`user_namespaces(7)`, "User and group ID mappings").
    pub fn to_host(&self, owner: Owner) -> Option<Owner> {
        Some(Owner { uid: outside(&self.uids, owner.uid)?, gid: outside(&self.gids, owner.gid)? })
    }

    /// The owner that a container sees for one on the host; `None` where the kernel shows [`UNMAPPED`].
    pub fn to_container(&self, owner: Owner) -> Option<Owner> {
        Some(Owner { uid: inside(&self.uids, owner.uid)?, gid: inside(&self.gids, owner.gid)? })
    }

    /// The user number that a container sees for one of the host.
    pub fn uid_in_container(&self, uid: u32) -> Option<u32> {
        inside(&self.uids, uid)
    }

    /// The group number that a container sees for one of the host.
    pub fn gid_in_container(&self, gid: u32) -> Option<u32> {
        inside(&self.gids, gid)
    }

    /// The user number that the host sees.
    pub fn uid_on_host(&self, uid: u32) -> Option<u32> {
        outside(&self.uids, uid)
    }

    /// The group number that the host sees.
    pub fn gid_on_host(&self, gid: u32) -> Option<u32> {
        outside(&self.gids, gid)
    }
}

fn shifted(ranges: &[IdRange], number: u32, ends: impl Fn(&IdRange) -> (u32, u32)) -> Option<u32> {
    if ranges.is_empty() {
        return Some(number);
    }
    ranges.iter().find_map(|range| {
        let (from, to) = ends(range);
        let offset = number.checked_sub(from).filter(|offset| *offset < range.count)?;
        to.checked_add(offset)
    })
}

fn outside(ranges: &[IdRange], number: u32) -> Option<u32> {
    shifted(ranges, number, |range| (range.inside, range.outside))
}

fn inside(ranges: &[IdRange], number: u32) -> Option<u32> {
    shifted(ranges, number, |range| (range.outside, range.inside))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(uid: u32) -> Owner {
        Owner { uid, gid: uid }
    }

    fn maps(ranges: &[(u32, u32, u32)]) -> IdMaps {
        let ranges: Vec<IdRange> =
            ranges.iter().map(|&(inside, outside, count)| IdRange { inside, outside, count }).collect();
        IdMaps { uids: ranges.clone(), gids: ranges }
    }

    #[test]
    fn numbers_are_mapped_both_ways() {
        let rootless = maps(&[(0, 1000, 1), (1, 100_000, 65_536)]);
        let remapped = maps(&[(0, 165_536, 65_536)]);
        let identity = IdMaps::default();
        for (map, inside, outside) in [
            (&rootless, 0, 1000),
            (&rootless, 1, 100_000),
            (&rootless, 1000, 100_999),
            (&remapped, 0, 165_536),
            (&remapped, 1000, 166_536),
            (&identity, 1000, 1000),
        ] {
            assert_eq!(map.to_host(owner(inside)), Some(owner(outside)));
            assert_eq!(map.to_container(owner(outside)), Some(owner(inside)));
        }
    }

    #[test]
    fn without_an_engine_root_is_judged_by_what_shows_of_it() {
        let told = |hint: Option<EngineHint>, mode| {
            root_without_engine(&Facts { engine_hint: hint, ..Facts::default() }, mode)
        };
        let kind = |kind| Some(EngineHint::Kind(kind));
        for (hint, expected, outside) in [
            (None, Some(true), Some(true)),
            (kind(EngineKind::Rootful), Some(true), Some(true)),
            // Its containers have other numbers, but for those that are to have the host's.
            (kind(EngineKind::UsernsRemap), Some(false), Some(true)),
            (kind(EngineKind::Rootless), Some(false), Some(false)),
            (kind(EngineKind::Desktop), Some(false), Some(false)),
            (Some(EngineHint::Unknown("tcp://x".to_owned())), None, None),
        ] {
            assert_eq!([told(hint.clone(), ""), told(hint.clone(), "host")], [expected, outside], "{hint:?}");
        }
    }

    #[test]
    fn numbers_outside_the_map_have_no_counterpart() {
        let remapped = maps(&[(0, 165_536, 65_536)]);
        assert_eq!(remapped.to_container(owner(0)), None);
        assert_eq!(remapped.to_container(owner(1000)), None);
        assert_eq!(remapped.to_host(owner(65_536)), None);
        assert_eq!(maps(&[(0, u32::MAX, 10)]).to_host(owner(5)), None);
    }
}
