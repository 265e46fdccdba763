//! Sets a variable of a service, or adds a volume, in its Compose file, in the way the file is written.

use crate::facts::Facts;
use crate::fix::{Edit, Step};
use crate::project::compose::{BlockStyle, Mount, Service};
use crate::text::Source;

/// The edit that sets a variable of a service; `None` where the file cannot be edited byte by byte.
pub(super) fn set_variable(facts: &Facts, service: &Service, variable: &str, value: &str) -> Option<Step> {
    if let Some(former) = service.environment.get(variable) {
        let source = facts.source(&former.span.path)?;
        let is_whole = Some(source.slice(&former.span)) == former.value.as_deref();
        let edit = Edit { span: former.span.clone(), text: value.to_owned() };
        return (is_whole && service.block.editable).then_some(Step::Edit(edit));
    }
    let Some(block) = &service.environment_block else {
        let source = facts.source(&service.block.span.path)?;
        if !service.block.editable || service.block.style != BlockStyle::BlockMapping {
            return None;
        }
        let (indent, end) = (" ".repeat(service.block.indent), source.line_end());
        let mut span = service.block.span.clone();
        span.end = span.start;
        let text = format!("environment:{end}{indent}  {variable}: {value}{end}{indent}");
        return Some(Step::Edit(Edit { span, text }));
    };
    let source = facts.source(&block.span.path).filter(|_| block.editable)?;
    let indent = format!("{}{}", source.line_end(), " ".repeat(block.indent));
    let text = match block.style {
        BlockStyle::BlockMapping => format!("{variable}: {value}{indent}"),
        BlockStyle::BlockSequence => format!("- {variable}={value}{indent}"),
        BlockStyle::Flow => return None,
    };
    let mut span = block.span.clone();
    span.end = span.start;
    Some(Step::Edit(Edit { span, text }))
}

/// `- /app/.venv` in the line below a mount in the short form.
pub(super) fn add_volume(source: &Source, mount: &Mount, path: &str) -> Option<Step> {
    let (before, after) = (source.text().get(..mount.span.start)?, source.text().get(mount.span.end..)?);
    let line = before.rsplit('\n').next()?.trim_end_matches(['"', '\'']);
    let indent = line.strip_suffix("- ").filter(|indent| indent.chars().all(|character| character == ' '))?;
    let rest = after.split('\n').next()?;
    let at = mount.span.end + rest.trim_end_matches('\r').len();
    let is_short = !source.slice(&mount.span).contains(['\n', '{']) && !source.slice(&mount.span).contains(": ");
    let text = format!("{}{indent}- {path}", source.line_end());
    is_short.then(|| Step::Edit(Edit { span: source.span(at..at), text }))
}
