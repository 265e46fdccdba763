//! A development server waits for changes of files on a Windows drive, where nobody announces them.

use crate::facts::{Facts, Host, WslKind};
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::Service;
use crate::text::Span;
use crate::text::yaml::edit;

use super::watchers::{Watcher, is_on, started};
use super::{mounted, named};

pub(super) fn check(facts: &Facts) -> Checked {
    let host = facts.host()?;
    // WSL 1 announces changes on drives too.
    if !matches!(host.wsl.kind, WslKind::Two | WslKind::Container) {
        return Ok(vec![]);
    }
    Ok(facts.project.services().filter_map(|service| of_service(facts, host, service)).collect())
}

fn of_service(facts: &Facts, host: &Host, service: &Service) -> Option<Finding> {
    let drive_of = |source: &str| host.filesystems.get(source).filter(|filesystem| filesystem.is_windows_drive());
    let (mount, drive) = service.binds().find_map(|(mount, source)| Some((mount, drive_of(source)?)))?;
    let name = &service.name.value;
    let container = facts.docker.as_ref().ok().and_then(|docker| docker.container_of(name));
    let written = service.entrypoint.iter().chain(&service.command);
    let mut words: Vec<String> = written.clone().flat_map(|words| words.value.clone()).collect();
    if service.command.is_none() {
        // What the image says is known where a container was made of it.
        words.extend(container.iter().flat_map(|container| container.command.clone()));
    }
    let watcher = started(facts, service, &words)?;
    let declared = service.environment.value(watcher.variable);
    let variable = declared.or_else(|| container?.environment.get(watcher.variable));
    if variable.map_or(watcher.polls_on_wsl, is_on) {
        return None;
    }
    let place: &Span = written.last().map_or(&service.name.span, |words| &words.span);
    let message = format!(
        "`{}` in `{name}` waits for changes on the {}, which announces none: it will not reload",
        watcher.name,
        named(drive)
    );
    let finding = mounted(Finding::at(place, format!("{name}: {}", watcher.name), message), drive);
    let finding = finding.related(&mount.span, format!("lies on the {}", named(drive)));
    let finding = match variable {
        Some(value) => finding.seen("environment", watcher.variable, value),
        None => finding.seen("environment", watcher.variable, "not set"),
    };
    Some(finding.service(name).fix(poll(facts, service, watcher)))
}

/// Lets the server look at the files by itself, which takes time of the processor.
fn poll(facts: &Facts, service: &Service, watcher: Watcher) -> Fix {
    let (name, variable) = (&service.name.value, watcher.variable);
    let title =
        format!("let `{}` look at the files by itself, which costs processor time: set `{variable}`", watcher.name);
    let path = service.environment_block.as_ref().map_or(&service.block.span.path, |block| &block.span.path);
    let source = facts.source(path).filter(|_| service.block.editable);
    let keys = ["services", name.as_str(), "environment"];
    let change = source.and_then(|source| {
        let (range, text) = edit::set_variable(source, &keys, variable, "true")?;
        Some(Step::Edit(Edit { span: source.span(range), text }))
    });
    match change {
        Some(step) => {
            Fix::risky(title, vec![step]).afterwards(format!("recreate `{name}`: docker compose up -d {name}"))
        }
        None => Fix::manual(format!("{title} to `true` in `{name}`")),
    }
}
