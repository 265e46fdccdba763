//! The folder of revisions is not there.

use std::path::PathBuf;

use crate::facts::{Facts, SeenPath};
use crate::finding::Finding;
use crate::fix::{Edit, Fix, PathChange, PathStep, Step};
use crate::project::alembic::incomplete::Incomplete;
use crate::text::Version;

/// Since this version Alembic makes the folder by itself.
const MAKES_SINCE: Version = Version::new(1, 18, 0);

/// The finding, where an older Alembic does not make it.
pub(super) fn missing(facts: &Facts, one: &Incomplete, finding: Finding) -> Option<Finding> {
    let environment = facts.project.alembic.iter().find(|it| it.configuration == one.configuration)?;
    if !one.unread.is_empty() {
        return Some(unread(facts, one));
    }
    let version = environment.revisions.packages.alembic.as_deref();
    let is_old = match version {
        // Of one that is new, or that cannot be read, nothing is said.
        Some(version) => Version::parse(version).filter(|version| *version < MAKES_SINCE).map(|_| true)?,
        None => false,
    };
    let finding = finding
        .seen(
            "lock file",
            "alembic",
            version.unwrap_or("version not pinned; 1.18 and newer make the folder, older ones do not"),
        )
        .help("keep the folder in git by a file in it, such as `.gitkeep`: git keeps no empty folder");
    let finding = if is_old { finding } else { finding.only_info() };
    let Ok(host) = &facts.host else {
        return Some(finding.fix(Fix::manual(format!("make the folder: mkdir {}", one.path))));
    };
    let (path, owner) = (PathBuf::from(&one.path), host.root_owner);
    let steps = vec![
        Step::Path(PathStep { path: SeenPath(path.clone()), change: PathChange::MakeFolder { owner } }),
        Step::Path(PathStep {
            path: SeenPath(path.join(".gitkeep")),
            change: PathChange::NewFile { text: String::new(), owner },
        }),
    ];
    Some(finding.fix(Fix::safe(format!("make `{}` with a `.gitkeep` in it", one.path), steps)))
}

/// Where the revisions lie in another folder: Alembic ends well, and runs none of them.
fn unread(facts: &Facts, one: &Incomplete) -> Finding {
    let folders = one.unread.join("`, `");
    let message = format!("the revisions in `{folders}` are not read: Alembic looks for them in `{}`", one.path);
    let finding = Finding::at(&one.span, format!("{}: {}", one.configuration, one.path), message)
        .label("`alembic upgrade head` runs nothing, and says nothing")
        .seen("files", &one.path, "is not there")
        .seen("files", one.unread.join(", "), "has revisions")
        .help(format!("where `versions` was meant, move them there: git mv {} {}", one.unread.join(" "), one.path));
    let fix = one.only.as_ref().and_then(|only| named(facts, one, only));
    finding.fix(fix.unwrap_or_else(|| Fix::manual("name their folder as `version_locations`")))
}

/// Names the folder in the line after `script_location`.
fn named(facts: &Facts, one: &Incomplete, only: &str) -> Option<Fix> {
    // What splits a list of folders, or means something in their texts, is for a person to write.
    if only.strip_prefix("%(here)s").unwrap_or(only).contains([' ', ',', ':', ';', '%', '"', '\\', '\n']) {
        return None;
    }
    let source = facts.source(&one.configuration)?;
    let line = source.text().get(..one.span.start)?.rsplit('\n').next()?;
    // Only where that is a line of its own.
    let indent = line.get(..line.find("script_location")?).filter(|indent| indent.trim().is_empty())?;
    let rest = source.text().get(one.span.end..)?;
    let (value, stands_alone) = if one.configuration.ends_with(".toml") {
        (format!("[\"{only}\"]"), rest.starts_with(['"', '\'']))
    } else {
        (only.to_owned(), true)
    };
    let (at, before) = match rest.find('\n') {
        Some(newline) => (one.span.end + newline + 1, ""),
        None => (source.text().len(), source.line_end()),
    };
    let text = format!("{before}{indent}version_locations = {value}{}", source.line_end());
    let edit = Edit { span: source.span(at..at), text };
    let title = format!("name `{only}` as `version_locations`");
    stands_alone.then(|| Fix::risky(title, vec![Step::Edit(edit)]))
}
