//! The cure for a cache that cannot be written: give it to the one who uses it, or keep it somewhere else.

use crate::access::environments::is_mount_point;
use crate::access::{Why, layout::Layout};
use crate::checks::recreate::recreate;
use crate::facts::{Container, EngineKind, Facts, FileKind, MountKind, Owner, PathStat, SeenPath};
use crate::finding::Finding;
use crate::fix::{Chown, ChownPlace, Edit, Fix, Step};
use crate::project::compose::Service;

use super::sufferers::Sufferer;
use super::variable::set_variable;

/// Adds the fix to a story about one cache.
pub(super) fn cure(
    facts: &Facts,
    container: &Container,
    service: &Service,
    story: &[Sufferer<'_>],
    finding: Finding,
) -> Finding {
    let Some(first) = story.first() else { return finding };
    let path = &first.cache.path;
    let owner = first.runs.identity.owner;
    let one_user = story.iter().all(|sufferer| sufferer.runs.identity.owner.uid == owner.uid);
    let mine = |path: &str| path == first.cache.path || path.starts_with(&format!("{}/", first.cache.path));
    let by_owner = first.obstacles.iter().all(|obstacle| obstacle.why == Why::Denied && mine(&obstacle.path));
    if one_user && let Some(fix) = top_of_volume(container, &service.name.value, first) {
        return finding.fix(fix);
    }
    let kind = Layout::of_container(container).spot(path).kind;
    // What the image brings is there again in each new container, and nobody can give away what is in one that does not run.
    let unreachable = kind.is_none() && !container.running;
    if !by_owner || !one_user || unreachable {
        return finding.fix(elsewhere(facts, service, story));
    }
    let bound = kind == Some(MountKind::Bind);
    let desktop = facts.docker.as_ref().is_ok_and(|docker| docker.kind == EngineKind::Desktop);
    let title = format!("give `{path}` in `{}` to {owner}", service.name.value);
    let listing = container.listings.get(path).and_then(|listing| listing.as_ref().ok());
    let cut_short = listing.is_none_or(|listing| listing.cut_short);
    if cut_short || (bound && desktop) {
        let reason =
            if cut_short { "it holds more than could be listed" } else { "Docker Desktop keeps no owners there" };
        let name = &service.name.value;
        return finding
            .fix(Fix::manual(format!("{title}: {reason}; docker compose exec -u 0 {name} chown -hR {owner} {path}")));
    }
    let paths = to_give(listing.map(|listing| listing.entries.as_slice()).unwrap_or_default(), owner);
    if paths.is_empty() {
        // The owner is right, and the mode is not.
        return finding.fix(Fix::manual(format!("let {owner} write it again: chmod -R u+rwX {path}")));
    }
    let place = ChownPlace::in_container(&service.name.value, container, &paths);
    finding.fix(Fix::safe(title, vec![Step::Chown(Chown { place, paths, to: owner, direct: false })]))
}

/// Gives the top of a volume to the one who cannot make the cache in it. What is kept in a volume was meant to last, so it is
/// not moved to `/tmp`.
fn top_of_volume(container: &Container, service: &str, sufferer: &Sufferer<'_>) -> Option<Fix> {
    let [obstacle] = sufferer.obstacles.as_slice() else { return None };
    let (stat, owner) = (obstacle.stat?, sufferer.runs.identity.owner);
    let is_top = is_mount_point(container, &obstacle.path) && obstacle.path != sufferer.cache.path;
    if !is_top || obstacle.why != Why::Denied || stat.owner.uid == owner.uid {
        return None;
    }
    let paths = vec![(SeenPath((&obstacle.path).into()), stat.owner)];
    let place = ChownPlace::in_container(service, container, &paths);
    let title = format!("give `{}` in `{service}` to {owner}", obstacle.path);
    Some(Fix::safe(title, vec![Step::Chown(Chown { place, paths, to: owner, direct: false })]))
}

/// Everything in the cache that belongs to somebody else, each path by name. What has several names is left out: the others
/// may lie in an environment that was installed from the cache.
fn to_give(entries: &[(String, PathStat)], to: Owner) -> Vec<(SeenPath, Owner)> {
    let mut paths: Vec<(SeenPath, Owner)> = entries
        .iter()
        .filter(|(_, stat)| stat.owner.uid != to.uid && (stat.kind == FileKind::Directory || stat.links <= 1))
        .map(|(path, stat)| (SeenPath(path.into()), stat.owner))
        .collect();
    paths.sort();
    paths
}

/// Moves the cache by its variable: on the command line for what runs from there, else in the service.
fn elsewhere(facts: &Facts, service: &Service, story: &[Sufferer<'_>]) -> Fix {
    let Some(first) = story.first() else { return Fix::manual("move the cache") };
    let tool = first.tool.name().replace(' ', "-");
    let tool = tool.as_str();
    let Some(variable) = first.tool.variable() else {
        return Fix::manual(format!("keep `{tool}`'s cache where this user can write, or go without one"));
    };
    let lines: Vec<Step> = story.iter().filter_map(|sufferer| on_line(facts, sufferer, tool, variable)).collect();
    if lines.len() == story.len() {
        return Fix::safe(format!("keep `{tool}`'s cache of this user in `/tmp`"), lines);
    }
    let title = format!("keep `{tool}`'s cache in `/tmp/{tool}-cache`");
    let name = &service.name.value;
    match set_variable(facts, service, variable, &format!("/tmp/{tool}-cache")) {
        Some(step) => Fix::risky(title, vec![step]).afterwards(recreate(facts, &[name])),
        None => Fix::manual(format!("{title}: set `{variable}=/tmp/{tool}-cache` in `{name}`")),
    }
}

/// `-e UV_CACHE_DIR=/tmp/uv-cache-$(UID)` on a command line that gives a user; the number is written as the line writes it, so
/// that two people never share a folder that only one can write.
fn on_line(facts: &Facts, sufferer: &Sufferer<'_>, tool: &str, variable: &str) -> Option<Step> {
    let line = sufferer.line?;
    let user = line.call.user.as_ref()?;
    if line.call.environment.iter().any(|(name, _)| name.eq_ignore_ascii_case(variable)) {
        return None;
    }
    let written = user.written.value.split(':').next().unwrap_or_default();
    let source = facts.source(&line.span.path)?;
    let span = line.call.insert_at.clone().filter(|_| !line.call.inserts_into_variable)?;
    let text = format!(" -e {variable}=/tmp/{tool}-cache-{written}");
    source.text().get(span.range())?;
    Some(Step::Edit(Edit { span, text }))
}
