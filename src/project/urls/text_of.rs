//! The real text of a URL, password and all, read again from where it stands. It is never kept.

use crate::project::Project;
use crate::text::{dotenv, ini, toml};

use super::mapped::Mapped;
use super::{DatabaseUrl, Holder};

/// The text of a URL as its reader gets it. `None` when its source is gone, or the text cannot be told.
pub fn text_of(project: &Project, url: &DatabaseUrl) -> Option<String> {
    let source = project.sources.get(url.span.path.as_ref())?;
    let raw = source.slice(&url.span);
    let of_service = || {
        let values = project.services().flat_map(|service| service.environment.values());
        values.filter(|value| value.span == url.span).find_map(|value| value.value.clone())
    };
    match url.holder {
        Holder::Python | Holder::Process => Some(raw.to_owned()),
        Holder::Compose => of_service(),
        Holder::Dotenv => {
            let of_file = || {
                let values =
                    dotenv::parse(source, &|_| None).variables.into_iter().filter_map(|variable| variable.value);
                values.into_iter().find(|value| value.span == url.span).map(|value| value.value)
            };
            of_service().or_else(of_file)
        }
        Holder::Toml => toml::parse(source.text())
            .ok()?
            .text(&["tool", "alembic", "sqlalchemy.url"])
            .map(|_| raw.replace("%%", "%")),
        Holder::Ini => {
            let file = ini::parse(source.text()).ok()?;
            let section = section_at(&file, url.span.start)?;
            Some(Mapped::ini(raw, |name| file.get(&section, name, &[("here", ".")])?.ok()).value)
        }
    }
}

/// The section whose option stands at an offset.
fn section_at(file: &ini::Ini, offset: usize) -> Option<String> {
    let holds = |section: &ini::Section| section.entries.values().any(|entry| entry.range.contains(&offset));
    file.sections.iter().find(|(_, section)| holds(section)).map(|(name, _)| name.clone())
}
