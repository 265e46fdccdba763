//! The folder of revisions is not there.

use std::path::PathBuf;

use crate::facts::{Facts, SeenPath};
use crate::finding::Finding;
use crate::fix::{Fix, PathChange, PathStep, Step};
use crate::project::alembic::incomplete::Incomplete;
use crate::text::Version;

/// Since this version Alembic makes the folder by itself.
const MAKES_SINCE: Version = Version::new(1, 18, 0);

/// The finding, where an older Alembic does not make it.
pub(super) fn missing(facts: &Facts, one: &Incomplete, finding: Finding) -> Option<Finding> {
    let environment = facts.project.alembic.iter().find(|it| it.configuration == one.configuration)?;
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
