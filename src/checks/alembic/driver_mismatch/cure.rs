//! Names a driver that fits the engine and is installed, in the place that is Alembic's own.

use crate::finding::Finding;
use crate::fix::{Edit, Fix, Step};
use crate::project::alembic::Alembic;
use crate::project::alembic::revisions::EngineKind;
use crate::project::urls::{DatabaseUrl, Holder};
use crate::text::{Span, Spanned};

use super::wrong::{Wrong, of_kind};
use super::{is_own, named_in};

/// The finding with what helps.
pub(super) fn cured(
    finding: Finding,
    environment: &Alembic,
    engine: EngineKind,
    url: &DatabaseUrl,
    scheme: &Spanned<String>,
    wrong: &Wrong,
) -> Finding {
    let packages = &environment.revisions.packages;
    let env_py = environment.env_py.as_deref().unwrap_or("env.py");
    let named = named_in(scheme);
    let fits = |module: &str| packages.drivers.as_ref().is_none_or(|(there, _)| there.iter().any(|one| one == module));
    let is_plain = scheme.span.end - scheme.span.start == scheme.value.len();
    if (url.holder == Holder::Ini || is_own(url, environment)) && is_plain && fits("psycopg") {
        // The ini file and `env.py` are Alembic's own. psycopg works with both kinds, where it is installed.
        let start = scheme.span.end - named.map_or(0, str::len);
        let text = if named.is_some() { "psycopg" } else { "+psycopg" };
        let steps = vec![Step::Edit(Edit { span: Span { start, ..scheme.span.clone() }, text: text.to_owned() })];
        let fix = Fix::risky(format!("name the driver `psycopg` in `{}`", url.span.path), steps);
        return finding.fix(fix.afterwards("see that psycopg is installed where alembic runs"));
    }
    if !wrong.of_engine {
        let other = packages.drivers.iter().flat_map(|(there, _)| there).find(|one| of_kind(engine, one, "").is_none());
        return finding.help(match other {
            Some(other) => format!("name the driver that is installed: postgresql+{other}://"),
            None => format!("add `{}` to the dependencies", wrong.driver),
        });
    }
    let old = named.map_or("postgresql://".to_owned(), |driver| format!("+{driver}"));
    let new = if named.is_some() { "+psycopg" } else { "postgresql+psycopg://" };
    let replace = format!("write the URL for Alembic in `{env_py}`: .replace(\"{old}\", \"{new}\")");
    finding.help(match engine {
        EngineKind::Sync => format!("{replace}, or begin with the template for asyncio: alembic init -t async"),
        EngineKind::Async => replace,
    })
}
