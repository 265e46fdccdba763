//! The script `alembic` of a virtual environment names a Python that is not there, though the environment's own is.

use crate::access::Layout;
use crate::access::environments::environment_path;
use crate::facts::{Container, Facts, MountKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::compose::is_below;

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let mut findings = vec![];
    for (path, environment) in &facts.project.virtual_environments {
        let (Some(script), Some(base)) = (&environment.alembic_interpreter, environment.interpreter()) else {
            continue;
        };
        let is_containers = made_in_container(facts, path, script);
        // That the environment's Python is gone is told by itself.
        if host.stat(script) == Some(None) && matches!(host.stat(&base), Some(Some(_))) && !is_containers {
            let message = format!("`{path}/bin/alembic` is to be run by `{script}`, which is not there");
            let finding = Finding::at_path(format!("{path}/bin/alembic"), format!("{path}/bin/alembic"), message)
                .seen("first line", format!("{path}/bin/alembic"), format!("#!{script}"))
                .seen("lstat", script, "absent")
                .help(
                    "know that the environment was made at another path, and scripts keep the path they were made at",
                );
            findings.push(cure(facts, finding, path));
        }
        let containers = facts.docker.iter().flat_map(|docker| &docker.containers);
        for container in containers.filter(|container| !container.one_off) {
            findings.extend(in_container(facts, container, path, (script, &base)));
        }
    }
    Ok(findings)
}

/// Whether the script names the path that a service sees the environment at: then it is that service's.
fn made_in_container(facts: &Facts, path: &str, script: &str) -> bool {
    let on_host = format!("{}/{path}", facts.project.root);
    let binds = facts.project.services().flat_map(|service| service.binds().collect::<Vec<_>>());
    binds.into_iter().any(|(mount, source)| {
        let inner = on_host.strip_prefix(source).filter(|_| is_below(&on_host, source));
        inner.is_some_and(|inner| is_below(script, &format!("{}{inner}", mount.target.trim_end_matches('/'))))
    })
}

fn in_container(facts: &Facts, container: &Container, path: &str, (script, base): (&str, &str)) -> Option<Finding> {
    let service = facts.project.service(container.service.as_deref()?)?;
    let inside = environment_path(container);
    let spot = Layout::of_container(container).spot(&inside);
    let on_host = format!("{}/{path}", facts.project.root);
    let there = |path: &str| container.paths.get(path).and_then(|look| look.as_ref().ok()).map(Option::is_some);
    let mounted = spot.kind == Some(MountKind::Bind) && spot.host_path.as_deref() == Some(&on_host);
    if !mounted || there(script) != Some(false) || there(base) != Some(true) {
        return None;
    }
    let mount = Layout::of_service(service, None).spot(&inside).mount.and_then(|index| service.mounts.get(index))?;
    let name = &service.name.value;
    let message = format!(
        "`{name}` sees the host's `{path}`, whose `alembic` is to be run by `{script}`: `{name}` has no such Python"
    );
    let finding = Finding::at(&mount.span, format!("{name}: {path}/bin/alembic"), message)
        .label(format!("brings it in as `{inside}`"))
        .seen("first line", format!("{path}/bin/alembic"), format!("#!{script}"))
        .seen(format!("archive of {}", container.name), script, "absent")
        .service(name)
        .help("know that the environment was made at another path, and scripts keep the path they were made at");
    Some(cure(facts, finding, path))
}

fn cure(facts: &Facts, finding: Finding, path: &str) -> Finding {
    let again = if facts.project.has_marker("uv.lock") {
        format!("write its scripts anew: rm -r {path} && uv sync")
    } else if facts.project.has_marker("poetry.lock") {
        format!("write its scripts anew: rm -r {path} && poetry install")
    } else {
        format!("write its scripts anew: python3 -m venv --clear {path}, and install the requirements")
    };
    finding.help(format!("run it without the script meanwhile: {path}/bin/python -m alembic")).fix(Fix::manual(again))
}
