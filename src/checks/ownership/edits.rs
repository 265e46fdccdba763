//! Edits of a service's block: a `user:` line, and variables that make its home and caches work.

use crate::project::compose::{Block, BlockStyle, Service};
use crate::text::Source;

use crate::fix::{Edit, Step};

/// Puts entries in front of the first one of a block, in the block's own style.
fn in_front(block: &Block, source: &Source, entries: &[String]) -> Step {
    let mut span = block.span.clone();
    span.end = span.start;
    let mut text = String::new();
    for entry in entries {
        text.push_str(entry);
        match block.style {
            BlockStyle::Flow => text.push_str(", "),
            BlockStyle::BlockMapping | BlockStyle::BlockSequence => {
                text.push_str(source.line_end());
                text.push_str(&" ".repeat(block.indent));
            }
        }
    }
    Step::Edit(Edit { span, text })
}

/// The steps that make a service run as `user` with `variables`; `None` where the file cannot be edited without touching what
/// others use.
///
/// A blank `user:` gets its value, else a line comes first in the block. Variables go into `environment:`, which is added
/// where there is none.
pub(super) fn run_as(service: &Service, source: &Source, user: &str, variables: &[(&str, &str)]) -> Option<Vec<Step>> {
    let mut steps = vec![];
    let mut lines = vec![];
    match &service.user {
        Some(written) if source.path() == &*written.span.path => {
            let quoted = source.text().get(..written.span.start).is_some_and(|before| before.ends_with(['"', '\'']));
            let text = if quoted { user.to_owned() } else { format!("\"{user}\"") };
            steps.push(Step::Edit(Edit { span: written.span.clone(), text }));
        }
        Some(_) => return None,
        None => lines.push(format!("user: \"{user}\"")),
    }
    if !service.block.editable {
        return None;
    }
    match &service.environment_block {
        _ if variables.is_empty() => {}
        None if service.block.style == BlockStyle::Flow => {
            let entries: Vec<String> = variables.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            lines.push(format!("environment: {{{}}}", entries.join(", ")));
        }
        None => {
            let inner = format!("{}{}", source.line_end(), " ".repeat(service.block.indent + 2));
            let entries: Vec<String> =
                variables.iter().map(|(name, value)| format!("{inner}{name}: {value}")).collect();
            lines.push(format!("environment:{}", entries.concat()));
        }
        Some(block) if block.editable && *block.span.path == *source.path() => {
            let is_list = block.style == BlockStyle::BlockSequence
                || source.text().get(..block.span.start).is_some_and(|before| before.trim_end().ends_with('['));
            let entry = |(name, value): &(&str, &str)| match (is_list, block.style) {
                (false, _) => format!("{name}: {value}"),
                (true, BlockStyle::Flow) => format!("{name}={value}"),
                (true, _) => format!("- {name}={value}"),
            };
            steps.push(in_front(block, source, &variables.iter().map(entry).collect::<Vec<_>>()));
        }
        Some(_) => return None,
    }
    if !lines.is_empty() {
        steps.push(in_front(&service.block, source, &lines));
    }
    Some(steps)
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::text::{Span, Spanned};

    fn block(source: &Source, text: &str, style: BlockStyle) -> Block {
        let start = source.text().find(text).unwrap();
        Block {
            span: source.span(start..start + text.len()),
            indent: source.position(start).column - 1,
            style,
            editable: true,
        }
    }

    fn service(source: &Source, own: Block, environment: Option<Block>, user: Option<&str>) -> Service {
        let span: Span = source.span(0..0);
        let user = user.map(|text| {
            let start = source.text().find(text).unwrap();
            Spanned::new(":".into(), source.span(start..start + text.len()))
        });
        Service { user, environment_block: environment, ..Service::new(Spanned::new("app".into(), span), own) }
    }

    fn applied(source: &Source, steps: Vec<Step>) -> String {
        let mut edits: Vec<Edit> = steps
            .into_iter()
            .filter_map(|step| match step {
                Step::Edit(edit) => Some(edit),
                _ => None,
            })
            .collect();
        edits.sort_by_key(|edit| std::cmp::Reverse(edit.span.start));
        edits.iter().fold(source.text().to_owned(), |mut text, edit| {
            text.replace_range(edit.span.range(), &edit.text);
            text
        })
    }

    #[test]
    fn lines_come_first_in_the_blocks_own_style() {
        for (text, own, style, environment, user, expected) in [
            (
                "services:\n  app:\n    image: x\n",
                "image: x",
                BlockStyle::BlockMapping,
                None,
                None,
                "services:\n  app:\n    user: \"U\"\n    environment:\n      HOME: /tmp\n    image: x\n",
            ),
            (
                "services:\r\n  app:\r\n    image: x\r\n    environment:\r\n      - A=1\r\n",
                "image: x\r\n    environment:\r\n      - A=1",
                BlockStyle::BlockMapping,
                Some(("- A=1", BlockStyle::BlockSequence)),
                None,
                "services:\r\n  app:\r\n    user: \"U\"\r\n    image: x\r\n    environment:\r\n      - HOME=/tmp\r\n      - A=1\r\n",
            ),
            (
                "services: {app: {image: x}}\n",
                "image: x",
                BlockStyle::Flow,
                None,
                None,
                "services: {app: {user: \"U\", environment: {HOME: /tmp}, image: x}}\n",
            ),
            (
                "services:\n  app:\n    user: \"${UID}\"\n    environment: [A=1]\n",
                "user: \"${UID}\"\n    environment: [A=1]",
                BlockStyle::BlockMapping,
                Some(("A=1", BlockStyle::Flow)),
                Some("${UID}"),
                "services:\n  app:\n    user: \"U\"\n    environment: [HOME=/tmp, A=1]\n",
            ),
        ] {
            let source = Source::new("compose.yaml", text);
            let environment = environment.map(|(text, style)| block(&source, text, style));
            let service = service(&source, block(&source, own, style), environment, user);
            let steps = run_as(&service, &source, "U", &[("HOME", "/tmp")]).unwrap();
            assert_eq!(applied(&source, steps), expected);
        }
    }

    #[test]
    fn what_others_share_is_not_edited() {
        let source = Source::new("compose.yaml", "services:\n  app:\n    image: x\n");
        let own = Block { editable: false, ..block(&source, "image: x", BlockStyle::BlockMapping) };
        assert_eq!(run_as(&service(&source, own, None, None), &source, "U", &[]), None);
    }
}
