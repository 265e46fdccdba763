//! What is wrong with a driver, and the words for it.

use crate::project::alembic::revisions::{EngineKind, Packages};

/// What is wrong with a driver.
pub(super) struct Wrong {
    /// What the URL names, or means.
    pub driver: String,
    /// What stands in the message, after the driver.
    pub is: String,
    /// What SQLAlchemy says.
    pub error: String,
    /// Whether the kind of engine decides it.
    pub of_engine: bool,
}

/// A kind of engine in words.
pub(super) fn kind(engine: EngineKind) -> &'static str {
    match engine {
        EngineKind::Sync => "an engine that is not async",
        EngineKind::Async => "an asyncio engine",
    }
}

/// A driver of the other kind than the engine.
pub(super) fn of_kind(engine: EngineKind, driver: &str, env_py: &str) -> Option<Wrong> {
    let error = match (engine, driver) {
        (EngineKind::Sync, "asyncpg" | "psycopg_async") => "MissingGreenlet: greenlet_spawn has not been called",
        (EngineKind::Async, "psycopg2" | "psycopg2cffi" | "pg8000") => {
            "InvalidRequestError: the loaded driver is not async"
        }
        _ => return None,
    };
    let is = format!("and `{env_py}` makes {} of it", kind(engine));
    Some(Wrong { driver: driver.to_owned(), is, error: error.to_owned(), of_engine: true })
}

/// A driver that is not installed.
pub(super) fn absent(packages: &Packages, driver: &str) -> Option<Wrong> {
    let (there, from) = packages.drivers.as_ref()?;
    let module = driver.strip_suffix("_async").unwrap_or(driver);
    let is_known = matches!(module, "psycopg" | "psycopg2" | "asyncpg" | "pg8000" | "psycopg2cffi");
    (is_known && !there.iter().any(|one| one == module)).then(|| Wrong {
        driver: driver.to_owned(),
        is: format!("and `{from}` has no such package"),
        error: format!("ModuleNotFoundError: No module named '{module}'"),
        of_engine: false,
    })
}
