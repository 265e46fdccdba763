//! The URL that `env.py` reads names, or means, a driver that does not fit the engine it makes, or that is not installed.

use crate::checks::url::is_read_by;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::{EngineKind, Packages};
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

/// What is wrong with a driver.
struct Wrong {
    /// What stands in the message, after the driver.
    is: String,
    /// What SQLAlchemy says.
    error: String,
    /// Whether the kind of engine decides it.
    of_engine: bool,
}

fn mismatch(environment: &Alembic, engine: &Spanned<EngineKind>, url: &DatabaseUrl) -> Option<Finding> {
    let packages = &environment.revisions.packages;
    let scheme = url.parts.scheme.as_ref()?;
    let named = scheme.value.split_once('+').map(|(_, driver)| driver);
    // A scheme without a driver means one or another, by SQLAlchemy's version.
    let driver = match named {
        Some(driver) => driver,
        None if scheme.value == "postgresql" => packages.default_driver()?,
        None => return None,
    };
    let env_py = environment.env_py.as_deref().unwrap_or("env.py");
    let wrong = of_kind(engine.value, driver, env_py).or_else(|| absent(packages, driver))?;
    let means = match (named, &packages.sqlalchemy) {
        (Some(driver), _) => format!("`{}` names the driver `{driver}`", url.key),
        (None, version) => {
            let version = version.as_deref().unwrap_or_default();
            format!("`{}` names no driver, which is `{driver}` for SQLAlchemy {version}", url.key)
        }
    };
    let message = format!("{means}, {}", wrong.is);
    let mut finding = Finding::at(&scheme.span, format!("{}: {}", environment.configuration, url.key), message)
        .label(wrong.error.clone());
    if wrong.of_engine {
        finding = finding.related(&engine.span, format!("makes {}", kind(engine.value)));
        finding = finding.seen(env_py, "engine", kind(engine.value));
    }
    if let (None, Some(version)) = (named, &packages.sqlalchemy) {
        finding = finding.seen(&packages.sqlalchemy_from, "sqlalchemy", version);
    }
    if let Some((there, from)) = &packages.drivers {
        let list = if there.is_empty() { "none".to_owned() } else { there.join(", ") };
        finding = finding.seen(from, "drivers", list);
    }
    let fits = |module: &str| packages.drivers.as_ref().is_none_or(|(there, _)| there.iter().any(|one| one == module));
    let is_plain = scheme.span.end - scheme.span.start == scheme.value.len();
    if url.holder == Holder::Ini && is_plain && fits("psycopg") {
        // The ini file is Alembic's own copy. psycopg works with both kinds, where it is installed.
        let start = scheme.span.end - named.map_or(0, str::len);
        let text = if named.is_some() { "psycopg" } else { "+psycopg" };
        let steps = vec![Step::Edit(Edit { span: Span { start, ..scheme.span.clone() }, text: text.to_owned() })];
        let fix = Fix::risky(format!("name the driver `psycopg` in `{}`", url.span.path), steps);
        return Some(finding.fix(fix.afterwards("see that psycopg is installed where alembic runs")));
    }
    if !wrong.of_engine {
        let other =
            packages.drivers.iter().flat_map(|(there, _)| there).find(|one| of_kind(engine.value, one, "").is_none());
        return Some(finding.help(match other {
            Some(other) => format!("name the driver that is installed: postgresql+{other}://"),
            None => format!("add `{driver}` to the dependencies"),
        }));
    }
    let old = named.map_or("postgresql://".to_owned(), |driver| format!("+{driver}"));
    let new = if named.is_some() { "+psycopg" } else { "postgresql+psycopg://" };
    let replace = format!("write the URL for Alembic in `{env_py}`: .replace(\"{old}\", \"{new}\")");
    Some(finding.help(match engine.value {
        EngineKind::Sync => format!("{replace}, or begin with the template for asyncio: alembic init -t async"),
        EngineKind::Async => replace,
    }))
}

fn kind(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sync => "an engine that is not async",
        EngineKind::Async => "an asyncio engine",
    }
}

/// A driver of the other kind than the engine.
fn of_kind(engine: EngineKind, driver: &str, env_py: &str) -> Option<Wrong> {
    let error = match (engine, driver) {
        (EngineKind::Sync, "asyncpg" | "psycopg_async") => "MissingGreenlet: greenlet_spawn has not been called",
        (EngineKind::Async, "psycopg2" | "psycopg2cffi" | "pg8000") => {
            "InvalidRequestError: the loaded driver is not async"
        }
        _ => return None,
    };
    let is = format!("and `{env_py}` makes {} of it", kind(engine));
    Some(Wrong { is, error: error.to_owned(), of_engine: true })
}

/// A driver that is not installed.
fn absent(packages: &Packages, driver: &str) -> Option<Wrong> {
    let (there, from) = packages.drivers.as_ref()?;
    let module = driver.strip_suffix("_async").unwrap_or(driver);
    let is_known = matches!(module, "psycopg" | "psycopg2" | "asyncpg" | "pg8000" | "psycopg2cffi");
    (is_known && !there.iter().any(|one| one == module)).then(|| Wrong {
        is: format!("and `{from}` has no such package"),
        error: format!("ModuleNotFoundError: No module named '{module}'"),
        of_engine: false,
    })
}
