//! The URL that `env.py` reads names, or means, a driver that does not fit the engine it makes, or that is not installed.

mod cure;
mod wrong;

use crate::checks::url::is_read_by;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::EngineKind;
use crate::project::urls::DatabaseUrl;
use crate::text::Spanned;

use cure::cured;
use wrong::{absent, kind, of_kind};

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let script = &environment.revisions.environment;
        let Some(engine) = &script.engine else { continue };
        findings.extend(without_greenlet(environment, engine));
        if script.rewrites_url {
            continue;
        }
        for url in facts.project.urls.iter().filter(|url| url.overridden_by.is_none()) {
            let configured = environment.ini.as_deref() == Some(&*url.span.path) && environment.url_override.is_none();
            if configured || is_own(url, environment) || is_read_by(url, environment) {
                findings.extend(mismatch(environment, engine, url));
            }
        }
    }
    Ok(findings)
}

/// Whether a URL is written in `env.py` itself, and an engine is made of it there.
fn is_own(url: &DatabaseUrl, environment: &Alembic) -> bool {
    url.read_by_sqlalchemy.is_some() && environment.env_py.as_deref() == Some(&*url.span.path)
}

/// An asyncio engine without the package that SQLAlchemy's asyncio is made with.
fn without_greenlet(environment: &Alembic, engine: &Spanned<EngineKind>) -> Option<Finding> {
    let lock = environment.revisions.packages.lacks_greenlet.as_ref().filter(|_| engine.value == EngineKind::Async)?;
    let env_py = environment.env_py.as_deref().unwrap_or("env.py");
    let message = format!("`{env_py}` makes an asyncio engine, and `{lock}` has no `greenlet`");
    Some(
        Finding::at(&engine.span, format!("{}: greenlet", environment.configuration), message)
            .label("SQLAlchemy says: the 'greenlet' library is required")
            .seen(lock, "greenlet", "no such package; SQLAlchemy asks for it by its extra `asyncio` only since 2.1")
            .fix(Fix::manual("add `sqlalchemy[asyncio]` to the dependencies")),
    )
}

/// The driver that a scheme names.
fn named_in(scheme: &Spanned<String>) -> Option<&str> {
    scheme.value.split_once('+').map(|(_, driver)| driver)
}

fn mismatch(environment: &Alembic, engine: &Spanned<EngineKind>, url: &DatabaseUrl) -> Option<Finding> {
    let packages = &environment.revisions.packages;
    let scheme = url.parts.scheme.as_ref()?;
    let named = named_in(scheme);
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
    Some(cured(finding, environment, engine.value, url, scheme, &wrong))
}
