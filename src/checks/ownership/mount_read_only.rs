//! A tool writes into a folder that is mounted read-only, or into a root file system that is read-only.

use crate::access::{Layout, working_directory, written_by};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for service in facts.project.services() {
        let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(&service.name));
        let Some(directory) = working_directory(service, container, &facts.project) else { continue };
        let layout = Layout::of_service(service, None);
        for written in written_by(service, container, &facts.project) {
            let path = crate::access::normal(&format!("{directory}/{}", written.path));
            let spot = layout.spot(&path);
            if spot.writable {
                continue;
            }
            let (name, command) = (&service.name.value, &written.command);
            let (place, label) = match spot.mount.and_then(|index| service.mounts.get(index)) {
                Some(mount) => (&mount.span, "mounted read-only"),
                None => (&service.name.span, "`read_only: true`, and no mount lies there"),
            };
            let mut finding =
                Finding::at(place, name, format!("`{command}` in `{name}` writes `{path}`, which is read-only"))
                    .label(label)
                    .seen("command", name, format!("`{command}` writes `{path}`"));
            if let Some(span) = &written.line {
                finding = finding.related(span, format!("`{command}` runs here"));
            }
            let fix = match written.variable {
                Some(variable) => format!(
                    "set `{variable}` of `{name}` to a folder that can be written, such as `/tmp{}`",
                    path.rsplit_once('/').map_or(String::new(), |(_, last)| format!("/{last}"))
                ),
                None => format!("mount `{path}` writable, or run `{command}` where the project is writable"),
            };
            findings.push(finding.service(name).fix(Fix::manual(fix)));
        }
    }
    Ok(findings)
}
