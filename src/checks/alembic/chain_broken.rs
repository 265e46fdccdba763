//! The files of a version directory make no chain: a parent that is missing, an identifier twice, a circle, a stray file.

use super::revision_unknown_to_files::is_plain;
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::alembic::revisions::Revisions;
use crate::text::counted;

pub(super) fn check(facts: &Facts) -> Checked {
    let mut findings = vec![];
    for environment in &facts.project.alembic {
        let revisions = &environment.revisions;
        findings.extend(revisions.strays.iter().map(|stray| {
            let path = stray.span.path.to_string();
            let name = path.rsplit('/').next().unwrap_or(&path).to_owned();
            Finding::at(
                &stray.span,
                format!("{path}: revision"),
                format!("`{name}` lies among the revisions and {}", stray.value),
            )
            .label("Alembic reads this file at every command")
            .seen("revisions", &path, &stray.value)
            .fix(Fix::manual(format!("repair `{path}`, or move it out of the version directory")))
        }));
        if !revisions.uncertain {
            findings.extend(missing(revisions));
        }
        findings.extend(duplicates(revisions));
        findings.extend(cycle(revisions));
    }
    Ok(findings)
}

fn missing(revisions: &Revisions) -> Vec<Finding> {
    let of_parent =
        |(revision, parent): (&crate::project::alembic::revisions::Revision, &crate::text::Spanned<String>)| {
            let id = &parent.value;
            let finding = Finding::at(
                &parent.span,
                format!("{}: down_revision", revision.path),
                format!("revision `{}` follows `{id}`, which no file has", revision.id.value),
            )
            .label(format!("every command that walks the chain ends with KeyError: '{id}'"))
            .seen(
                "revisions",
                &revision.path,
                format!(
                    "down_revision is `{id}`; {}",
                    counted(revisions.files.len(), "file was read", "files were read")
                ),
            );
            // What a shell or a pattern takes for its own is left out of a line that is there to be copied.
            let finding = if is_plain(id) {
                finding.help(format!(
                    "look for the file in git: git log --all --oneline --name-only -G \"revision.*{id}\" -- \"*.py\""
                ))
            } else {
                finding
            };
            finding.help("see whether git ignores the file: git status --ignored --short").fix(Fix::manual(format!(
                "bring the file of `{id}` back, or set `down_revision` to a revision that is there"
            )))
        };
    revisions.graph().missing().into_iter().map(of_parent).collect()
}

fn duplicates(revisions: &Revisions) -> Vec<Finding> {
    let graph = revisions.graph();
    let of_id = |(id, files): (&str, &[&crate::project::alembic::revisions::Revision])| {
        let (last, others) = files.split_last()?;
        let message = format!("revision `{id}` is there {} times", files.len());
        let finding = Finding::at(&last.id.span, format!("{}: revision", last.path), message)
            .label("Alembic takes the file it happens to read last")
            .seen("revisions", id, files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>().join(", "));
        let finding = others.iter().fold(finding, |finding, other| finding.related(&other.id.span, "has it as well"));
        Some(finding.fix(Fix::manual("give one of them another `revision`, and put it into the chain")))
    };
    graph.duplicates().filter_map(of_id).collect()
}

fn cycle(revisions: &Revisions) -> Option<Finding> {
    let cycle = revisions.graph().cycle();
    let (first, others) = cycle.split_first()?;
    let ids: Vec<&str> = cycle.iter().map(|one| one.id.value.as_str()).collect();
    let place = first.parents.iter().find(|parent| ids.contains(&parent.value.as_str())).or(first.parents.first())?;
    let message = format!("revisions follow each other in a circle: `{}`", ids.join("`, `"));
    let mut finding = Finding::at(&place.span, format!("{}: down_revision", first.path), message)
        .label("CycleDetected at every command that walks the chain")
        .seen("revisions", "cycle", ids.join(", "));
    for parent in others.iter().flat_map(|one| &one.parents).filter(|parent| ids.contains(&parent.value.as_str())) {
        finding = finding.related(&parent.span, "follows one of them");
    }
    Some(finding.fix(Fix::manual("set `down_revision` of the first one to the revision it was made after, or to None")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::files::MemoryFiles;
    use crate::project::read;

    #[test]
    fn no_copied_line_holds_what_a_shell_would_run() {
        for (id, told) in [("aaa1", true), ("$(touch x)", false), ("`x`", false), ("a\\\"b", false), ("-x", false)] {
            let revision = format!("revision = 'bbb2'\ndown_revision = '{id}'\n");
            let files = MemoryFiles::new([
                ("alembic.ini", "[alembic]\nscript_location = m\n"),
                ("m/versions/b.py", revision.as_str()),
            ]);
            let facts = Facts { project: read::project(&files, &Default::default(), None), ..Facts::default() };
            let findings = check(&facts).unwrap();
            assert_eq!(findings.len(), 1, "{id}");
            let commands: Vec<_> = findings[0].help.iter().filter(|help| help.contains("git log")).collect();
            assert_eq!(commands.len(), usize::from(told), "{commands:?}");
        }
    }
}
