//! `devdoctor fix` with a person at the terminal: nothing is done that was not shown and agreed to, in any round.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test starts programs, reads the disk, and fails by panicking"
)]

#[path = "undo/repaired.rs"]
mod repaired;
mod support;
#[path = "support/terminal.rs"]
mod terminal;

use std::os::unix::fs::{PermissionsExt, lchown};

use repaired::runs;
use support::person::Person;
use support::project::Project;
use terminal::{Ended, Session};

const REVISION: &str = "migrations/versions/0001_start.py";

/// A revision that lacks two imports; its own are in no order, so that both would stand in the same place.
const LACKING: &str = "import os
from alembic import op
import sqlalchemy as sa

revision = \"0001\"
down_revision = None


def upgrade():
    op.create_table(
        \"shops\",
        sa.Column(\"name\", sqlmodel.sql.sqltypes.AutoString()),
        sa.Column(\"place\", geoalchemy2.types.Geometry()),
    )


def downgrade():
    op.drop_table(\"shops\")
";

/// A project in which one fix has to wait for another.
fn project() -> Project {
    let project = Project::empty(Person::Tester);
    project.write("alembic.ini", "[alembic]\nscript_location = migrations\n");
    project.write("migrations/env.py", "from alembic import context\n");
    project
        .write("migrations/script.py.mako", "${imports if imports else \"\"}\n${upgrades if upgrades else \"pass\"}\n");
    project.write(REVISION, LACKING);
    project
}

fn fix(project: &Project, arguments: &[&str]) -> Session {
    Session::start(project.doctor(project.person, &[&["fix"], arguments].concat()))
}

/// The imports that the revision has got.
fn imports(project: &Project) -> Vec<&'static str> {
    let text = project.read(REVISION);
    ["import sqlmodel\n", "import geoalchemy2\n"].into_iter().filter(|line| text.contains(line)).collect()
}

#[track_caller]
fn assert_ended(ended: &Ended, status: i32) {
    assert_eq!(ended.status, Some(status), "{}", ended.shown);
    assert!(!ended.shown.contains("\u{1b}[?25l"), "the cursor is not hidden, so that no end leaves it so");
}

#[test]
fn a_fix_that_had_to_wait_is_shown_and_asked_for_when_its_turn_comes() {
    let project = project();
    let ended = fix(&project, &["--offline"])
        .answers("after these: put `import geoalchemy2", "")
        .answers("+import sqlmodel\n", "")
        .answers("apply this fix? [y/N] ", "y")
        .answers("its turn comes now: `geoalchemy2` is not defined", "")
        .answers("+import geoalchemy2\n", "")
        .answers("apply this fix? [y/N] ", "y")
        .ended();
    assert_ended(&ended, 0);
    assert_eq!(ended.shown.matches("cured: ").count(), 2, "{}", ended.shown);
    assert_eq!(imports(&project).len(), 2);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.read(REVISION), LACKING);
}

#[test]
fn who_says_no_later_keeps_what_was_done_and_nothing_more() {
    let project = project();
    let ended = fix(&project, &["--offline"])
        .answers("apply this fix? [y/N] ", "y")
        .answers("apply this fix? [y/N] ", "n")
        .ended();
    assert_ended(&ended, 1);
    assert_eq!(imports(&project), ["import sqlmodel\n"]);
    assert!(ended.shown.contains("take it back with `devdoctor undo"), "{}", ended.shown);
}

#[test]
fn what_waited_for_a_declined_fix_is_asked_for_at_once() {
    let project = project();
    let ended = fix(&project, &["--offline", "--select"])
        .answers("put `import sqlmodel` into", "")
        .answers("q stops [y/N] ", "n")
        .answers("+import geoalchemy2\n", "")
        .answers("q stops [y/N] ", "y")
        .ended();
    assert_ended(&ended, 1);
    assert_eq!(imports(&project), ["import geoalchemy2\n"], "{}", ended.shown);
}

/// Two more revisions that lack an import each, and one that lacks one of a module that may be called otherwise.
fn daring_project() -> Project {
    let project = project();
    project.write(
        REVISION,
        LACKING.replace("\"shops\",\n", "\"shops\",\n        sa.Column(\"shape\", shops.types.Shape()),\n"),
    );
    for (file, before, own) in [("0002_next", "0001", "0002"), ("0003_last", "0002", "0003")] {
        let text = LACKING
            .replace(
                "revision = \"0001\"\ndown_revision = None",
                &format!("revision = \"{own}\"\ndown_revision = \"{before}\""),
            )
            .replace("        sa.Column(\"place\", geoalchemy2.types.Geometry()),\n", "")
            .replace("shops", &format!("shops{own}"));
        project.write(format!("migrations/versions/{file}.py"), text);
    }
    project
}

#[test]
fn with_unsafe_the_safe_fixes_are_asked_for_together_and_the_unsafe_ones_one_by_one() {
    let project = daring_project();
    let ended = fix(&project, &["--offline", "--unsafe"])
        .answers("put `import shops.types` into", "")
        .answers("apply these 2 safe fixes? q stops [y/N] ", "y")
        .answers("put `import shops.types` into", "")
        .answers("(unsafe, ", "")
        .answers("q stops [y/N] ", "n")
        .answers("+import sqlmodel\n", "")
        .answers("apply this safe fix? q stops [y/N] ", "n")
        .answers("+import geoalchemy2\n", "")
        .answers("apply this safe fix? q stops [y/N] ", "y")
        .ended();
    assert_ended(&ended, 1);
    assert_eq!(imports(&project), ["import geoalchemy2\n"], "{}", ended.shown);
    for file in ["0002_next", "0003_last"] {
        let text = project.read(&format!("migrations/versions/{file}.py"));
        assert!(text.contains("import sqlmodel\n"), "{}", ended.shown);
    }
}

#[test]
fn with_unsafe_no_safe_fix_is_made_without_a_yes() {
    let project = daring_project();
    let ended = fix(&project, &["--offline", "--unsafe"])
        .answers("safe fixes? q stops [y/N] ", "n")
        .answers("(unsafe, ", "")
        .answers("q stops [y/N] ", "y")
        .answers("its turn comes now: `sqlmodel` is not defined", "")
        .answers("apply this safe fix? q stops [y/N] ", "q")
        .ended();
    assert_ended(&ended, 1);
    assert!(imports(&project).is_empty(), "{}", ended.shown);
    assert!(project.read(REVISION).contains("import shops.types\n"), "{}", ended.shown);
    assert!(!project.read("migrations/versions/0002_next.py").contains("import sqlmodel\n"), "{}", ended.shown);
}

#[test]
fn whoever_leaves_has_done_nothing() {
    for (arguments, keys) in
        [(&["--offline"][..], "q"), (&["--offline"], "\n"), (&["--offline", "--select"], "q"), (&["--offline"], "n")]
    {
        let project = project();
        let ended = fix(&project, arguments).answers("[y/N] ", keys).ended();
        assert_ended(&ended, 1);
        assert_eq!(project.read(REVISION), LACKING);
        assert!(runs(&project).is_empty(), "there is no journal of nothing");
    }
}

#[test]
fn control_c_ends_the_question_and_leaves_the_terminal_as_it_was() {
    let project = project();
    let shown = fix(&project, &["--offline"]).answers("[y/N] ", "");
    // Before the question waits for keys, it is the terminal that takes this one.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let ended = shown.answers("", "\u{3}").ended();
    assert_ended(&ended, 1);
    assert_eq!(project.read(REVISION), LACKING);
}

#[test]
fn without_a_person_every_round_is_shown_and_a_patch_names_what_comes_after_it() {
    let project = project();
    let dry = project.devdoctor(&["fix", "--offline", "--dry-run"]).ends_with(1);
    assert!(dry.out.contains("+import sqlmodel\n") && !dry.out.contains("+import geoalchemy2\n"), "{dry}");
    assert!(dry.out.contains("# put `import geoalchemy2` into") && dry.out.contains("not in this patch"), "{dry}");
    let fix = project.devdoctor(&["fix", "--offline", "--yes"]).ends_with(0);
    assert!(fix.out.contains("+import sqlmodel\n") && fix.out.contains("+import geoalchemy2\n"), "{fix}");
    assert_eq!(imports(&project).len(), 2);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_comes_to_light_in_a_later_round_is_asked_for_too() {
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0\"\n");
    for folder in ["closed", "closed/deep", "closed/deep/deeper"] {
        let at = project.root.join(folder);
        std::fs::create_dir(&at).unwrap();
        lchown(&at, Some(0), Some(0)).unwrap();
        std::fs::set_permissions(&at, PermissionsExt::from_mode(0o700)).unwrap();
    }
    let ended = fix(&project, &[])
        .answers("apply this fix? [y/N] ", "y")
        .answers("seen only now: `closed/deep` belongs to root", "")
        .answers("apply this fix? [y/N] ", "y")
        .answers("seen only now: `closed/deep/deeper` belongs to root", "")
        .answers("apply this fix? [y/N] ", "n")
        .ended();
    assert_ended(&ended, 1);
    let foreign = project.tree().foreign_to(Person::User.owner().unwrap()).join(" ");
    assert_eq!(foreign, "closed/deep/deeper", "{}", ended.shown);
    project.devdoctor(&["undo"]).ends_with(0);
    assert_eq!(project.tree().foreign_to(Person::User.owner().unwrap()).len(), 3);
}
