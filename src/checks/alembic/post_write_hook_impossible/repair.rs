//! The edits that make a hook run.

use std::ops::Range;

use super::hooks::Hook;
use super::judge::{Cure, Judged};
use crate::fix::{Edit, Fix, Step};
use crate::text::Source;

pub(super) fn fix(source: &Source, hook: &Hook, judged: Judged) -> Fix {
    let name = &hook.name;
    let edit = |range: Range<usize>, text: String| Step::Edit(Edit { span: source.span(range), text });
    match judged.cure {
        Cure::Words(words) => Fix::manual(words),
        Cure::LowerCase => {
            let lower = name.to_lowercase();
            Fix::safe(format!("name the hook `{lower}`"), vec![edit(judged.place, lower)])
        }
        Cure::Unquoted => {
            let Range { start, end } = judged.place;
            let quotes = vec![edit(start..start + 1, String::new()), edit(end - 1..end, String::new())];
            Fix::safe("write the program's name without quotes", quotes)
        }
        Cure::Type(kind, key) => {
            let title = format!("give the hook `{name}` the type `{kind}`, which `{key}` goes with");
            // `{ … }` over several lines is TOML 1.1, which hardly any Python reads.
            let whole = source.text().get(judged.place.clone()).filter(|_| !hook.is_ini).unwrap_or("");
            let is_torn = whole.starts_with('{') && whole.contains('\n');
            let Some(setting) = hook.setting(key).filter(|_| !is_torn) else { return Fix::manual(title) };
            let text = if hook.is_ini { format!("{name}.type = {kind}") } else { format!("type = \"{kind}\"") };
            let at = setting.key_range.start;
            let line = source.text().get(..at).and_then(|head| head.rfind('\n')).map_or(0, |newline| newline + 1);
            let indent = source.text().get(line..at).unwrap_or("").trim_start_matches('\u{feff}');
            // In `{ name = …, executable = … }` it stands beside the others.
            let end = if indent.trim().is_empty() { format!("{}{indent}", source.line_end()) } else { ", ".to_owned() };
            Fix::safe(title, vec![edit(at..at, text + &end)])
        }
        Cure::Program(key) => {
            let (Some(kind), Some(setting)) = (hook.setting("type"), hook.setting(key)) else {
                return Fix::manual("run the program by the type `exec`");
            };
            let title = format!("run the program `{}` by the type `exec`", setting.value);
            // The last part of the key: the name of the hook stands before it in an ini file.
            let end = setting.key_range.end;
            let steps =
                vec![edit(kind.range.clone(), "exec".to_owned()), edit(end - key.len()..end, "executable".to_owned())];
            Fix::risky(title, steps).afterwards(format!("see that `{}` is found where alembic runs", setting.value))
        }
    }
}
