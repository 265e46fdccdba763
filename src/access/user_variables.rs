//! The variables in a service's `user:`, and which of them Compose does not find set.

use crate::facts::Facts;
use crate::project::compose::Service;
use crate::text::{Span, dotenv, interpolate};

/// A variable of a `user:` that nothing sets where Compose looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsetVariable {
    /// Its name.
    pub name: String,
    /// Its `${…}` in the file.
    pub span: Span,
    /// Whether a default stands in its place.
    pub has_default: bool,
}

/// The variables in a service's `user:` that are neither in devdoctor's environment nor in the `.env` of the Compose file.
pub fn unset_variables(facts: &Facts, service: &Service) -> Vec<UnsetVariable> {
    let (Some(user), Some(compose)) = (&service.user, &facts.project.compose) else { return vec![] };
    let Some(source) = facts.source(&user.span.path) else { return vec![] };
    let read = interpolate::interpolate(source.slice(&user.span), &|_| None);
    // Compose refuses the file then, and says so.
    let Ok(read) = read else { return vec![] };
    let environment = facts.host.as_ref().ok().map(|host| &host.environment);
    if environment.is_some_and(|environment| environment.get_nonempty("COMPOSE_ENV_FILES").is_some()) {
        return vec![];
    }
    let dotenv = dotenv_of(&compose.directory);
    let dotenv = facts.source(&dotenv).map(|source| dotenv::parse(source, &|_| None));
    let is_set = |name: &str| {
        environment.is_some_and(|environment| environment.get(name).is_some())
            || dotenv.as_ref().is_some_and(|dotenv| dotenv.get(name).is_some())
    };
    let variable = |(name, range): (String, std::ops::Range<usize>)| UnsetVariable {
        has_default: !read.unset.iter().any(|(unset, place)| *unset == name && *place == range),
        span: source.span(user.span.start + range.start..user.span.start + range.end),
        name,
    };
    read.named.clone().into_iter().filter(|(name, _)| !is_set(name)).map(variable).collect()
}

/// The `.env` that Compose reads for a project in this directory.
pub fn dotenv_of(directory: &str) -> String {
    if directory.is_empty() { ".env".to_owned() } else { format!("{directory}/.env") }
}
