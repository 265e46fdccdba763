//! Who runs a command line, in words.

use crate::project::commands::{CommandLine, Language, Occasion};

/// Who runs `program`, for people: `` `make migrate` runs `alembic` ``, `` `README.md` shows `alembic` ``.
pub(super) fn runs(line: &CommandLine, program: &str) -> String {
    match line.occasion {
        Occasion::Shown => format!("`{}` shows `{program}` run", line.span.path),
        Occasion::Called | Occasion::Runner => format!("{} runs `{program}`", caller(line)),
    }
}

/// What a fix of the line is about: `` `make migrate` ``, and `it` where a document only shows the line.
pub(super) fn whom(line: &CommandLine) -> String {
    if line.occasion == Occasion::Shown { "it".to_owned() } else { caller(line) }
}

fn caller(line: &CommandLine) -> String {
    let file = line.span.path.rsplit('/').next().unwrap_or_default();
    match (line.language, &line.holder) {
        (Language::Make, Some(target)) => format!("`make {target}`"),
        (Language::Just, Some(recipe)) => format!("`just {recipe}`"),
        (Language::JsonShell | Language::JsonWords, Some(task)) if file == "tasks.json" => format!("task `{task}`"),
        (Language::JsonShell | Language::JsonWords, Some(key)) if file.contains("devcontainer") => format!("`{key}`"),
        (Language::JsonShell | Language::JsonWords, Some(script)) => format!("script `{script}`"),
        (Language::TomlShell | Language::TomlWords, Some(task)) => format!("task `{task}`"),
        (_, Some(job)) if line.occasion == Occasion::Runner => format!("job `{job}`"),
        (Language::YamlShell, Some(task)) if file.to_ascii_lowercase().contains("taskfile") => format!("`task {task}`"),
        (Language::YamlShell | Language::YamlWords, Some(hook)) => format!("hook `{hook}`"),
        _ => format!("`{}`", line.span.path),
    }
}
