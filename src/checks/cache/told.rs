//! Tells the story of one cache: who cannot write it, what is in the way, which line put it there.

use std::collections::BTreeMap;

use crate::access::caches::Loss;
use crate::access::layout::Layout;
use crate::access::{Tool, Why};
use crate::facts::{Container, Facts, Missing, Need};
use crate::finding::{Checked, Finding};

use super::cure::cure;
use super::sufferers::{Sufferer, look_at};

/// Evidence names at most so many paths.
const SHOWN: usize = 5;

/// The findings about caches that cannot be written and whose lack costs the tool `loss`.
pub(super) fn stories(facts: &Facts, loss: Loss) -> Checked {
    let docker = facts.docker()?;
    let mut findings = vec![];
    let mut unknown = vec![];
    for (service, container) in docker.services(&facts.project) {
        let looked = look_at(facts, docker, container, loss);
        unknown.extend(looked.unknown);
        let mut stories: BTreeMap<(Tool, String), Vec<Sufferer<'_>>> = BTreeMap::new();
        for sufferer in looked.sufferers {
            stories.entry((sufferer.tool, sufferer.cache.path.clone())).or_default().push(sufferer);
        }
        findings.extend(stories.into_values().filter_map(|story| told(facts, container, &service.name, &story)));
    }
    match (findings.is_empty(), unknown.first()) {
        (true, Some(reason)) => Err(Missing::new(Need::Docker, reason)),
        _ => Ok(findings),
    }
}

fn told(facts: &Facts, container: &Container, service: &str, story: &[Sufferer<'_>]) -> Option<Finding> {
    let first = story.first()?;
    let (tool, path) = (first.tool.name(), &first.cache.path);
    let owner = first.runs.identity.owner;
    let obstacle = first.obstacles.first()?;
    let holder = |stat: Option<crate::facts::PathStat>| stat.map_or(String::new(), |stat| format!(": it is {stat}"));
    let what = match obstacle.why {
        Why::ReadOnly => format!("`{}` is read-only", obstacle.path),
        Why::NotADirectory => format!("`{}` is not a directory", obstacle.path),
        Why::IsADirectory => format!("`{}` is a directory", obstacle.path),
        Why::Denied if obstacle.path == *path => format!("it belongs to {}", owner_of(obstacle)),
        Why::Denied if obstacle.path.starts_with(&format!("{path}/")) => {
            let inner = obstacle.path.get(path.len() + 1..).unwrap_or_default();
            format!("`{inner}` in it belongs to {}", owner_of(obstacle))
        }
        Why::Denied => format!("it cannot be made in `{}`{}", obstacle.path, holder(obstacle.stat)),
    };
    let message = format!("`{tool}` in `{service}` runs as {owner} and cannot write its cache `{path}`: {what}");
    let subject = format!("{service}: {tool}");
    let declared = facts.project.service(service)?;
    let mount = Layout::of_service(declared, None).spot(path).mount.and_then(|index| declared.mounts.get(index));
    let variable = declared.environment.get(&first.cache.variable);
    let mut finding = match (mount, variable, first.line) {
        (Some(mount), _, _) => Finding::at(&mount.span, subject, message).label(format!("`{path}` lies in this mount")),
        (None, Some(value), _) => Finding::at(&value.span, subject, message),
        (None, None, Some(line)) => {
            Finding::at(line.call.user.as_ref().map_or(&line.call.head, |user| &user.written.span), subject, message)
                .label(format!("runs as {owner}, whose home is `{}`", first.runs.home.as_deref().unwrap_or("?")))
        }
        (None, None, None) => match &declared.user {
            Some(user) => Finding::at(&user.span, subject, message),
            None => Finding::at(&declared.name.span, subject, message),
        },
    };
    let placed_at_line = mount.is_none() && variable.is_none();
    for sufferer in story.iter().skip(usize::from(placed_at_line)) {
        if let Some(line) = sufferer.line {
            finding = finding.related(&line.call.head, format!("runs as {}", sufferer.runs.identity.owner));
        }
    }
    if mount.is_some()
        && let Some(value) = variable
    {
        finding = finding.related(&value.span, "puts the cache there");
    }
    for obstacle in first.obstacles.iter().take(SHOWN) {
        let value = obstacle.stat.map_or("a read-only mount".to_owned(), |stat| stat.to_string());
        finding = finding.seen(format!("archive of {}", container.name), &obstacle.path, value);
    }
    if first.obstacles.len() > SHOWN {
        finding = finding.seen(
            format!("archive of {}", container.name),
            path,
            format!("{} more", first.obstacles.len() - SHOWN),
        );
    }
    finding = finding.seen(
        "environment",
        format!("{tool} as {owner}"),
        format!("`{}` decides the cache", first.cache.variable),
    );
    let finding = finding.service(service);
    Some(cure(facts, container, declared, story, finding))
}

fn owner_of(obstacle: &crate::access::Obstacle) -> String {
    match obstacle.stat {
        Some(stat) if stat.owner.uid == 0 => format!("root ({stat})"),
        Some(stat) => stat.to_string(),
        None => "nobody".to_owned(),
    }
}
