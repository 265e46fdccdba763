//! The configuration leads to no environment, or to one that lacks a part that Alembic reads or writes.

mod versions;

use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::incomplete::{Incomplete, Lack};

pub(super) fn check(facts: &Facts) -> Checked {
    Ok(facts.project.alembic_incomplete.iter().filter_map(|one| finding(facts, one)).collect())
}

fn finding(facts: &Facts, one: &Incomplete) -> Option<Finding> {
    let (configuration, path) = (&one.configuration, &one.path);
    let (message, label) = match one.lacks {
        Lack::Key => (
            format!("`{configuration}` does not say where the migrations are"),
            "every command ends with: No 'script_location' key found in configuration",
        ),
        Lack::Configuration => (
            format!("no configuration says that the migrations are in `{path}`"),
            "every command ends with: No 'script_location' key found in configuration",
        ),
        Lack::Folder if one.over_lines => (
            format!(
                "`script_location` names `{path}` over several lines, and takes the line end as a part of the path"
            ),
            "every command ends with: Path doesn't exist",
        ),
        Lack::Folder => (
            format!("`script_location` names `{path}`, which is not there"),
            "every command ends with: Path doesn't exist",
        ),
        Lack::EnvPy => (
            format!("`script_location` leads to a folder without `env.py`: `{path}` is not there"),
            "every command that asks the database ends with: Can't find Python file",
        ),
        Lack::Template => (
            format!("`script_location` leads to a folder without a template: `{path}` is not there"),
            "`alembic revision` ends with a FileNotFoundError",
        ),
        Lack::Versions => (
            format!("`script_location` leads to a folder without `versions`: `{path}` is not there"),
            "`alembic revision` ends with a FileNotFoundError",
        ),
    };
    let finding = Finding::at(&one.span, format!("{configuration}: {path}"), message).label(label);
    let finding =
        finding.seen("files", path, if one.lacks == Lack::Key { "has no `script_location`" } else { "is not there" });
    Some(match one.lacks {
        Lack::Key if path != "alembic" => {
            let edit = Edit { span: one.span.clone(), text: "alembic".to_owned() };
            let title = format!("call the section `{path}` as Alembic does, `alembic`");
            finding.fix(Fix::safe(title, vec![Step::Edit(edit)]))
        }
        Lack::Folder if one.over_lines => {
            finding.fix(Fix::manual("name the folder that holds `env.py` in the line of `script_location`"))
        }
        Lack::Key | Lack::Folder => match &one.only {
            Some(only) => finding.fix(named(facts, one, only)?),
            None => finding.fix(Fix::manual("name the folder that holds `env.py` as `script_location`")),
        },
        Lack::Configuration => finding.fix(Fix::manual(format!(
            "bring `alembic.ini` back, or write one with the section `[alembic]` and `script_location = {path}`"
        ))),
        Lack::EnvPy | Lack::Template => {
            finding.help(format!("look for it in git: git log --all --oneline -- {path}")).fix(Fix::manual(format!(
                "bring `{path}` back, or take the one that `alembic init` makes in an empty folder"
            )))
        }
        Lack::Versions => return versions::missing(facts, one, finding),
    })
}

/// Writes down where the only environment is that nobody names.
fn named(facts: &Facts, one: &Incomplete, only: &str) -> Option<Fix> {
    let source = facts.source(&one.configuration)?;
    let edit = if one.lacks == Lack::Folder {
        Edit { span: one.span.clone(), text: only.to_owned() }
    } else {
        let rest = source.text().get(one.span.end..)?;
        let (at, before) = match rest.find('\n') {
            Some(newline) => (one.span.end + newline + 1, ""),
            None => (source.text().len(), source.line_end()),
        };
        Edit { span: source.span(at..at), text: format!("{before}script_location = {only}{}", source.line_end()) }
    };
    Some(Fix::safe(
        format!("name `{only}`, the only folder with an `env.py` and a `script.py.mako`"),
        vec![Step::Edit(edit)],
    ))
}
