//! A build step of an ordinary user mounts a cache that belongs to root, so that the tool in the step fails.

use crate::access::caches::Loss;
use crate::access::interest::runs;
use crate::access::service::says_root;
use crate::access::{Cache, Tool};
use crate::facts::{Environment, Facts};
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::is_below;
use crate::project::dockerfile::steps::{CacheMount, Run};
use crate::project::dockerfile::{Dockerfile, Stage};
use crate::text::Source;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for (path, dockerfile) in &facts.project.dockerfiles {
        let Some(source) = facts.source(path) else { continue };
        for stage in &dockerfile.stages {
            let environment: Environment = environment_of(dockerfile, stage.name.as_deref(), stage);
            for run in stage.runs() {
                let Some(user) = dockerfile.user_at(stage, run).filter(|user| is_ordinary(user)) else { continue };
                for mount in run.caches.iter().filter(|mount| !mount.owned) {
                    let Some((tool, cache)) = user_of_mount(run, source, &environment, user, &mount.target) else {
                        continue;
                    };
                    let message = format!(
                        "this step runs `{}` as `{}`, and the cache that is mounted at `{}` belongs to root",
                        tool.name(),
                        user.value,
                        mount.target
                    );
                    findings.push(
                        Finding::at(&mount.span, format!("{path}: {}", mount.target), message)
                            .label("no `uid=`, so it belongs to root")
                            .related(&user.span, "the step runs as this user")
                            .seen(
                                path,
                                format!("`{}`'s cache", tool.name()),
                                format!("{} ({})", cache.path, cache.variable),
                            )
                            .fix(cure(dockerfile, source, user, mount)),
                    );
                }
            }
        }
    }
    Ok(findings)
}

fn is_ordinary(user: &str) -> bool {
    !says_root(user) && !user.contains('$')
}

fn environment_of(dockerfile: &Dockerfile, name: Option<&str>, stage: &Stage) -> Environment {
    // Of stages without a name only their own variables are known.
    let mut all: Vec<_> = name.map(|name| dockerfile.lineage(Some(name)).collect()).unwrap_or(vec![stage]);
    all.reverse();
    all.into_iter().flat_map(|stage| stage.environment.clone()).collect()
}

/// The tool of a step that fails on the mounted cache, and its cache.
fn user_of_mount(
    run: &Run,
    source: &Source,
    environment: &Environment,
    user: &str,
    target: &str,
) -> Option<(Tool, Cache)> {
    let login = user.split(':').next().unwrap_or_default();
    let guessed = if login.parse::<u32>().is_ok() { "/".to_owned() } else { format!("/home/{login}") };
    let home = environment.get_nonempty("HOME").unwrap_or(&guessed);
    let directory = run.working_dir.as_deref().filter(|path| path.starts_with('/')).unwrap_or("/");
    let text = run.text(source);
    Tool::ALL.into_iter().filter(|tool| runs(*tool, &[&text])).find_map(|tool| {
        let cache = tool.cache(environment, home, directory)?;
        let meets = is_below(&cache.path, target) || is_below(target, &cache.path);
        (meets && tool.loss(&cache) == Loss::Fails).then_some((tool, cache))
    })
}

fn cure(dockerfile: &Dockerfile, source: &Source, user: &str, mount: &CacheMount) -> Fix {
    let (login, group) = user.split_once(':').unwrap_or((user, ""));
    let number = login.parse::<u32>().ok().or_else(|| made_as(dockerfile, source, login));
    let Some(uid) = number else {
        return Fix::manual(format!("add `uid=` and `gid=` of `{login}` to the mount of `{}`", mount.target));
    };
    let gid = group.parse::<u32>().unwrap_or(uid);
    let mut span = mount.span.clone();
    span.start = span.end;
    let edit = Edit { span, text: format!(",uid={uid},gid={gid}") };
    Fix::risky(format!("mount the cache at `{}` for {uid}:{gid}", mount.target), vec![Step::Edit(edit)])
        .afterwards("build again: docker compose build")
}

/// The number that a step gives a login that it makes.
fn made_as(dockerfile: &Dockerfile, source: &Source, login: &str) -> Option<u32> {
    dockerfile.stages.iter().flat_map(Stage::runs).find_map(|run| {
        let text = run.text(source);
        text.split(['&', ';', '\n']).find_map(|command| {
            let words: Vec<&str> = command.split_whitespace().collect();
            let makes = words.iter().any(|word| ["useradd", "adduser"].contains(word)) && words.contains(&login);
            let after = words.iter().position(|word| ["-u", "--uid"].contains(word)).map(|at| at + 1);
            let joined = words.iter().find_map(|word| word.strip_prefix("--uid="));
            let number = joined.or_else(|| words.get(after?).copied()).filter(|_| makes)?;
            number.parse().ok()
        })
    })
}
