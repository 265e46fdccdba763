//! Collects every URL of a project: `.env` files, Compose, ini, TOML, Python, and what is given to devdoctor itself.

use std::collections::{BTreeMap, BTreeSet};

use crate::project::Unreadable;
use crate::project::alembic::Alembic;
use crate::project::compose::{Compose, Service};
use crate::project::files::{Files, source};
use crate::text::{Source, Span, dotenv, ini, toml};

use super::given::{COMMAND_LINE, ENVIRONMENT};
use super::mapped::{Mapped, only_reference};
use super::packages::{self, Packages};
use super::parts::parts;
use super::{DatabaseUrl, Holder, Reader, UrlDefectKind, python_files};

/// URLs that no file of the project holds.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// `DATABASE_URL` of devdoctor's own environment.
    pub environment: Option<&'a str>,
    /// `--database-url`.
    pub option: Option<&'a str>,
}

/// Length (bytes) beyond which a text is not taken for a URL.
pub(super) const LONGEST: usize = 10_000;

/// Names of `.env` files that programs on the host read by habit.
const ENV_FILES: [&str; 5] = [".env", ".env.local", ".env.development", ".env.development.local", ".env.dev"];

/// Collects every URL, sorted by the place it stands at; those given to devdoctor itself come first.
pub fn read(
    files: &dyn Files,
    sources: &mut BTreeMap<String, Source>,
    unreadable: &mut Vec<Unreadable>,
    compose: Option<&Compose>,
    alembic: &[Alembic],
    given: Given<'_>,
) -> Vec<DatabaseUrl> {
    let _ = unreadable; // whoever reads the file first says why it cannot be understood
    let mut collector = Collector { files, sources, found: vec![] };
    collector.given(given);
    collector.env_files(compose);
    collector.compose(compose);
    collector.configurations(alembic);
    let python = collector.python();
    let packages = packages::read(collector.files, collector.sources);
    let mut urls: Vec<DatabaseUrl> = collector.found.into_iter().map(|(url, _)| url).collect();
    let shown =
        alembic.iter().find_map(|environment| environment.script_location.as_ref().map(|place| place.span.clone()));
    let shown = shown.or(python.engine).or_else(|| packages.sqlalchemy.clone());
    for url in &mut urls {
        url.read_by_sqlalchemy = url.read_by_sqlalchemy.take().or_else(|| shown.clone());
        url.scheme_rewritten.clone_from(&python.rewrite);
        choose_driver(url, &packages, python.registers);
        url.readers.sort();
        url.readers.dedup();
    }
    urls.sort_by(|a, b| (&a.span, &a.key).cmp(&(&b.span, &b.key)));
    urls
}

/// Whether a text is a URL of Postgres, or a template's. What is longer than any URL is none.
pub(super) fn is_postgres(text: &str) -> bool {
    let Some((scheme, _)) = text.split_once("://").filter(|_| text.len() <= LONGEST) else {
        return false;
    };
    let scheme = scheme.trim_start_matches(['"', '\'']).to_lowercase();
    scheme == "driver" || ["postgres", "postgre", "pgsql", "psql"].iter().any(|start| scheme.starts_with(start))
}

/// Whether a text that is certainly read as a URL may be one of Postgres: not one of another database.
fn may_be_postgres(text: &str) -> bool {
    is_postgres(text) || !text.is_empty() && text.len() <= LONGEST && !text.contains("://")
}

/// Settles what an unknown scheme should be: nothing, where the project or a package of it may bring the dialect; psycopg 3
/// by its name, where the project has no psycopg2, which `postgresql` alone stands for.
fn choose_driver(url: &mut DatabaseUrl, packages: &Packages, registers: bool) {
    let scheme = url.parts.scheme.as_ref().map_or(String::new(), |scheme| scheme.value.to_lowercase());
    let (dialect, driver) = scheme.split_once('+').unwrap_or((&scheme, ""));
    let only_psycopg = packages.has("psycopg") && !packages.has_any("psycopg2");
    let brought = match driver {
        "" => dialect == "postgres" && packages.knows_postgres,
        _ => dialect == "postgresql" && packages.may_bring(driver),
    };
    url.parts.defects.retain_mut(|defect| {
        let UrlDefectKind::UnknownScheme { meant } = &mut defect.kind else { return true };
        if meant != "postgresql" {
            return !registers;
        }
        if only_psycopg {
            *meant = "postgresql+psycopg".to_owned();
        }
        !(brought || registers || packages.registers)
    });
}

struct Collector<'a> {
    files: &'a dyn Files,
    sources: &'a mut BTreeMap<String, Source>,
    /// Each URL with its real text, which is dropped at the end.
    found: Vec<(DatabaseUrl, String)>,
}

impl Collector<'_> {
    fn add(
        &mut self,
        key: &str,
        source: &Source,
        span: Span,
        mapped: Mapped,
        holder: Holder,
        reader: Reader,
    ) -> &mut DatabaseUrl {
        let parts = parts(&mapped, source, span.start, holder);
        let url = DatabaseUrl::found(key, parts, span, holder, reader);
        self.found.push((url, mapped.value));
        let last = self.found.len() - 1;
        &mut self.found[last].0
    }

    fn given(&mut self, given: Given<'_>) {
        let texts = [(COMMAND_LINE, "--database-url", given.option), (ENVIRONMENT, "DATABASE_URL", given.environment)];
        for (path, key, text) in texts {
            // A variable may be for another program; an option that is none of Postgres is refused before.
            let Some(text) = text.filter(|text| is_postgres(text)) else {
                continue;
            };
            let source = Source::new(path, &format!("{key}={text}"));
            let span = source.span(key.len() + 1..key.len() + 1 + text.len());
            self.sources.insert(path.to_owned(), source.clone());
            self.add(key, &source, span, Mapped::plain(text), Holder::Process, Reader::Host);
        }
    }

    /// The `.env` files beside what programs on the host are started from.
    fn env_files(&mut self, compose: Option<&Compose>) {
        let mut directories = BTreeSet::from([String::new()]);
        directories.extend(compose.map(|compose| compose.directory.clone()));
        for path in self.files.list() {
            let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
            if matches!(name, "alembic.ini" | "pyproject.toml" | "manage.py") {
                directories.insert(directory.to_owned());
            }
        }
        for directory in directories {
            for name in ENV_FILES {
                let path = if directory.is_empty() { name.to_owned() } else { format!("{directory}/{name}") };
                if self.files.is_file(&path) {
                    self.env_file(&path);
                }
            }
        }
    }

    fn env_file(&mut self, path: &str) {
        let Ok(source) = source(self.files, self.sources, path) else {
            return;
        };
        let read = dotenv::parse(&source, &|_| None);
        for variable in &read.variables {
            let Some(value) = variable.value.as_ref().filter(|value| is_postgres(&value.value)) else {
                continue;
            };
            // Of a variable that stands twice the last one counts.
            if read.get(&variable.key.value) == Some(variable) {
                let mapped = Mapped::interpolated(source.slice(&value.span), &value.value);
                self.add(&variable.key.value, &source, value.span.clone(), mapped, Holder::Dotenv, Reader::Host);
            }
        }
    }

    fn compose(&mut self, compose: Option<&Compose>) {
        for service in compose.iter().flat_map(|compose| compose.services.values()) {
            for (key, value) in service.environment.iter() {
                if let Some(text) = value.value.as_deref().filter(|text| is_postgres(text)) {
                    let in_compose =
                        compose.is_some_and(|compose| compose.files.iter().any(|file| **file == *value.span.path));
                    self.variable(service, key, text, &value.span, in_compose);
                }
            }
        }
    }

    fn variable(&mut self, service: &Service, key: &str, text: &str, span: &Span, in_compose: bool) {
        let reader = Reader::Service(service.name.value.clone());
        if let Some((url, _)) = self.found.iter_mut().find(|(url, _)| url.span == *span && url.key == key) {
            url.readers.push(reader);
            return;
        }
        let Ok(source) = source(self.files, self.sources, &span.path) else {
            return;
        };
        let mut span = span.clone();
        // Of `- KEY=value` the value alone is the URL.
        if in_compose && source.slice(&span).strip_prefix(key).is_some_and(|rest| rest.starts_with('=')) {
            span.start += key.len() + 1;
        }
        let span = &span;
        let raw = source.slice(span);
        // `DATABASE_URL: ${DATABASE_URL}` and a bare `DATABASE_URL` only hand on what stands elsewhere.
        let named = only_reference(raw).or_else(|| (raw.trim() == key).then(|| key.to_owned())).filter(|_| in_compose);
        let origin = named.and_then(|name| {
            self.found.iter_mut().find(|(url, value)| {
                url.key == name && value == text && matches!(url.holder, Holder::Dotenv | Holder::Process)
            })
        });
        if let Some((url, _)) = origin {
            url.readers.push(reader);
            url.passed_on.push(span.clone());
            return;
        }
        let holder = if in_compose { Holder::Compose } else { Holder::Dotenv };
        let mapped = Mapped::interpolated(raw, text);
        self.add(key, &source, span.clone(), mapped, holder, reader);
    }

    fn configurations(&mut self, alembic: &[Alembic]) {
        for environment in alembic {
            if let Some(path) = &environment.ini {
                self.ini(path, environment);
            }
            if environment.reads_toml_url {
                self.toml(&environment.configuration, environment);
            }
        }
    }

    fn ini(&mut self, path: &str, environment: &Alembic) {
        let Some(source) = source(self.files, self.sources, path).ok() else {
            return;
        };
        let Ok(file) = ini::parse(source.text()) else {
            return;
        };
        let Some(entry) = file.entry(&environment.section, "sqlalchemy.url") else {
            return;
        };
        let raw = source.text().get(entry.range.clone()).unwrap_or("");
        let mapped = Mapped::ini(raw, |name| file.get(&environment.section, name, &[("here", ".")])?.ok());
        let span = source.span(entry.range.clone());
        let known = self.found.iter().any(|(url, _)| url.span == span);
        if may_be_postgres(&mapped.value) && !known {
            let url = self.add("sqlalchemy.url", &source, span.clone(), mapped, Holder::Ini, Reader::Host);
            url.read_by_sqlalchemy = Some(span);
            url.overridden_by.clone_from(&environment.url_override);
        }
    }

    fn toml(&mut self, path: &str, environment: &Alembic) {
        let Some(source) = source(self.files, self.sources, path).ok() else {
            return;
        };
        let Some(text) =
            toml::parse(source.text()).ok().and_then(|file| file.text(&["tool", "alembic", "sqlalchemy.url"]))
        else {
            return;
        };
        let raw = source.text().get(text.range.clone()).unwrap_or("");
        if may_be_postgres(&text.value) {
            let span = source.span(text.range);
            let mapped = Mapped::ini(raw, |_| None);
            let url = self.add("sqlalchemy.url", &source, span.clone(), mapped, Holder::Toml, Reader::Host);
            url.read_by_sqlalchemy = Some(span);
            // An override that reads this very option is none.
            url.overridden_by = environment.url_override.clone().filter(|_| environment.override_condition.is_none());
        }
    }

    fn python(&mut self) -> python_files::Found {
        let mut found = python_files::read(self.files, self.sources);
        for literal in std::mem::take(&mut found.literals) {
            let span = literal.source.span(literal.text.range.clone());
            let set = literal.variable.as_ref().and_then(|name| {
                self.found
                    .iter()
                    .find(|(url, _)| url.key.eq_ignore_ascii_case(name) && url.readers.contains(&Reader::Host))
            });
            let overridden_by = set.map(|(url, _)| url.span.clone());
            let mapped = Mapped::plain(&literal.text.value);
            let url = self.add(&literal.key, &literal.source, span.clone(), mapped, Holder::Python, Reader::Host);
            url.overridden_by = overridden_by;
            url.read_by_sqlalchemy = literal.engine.then_some(span);
        }
        found
    }
}
