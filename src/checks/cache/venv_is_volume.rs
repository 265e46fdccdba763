//! A volume stands where the project's virtual environment belongs, and nothing can make one in it.

use crate::access::caches::look;
use crate::access::environments::{SIGNS_OF_USE, environment_path, is_mount_point, syncs};
use crate::access::interest::{commands, exec_lines};
use crate::access::rights::Want;
use crate::access::{IdMaps, Layout, Process, RunsAs, Seen};
use crate::facts::{Container, Docker, Facts};
use crate::facts::{Owner, PathStat, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::{Chown, ChownPlace, Fix, Step};
use crate::project::compose::MountSource;

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    Ok(docker.services(&facts.project).filter_map(|(_, container)| judged(facts, docker, container)).collect())
}

fn judged(facts: &Facts, docker: &Docker, container: &Container) -> Option<Finding> {
    let path = environment_path(container);
    let service = facts.project.service(container.service.as_deref()?)?;
    let name = &service.name.value;
    let lines = exec_lines(&facts.project, name).flat_map(|line| line.call.command.iter().map(|word| &*word.value));
    let words: Vec<&str> = commands(container, &facts.project).map(String::as_str).chain(lines).collect();
    if !is_mount_point(container, &path) || !syncs(&words) {
        return None;
    }
    let Seen::There(stat) = look(container, &path) else { return None };
    let runs = RunsAs::of(container).ok()?;
    let maps = IdMaps::of(docker, &container.userns_mode).unwrap_or_default();
    let process = Process::in_container(&runs.identity, &maps);
    let owner = runs.identity.owner;
    // The folders above are not looked at: a mount that cannot be reached would be another story.
    let cannot = !process.may(Want::Write, &stat) || !process.may(Want::Search, &stat);
    let mount = Layout::of_service(service, None).spot(&path).mount.and_then(|index| service.mounts.get(index))?;
    // Each new container has an anonymous volume of its own, so that a command in another container does not reach it.
    let is_anonymous = mount.source == MountSource::Anonymous;
    let subject = format!("{name}: {path}");
    let at = |message: String| {
        Finding::at(&mount.span, &subject, message)
            .seen(format!("archive of {}", container.name), &path, stat)
            .service(name)
    };
    if cannot {
        let message =
            format!("`{name}` runs as {owner} and cannot make its environment in the volume at `{path}`: it is {stat}");
        return Some(at(message).fix(given(container, name, &path, stat, owner)));
    }
    // Something without a `pyvenv.cfg`: what is in the volume is no environment, and its top is a mount, which nobody can take
    // away and make again.
    let sign = SIGNS_OF_USE.map(|name| format!("{path}/{name}"));
    let sign = sign.iter().find_map(|inside| match look(container, inside) {
        Seen::There(stat) => Some((inside, stat)),
        _ => None,
    });
    let (inside, inside_stat) = sign.filter(|_| look(container, &format!("{path}/pyvenv.cfg")) == Seen::Absent)?;
    let message =
        format!("the volume at `{path}` holds something that is no virtual environment: it has no `pyvenv.cfg`");
    Some(
        at(message)
            .seen(format!("archive of {}", container.name), inside, inside_stat)
            .seen(format!("archive of {}", container.name), format!("{path}/pyvenv.cfg"), "absent")
            .fix(Fix::manual(emptied(name, &path, is_anonymous))),
    )
}

/// How a volume gets rid of what it holds.
pub(super) fn emptied(name: &str, path: &str, is_anonymous: bool) -> String {
    if is_anonymous {
        return format!("start with a new one: docker compose up -d --renew-anon-volumes {name}");
    }
    let find = format!("docker compose run --rm --no-deps -u 0 --entrypoint find {name} {path} -mindepth 1 -delete");
    format!("empty it, then make it anew: {find}")
}

/// An empty volume is given by its top; what is in another is not listed here.
fn given(container: &Container, name: &str, path: &str, stat: PathStat, owner: Owner) -> Fix {
    let title = format!("give `{path}` in `{name}` to {owner}");
    let mut inside = SIGNS_OF_USE.iter().chain(["pyvenv.cfg"].iter());
    let is_empty = inside.all(|name| look(container, &format!("{path}/{name}")) == Seen::Absent);
    if !is_empty || stat.owner.uid == owner.uid {
        let start = if container.running { "exec -u 0" } else { "run --rm --no-deps -u 0 --entrypoint chown" };
        let program = if container.running { " chown" } else { "" };
        return Fix::manual(format!("{title}: docker compose {start} {name}{program} -hR {owner} {path}"));
    }
    let paths = vec![(SeenPath(path.into()), stat.owner)];
    let place = ChownPlace::in_container(name, container, &paths);
    Fix::safe(title, vec![Step::Chown(Chown { place, paths, to: owner, direct: false })])
}
