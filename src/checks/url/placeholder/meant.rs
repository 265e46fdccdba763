//! Which URLs are meant to be used as they stand.

use super::environment_of;
use crate::facts::Facts;
use crate::project::urls::{DatabaseUrl, Holder};

/// Whether something takes a URL as it stands.
pub(super) fn is_meant(facts: &Facts, url: &DatabaseUrl) -> bool {
    !is_shown(url) && !is_run_by_a_program(facts, url)
}

/// Whether a text of the program only shows what a URL looks like: `sqlalchemy_uri_placeholder`.
fn is_shown(url: &DatabaseUrl) -> bool {
    let key = url.key.to_ascii_lowercase();
    url.holder == Holder::Python
        && ["placeholder", "example", "sample", "format", "hint"].iter().any(|it| key.contains(it))
}

/// Whether a program runs this environment, and hands over what it is connected with.
fn is_run_by_a_program(facts: &Facts, url: &DatabaseUrl) -> bool {
    matches!(url.holder, Holder::Ini | Holder::Toml)
        && environment_of(facts, url).is_some_and(|environment| environment.connection_taken.is_some())
}
