//! A command runs alembic by itself, which lives only in the environment of uv or Poetry; or a folder shadows the package.

mod cure;
mod image;
mod on_host;

use super::bare_commands::{self, Bare, How};
use crate::facts::Facts;
use crate::finding::{Checked, Finding};
use crate::fix::Fix;
use crate::project::commands::Occasion;
use image::Home;

pub(super) fn check(facts: &Facts) -> Checked {
    let shadow = facts.project.alembic.iter().find_map(|environment| environment.revisions.shadowed_by.as_deref());
    let mut findings = vec![];
    let bare = bare_commands::all(facts);
    for bare in &bare {
        let service = facts.project.service(&bare.service).filter(|_| bare.how != How::Managed);
        let found = match service.and_then(|service| image::home(facts, service)) {
            Some(home) => Some(outside(facts, bare, &home, shadow)),
            None if bare.how == How::Script => None,
            None => shadow.map(|path| shadowed(facts, bare, path)),
        };
        findings.extend(found.map(|finding| match bare.occasion {
            Occasion::Called => finding.service(bare.service.clone()),
            Occasion::Runner => finding,
            Occasion::Shown => finding.only_info(),
        }));
    }
    findings.extend(on_host::findings(facts, &bare));
    Ok(findings)
}

fn shadowed(facts: &Facts, bare: &Bare, path: &str) -> Finding {
    let message = format!("`python -m alembic` finds `{path}` of the project in place of Alembic");
    let finding = Finding::at(&bare.span, format!("{path}: {}", bare.service), message)
        .label("the folder Alembic runs in comes first")
        .seen("files", path, "is there");
    let renamed = if path.ends_with("/__init__.py") {
        format!("delete `{path}`: a folder of revisions needs none")
    } else {
        format!("rename `{path}`")
    };
    let script = cure::as_script(facts, bare);
    let finding = if script.is_some() { finding.help(renamed.clone()) } else { finding };
    finding.fix(script.unwrap_or_else(|| Fix::manual(renamed)))
}

fn outside(facts: &Facts, bare: &Bare, home: &Home, shadow: Option<&str>) -> Finding {
    let (manager, service) = (home.manager, &bare.service);
    let message = format!("`alembic` is run in `{service}`, where it lives only in the environment of {manager}");
    let label = match bare.how {
        How::Script => "not in PATH: executable file not found",
        _ => "a module of another Python: No module named alembic",
    };
    let finding = Finding::at(&bare.span, format!("{service}: alembic"), message).label(label).seen(
        "files",
        home.lock.as_str(),
        format!("{manager} installs the packages, and nothing puts its environment into PATH"),
    );
    if !home.has_manager {
        let finding = finding.seen("files", manager, "is not in the image, only in a step of its build");
        return finding.fix(Fix::manual(match &home.programs {
            Some(programs) => format!("put the environment into PATH, in the Dockerfile: ENV PATH={programs}:$PATH"),
            None => "put the environment into PATH, in the Dockerfile".to_owned(),
        }));
    }
    run_by_manager(facts, bare, finding, manager, shadow)
}

fn run_by_manager(facts: &Facts, bare: &Bare, finding: Finding, manager: &str, shadow: Option<&str>) -> Finding {
    let line =
        if shadow.is_some() { format!("{manager} run alembic") } else { format!("{manager} run python -m alembic") };
    match cure::by_manager(facts, bare, manager, shadow.is_some()) {
        Some(steps) => finding.fix(Fix::safe(format!("run it as `{line}`"), steps)),
        None => finding.help(format!("run it as `{line}`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Environment;
    use crate::project::{files::MemoryFiles, read};

    #[test]
    fn the_lock_file_is_named_by_its_path() {
        let files = [
            ("backend/uv.lock", ""),
            ("other/api/uv.lock", ""),
            ("backend/Dockerfile", "FROM python:3.12\nRUN pip install uv && uv sync\n"),
            ("compose.yaml", "services:\n  api:\n    build: backend\n    command: alembic upgrade head\n"),
        ];
        let project = read::project(&MemoryFiles::new(files), &Environment::default(), None);
        let findings = check(&Facts { project, ..Facts::default() }).unwrap();
        let seen: Vec<&str> = findings.iter().flat_map(|one| &one.evidence).map(|seen| seen.subject.as_str()).collect();
        assert_eq!(seen, ["backend/uv.lock"]);
    }
}
