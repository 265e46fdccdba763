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
    /// The search path that its `options` set, where it is made of plain names.
    pub search_path: Option<String>,
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
            search_path: parameter("options").and_then(|options| search_path(&options)),
        })
    }
}

/// The search path in `-csearch_path=a,b`, `-c search_path=a,b` and `--search_path=a,b`.
fn search_path(options: &str) -> Option<String> {
    let (before, path) = options.rsplit_once("search_path=")?;
    let path = path.replace("\\ ", "").replace(", ", ",");
    let path = path.split_whitespace().next()?;
    let is_option = before.ends_with("-c") || before.ends_with("-c ") || before.ends_with("--");
    let plain = |character: char| character.is_ascii_alphanumeric() || "_$\",".contains(character);
    (is_option && path.chars().all(plain)).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_path_of_the_options_is_read_where_it_is_plain() {
        for (options, expected) in [
            ("-csearch_path%3Dpublic,extensions", Some("public,extensions")),
            ("-c%20search_path=a,%20b", Some("a,b")),
            ("--search_path=a", Some("a")),
            ("-cstatement_timeout=1%20-csearch_path=a%20-cx=1", Some("a")),
            ("-csearch_path=a;b", None),
            ("-cmy.search_path=a", None),
            ("-cx=1", None),
        ] {
            let login = Login::of(&format!("postgresql://u:p@h/d?options={options}")).unwrap();
            assert_eq!(login.search_path.as_deref(), expected, "{options}");
        }
    }
}
