//! The line of the ini file itself: a comment that became a part of the URL, an empty value, or no line at all.

use super::super::raw;
use super::filled;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::urls::{DatabaseUrl, Holder};
use crate::text::{Span, ini};

/// An ini file knows no comment behind a value: it becomes a part of the database's name.
pub(super) fn comment(facts: &Facts, url: &DatabaseUrl) -> Option<Finding> {
    let raw = raw(facts, url);
    let database = raw.find("://").and_then(|at| Some(at + 3 + raw.get(at + 3..)?.find('/')?))?;
    let rest = raw.get(database..).filter(|_| url.holder == Holder::Ini && !raw.contains('\n'))?;
    let sign = [" #", " ;", "\t#", "\t;"].iter().filter_map(|sign| rest.find(sign)).min()?;
    let blanks = rest.get(..sign)?.trim_end().len();
    let place = url.span.part(database + sign + 1..raw.len());
    let rest = Edit { span: url.span.part(database + blanks..raw.len()), text: String::new() };
    let message = format!("the comment behind `{}` is a part of its value", url.key);
    Some(
        Finding::at(&place, format!("{}: comment", url.key), message)
            .label("belongs to the name of the database")
            .seen(url.span.path.to_string(), &url.key, "an ini file has comments on lines of their own only")
            .fix(Fix::risky("take the comment out of the URL", vec![Step::Edit(rest)])),
    )
}

/// The ini file has no URL, or an empty one, and `env.py` makes its engine of what that file has.
pub(super) fn absent(facts: &Facts, environment: &Alembic) -> Option<Finding> {
    let env_py = environment.env_py.as_ref().filter(|_| environment.connection_taken.is_none())?;
    let engine = environment.revisions.environment.engine.as_ref().filter(|_| environment.url_override.is_none())?;
    let code = facts.source(env_py)?.text();
    // The template asks for it a second time, for `--sql`; whoever names it elsewhere may put it there.
    let named = code.matches("sqlalchemy.url").count();
    let asked = ["get_main_option(\"sqlalchemy.url\")", "get_main_option('sqlalchemy.url')"];
    if named != asked.iter().map(|call| code.matches(call).count()).sum::<usize>()
        || !["\"sqlalchemy.\"", "'sqlalchemy.'"].iter().any(|prefix| code.contains(prefix))
    {
        return None;
    }
    let Some(path) = &environment.ini else { return without_ini(facts, environment, env_py, &engine.span) };
    let source = facts.source(path)?;
    let file = ini::parse(source.text()).ok()?;
    let (range, message, error) = match file.entry(&environment.section, "sqlalchemy.url") {
        Some(entry) if entry.raw.trim().is_empty() => (
            entry.key_range.clone(),
            "`sqlalchemy.url` is empty".to_owned(),
            "ArgumentError: Could not parse SQLAlchemy URL from given URL string",
        ),
        Some(_) => return None,
        // Each section may be a database of its own.
        None if file.sections.values().any(|section| section.entries.contains_key("sqlalchemy.url")) => return None,
        None => (
            file.sections.get(&environment.section)?.header.clone(),
            format!("`{path}` has no `sqlalchemy.url`, of which `{env_py}` makes its engine"),
            "KeyError: 'url'",
        ),
    };
    let finding = Finding::at(&source.span(range), format!("{path}: sqlalchemy.url"), message)
        .label("nothing puts another URL in force")
        .seen(env_py, "engine", format!("made of this section; every command that connects says: {error}"));
    let finding = match environment.url_set_by_program {
        true => finding.label("is set by a program of the project, and not for the command `alembic`").only_info(),
        false => finding,
    };
    Some(filled(facts, finding, Some(environment), "sqlalchemy.url"))
}

/// `pyproject.toml` is all there is, in which Alembic looks for no URL by itself.
fn without_ini(facts: &Facts, environment: &Alembic, env_py: &str, engine: &Span) -> Option<Finding> {
    let mut others = facts.project.alembic.iter().filter(|other| other.env_py.as_deref() == Some(env_py));
    if others.any(|other| other.ini.is_some()) {
        return None;
    }
    let path = &environment.configuration;
    let message = format!("`{env_py}` makes its engine of `sqlalchemy.url`, which only an ini file can give");
    let finding = Finding::at(engine, format!("{path}: sqlalchemy.url"), message)
        .label("nothing puts another URL in force")
        .seen(path, "[tool.alembic]", "is all the configuration there is");
    Some(filled(facts, finding, Some(environment), "sqlalchemy.url"))
}
