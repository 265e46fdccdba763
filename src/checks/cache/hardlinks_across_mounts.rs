//! uv's cache and the environment that it fills lie in different mounts, so that it copies every file and says so each time.

use crate::access::environments::{environment_path, syncs};
use crate::access::interest::{cache_of, commands, moved_by_configuration};
use crate::access::{Layout, RunsAs, Tool};
use crate::checks::recreate::recreate;
use crate::facts::{Container, Facts, MountKind};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::Project;

use super::variable::set_variable;

pub(super) fn check(facts: &Facts) -> Checked {
    let docker = facts.docker()?;
    Ok(docker.services(&facts.project).filter_map(|(_, container)| judged(facts, container)).collect())
}

fn judged(facts: &Facts, container: &Container) -> Option<Finding> {
    let service = facts.project.service(container.service.as_deref()?)?;
    let name = &service.name.value;
    let words: Vec<&str> = commands(container, &facts.project).map(String::as_str).collect();
    let said = container.environment.get("UV_LINK_MODE").is_some() || service.environment.contains_key("UV_LINK_MODE");
    let uses_uv = crate::access::interest::runs(Tool::Uv, &words) && syncs(&words);
    if said || !uses_uv || sets_link_mode(&facts.project) || moved_by_configuration(Tool::Uv, &facts.project) {
        return None;
    }
    let runs = RunsAs::of(container).ok()?;
    let cache = cache_of(Tool::Uv, &runs, container, &[])?;
    let environment = environment_path(container);
    let layout = Layout::of_container(container);
    let (of_cache, of_environment) = (layout.spot(&cache.path), layout.spot(&environment));
    // Without a volume for the cache it is gone with the container, and nobody minds how it was linked.
    if of_cache.mount == of_environment.mount || of_cache.kind != Some(MountKind::Volume) {
        return None;
    }
    let declared = Layout::of_service(service, None);
    let mount = |path: &str| declared.spot(path).mount.and_then(|index| service.mounts.get(index));
    let message = format!(
        "`uv` in `{name}` cannot link from its cache `{}` to `{environment}`: they are different mounts, so it copies every file",
        cache.path
    );
    let mut finding = Finding::at(&mount(&cache.path)?.span, format!("{name}: uv"), message).label("the cache is here");
    if let Some(other) = mount(&environment) {
        finding = finding.related(&other.span, "the environment is here");
    }
    let title = "let `uv` copy on purpose, without the warning";
    let fix = match set_variable(facts, service, "UV_LINK_MODE", "copy") {
        Some(step) => Fix::risky(title, vec![step]).afterwards(recreate(facts, &[name])),
        None => Fix::manual(format!("{title}: set `UV_LINK_MODE=copy` in `{name}`")),
    };
    Some(
        finding
            .seen(
                "docker inspect",
                format!("mounts of {}", container.name),
                format!("{} is in a volume, {environment} is not in it", cache.path),
            )
            .service(name)
            .fix(fix),
    )
}

fn sets_link_mode(project: &Project) -> bool {
    let uv = |path: &str| matches!(path.rsplit('/').next(), Some("pyproject.toml" | "uv.toml"));
    let lines = project.sources.values().filter(|source| uv(source.path())).flat_map(|source| source.text().lines());
    lines.filter_map(|line| line.split_once('=')).any(|(key, _)| key.trim() == "link-mode")
}
