//! A URL in force is still a template's text, or a reference that nothing fills in, or is not there at all.

mod ini_line;
mod meant;

use super::{in_force, with_readers};
use crate::checks::python_fix::placed;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::urls::{DatabaseUrl, Holder, UrlDefectKind};
use crate::text::{Span, mask_setting};

use ini_line::{absent, comment};
use meant::is_meant;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for url in in_force(facts).filter(|url| is_meant(facts, url)) {
        let in_configuration = matches!(url.holder, Holder::Ini | Holder::Toml);
        for defect in &url.parts.defects {
            let source = facts.source(&defect.span.path);
            let text = mask_setting(&url.key, source.map_or("", |source| source.slice(&defect.span)));
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
                if environment_of(facts, url).is_some_and(|environment| environment.url_set_by_program) {
                    finding = finding
                        .label("is set by a program of the project, and not for the command `alembic`")
                        .only_info();
                }
            }
            finding = with_readers(facts, finding, url);
            findings.push(cured(facts, finding, url));
        }
        findings.extend(comment(facts, url));
    }
    findings.extend(facts.project.alembic.iter().filter_map(|environment| absent(facts, environment)));
    Ok(findings)
}

fn environment_of<'facts>(facts: &'facts Facts, url: &DatabaseUrl) -> Option<&'facts Alembic> {
    facts.project.alembic.iter().find(|environment| {
        environment.ini.as_deref() == Some(&*url.span.path) || environment.configuration == *url.span.path
    })
}

/// Adds the lines of `env.py` that read the URL from the environment, or says what to write.
fn cured(facts: &Facts, finding: Finding, url: &DatabaseUrl) -> Finding {
    filled(facts, finding, environment_of(facts, url), &url.key)
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
    let source = facts.source(&taken.path)?;
    let end = source.line_end();
    let at = |span: &Span, offset: usize, text: String| {
        Step::Edit(Edit { span: Span { start: offset, end: offset, ..span.clone() }, text })
    };
    let line =
        format!("{end}config.set_main_option(\"sqlalchemy.url\", os.environ[\"{variable}\"].replace(\"%\", \"%%\"))");
    let mut steps = vec![at(taken, taken.end, line)];
    if let Some(import) = &environment.import_os_before {
        // It has to be there before the line that uses it, which not every import of an `env.py` is.
        let placed = placed(facts, source, &["import os".to_owned()]);
        match placed.filter(|edits| edits.iter().all(|edit| edit.span.end <= taken.start)) {
            Some(edits) => steps.extend(edits.into_iter().map(Step::Edit)),
            None => {
                let blank = if import.start == 0 { end } else { "" };
                steps.push(at(import, import.start, format!("import os{end}{blank}")));
            }
        }
    }
    Some(steps)
}
