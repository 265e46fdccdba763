//! Who a process in a container is: the engine's reading of `user:`, `-u` and `USER`.
//!
//! The rules were measured on engine 20.10 with made-up passwd files; `tests/access_real.rs` asks the real engine again.

use crate::facts::{Container, Environment, Fact, Group, Identity, Missing, Owner, PasswdEntry};

/// Numbers above this are refused by the engine (`uids and gids must be in range 0-2147483647`).
const LARGEST: u32 = i32::MAX as u32;

/// Who a process is, and where its home is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunsAs {
    /// User, groups, and the login name when the container's passwd file has one.
    pub identity: Identity,
    /// `HOME` as the process sees it; `None` when the passwd file that decides could not be read.
    pub home: Option<String>,
}

/// Why it cannot be said who a process would be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unresolved {
    /// The container's passwd file has no such name: the engine refuses to start the process.
    #[error("the container has no user `{0}`")]
    NoSuchUser(String),
    /// The container's group file has no such name: the engine refuses to start the process.
    #[error("the container has no group `{0}`")]
    NoSuchGroup(String),
    /// The number is negative or too large: the engine refuses to start the process.
    #[error("`{0}` is out of the range of user numbers")]
    OutOfRange(String),
    /// The file that decides could not be read.
    #[error(transparent)]
    Unknown(#[from] Missing),
}

/// A number as the engine reads it (Go's `strconv.Atoi`: a sign and leading zeros are taken).
fn number(text: &str) -> Option<Result<u32, Unresolved>> {
    let value: i64 = text.parse().ok()?;
    Some(
        u32::try_from(value)
            .ok()
            .filter(|number| *number <= LARGEST)
            .ok_or_else(|| Unresolved::OutOfRange(text.to_owned())),
    )
}

/// Who `user` is in a container.
///
/// * Before the colon: nothing means 0, a number is a number even when a login has that name, a name needs a passwd entry.
/// * After it: nothing means the entry's primary group, and 0 for a number without entry. A group that is named switches
///   the supplementary groups of the group file off; `group_add` stays.
/// * `HOME` of the environment wins unless it is empty. Else it is the home of the *first* entry with that user number, and
///   `/` where there is none.
///
/// # Errors
/// When the engine would refuse it, and when a file that decides is not known.
pub fn resolve(
    user: &str,
    group_add: &[String],
    passwd: &Fact<Vec<PasswdEntry>>,
    groups: &Fact<Vec<Group>>,
    environment: &Environment,
) -> Result<RunsAs, Unresolved> {
    let (user_part, group_part) = user.split_once(':').unwrap_or((user, ""));
    let uid_given = if user_part.is_empty() { Some(0) } else { number(user_part).transpose()? };
    let entry = match (passwd, uid_given) {
        (Ok(entries), Some(uid)) => entries.iter().find(|entry| entry.uid == uid),
        (Ok(entries), None) => Some(
            entries
                .iter()
                .find(|entry| entry.name == user_part)
                .ok_or_else(|| Unresolved::NoSuchUser(user_part.to_owned()))?,
        ),
        (Err(_), Some(_)) => None,
        // Every image that has a passwd file calls 0 `root`, and one that has none refuses the name.
        (Err(_), None) if user_part == "root" => None,
        (Err(missing), None) => return Err(missing.clone().into()),
    };
    let uid = uid_given.or(entry.map(|entry| entry.uid)).unwrap_or(0);
    let gid = if group_part.is_empty() {
        match (entry, passwd) {
            (Some(entry), _) => entry.gid,
            (None, Ok(_)) => 0,
            (None, Err(_)) if uid == 0 => 0,
            (None, Err(missing)) => return Err(missing.clone().into()),
        }
    } else {
        group_number(group_part, groups, false)?
    };
    let mut supplementary = vec![];
    if let (Some(entry), true, Ok(groups)) = (entry, group_part.is_empty(), groups) {
        let is_member = |group: &&Group| group.members.contains(&entry.name);
        supplementary.extend(groups.iter().filter(is_member).map(|group| group.gid));
    }
    for extra in group_add {
        supplementary.push(group_number(extra, groups, true)?);
    }
    supplementary.sort_unstable();
    supplementary.dedup();
    Ok(RunsAs {
        identity: Identity {
            owner: Owner { uid, gid },
            groups: supplementary,
            name: entry.map(|entry| entry.name.clone()),
        },
        home: home(uid, passwd, environment),
    })
}

/// The number of a group. In `user:` a number is a number; `group_add` looks for a group of that name first.
fn group_number(text: &str, groups: &Fact<Vec<Group>>, name_first: bool) -> Result<u32, Unresolved> {
    let given = number(text).transpose()?;
    if let (Some(gid), false) = (given, name_first) {
        return Ok(gid);
    }
    match (groups, given) {
        (Ok(groups), _) => groups
            .iter()
            .find(|group| group.name == text)
            .map(|group| group.gid)
            .or(given)
            .ok_or_else(|| Unresolved::NoSuchGroup(text.to_owned())),
        (Err(_), Some(gid)) => Ok(gid),
        (Err(missing), None) => Err(missing.clone().into()),
    }
}

fn home(uid: u32, passwd: &Fact<Vec<PasswdEntry>>, environment: &Environment) -> Option<String> {
    if let Some(home) = environment.get_nonempty("HOME") {
        return Some(home.to_owned());
    }
    let entries = passwd.as_ref().ok()?;
    Some(entries.iter().find(|entry| entry.uid == uid).map_or_else(|| "/".to_owned(), |entry| entry.home.clone()))
}

impl RunsAs {
    /// Who the main process of a container is.
    ///
    /// # Errors
    /// See [`resolve`].
    pub fn of(container: &Container) -> Result<Self, Unresolved> {
        Self::by_exec(container, None, &[])
    }

    /// Who `docker exec` makes a process: with `-u USER`, or else as the container itself; `given` are its `-e` variables.
    ///
    /// # Errors
    /// See [`resolve`].
    pub fn by_exec(
        container: &Container,
        user: Option<&str>,
        given: &[(String, Option<String>)],
    ) -> Result<Self, Unresolved> {
        let environment = exec_environment(container, given);
        let user = user.unwrap_or(&container.user);
        resolve(user, &container.group_add, &container.passwd, &container.groups, &environment)
    }

    /// Whether the passwd file has an entry for this user number.
    pub fn has_login(&self) -> bool {
        self.identity.name.is_some()
    }
}

/// The environment of a process that `docker exec -e …` starts: the container's, and what is given over it.
pub fn exec_environment(container: &Container, given: &[(String, Option<String>)]) -> Environment {
    let mut environment = container.environment.clone();
    for (name, value) in given {
        match value {
            Some(value) => environment.0.insert(name.clone(), value.clone()),
            // `-e NAME` takes the caller's value, which is not known here.
            None => environment.0.remove(name),
        };
    }
    environment
}

#[cfg(test)]
#[path = "user/tests.rs"]
mod tests;
