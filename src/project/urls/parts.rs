//! Takes a URL apart as its author meant it, and says where its readers see something else.

use std::ops::Range;

use crate::text::{Source, Spanned};

use super::intent::{self, Intent};
use super::mapped::Mapped;
use super::sqlalchemy::{self, DIALECTS, Refusal, escape, unquoted};
use super::{Holder, Parts, UrlDefect, UrlDefectKind, libpq};

/// Takes the URL apart that stands at `start` in `source`.
pub(super) fn parts(url: &Mapped, source: &Source, start: usize, holder: Holder) -> Parts {
    let reading = Reading { url, text: &url.value, source, start };
    let Some(intent) = intent::read(&url.value) else {
        let kind = UrlDefectKind::NotAUrl;
        return Parts { defects: vec![reading.defect(0..url.value.len(), kind)], ..Parts::default() };
    };
    let text = |range: &Range<usize>| url.value.get(range.clone()).unwrap_or("");
    let spanned = |range: &Range<usize>| Spanned::new(unquoted(text(range)), reading.span(range));
    let host = intent.host.as_ref().map(spanned);
    let mut query = intent.query.as_ref().map(|range| sqlalchemy::parameters(text(range))).unwrap_or_default();
    for (name, value) in &mut query {
        *value = crate::text::mask_setting(name, value);
    }
    let port =
        intent.port.as_ref().and_then(|range| Some(Spanned::new(text(range).parse().ok()?, reading.span(range))));
    let mut defects = reading.defects(&intent);
    if holder == Holder::Ini {
        defects.extend(reading.percent_signs());
    }
    defects.sort_by_key(|defect| (defect.span.start, defect.span.end));
    Parts {
        scheme: Some(Spanned::new(text(&intent.scheme).to_owned(), reading.span(&intent.scheme))),
        user: intent.user.as_ref().map(|range| unquoted(text(range))).filter(|user| !user.is_empty()),
        has_password: intent.password.as_ref().is_some_and(|range| !range.is_empty()),
        password: intent.password.as_ref().map(|range| reading.span(range)),
        host,
        port,
        database: intent.database.as_ref().map(spanned),
        query,
        defects,
    }
}

struct Reading<'a> {
    url: &'a Mapped,
    text: &'a str,
    source: &'a Source,
    start: usize,
}

impl Reading<'_> {
    fn span(&self, range: &Range<usize>) -> crate::text::Span {
        let place = self.url.place(range);
        self.source.span(self.start + place.start..self.start + place.end)
    }

    fn defect(&self, range: Range<usize>, kind: UrlDefectKind) -> UrlDefect {
        let from_variable = self.url.variable(range.start).map(str::to_owned);
        UrlDefect { span: self.span(&range), kind, from_variable }
    }

    fn defects(&self, intent: &Intent) -> Vec<UrlDefect> {
        let mut found = vec![];
        let scheme = &self.text[intent.scheme.clone()];
        if is_template(self.text, intent) {
            return vec![self.defect(0..self.text.len(), UrlDefectKind::Placeholder)];
        }
        if !DIALECTS.contains(&scheme)
            && let Some(meant) = meant_scheme(scheme)
        {
            found.push(self.defect(intent.scheme.clone(), UrlDefectKind::UnknownScheme { meant }));
        }
        if let Some(password) = &intent.password {
            found.extend(self.in_password(password, scheme));
        }
        if let Err(Refusal::BadPort(_)) = sqlalchemy::read(self.text)
            && let Some(port) = &intent.port
            && self.text[port.clone()].parse::<u16>().is_err()
        {
            let range = if port.is_empty() { port.start - 1..port.end } else { port.clone() };
            found.push(self.defect(range, UrlDefectKind::BadPort));
        }
        found
    }

    /// The characters of the password that end it, or make it unreadable, for a reader.
    fn in_password(&self, password: &Range<usize>, scheme: &str) -> Vec<UrlDefect> {
        let reads = libpq::knows_scheme(scheme);
        let sqlalchemy_host = sqlalchemy::read(self.text).ok().and_then(|reading| {
            // What of that host is the end of the password is not said.
            reading.host.as_ref()?;
            let shown = self.text.get(password.end.max(reading.host_range.start)..reading.host_range.end).unwrap_or("");
            let hidden = if reading.host_range.start < password.end { crate::text::MASK } else { "" };
            Some(format!("{hidden}{shown}"))
        });
        let first_at = self.text[password.start..].find('@').map(|at| password.start + at);
        let mut found = vec![];
        for (offset, character) in self.text[password.clone()].char_indices() {
            let at = password.start + offset;
            let (sqlalchemy_host, libpq_breaks) = match character {
                '@' => (sqlalchemy_host.clone(), true),
                '/' if first_at.is_none_or(|first| at < first) => (None, reads),
                '%' if escape(&self.text[at..]).is_none_or(|byte| byte == 0) => (None, reads),
                ' ' | '\t'..='\r' => (None, reads),
                _ => continue,
            };
            if sqlalchemy_host.is_some() || libpq_breaks {
                let kind = UrlDefectKind::RawInPassword { character, sqlalchemy_host, libpq_breaks };
                found.push(self.defect(at..at + character.len_utf8(), kind));
            }
        }
        found
    }

    /// Percent signs that the ini format takes for something else: in the value they are those that came from one byte.
    fn percent_signs(&self) -> Vec<UrlDefect> {
        let mut found = vec![];
        for (at, _) in self.text.match_indices('%') {
            let range = at..at + 1;
            let written = self.source.slice(&self.span(&range));
            if written != "%" || self.url.variable(at).is_some() {
                continue;
            }
            match self.text[at..].strip_prefix("%(").and_then(|inner| inner.split_once(")s")) {
                Some((name, _)) if !name.contains(')') => {
                    let kind = UrlDefectKind::UnknownOption { name: name.to_lowercase() };
                    found.push(self.defect(at..at + name.len() + "%()s".len(), kind));
                }
                _ => found.push(self.defect(range, UrlDefectKind::PercentInIni)),
            }
        }
        found
    }
}

/// Whether this is a template's text: `driver://…`, `user:pass@localhost/dbname`, `<password>`, `USER:PASSWORD@HOST`.
fn is_template(text: &str, intent: &Intent) -> bool {
    let part = |range: &Option<Range<usize>>| range.as_ref().and_then(|range| text.get(range.clone())).unwrap_or("");
    let (user, password, host, database) =
        (part(&intent.user), part(&intent.password), part(&intent.host), part(&intent.database));
    let bracketed = |text: &str| text.len() > 2 && text.starts_with('<') && text.ends_with('>');
    let words = |text: &str, words: &[&str]| words.contains(&text);
    text.get(intent.scheme.clone()) == Some("driver")
        || [user, password, host, database].into_iter().any(bracketed)
        || words(user, &["user", "username"]) && words(password, &["pass", "password"]) && words(database, &["dbname"])
        || words(user, &["USER", "USERNAME"]) && words(host, &["HOST", "HOSTNAME"])
}

/// The scheme that is meant by one that SQLAlchemy does not know. `None` for what is no scheme of Postgres at all.
fn meant_scheme(scheme: &str) -> Option<String> {
    let lower = scheme.to_lowercase();
    let (dialect, driver) = lower.split_once('+').unwrap_or((&lower, ""));
    if !matches!(dialect, "postgres" | "postgresql" | "pgsql" | "psql" | "postgre" | "postgressql" | "postgresq") {
        return None;
    }
    let driver = match driver {
        "psycopg3" => "psycopg",
        "async" | "asyncpg3" | "aiopg" => "asyncpg",
        driver => driver,
    };
    let meant = if driver.is_empty() { "postgresql".to_owned() } else { format!("postgresql+{driver}") };
    // Whether an unknown driver is a plugin of the project is looked up where its dependencies are known.
    let meant = if DIALECTS.contains(&meant.as_str()) { meant } else { "postgresql".to_owned() };
    Some(meant).filter(|meant| *meant != scheme)
}
