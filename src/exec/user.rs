//! As whom a command runs in a container, so that what it writes into the project belongs to the person.

use crate::access::service::{changes_user_itself, says_root};
use crate::access::{IdMaps, RunsAs};
use crate::facts::{Container, EngineKind, Fact, MountKind, Owner};
use crate::project::compose::is_below;

/// The user that a command is given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Who {
    /// The service's own: nothing is said to the engine.
    Own(WhyOwn),
    /// The one that the person named.
    Named(String),
    /// The one that is the person on the host.
    Person(Owner),
}

/// Why the service's own user is the right one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyOwn {
    /// Docker Desktop shows what a container writes as the person's, whoever wrote it.
    Desktop,
    /// The engine runs on another machine.
    Elsewhere,
    /// No writable mount of the container shows the project.
    NotMounted,
    /// The image's processes start as root and change to a user of their own.
    ChangesUser,
    /// It is the person already.
    Same,
}

impl WhyOwn {
    /// For people.
    pub fn words(self) -> &'static str {
        match self {
            Self::Desktop => "Docker Desktop gives what a container writes to you, whoever wrote it",
            Self::Elsewhere => "the engine runs on another machine, whose users are not yours",
            Self::NotMounted => "no writable mount of it shows the project",
            Self::ChangesUser => "its image changes to a user of its own",
            Self::Same => "it is you",
        }
    }
}

/// Why no user of the container is the person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The engine's map of numbers leaves the person out.
    #[error(
        "no user of `{container}` is you: the engine maps its users to {mapped} on this machine, and you are {person}"
    )]
    NotMapped {
        /// Name of the container.
        container: String,
        /// The person's numbers.
        person: Owner,
        /// The engine's numbers here, for people.
        mapped: String,
    },
    /// How numbers are mapped is not known.
    #[error("it cannot be told which user of `{container}` is you: {reason}")]
    NoMap {
        /// Name of the container.
        container: String,
        /// What is missing.
        reason: String,
    },
}

/// What decides the user.
pub struct Place<'a> {
    /// The container.
    pub container: &'a Container,
    /// What kind of engine runs it.
    pub kind: EngineKind,
    /// Whether the engine runs on this machine.
    pub local: bool,
    /// How the container's numbers are mapped.
    pub maps: Fact<IdMaps>,
    /// The root of the project.
    pub root: &'a str,
    /// The working directory on the host.
    pub here: &'a str,
    /// Who works on the project.
    pub developer: Owner,
    /// Whom a directory of this machine belongs to; `None` for what is no directory.
    pub owner_of: &'a dyn Fn(&str) -> Option<Owner>,
}

impl Place<'_> {
    /// The user of a command, as far as numbers alone decide it: [`settled`] looks whether the service's own is the same.
    ///
    /// # Errors
    /// When no user of the container is the person.
    pub fn who(&self, named: Option<&str>) -> Result<Who, Refusal> {
        if let Some(user) = named {
            return Ok(Who::Named(user.to_owned()));
        }
        if self.kind == EngineKind::Desktop {
            return Ok(Who::Own(WhyOwn::Desktop));
        }
        if !self.local {
            return Ok(Who::Own(WhyOwn::Elsewhere));
        }
        if changes_user_itself(&self.container.image) || self.container.environment.get_nonempty("PUID").is_some() {
            return Ok(Who::Own(WhyOwn::ChangesUser));
        }
        if !self.shows_project() {
            return Ok(Who::Own(WhyOwn::NotMounted));
        }
        let container = self.container.name.clone();
        let maps = match &self.maps {
            Ok(maps) => maps,
            Err(missing) => return Err(Refusal::NoMap { container, reason: missing.reason.clone() }),
        };
        let person = self.developer;
        let uid = maps.uid_in_container(person.uid);
        let gid = maps.gid_in_container(person.gid);
        match (uid, gid) {
            (Some(uid), Some(gid)) => Ok(Who::Person(Owner { uid, gid })),
            // Root of a rootless engine is the person, whichever group they are in at the moment.
            (Some(0), None) => Ok(Who::Person(Owner { uid: 0, gid: 0 })),
            _ => Err(Refusal::NotMapped { container, person, mapped: mapped(maps) }),
        }
    }

    /// Whether a writable mount shows the project: its root or what is above, or a folder in it that is the developer's.
    /// A folder in it that belongs to somebody else holds data of the service; folders of settings are read, not written.
    fn shows_project(&self) -> bool {
        const SETTINGS: [&str; 3] = ["/etc", "/docker-entrypoint-initdb.d", "/usr/share"];
        let binds = self.container.mounts.iter().filter(|mount| mount.kind == MountKind::Bind && mount.writable);
        let mut sources = binds.filter(|mount| !SETTINGS.iter().any(|place| is_below(&mount.target, place)));
        sources.any(|mount| {
            let source = mount.source.as_str();
            is_below(self.root, source)
                || (is_below(source, self.root)
                    && (self.owner_of)(source)
                        .is_some_and(|owner| owner.uid == self.developer.uid || is_below(self.here, source)))
        })
    }
}

/// The user when the container's accounts are known: the service's own when it has the person's number, since that keeps its
/// groups; else the number alone when its login has the person's group, so that the login's groups apply.
///
/// The engine gives a process the supplementary groups of `/etc/group` only when no group is named beside the user.
pub fn settled(who: Who, container: &Container) -> (Who, Option<String>) {
    match who {
        Who::Own(_) => (who, None),
        Who::Named(ref user) => {
            let user = user.clone();
            (who, Some(user))
        }
        Who::Person(owner) => {
            if RunsAs::of(container).is_ok_and(|own| own.identity.owner.uid == owner.uid) {
                return (Who::Own(WhyOwn::Same), None);
            }
            let login = container.passwd.iter().flatten().find(|entry| entry.uid == owner.uid);
            let user = match login {
                Some(login) if login.gid == owner.gid => owner.uid.to_string(),
                _ => owner.to_string(),
            };
            (who, Some(user))
        }
    }
}

/// Whether a command's user is root by what is known without the container's accounts, so that none have to be looked at.
pub fn is_plainly_root(who: &Who, container: &Container) -> bool {
    match who {
        Who::Own(_) => says_root(&container.user),
        Who::Named(user) => says_root(user),
        Who::Person(owner) => owner.uid == 0 && says_root(&container.user),
    }
}

fn mapped(maps: &IdMaps) -> String {
    let range = |range: &crate::facts::IdRange| match range.count {
        1 => range.outside.to_string(),
        count => format!("{}–{}", range.outside, u64::from(range.outside) + u64::from(count) - 1),
    };
    maps.uids.iter().map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "user/tests.rs"]
mod tests;
