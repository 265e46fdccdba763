//! An image's folders belong to root, its containers run as another user, and a command writes there.

mod cure;

use crate::access::caches::look;
use crate::access::image_folders::{Maker, Roots, left_to_root};
use crate::access::image_writes::{Write, writes_into_image};
use crate::access::rights::may_fill;
use crate::access::service::{has_no_folders_of_others, leaves_root, service_changes_user};
use crate::access::{Decides, IdMaps, Layout, Process, RunsAs, ServiceUser, Verdict};
use crate::facts::{Container, Facts};
use crate::finding::{Checked, Finding};
use crate::project::compose::Service;

use cure::cure;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings: Vec<Finding> = vec![];
    for service in facts.project.services() {
        for finding in judged(facts, service).into_iter().flatten() {
            // Services that share an image share its trouble.
            if !findings.iter().any(|other| other.place == finding.place) {
                findings.push(finding);
            }
        }
    }
    Ok(findings)
}

fn judged(facts: &Facts, service: &Service) -> Option<Vec<Finding>> {
    let build = service.build.as_ref()?;
    let (dockerfile, source) = (facts.project.dockerfile_of(service)?, facts.source(&build.dockerfile)?);
    let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name));
    let user = ServiceUser::of(service, &facts.project, None)?;
    let changes = service_changes_user(service, &facts.project, container) || leaves_root(service, &facts.project);
    if user.is_root() || user.written.contains('$') || changes {
        return None;
    }
    let mut findings: Vec<(Roots<'_>, Finding)> = vec![];
    for write in writes_into_image(service, container, &facts.project) {
        let target = build.target.as_deref();
        let Some(roots) = left_to_root(&facts.project, dockerfile, target, &write.path, write.copied) else { continue };
        let told = |verdict| match verdict {
            Verdict::Yes => None,
            Verdict::No(obstacle) => Some(obstacle.stat),
            // Without a container it is known of what the step makes on top of an image that is known itself.
            Verdict::Unknown(_) => has_no_folders_of_others(&dockerfile.base_image_of(target)?.value).then_some(None),
        };
        let seen = container.and_then(|container| verdict(facts, container, &write));
        let Some(stat) = told(seen.unwrap_or_else(|| Verdict::Unknown(write.path.clone()))) else { continue };
        let command = &write.written.command;
        if let Some((_, finding)) = findings.iter_mut().find(|(other, _)| other.maker == roots.maker) {
            *finding = finding.clone().seen("command", command, format!("writes `{}`", shown(&write)));
            continue;
        }
        let (place, label) = match roots.maker {
            Maker::Copied(copied) => (&copied.span, "no `--chown`, so what this makes belongs to root"),
            Maker::Entered(entered) => (&entered.folder.span, "made here, as root"),
        };
        let name = &service.name.value;
        let message = format!(
            "`{command}` in `{name}` runs as `{}` and writes into `{}`, which is root's",
            user.written, roots.folder
        );
        let mut finding = Finding::at(place, format!("{}: {}", build.dockerfile, roots.folder), message).label(label);
        if let Decides::Compose(span) | Decides::Dockerfile(span) = &user.decides {
            finding = finding.related(span, format!("`{name}` runs as this user"));
        }
        if let Some(span) = &write.written.line {
            finding = finding.related(span, format!("`{command}` runs here"));
        }
        finding = finding.seen("command", command, format!("writes `{}`", shown(&write)));
        if let (Some(container), Some(stat)) = (container, stat) {
            finding = finding.seen(format!("archive of {}", container.name), &roots.folder, stat);
        }
        let known_base = dockerfile.base_image_of(target).is_some_and(|base| has_no_folders_of_others(&base.value));
        // What a copy makes in an image that is not known may have been there, and keeps its owner then.
        let by_copy = write.copied || known_base;
        let fix = cure(dockerfile, source, &user, &roots, service, by_copy);
        findings.push((roots, finding.service(name).fix(fix)));
    }
    Some(findings.into_iter().map(|(_, finding)| finding).collect())
}

/// The path without the name that stands for a new file.
fn shown(write: &Write) -> &str {
    if write.copied { write.path.trim_end_matches("/x") } else { &write.path }
}

fn verdict(facts: &Facts, container: &Container, write: &Write) -> Option<Verdict> {
    let maps = IdMaps::of(facts.docker.as_ref().ok()?, &container.userns_mode).unwrap_or_default();
    let process = Process::in_container(&RunsAs::of(container).ok()?.identity, &maps);
    Some(may_fill(&process, &write.path, &Layout::of_container(container), &|path| look(container, path)))
}
