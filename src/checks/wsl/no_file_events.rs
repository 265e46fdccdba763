//! A development server waits for changes of files on a Windows drive, where nobody announces them.

use crate::checks::recreate::recreate;
use crate::facts::{Facts, Host, WslKind};
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::compose::{BlockStyle, Service};
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
    let message =
        format!("`{}` in `{name}` will not reload: the {} announces no change of a file", watcher.name, named(drive));
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
    match set(facts, service, variable) {
        Some(step) => Fix::risky(title, vec![step]).afterwards(recreate(facts, &[name])),
        None => Fix::manual(format!("{title} to `true` in `{name}`")),
    }
}

/// Sets a variable of a service. A first one brings its `environment:` along in front of the block, where other fixes put
/// theirs: two that would add the same key meet there, and one waits.
fn set(facts: &Facts, service: &Service, variable: &str) -> Option<Step> {
    let block = service.environment_block.as_ref().unwrap_or(&service.block);
    let source = facts.source(&block.span.path).filter(|_| service.block.editable)?;
    let (range, text) = match (&service.environment_block, service.block.style) {
        (Some(_), _) => {
            edit::set_variable(source, &["services", &service.name.value, "environment"], variable, "true")?
        }
        (None, BlockStyle::BlockMapping) => {
            let indent = format!("{}{}", source.line_end(), " ".repeat(block.indent));
            let text = format!("environment:{indent}  {variable}: \"true\"{indent}");
            (block.span.start..block.span.start, text)
        }
        (None, _) => return None,
    };
    Some(Step::Edit(Edit { span: source.span(range), text }))
}
