//! The parts of what the files say, which of them a check reads, and which are lost with a file.

use crate::project::alembic::revisions;
use crate::project::python::unread;
use crate::project::{Format, Unreadable};

/// A part of what the files say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The services, with their mounts, ports and users.
    Services,
    /// The variables that only an `env_file` gives to a service.
    Variables,
    /// What Dockerfiles make of images.
    Images,
    /// Command lines that run something in containers.
    Lines,
    /// Where database URLs stand besides.
    Settings,
    /// The classes of Python, and which file imports which.
    Models,
    /// The files of version directories.
    Revisions,
}

const ALL: &[Part] = &[Part::Services, Part::Variables, Part::Images, Part::Lines, Part::Settings];

/// Checks beside those of models that read models, or what imports what.
const READ_MODELS: [&str; 9] = [
    "alembic/model-import-unprotected",
    "alembic/models-not-imported",
    "alembic/revision-drops-living-table",
    "alembic/tables-refused",
    "alembic/tables-without-revision",
    "alembic/target-metadata-missing",
    "alembic/template-import-missing",
    "postgres/vector-not-available",
    "postgres/vector-not-created",
];

/// Checks that read revisions.
const READ_REVISIONS: [&str; 14] = [
    "alembic/chain-broken",
    "alembic/database-behind",
    "alembic/extension-created-twice",
    "alembic/heads-diverge",
    "alembic/revision-drops-extension-table",
    "alembic/revision-drops-living-table",
    "alembic/revision-empty",
    "alembic/revision-name-unbound",
    "alembic/revision-type-unknown",
    "alembic/revision-unknown-to-files",
    "alembic/tables-without-revision",
    "alembic/vector-before-extension",
    "postgres/vector-not-available",
    "postgres/vector-not-created",
];

/// Whether a check reads a part.
pub(super) fn reads(path: &str, part: Part) -> bool {
    match part {
        Part::Models => path.starts_with("sqlmodel/") || READ_MODELS.contains(&path),
        Part::Revisions => READ_REVISIONS.contains(&path),
        part => parts(path).contains(&part),
    }
}

/// The parts besides Python that a check reads, by its path. One that is not named here reads all: it is silent only where everything is known.
fn parts(path: &str) -> &'static [Part] {
    use Part::{Images, Lines, Services, Settings, Variables};
    match path {
        "compose/unreadable" | "files/unreadable" => &[],
        // Owners, the file system and what git ignores are seen without any file being read.
        "ownership/foreign-files" | "ownership/git-objects-foreign" | "wsl/project-on-windows-drive" => &[],
        "cache/store-in-repository" => &[],
        "engine/unreachable" | "ownership/home-foreign" | "wsl/drive-without-metadata" => &[Services],
        "wsl/no-file-events" => &[Services, Variables],
        "exec/tty-in-hook" => &[Lines],
        "files/crlf-in-script" | "cache/mount-owned-by-root" => &[Services, Images],
        "ownership/service-writes-as-root" => &[Services, Images],
        "exec/as-root" | "exec/uid-variable-blank" | "exec/user-blank" | "exec/no-passwd-entry" => {
            &[Services, Images, Lines]
        }
        _ if path.starts_with("url/") || path.starts_with("postgres/") => &[Services, Variables, Settings],
        _ => ALL,
    }
}

/// What is unknown when a file cannot be read.
pub(super) fn lost(entry: &Unreadable) -> &'static [Part] {
    use Part::{Images, Lines, Models, Revisions, Services, Settings, Variables};
    match entry.format {
        // The environment file of a service, which decides nothing but its variables.
        Format::Compose if entry.unseen == "its variables" => &[Variables],
        Format::Compose => &[Services, Variables],
        // The one that Compose puts into the file.
        Format::Dotenv if entry.path.rsplit('/').next() == Some(".env") => &[Services, Variables, Settings],
        Format::Dotenv => &[Variables, Settings],
        Format::Python if entry.unseen == unread::UNSEEN => &[Models],
        Format::Python if entry.unseen == revisions::UNSEEN => &[Revisions],
        Format::Ini | Format::Python => &[Settings],
        Format::Toml => &[Settings, Lines],
        Format::Json | Format::Yaml | Format::Make | Format::Shell => &[Lines],
        Format::Dockerfile => &[Images],
        Format::Folder => ALL,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_file_that_is_not_read_leaves_unknown_what_models_say_and_nothing_else() {
        let unknown = |path: &str, unseen: &str| {
            let (file, message, unseen) = ("x.py".to_owned(), "is bad".to_owned(), unseen.to_owned());
            let entry = Unreadable { path: file, format: Format::Python, span: None, message, unseen };
            lost(&entry).iter().any(|part| reads(path, *part))
        };
        for (path, by_models, by_revisions) in [
            ("sqlmodel/column-shared", true, false),
            ("alembic/models-not-imported", true, false),
            ("alembic/heads-diverge", false, true),
            ("alembic/tables-without-revision", true, true),
            ("url/placeholder", false, false),
            ("exec/as-root", false, false),
            ("alembic/bare-commands", false, false),
        ] {
            assert_eq!(unknown(path, unread::UNSEEN), by_models, "{path}");
            assert_eq!(unknown(path, revisions::UNSEEN), by_revisions, "{path}");
        }
        let paths: Vec<&str> = crate::checks::all().map(|check| check.path).collect();
        for path in READ_MODELS.iter().chain(&READ_REVISIONS) {
            assert!(paths.contains(path), "{path}");
        }
    }
}
