//! A volume stands where the project's virtual environment belongs, and nothing can make one in it.

use crate::access::caches::look;
use crate::access::environments::{environment_path, is_mount_point, syncs};
use crate::access::interest::{commands, exec_lines};
use crate::access::rights::Want;
use crate::access::{IdMaps, Layout, Process, RunsAs, Seen};
use crate::facts::{Container, Docker, Facts};
use crate::facts::{Owner, PathStat, SeenPath};
use crate::finding::{Checked, Finding};
use crate::fix::{Chown, ChownPlace, Fix, Step};

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    let services = facts.project.services();
    let containers = services.filter_map(|service| docker.container_of(&service.name));
    Ok(containers.filter_map(|container| judged(facts, docker, container)).collect())
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
    // `bin` without a `pyvenv.cfg`, or something else in its place: what is in the volume is no environment, and its top is a
    // mount, which nobody can take away and make again.
    let has_settings = look(container, &format!("{path}/pyvenv.cfg"));
    let has_programs = look(container, &format!("{path}/bin"));
    if has_settings != Seen::Absent || !matches!(has_programs, Seen::There(_)) {
        return None;
    }
    let message =
        format!("the volume at `{path}` holds something that is no virtual environment: it has no `pyvenv.cfg`");
    Some(
        at(message)
            .seen(format!("archive of {}", container.name), format!("{path}/pyvenv.cfg"), "absent")
            .fix(Fix::manual(format!(
                "empty it, then make it anew: docker compose run --rm -u 0 --entrypoint find {name} {path} -mindepth 1 -delete"
            ))),
    )
}

/// An empty volume is given by its top; what is in another is not listed here.
fn given(container: &Container, name: &str, path: &str, stat: PathStat, owner: Owner) -> Fix {
    let title = format!("give `{path}` in `{name}` to {owner}");
    let is_empty = look(container, &format!("{path}/pyvenv.cfg")) == Seen::Absent
        && look(container, &format!("{path}/bin")) == Seen::Absent;
    if !is_empty || stat.owner.uid == owner.uid {
        return Fix::manual(format!("{title}: docker compose exec -u 0 {name} chown -hR {owner} {path}"));
    }
    let place = ChownPlace::Container { service: name.to_owned(), id: container.id.clone() };
    let paths = vec![(SeenPath(path.into()), stat.owner)];
    Fix::safe(title, vec![Step::Chown(Chown { place, paths, to: owner, direct: false })])
}
