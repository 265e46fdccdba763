//! Git in a service, as somebody to whom the repository does not belong.

use crate::access::interest::{exec_lines, user_of_line};
use crate::access::user::exec_environment;
use crate::access::{IdMaps, Layout, RunsAs, normal};
use crate::facts::{Container, Docker, Facts, Git, Host, Owner};
use crate::finding::Finding;
use crate::fix::Fix;
use crate::project::commands::CommandLine;
use crate::project::compose::{Mount, Service, is_below};

/// Programs that run git on the project.
const PROGRAMS: [&str; 4] = ["git", "pre-commit", "lefthook", "git-lfs"];

/// Programs that build the project, and with it ask git where its version comes from there.
const BUILDERS: [&str; 6] = ["uv", "pip", "pip3", "poetry", "pdm", "hatch"];

/// What in a `pyproject.toml` takes the version from git.
const VERSIONS_FROM_GIT: [&str; 5] = ["setuptools_scm", "setuptools-scm", "hatch-vcs", "versioneer", "pdm-backend-scm"];

/// A process in the service that runs git, and is not the repository's owner.
struct Stranger<'a> {
    program: String,
    line: Option<&'a CommandLine>,
    owner: Owner,
}

pub(super) fn in_service(
    facts: &Facts,
    host: &Host,
    git: &Git,
    docker: &Docker,
    service: &Service,
    container: &Container,
) -> Option<Finding> {
    let maps = IdMaps::of(docker, &container.userns_mode).ok()?;
    let top = normal(&git.top.display());
    let (mount, target) = place_of(service, &top)?;
    let seen_owner = maps.to_container(git.top_owner)?;
    if Layout::of_container(container).spot(&target).host_path.as_deref().map(normal) != Some(top.clone()) {
        return None;
    }
    let versioned = facts.project.sources.values().any(|source| {
        source.path().ends_with("pyproject.toml") && VERSIONS_FROM_GIT.iter().any(|tool| source.text().contains(tool))
    });
    let runs_git = |words: &mut dyn Iterator<Item = &String>| {
        let mut programs = words
            .flat_map(|word| word.split(|at: char| at.is_whitespace() || ";&|()".contains(at)))
            .filter_map(|part| part.rsplit('/').next());
        programs.find(|name| PROGRAMS.contains(name) || versioned && BUILDERS.contains(name)).map(str::to_owned)
    };
    let stranger = |runs: &RunsAs, given: &[(String, Option<String>)]| {
        let environment = exec_environment(container, given);
        let keys = environment.0.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG"));
        let trusted = keys.into_iter().any(|(_, value)| value.eq_ignore_ascii_case("safe.directory"));
        let sudo = environment.get("SUDO_UID") == Some(&seen_owner.uid.to_string());
        runs.identity.owner.uid != seen_owner.uid && !trusted && !sudo
    };
    let configured = container
        .mounts
        .iter()
        .any(|mount| mount.target.contains("gitconfig") || mount.target.ends_with("/git/config"));
    if configured {
        return None;
    }
    let person = Some(host.developer());
    let mut words = container.command.iter().chain(service.command.iter().flat_map(|words| &words.value));
    let own = runs_git(&mut words).and_then(|program| {
        let runs = RunsAs::of(container).ok().filter(|runs| stranger(runs, &[]))?;
        Some(Stranger { program, line: None, owner: runs.identity.owner })
    });
    let lines = exec_lines(&facts.project, &service.name).filter_map(|line| {
        let program = runs_git(&mut line.call.command.iter().map(|word| &word.value))?;
        let user = user_of_line(line, person).transpose().ok()?;
        let given = &line.call.environment;
        let runs = RunsAs::by_exec(container, user.as_deref(), given).ok().filter(|runs| stranger(runs, given))?;
        Some(Stranger { program, line: Some(line), owner: runs.identity.owner })
    });
    let all: Vec<Stranger<'_>> = own.into_iter().chain(lines).collect();
    let first = all.first()?;
    let name = &service.name.value;
    let message = format!(
        "`{}` in `{name}` runs as {} and refuses the repository `{target}`: it belongs to {seen_owner}",
        first.program, first.owner
    );
    let mut finding = Finding::at(&mount.span, format!("{name}: {target}"), message)
        .label("git does nothing in a repository of somebody else")
        .service(name);
    for line in all.iter().filter_map(|stranger| stranger.line).take(3) {
        finding = finding.related(&line.call.head, format!("runs git as {}", first.owner));
    }
    finding = finding.seen("lstat", git.top.display(), git.top_owner).seen(
        "docker inspect",
        &container.name,
        format!("Config.User \"{}\"", container.user),
    );
    Some(finding.fix(Fix::manual(format!(
        "run it as {seen_owner}; or trust exactly this folder, under `environment:` of `{name}`: GIT_CONFIG_COUNT=1, \
         GIT_CONFIG_KEY_0=safe.directory, GIT_CONFIG_VALUE_0={target}"
    ))))
}

/// The mount that shows the top of the repository, and where it is in the container.
fn place_of<'a>(service: &'a Service, top: &str) -> Option<(&'a Mount, String)> {
    let shows = service.binds().filter(|(_, source)| is_below(top, &normal(source)));
    let (mount, source) = shows.max_by_key(|(_, source)| source.len())?;
    let rest = top.get(normal(source).len()..)?.trim_start_matches('/');
    let target = normal(&format!("{}/{rest}", mount.target));
    Some((mount, target))
}
