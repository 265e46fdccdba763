//! What a character in a password does to its readers, in words.

use crate::project::urls::{DatabaseUrl, UrlDefectKind};
use crate::text::MASK;

/// The variable whose default holds a byte of a URL's raw text: `${NAME:-default}`.
pub(super) fn default_at(text: &str, offset: usize) -> Option<&str> {
    let (_, inside) = text.get(..offset)?.rsplit_once("${")?;
    let name = inside.split([':', '-']).next()?;
    (name.len() < inside.len() && !inside.contains('}')).then_some(name)
}

/// The message, and what stands under the underline.
pub(super) fn words(url: &DatabaseUrl, kind: &UrlDefectKind) -> (String, String) {
    match kind {
        // Where the host that is taken is all password, there is nothing to show.
        UrlDefectKind::RawInPassword { character, sqlalchemy_host: Some(host), .. } if host == MASK => (
            format!("the password in `{}` ends at this `{character}` for SQLAlchemy", url.key),
            "ends the password for its readers".to_owned(),
        ),
        UrlDefectKind::RawInPassword { character, sqlalchemy_host: Some(host), .. } => (
            format!(
                "the password in `{}` ends at this `{character}` for SQLAlchemy, which looks for the host `{host}`",
                url.key
            ),
            "ends the password for its readers".to_owned(),
        ),
        UrlDefectKind::RawInPassword { character, .. } => (
            format!("the password in `{}` cannot be read by libpq because of this `{character}`", url.key),
            "must be encoded for libpq".to_owned(),
        ),
        _ => (
            format!("`{}` holds a `%` that an ini file takes for an interpolation", url.key),
            "is written `%%` in an ini file".to_owned(),
        ),
    }
}
