//! The URL that `env.py` reads names a driver of the other kind than the engine it makes: async for sync, or the reverse.

use crate::checks::url::is_read_by;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::EngineKind;
use crate::project::urls::{DatabaseUrl, Holder};
use crate::text::{Span, Spanned};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let script = &environment.revisions.environment;
        let Some(engine) = script.engine.as_ref().filter(|_| !script.rewrites_url) else { continue };
        for url in facts.project.urls.iter().filter(|url| url.overridden_by.is_none()) {
            let configured = environment.ini.as_deref() == Some(&*url.span.path) && environment.url_override.is_none();
            if configured || is_read_by(url, environment) {
                findings.extend(mismatch(environment, engine, url));
            }
        }
    }
    Ok(findings)
}

fn mismatch(environment: &Alembic, engine: &Spanned<EngineKind>, url: &DatabaseUrl) -> Option<Finding> {
    let scheme = url.parts.scheme.as_ref()?;
    let (_, driver) = scheme.value.split_once('+')?;
    let (kind, error) = match (engine.value, driver) {
        (EngineKind::Sync, "asyncpg" | "psycopg_async") => {
            ("an engine that is not async", "MissingGreenlet: greenlet_spawn has not been called")
        }
        (EngineKind::Async, "psycopg2" | "psycopg2cffi" | "pg8000") => {
            ("an asyncio engine", "InvalidRequestError: the loaded driver is not async")
        }
        _ => return None,
    };
    let env_py = environment.env_py.as_deref().unwrap_or("env.py");
    let message = format!("`{}` names the driver `{driver}`, and `{env_py}` makes {kind} of it", url.key);
    let finding = Finding::at(&scheme.span, format!("{}: {}", environment.configuration, url.key), message)
        .label(error)
        .related(&engine.span, format!("makes {kind}"))
        .seen(env_py, "engine", kind);
    if url.holder == Holder::Ini
        && url.parts.scheme.as_ref().is_some_and(|scheme| scheme.span.end - scheme.span.start == scheme.value.len())
    {
        // The ini file is Alembic's own copy. psycopg works with both kinds, where it is installed.
        let start = scheme.span.end - driver.len();
        let steps = vec![Step::Edit(Edit { span: Span { start, ..scheme.span.clone() }, text: "psycopg".to_owned() })];
        let fix = Fix::risky(format!("name the driver `psycopg` in `{}`", url.span.path), steps);
        return Some(finding.fix(fix.afterwards("see that psycopg is installed where alembic runs")));
    }
    Some(finding.help(match engine.value {
        EngineKind::Sync => format!("write the URL for Alembic in `{env_py}`: .replace(\"+{driver}\", \"+psycopg\"), or begin with the template for asyncio: alembic init -t async"),
        EngineKind::Async => format!("write the URL for Alembic in `{env_py}`: .replace(\"+{driver}\", \"+psycopg\")"),
    }))
}
