//! A URL in force is still a template's text, or a reference that nothing fills in, or is not there at all.

use super::{in_force, raw, with_readers};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::urls::{DatabaseUrl, Holder, UrlDefectKind};
use crate::text::{Span, ini, mask_url};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for url in in_force(facts) {
        let in_configuration = matches!(url.holder, Holder::Ini | Holder::Toml);
        for defect in &url.parts.defects {
            let source = facts.source(&defect.span.path);
            let text = mask_url(source.map_or("", |source| source.slice(&defect.span)));
            let message = match &defect.kind {
                UrlDefectKind::Placeholder => format!("`{}` is still the text of a template", url.key),
                UrlDefectKind::UnknownOption { name } => {
                    format!(
                        "`{}` names the option `{name}`, which the file lacks; configparser does not look into the environment",
                        url.key
                    )
                }
                UrlDefectKind::NotAUrl if text.starts_with("%(") && in_configuration => {
                    format!(
                        "`{}` names an option that the file lacks; configparser does not look into the environment",
                        url.key
                    )
                }
                UrlDefectKind::NotAUrl if in_configuration => format!("`{}` is `{text}`, which is no URL", url.key),
                UrlDefectKind::BadPort if in_configuration || url.read_by_sqlalchemy.is_some() => {
                    format!("the port in `{}` is no number", url.key)
                }
                _ => continue,
            };
            let mut finding = Finding::at(&defect.span, url.key.clone(), message);
            if in_configuration {
                finding = finding.label("Alembic reads this, and nothing puts another URL in force");
            }
            finding = with_readers(facts, finding, url);
            findings.push(cured(facts, finding, url));
        }
        findings.extend(comment(facts, url));
    }
    findings.extend(facts.project.alembic.iter().filter_map(|environment| absent(facts, environment)));
    Ok(findings)
}

/// An ini file knows no comment behind a value: it becomes a part of the database's name.
fn comment(facts: &Facts, url: &DatabaseUrl) -> Option<Finding> {
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
            .label("belongs to the name of the database: an ini file has comments on lines of their own only")
            .fix(Fix::risky("take the comment out of the URL", vec![Step::Edit(rest)])),
    )
}

/// The ini file has no URL, or an empty one, and `env.py` makes its engine of what that file has.
fn absent(facts: &Facts, environment: &Alembic) -> Option<Finding> {
    let (path, env_py) = (environment.ini.as_ref()?, environment.env_py.as_ref()?);
    environment.revisions.environment.engine.as_ref().filter(|_| environment.url_override.is_none())?;
    let code = facts.source(env_py)?.text();
    // The template asks for it a second time, for `--sql`; whoever names it elsewhere may put it there.
    let named = code.matches("sqlalchemy.url").count();
    let asked = ["get_main_option(\"sqlalchemy.url\")", "get_main_option('sqlalchemy.url')"];
    if named != asked.iter().map(|call| code.matches(call).count()).sum::<usize>()
        || !["\"sqlalchemy.\"", "'sqlalchemy.'"].iter().any(|prefix| code.contains(prefix))
    {
        return None;
    }
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
    Some(filled(facts, finding, Some(environment), "sqlalchemy.url"))
}

/// Adds the lines of `env.py` that read the URL from the environment, or says what to write.
fn cured(facts: &Facts, finding: Finding, url: &DatabaseUrl) -> Finding {
    let environment = facts.project.alembic.iter().find(|environment| {
        environment.ini.as_deref() == Some(&*url.span.path) || environment.configuration == *url.span.path
    });
    filled(facts, finding, environment, &url.key)
}

/// The same for the environment that takes it.
fn filled(facts: &Facts, finding: Finding, environment: Option<&Alembic>, key: &str) -> Finding {
    let variable = facts
        .project
        .urls
        .iter()
        .find(|other| {
            matches!(other.holder, Holder::Dotenv | Holder::Compose | Holder::Process) && !other.key.starts_with('-')
        })
        .map_or("DATABASE_URL", |other| other.key.as_str());
    match environment.and_then(|environment| Some((environment.env_py.as_ref()?, steps(facts, environment, variable)?)))
    {
        Some((env_py, steps)) => {
            let title = format!("read the URL from `{variable}` in `{env_py}`");
            finding.fix(Fix::risky(title, steps).afterwards(format!("set `{variable}` where alembic runs")))
        }
        None => finding.help(format!("write the project's own URL into `{key}`, or read it from `{variable}`")),
    }
}

/// The edits of `env.py`.
fn steps(facts: &Facts, environment: &Alembic, variable: &str) -> Option<Vec<Step>> {
    let taken = environment.configuration_taken.as_ref()?;
    let end = facts.source(&taken.path)?.line_end();
    let at = |span: &Span, offset: usize, text: String| {
        Step::Edit(Edit { span: Span { start: offset, end: offset, ..span.clone() }, text })
    };
    let line =
        format!("{end}config.set_main_option(\"sqlalchemy.url\", os.environ[\"{variable}\"].replace(\"%\", \"%%\"))");
    let mut steps = vec![at(taken, taken.end, line)];
    if let Some(import) = &environment.import_os_before {
        steps
            .insert(0, at(import, import.start, format!("import os{end}{}", if import.start == 0 { end } else { "" })));
    }
    Some(steps)
}
