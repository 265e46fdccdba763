//! Who asks, to whom paths of this machine belong, and the environment: the one place that reads it.
#![expect(clippy::disallowed_methods, reason = "this is the place where the environment is read")]

use std::collections::BTreeMap;
use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::stat::{lstat, stat};
use nix::unistd::{Gid, Uid, User, getegid, geteuid, getgrouplist, getgroups};

use crate::facts::{Environment, Fact, Host, Identity, Missing, Need, Owner, SeenPath};

use super::filesystems::Mounts;
use super::patience::{Patience, each};
use super::walk::{path_stat, walk};
use super::wsl;

/// All of devdoctor's own environment that is UTF-8: Compose may interpolate any of it.
pub fn environment() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The variables that decide something and are recorded as facts.
pub fn recorded(environment: &Environment) -> Environment {
    environment
        .0
        .iter()
        .filter(|(name, _)| is_recorded(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

fn is_recorded(name: &str) -> bool {
    const NAMES: [&str; 23] = [
        "DOCKER_API_VERSION",
        "DOCKER_CERT_PATH",
        "DOCKER_CONFIG",
        "DOCKER_CONTEXT",
        "DOCKER_HOST",
        "DOCKER_TLS_VERIFY",
        "EUID",
        "GID",
        "GROUP_ID",
        "GROUPID",
        "HOME",
        "HOST_GID",
        "HOST_UID",
        "LOCAL_GID",
        "LOCAL_UID",
        "LOGNAME",
        "PGID",
        "PUID",
        "UID",
        "USER",
        "USERID",
        "USER_GID",
        "USER_UID",
    ];
    const STARTS: [&str; 10] =
        ["COMPOSE_", "DB_", "DATABASE_", "PG", "POSTGRES_", "PIP_", "SUDO_", "UV_", "WSL_", "XDG_"];
    const ENDS: [&str; 4] = ["DATABASE_URL", "DATABASE_URI", "_DSN", "DB_URL"];
    NAMES.contains(&name)
        || name == "USER_ID"
        || STARTS.iter().any(|start| name.starts_with(start))
        || ENDS.iter().any(|end| name.ends_with(end))
        || crate::project::commands::user::names_a_number(name)
        || name.eq_ignore_ascii_case("npm_config_cache")
}

/// Looks at this machine: who asks, whom the project's root belongs to, what under it does not, and the wished paths.
///
/// # Errors
/// When the project's root cannot be looked at.
pub fn look(
    root: &Path,
    person: Person,
    environment: &Environment,
    wishes: &[String],
    deadline: Instant,
) -> Fact<Host> {
    let missing = |error: Errno| {
        let reason = error.desc().to_lowercase();
        Missing::new(Need::Host, format!("`{}` cannot be looked at: {reason}", SeenPath(root.to_owned()).display()))
    };
    let of_root = path_stat(&stat(root).map_err(missing)?);
    let Person { identity, home, through_sudo } = person;
    let at_home = home.as_ref().map(SeenPath::as_path);
    let git = super::git::look(root, at_home, environment, of_root.owner.uid, deadline);
    // Root's own home holds what is root's.
    let of_person = at_home.filter(|_| identity.owner.uid != 0);
    let home_foreign = of_person.map(|home| super::home::look(home, identity.owner.uid, deadline)).unwrap_or_default();
    let mounts = Mounts::of_this_process();
    let wsl = wsl::look(&mounts);
    let (mut paths, mut filesystems, mut unanswered) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
    let (theirs, of_wsl) = (mounts.clone(), wsl.clone());
    let look = move |wish: &String| {
        let path = Path::new(wish);
        (lstat(path).map(|stat| path_stat(&stat)), theirs.under(path, &of_wsl))
    };
    for (wish, seen) in wishes.iter().zip(each(wishes.to_vec(), Patience::until(deadline), look)) {
        // What does not answer stays unknown, and is named; so does what may not be looked at.
        let (stat, filesystem) = match seen {
            Ok(seen) => seen,
            Err(reason) => {
                unanswered.insert(wish.clone(), reason.to_owned());
                continue;
            }
        };
        match stat {
            Ok(stat) => paths.insert(wish.clone(), Some(stat)),
            Err(Errno::ENOENT | Errno::ENOTDIR) => paths.insert(wish.clone(), None),
            Err(_) => None,
        };
        filesystems.extend(filesystem.map(|filesystem| (wish.clone(), filesystem)));
    }
    Ok(Host {
        person: identity,
        home,
        effective_uid: geteuid().as_raw(),
        through_sudo,
        root_owner: of_root.owner,
        filesystem: mounts.under(root, &wsl),
        filesystems,
        walk: walk(root, of_root.owner.uid, deadline).map_err(missing)?,
        git,
        home_foreign,
        paths,
        unanswered,
        environment: recorded(environment),
        wsl,
    })
}

/// A name for a run of `fix`: the time, UTC, so that names sort as runs do, and the process number.
pub fn run_id() -> String {
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let (year, month, day) = civil(since_1970.as_secs() / 86_400);
    let second = since_1970.as_secs() % 86_400;
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}-{}", std::process::id())
}

/// Year, month and day of a number of days since 1970-01-01 in the proleptic Gregorian calendar.
fn civil(days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let (mut year, mut days) = (1970, days);
    while days >= 365 + u64::from(is_leap(year)) {
        days -= 365 + u64::from(is_leap(year));
        year += 1;
    }
    let lengths = [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Person {
    /// Numbers, groups and name.
    pub identity: Identity,
    /// Home directory.
    pub home: Option<SeenPath>,
    /// Whether they came through sudo.
    pub through_sudo: bool,
}

/// The person who asks. Under sudo it is the one who typed it: root's own numbers and home would be the wrong ones.
pub fn person(environment: &Environment) -> Person {
    if let Some(owner) = through_sudo(environment, geteuid().as_raw()) {
        let user = User::from_uid(Uid::from_raw(owner.uid)).ok().flatten();
        let groups = user.as_ref().and_then(|user| {
            let name = CString::new(user.name.as_str()).ok()?;
            getgrouplist(&name, Gid::from_raw(owner.gid)).ok()
        });
        return Person {
            identity: Identity {
                owner,
                groups: sorted(groups.unwrap_or_default()),
                name: user.as_ref().map(|user| user.name.clone()),
            },
            home: user.map(|user| SeenPath(user.dir)),
            through_sudo: true,
        };
    }
    let owner = Owner { uid: geteuid().as_raw(), gid: getegid().as_raw() };
    let user = User::from_uid(Uid::from_raw(owner.uid)).ok().flatten();
    let home = environment.get_nonempty("HOME").map(PathBuf::from);
    Person {
        identity: Identity {
            owner,
            groups: sorted(getgroups().unwrap_or_default()),
            name: user.as_ref().map(|user| user.name.clone()),
        },
        home: home.or(user.map(|user| user.dir)).map(SeenPath),
        through_sudo: false,
    }
}

/// Whom sudo names, when it really gave us root.
fn through_sudo(environment: &Environment, effective_uid: u32) -> Option<Owner> {
    let number = |name: &str| environment.get(name)?.parse::<u32>().ok();
    let uid = number("SUDO_UID").filter(|uid| effective_uid == 0 && *uid != 0)?;
    Some(Owner { uid, gid: number("SUDO_GID").unwrap_or(uid) })
}

fn sorted(groups: Vec<Gid>) -> Vec<u32> {
    let mut groups: Vec<u32> = groups.into_iter().map(Gid::as_raw).collect();
    groups.sort_unstable();
    groups.dedup();
    groups
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn sudo_names_the_person_only_when_it_gave_us_root() {
        let of = |pairs: &[(&str, &str)], uid: u32| {
            let environment = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            through_sudo(&environment, uid)
        };
        let sudo = [("SUDO_UID", "1000"), ("SUDO_GID", "1001")];
        assert_eq!(of(&sudo, 0), Some(Owner { uid: 1000, gid: 1001 }));
        assert_eq!(of(&sudo, 1000), None, "a left-over variable says nothing");
        assert_eq!(of(&[("SUDO_UID", "0")], 0), None);
        assert_eq!(of(&[("SUDO_UID", "x")], 0), None);
    }

    #[test]
    fn only_variables_that_decide_something_are_recorded() {
        for name in ["DOCKER_HOST", "UID", "PGPASSWORD", "SHOP_DATABASE_URL", "COMPOSE_FILE", "NPM_CONFIG_CACHE"] {
            assert!(is_recorded(name), "{name}");
        }
        for name in ["AWS_SECRET_ACCESS_KEY", "PS1", "GITHUB_TOKEN", "PATH"] {
            assert!(!is_recorded(name), "{name}");
        }
    }

    #[test]
    fn wished_paths_are_there_absent_or_unknown() {
        let root = tempfile::tempdir().unwrap();
        let here = root.path().to_str().unwrap().to_owned();
        let wishes = [here.clone(), format!("{here}/none"), format!("{here}/none/deeper")];
        let environment = environment();
        let host =
            look(root.path(), person(&environment), &environment, &wishes, Instant::now() + Duration::from_secs(9))
                .unwrap();
        assert!(host.stat(&here).unwrap().is_some());
        assert_eq!(host.stat(&wishes[1]), Some(None));
        assert_eq!(host.stat("/never/asked"), None);
        assert_eq!(host.root_owner.uid, geteuid().as_raw());
        assert!(host.filesystem.is_some());
        assert!(look(Path::new("/none"), person(&environment), &environment, &[], Instant::now()).is_err());
    }
}
