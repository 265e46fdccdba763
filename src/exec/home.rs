//! A home and caches that a command's user can write, in any image: most have no login for the person's number, and then
//! `HOME` is `/`.

use std::collections::BTreeSet;

use crate::access::caches::{Inside, State, look, state};
use crate::access::interest::runs;
use crate::access::layout::ancestors;
use crate::access::rights::may_fill;
use crate::access::user::exec_environment;
use crate::access::{IdMaps, Layout, Process, RunsAs, Seen, Tool, Verdict, normal};
use crate::facts::{Container, FileKind, MountKind, PathWish};

/// Variables of a command: name, and value when it is known.
type Given<'a> = &'a [(String, Option<String>)];

/// Where anybody may write in most images, the first the best. The engine makes `/dev/shm` itself, so that it is there even
/// in an image that holds one program and nothing else; it is small, and so the last.
const FOR_ALL: [&str; 2] = ["/tmp", "/var/tmp"];
const MEMORY: &str = "/dev/shm";

/// The paths that decide which variables a command needs.
pub fn wishes(runs_as: &RunsAs, container: &Container, given: Given<'_>, command: &[String]) -> Vec<PathWish> {
    let environment = exec_environment(container, given);
    let mut wanted: BTreeSet<(String, bool)> = BTreeSet::new();
    let home = runs_as.home.as_deref().filter(|home| home.starts_with('/')).map(normal);
    if let Some(home) = &home {
        // Nobody but root writes into `/`, which need not be looked at.
        if home != "/" {
            wanted.insert((home.clone(), false));
            wanted.insert((format!("{home}/.cache"), false));
        }
        for tool in Tool::ALL {
            let named = is_named(tool, command);
            if let Some(cache) = tool.cache(&environment, home, directory(container))
                && (named || (is_cache_only(tool) && tool.moved_to(&environment).is_some()))
                && (home != "/" || cache.variable != "HOME")
            {
                wanted.insert((cache.path, named && tool.rule().inside == Inside::Decides));
            }
        }
    }
    let xdg = environment.get_nonempty("XDG_CACHE_HOME").filter(|path| path.starts_with('/'));
    wanted.extend(xdg.map(|path| (normal(path), false)));
    wanted.extend(FOR_ALL.first().map(|path| ((*path).to_owned(), false)));
    let above: BTreeSet<String> =
        wanted.iter().flat_map(|(path, _)| ancestors(path)).filter(|path| path != "/").collect();
    wanted.extend(above.into_iter().map(|path| (path, false)));
    // Mounts in memory cannot be looked at.
    let known = |path: &str| container.paths.contains_key(path) || is_memory(container, path);
    wanted.retain(|(path, listing)| *listing || !known(path));
    wanted.into_iter().map(|(path, listing)| PathWish { path, listing }).collect()
}

/// The variables to set beside those of the container and of the person: none where everything works as it is.
pub fn variables(
    runs_as: &RunsAs,
    maps: &IdMaps,
    container: &Container,
    given: Given<'_>,
    command: &[String],
) -> Vec<(String, String)> {
    let process = Process::in_container(&runs_as.identity, maps);
    let layout = Layout::of_container(container);
    let may = |path: &str| may_fill(&process, path, &layout, &|path| look(container, path));
    let refused = |path: &str| matches!(may(path), Verdict::No(_));
    let is_given = |name: &str| given.iter().any(|(other, _)| other == name);
    let environment = exec_environment(container, given);
    let place = place(container, &may);
    let caches = format!("{place}/devdoctor-{}", runs_as.identity.owner.uid);
    let mut set: Vec<(String, String)> = vec![];

    let home = runs_as.home.as_deref().unwrap_or("/");
    let home = if home.starts_with('/') { normal(home) } else { "/".to_owned() };
    let moved = !is_given("HOME") && refused(&home);
    if moved {
        set.push(("HOME".to_owned(), place.to_owned()));
    }
    let xdg = environment.get_nonempty("XDG_CACHE_HOME").filter(|path| path.starts_with('/'));
    let shared = match xdg {
        Some(path) => refused(&normal(path)),
        // What others may have left in a place for all is not touched.
        None => moved || refused(&format!("{home}/.cache")),
    };
    let shared = shared && !is_given("XDG_CACHE_HOME");
    if shared {
        set.push(("XDG_CACHE_HOME".to_owned(), caches.clone()));
    }
    for tool in Tool::ALL {
        let Some(cache) = tool.cache(&environment, &home, directory(container)) else { continue };
        let Some(best) = tool.variable() else { continue };
        let moves_along = (cache.variable == "XDG_CACHE_HOME" && shared)
            || (cache.variable == "HOME" && if tool.rule().xdg.is_none() { moved } else { shared });
        if moves_along || is_given(&cache.variable) || is_given(best) {
            continue;
        }
        let blocked = match tool.moved_to(&environment) {
            _ if is_named(tool, command) => matches!(state(tool, &process, &cache.path, container), State::Blocked(_)),
            Some(_) if is_cache_only(tool) => refused(&cache.path),
            _ => false,
        };
        if blocked {
            let variable = if cache.variable.eq_ignore_ascii_case(best) { &cache.variable } else { best };
            set.push((variable.to_owned(), format!("{caches}/{}", tool.name())));
        }
    }
    set
}

/// Whether a command runs a tool so that it writes its cache. Browsers and models are not looked for elsewhere: an empty
/// place would lack what was put into theirs.
fn is_named(tool: Tool, command: &[String]) -> bool {
    let words: Vec<&str> = command.iter().map(String::as_str).collect();
    !matches!(tool, Tool::Playwright | Tool::HuggingFace) && runs(tool, &words)
}

/// Whether nothing is lost but time when a tool's cache is another, empty one: no programs, sources or models are kept in it.
fn is_cache_only(tool: Tool) -> bool {
    !matches!(tool, Tool::Playwright | Tool::HuggingFace | Tool::Cargo | Tool::GoModules | Tool::Pnpm)
}

/// A directory that is there and that this user surely may fill.
fn place(container: &Container, may: &dyn Fn(&str) -> Verdict) -> &'static str {
    // A mount in memory gets the mode 1777 unless the image or its options have another, which is noted at its path.
    let in_memory = |path: &str| is_memory(container, path) && !container.paths.contains_key(path);
    let is_directory =
        |path: &str| matches!(look(container, path), Seen::There(stat) if stat.kind == FileKind::Directory);
    let fits = |path: &str| in_memory(path) || (is_directory(path) && may(path) == Verdict::Yes);
    FOR_ALL.into_iter().find(|path| fits(path)).unwrap_or(MEMORY)
}

fn is_memory(container: &Container, path: &str) -> bool {
    container.mounts.iter().any(|mount| mount.kind == MountKind::Tmpfs && mount.writable && mount.target == path)
}

fn directory(container: &Container) -> &str {
    if container.working_dir.is_empty() { "/" } else { &container.working_dir }
}

#[cfg(test)]
#[path = "home/tests.rs"]
mod tests;
