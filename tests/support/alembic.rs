//! What the tests of the real Alembic share: a template, and the whole way from its error to the cure and back.

use super::project::Project;

/// A template of revisions, as SQLModel needs it.
pub const TEMPLATE: &str = "from alembic import op\nimport sqlalchemy as sa\nimport sqlmodel\n${imports if imports else \"\"}\nrevision = ${repr(up_revision)}\ndown_revision = ${repr(down_revision)}\n\n\ndef upgrade():\n    ${upgrades if upgrades else \"pass\"}\n\n\ndef downgrade():\n    ${downgrades if downgrades else \"pass\"}\n";

/// Alembic breaks with `errors`, devdoctor sees it at `places` and cures it, Alembic works, and the bytes come back.
#[track_caller]
pub fn cured(project: &Project, id: &str, file: &str, places: &[&str], errors: &[&str]) {
    let broken = project.shell("alembic upgrade head");
    assert_ne!(broken.status, 0, "{broken}");
    for error in errors {
        assert!(broken.all().contains(error), "{error} is not in {broken}");
    }
    let before = project.read(file);
    project.devdoctor(&["check", "--only", id, "--format", "json"]).report().assert_places(id, places);
    project.devdoctor(&["fix", "--yes", "--only", id]).ends_with(0);
    assert_ne!(project.read(file), before);
    project.devdoctor(&["check", "--only", id]).ends_with(0);
    project.shell("alembic upgrade head").ends_with(0);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.read(file), before);
}
