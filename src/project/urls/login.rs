//! What is needed to log in where a URL leads, as its author meant it. Holds a password, so it can neither be printed nor kept.

use super::{intent, sqlalchemy};

/// A login. Never part of facts.
pub struct Login {
    /// The role; `None` where the URL names none.
    pub role: Option<String>,
    /// The password.
    pub password: Option<String>,
    /// The database; `None` where the URL names none, so that it is called as the role.
    pub database: Option<String>,
    /// `sslmode`, or asyncpg's `ssl`.
    pub ssl_mode: Option<String>,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Login(***)")
    }
}

impl Login {
    /// Reads a URL's text as its author meant it. `None` when it is no URL.
    pub fn of(text: &str) -> Option<Self> {
        let intent = intent::read(text)?;
        let part = |range: Option<std::ops::Range<usize>>| range.and_then(|range| text.get(range));
        let decoded = |range| part(range).map(sqlalchemy::unquoted).filter(|text: &String| !text.is_empty());
        let query = part(intent.query.clone()).map(sqlalchemy::parameters).unwrap_or_default();
        let parameter = |name: &str| query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.clone());
        Some(Self {
            role: decoded(intent.user).or_else(|| parameter("user")),
            password: decoded(intent.password).or_else(|| parameter("password")),
            database: decoded(intent.database).or_else(|| parameter("dbname")),
            ssl_mode: parameter("sslmode").or_else(|| parameter("ssl")),
        })
    }
}
