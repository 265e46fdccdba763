//! Git runs as somebody to whom the repository does not belong, and does nothing there: "dubious ownership".

mod in_service;

use crate::facts::{Facts, Git, Host};
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

use in_service::in_service;

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    let Some(git) = &host.git else { return Ok(vec![]) };
    let mut findings: Vec<Finding> = here(host, git).into_iter().collect();
    // Somebody knows about it.
    let trusted = facts.project.sources.values().any(|source| source.text().contains("safe.directory"));
    let Ok(docker) = &facts.docker else { return Ok(findings) };
    if !trusted {
        for (service, container) in docker.services(&facts.project) {
            findings.extend(in_service(facts, host, git, docker, service, container));
        }
    }
    Ok(findings)
}

/// Git on this machine. Root's project is told as a whole by `ownership-foreign-files`.
fn here(host: &Host, git: &Git) -> Option<Finding> {
    let (top, me) = (git.top.display(), host.person.owner);
    let home = host.home.as_ref().map(|home| home.display());
    // git takes `SUDO_UID` for root's own number, so the person counts in both cases.
    if git.top_owner.uid == me.uid || git.top_owner.uid == 0 || git.trusts(&top, home.as_deref()) {
        return None;
    }
    let message = format!("git refuses `{top}`: it belongs to {}, and you are {me}", git.top_owner);
    let finding = Finding::at_path(".", &top, message).seen("lstat", &top, git.top_owner).seen("id", "you", me);
    Some(finding.fix(Fix::manual(format!(
        "work as its owner; or, if you trust what is in it: git config --global --add safe.directory '{}'",
        top.replace('\'', "'\\''")
    ))))
}
