//! What `devdoctor fix` says it cured is what it cured: with the real engine, as an ordinary user.

#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test makes files, starts programs, and fails by panicking"
)]

mod support;

use std::os::unix::fs::{MetadataExt, PermissionsExt, lchown};

use support::answer::Answer;
use support::person::Person;
use support::project::Project;

/// A project of the ordinary user's without anything wrong.
fn project() -> Project {
    let project = Project::empty(Person::User);
    project.write("pyproject.toml", "[project]\nname = \"shop\"\nversion = \"0\"\n");
    project
}

/// Makes a file or (with a `/` at the end) a folder of root's.
fn soil(project: &Project, path: &str, mode: u32) {
    let at = project.root.join(path);
    if path.ends_with('/') {
        std::fs::create_dir(&at).unwrap()
    } else {
        std::fs::write(&at, "x").unwrap()
    }
    lchown(&at, Some(0), Some(0)).unwrap();
    std::fs::set_permissions(&at, PermissionsExt::from_mode(mode)).unwrap();
}

fn owner(project: &Project, path: &str) -> u32 {
    std::fs::symlink_metadata(project.root.join(path)).unwrap().uid()
}

fn me() -> u32 {
    Person::User.owner().unwrap().0
}

/// The lines that tell what became of it, unfolded.
fn told(fix: &Answer) -> Vec<String> {
    let unfolded = fix.out.replace("\n  ", " ");
    let words =
        ["cured", "still there", "left", "new", "help", "seen only now", "failed", "made meanwhile", "cannot be"];
    unfolded.lines().filter(|line| words.iter().any(|word| line.starts_with(word))).map(str::to_owned).collect()
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_lies_in_closed_folders_is_given_back_too_and_is_nothing_new() {
    let project = project();
    for (path, mode) in [
        ("closed/", 0o700),
        ("closed/a", 0o600),
        ("closed/deep/", 0o700),
        ("closed/deep/b", 0o644),
        ("closed/deep/deeper/", 0o700),
        ("closed/deep/deeper/c", 0o600),
    ] {
        soil(&project, path, mode);
    }
    let before = project.tree();
    let fix = project.devdoctor(&["fix", "--yes"]).ends_with(0);
    assert_eq!(project.tree().foreign_to(Person::User.owner().unwrap()), Vec::<&str>::new(), "{fix}");
    let first = "2 files and folders belong to root, not to you: 2 in `closed` and `closed/deep`";
    let second = "2 files and folders belong to root, not to you: 2 in `closed/deep` and `closed/deep/deeper`";
    let third = "`closed/deep/deeper/c` belongs to root, not to you";
    assert_eq!(
        told(&fix),
        [
            format!("seen only now: {first}"),
            format!("seen only now: {second}"),
            format!("seen only now: {third}"),
            "cured: `closed` belongs to root, not to you".to_owned(),
            format!("cured: {first}"),
            format!("cured: {second}"),
            format!("cured: {third}"),
        ],
        "{fix}"
    );
    let again = project.devdoctor(&["fix", "--yes"]).ends_with(0);
    assert!(again.all().contains("nothing to repair"), "{again}");
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
    assert_eq!(owner(&project, "closed/deep/deeper/c"), 0);
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_is_left_is_named_with_the_reason_and_not_called_cured() {
    let project = project();
    soil(&project, "out/", 0o755);
    for (path, mode) in [("out/plain", 0o644), ("out/tool", 0o4755), ("out/one", 0o644), ("out/able", 0o755)] {
        soil(&project, path, mode);
    }
    std::fs::hard_link(project.root.join("out/one"), project.root.join("out/two")).unwrap();
    nix::unistd::mkfifo(&project.root.join("out/pipe"), nix::sys::stat::Mode::from_bits_truncate(0o644)).unwrap();
    // CAP_NET_BIND_SERVICE, permitted and effective, as version 2 of the attribute.
    let mut capability = vec![1, 0, 0, 2, 0, 4, 0, 0];
    capability.resize(20, 0);
    xattr::set(project.root.join("out/able"), "security.capability", &capability).unwrap();
    let fix = project.devdoctor(&["fix", "--yes"]).ends_with(1);
    let powers = "a chown would take set-user-id or file capabilities away";
    let links = "has other names (hard links), and they would change owner too";
    assert_eq!(
        told(&fix),
        [
            "cured in part: 7 files and folders in `out` belong to root, not to you: 2 of 7 paths are right".to_owned(),
            format!("left: `out/able`: {powers}"),
            format!("left: `out/tool`: {powers}"),
            "left: `out/pipe`: a device, a socket or a pipe".to_owned(),
            format!("left: `out/one`: {links}"),
            format!("left: `out/two`: {links}"),
        ],
        "{fix}"
    );
    for path in ["out/tool", "out/one", "out/two", "out/able", "out/pipe"] {
        assert_eq!(owner(&project, path), 0, "{path}");
    }
    assert_eq!((owner(&project, "out"), owner(&project, "out/plain")), (me(), me()));
    let again = project.devdoctor(&["fix", "--yes"]).ends_with(1);
    assert!(again.all().contains("nothing that devdoctor repairs by itself"), "{again}");
    // Asked for it, the linked file goes, under both of its names.
    let linked = project.devdoctor(&["fix", "--unsafe", "--yes"]).ends_with(1);
    assert!(told(&linked)[0].starts_with("cured in part: "), "{linked}");
    assert_eq!((owner(&project, "out/one"), owner(&project, "out/two"), owner(&project, "out/tool")), (me(), me(), 0));
    assert!(std::fs::metadata(project.root.join("out/tool")).unwrap().mode() & 0o4000 != 0);
    assert_eq!(xattr::get(project.root.join("out/able"), "security.capability").unwrap(), Some(capability));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_step_that_fails_is_named_and_the_others_go_on() {
    let project = project();
    project.write(".env", "DATABASE_URL=postgresql://shop:Harbour@73@127.0.0.1:1/shop\n");
    project.write("out/mine", "");
    soil(&project, "out/plain", 0o644);
    // No new file can be made beside `.env`, and it cannot be written itself.
    std::fs::set_permissions(project.root.join(".env"), PermissionsExt::from_mode(0o444)).unwrap();
    std::fs::set_permissions(&project.root, PermissionsExt::from_mode(0o555)).unwrap();
    let fix = project.devdoctor(&["fix", "--yes"]).ends_with(1);
    std::fs::set_permissions(&project.root, PermissionsExt::from_mode(0o755)).unwrap();
    let told = told(&fix);
    assert!(told[0].starts_with("failed: edit of `.env`: "), "{fix}");
    assert!(fix.out.contains("done: gave 1 path to "), "{fix}");
    assert!(told.contains(&"cured: `out/plain` belongs to root, not to you".to_owned()), "{fix}");
    assert!(told.iter().any(|line| line.starts_with("still there: ")), "{fix}");
    assert_eq!((owner(&project, "out/plain"), project.read(".env").contains("Harbour@73")), (me(), true));
    // What can be made good is, the next time.
    let again = project.devdoctor(&["fix", "--yes"]);
    assert!(again.out.contains("done: edited `.env`"), "{again}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_folder_that_cannot_be_listed_is_never_clean() {
    let id = "ownership-foreign-files";
    let project = project();
    project.write("shut/mine", "");
    std::fs::set_permissions(project.root.join("shut"), PermissionsExt::from_mode(0o000)).unwrap();
    let report = project.devdoctor(&["check", "--offline", "--only", id, "--format", "json"]).report();
    assert_eq!(report.outcome(id), "skipped", "{:#}", report.0);
    assert!(report.reason(id).contains("could not look into `shut`"), "{:#}", report.0);
    // Beside something that is found it is part of the proof, and after the fix it is said again.
    soil(&project, "plain", 0o644);
    let report = project.devdoctor(&["check", "--offline", "--only", id, "--format", "json"]).report();
    assert!(report.of(id)[0].to_string().contains("could not look into `shut`"), "{:#}", report.0);
    let fix = project.devdoctor(&["fix", "--yes", "--only", id]);
    assert_eq!(told(&fix)[0], "cured: `plain` belongs to root, not to you", "{fix}");
    assert!(
        told(&fix)[1].starts_with("cannot be seen any more: ownership-foreign-files: could not look into"),
        "{fix}"
    );
    std::fs::set_permissions(project.root.join("shut"), PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_closed_folder_that_is_not_roots_may_be_a_services_data_and_is_left() {
    let project = project();
    std::fs::create_dir(project.root.join("data")).unwrap();
    std::fs::write(project.root.join("data/PG_VERSION"), "16").unwrap();
    std::fs::set_permissions(project.root.join("data"), PermissionsExt::from_mode(0o700)).unwrap();
    lchown(project.root.join("data"), Some(999), Some(999)).unwrap();
    lchown(project.root.join("data/PG_VERSION"), Some(999), Some(999)).unwrap();
    let check = project.devdoctor(&["check"]).ends_with(1);
    let words: Vec<&str> = check.out.split_whitespace().collect();
    assert!(words.join(" ").contains("it may be a service's data"), "{check}");
    project.devdoctor(&["fix", "--yes"]).ends_with(1);
    assert_eq!((owner(&project, "data"), owner(&project, "data/PG_VERSION")), (999, 999));
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn a_project_of_roots_is_told_only_to_who_cannot_write_it() {
    let id = "ownership-foreign-files";
    let project = project();
    let gid = Person::User.owner().unwrap().1;
    for (person, group, mode, found) in [
        (Person::User, 0, 0o755, true),
        (Person::User, gid, 0o755, true),
        (Person::User, gid, 0o775, false),
        (Person::User, 0, 0o777, false),
        (Person::Sudo, 0, 0o755, false),
        (Person::Root, 0, 0o755, false),
    ] {
        lchown(&project.root, Some(0), Some(group)).unwrap();
        std::fs::set_permissions(&project.root, PermissionsExt::from_mode(mode)).unwrap();
        let check = project.devdoctor_by(person, &["check", "--offline", "--only", id, "--format", "json"]);
        let expected = if found { "found" } else { "clean" };
        assert_eq!(check.report().outcome(id), expected, "{person:?} {group} {mode:o} {check}");
    }
    // The system's folders are root's by right.
    let etc = project.devdoctor(&["check", "--offline", "--only", id, "--format", "json", "/etc"]);
    assert!(etc.report().found().is_empty(), "{etc}");
}

#[test]
#[ignore = "needs the real parts: run tests/run"]
fn what_nothing_led_to_is_nothing_new_and_is_repaired_too() {
    let project = project();
    project.write("alembic.ini", "[alembic]\nscript_location = migration\nprepend_sys_path = .\n");
    let env_py = "from alembic import context\nfrom sqlalchemy import create_engine\nfrom app.base import Base\n\nwith create_engine(\"sqlite://\").connect() as connection:\n    context.configure(connection=connection, target_metadata=Base.metadata)\n    context.run_migrations()\n";
    project.write("migrations/env.py", env_py);
    project.write("migrations/script.py.mako", "revision = ${repr(up_revision)}\n${imports}\n");
    project.write("migrations/versions/README", "");
    project.write("app/__init__.py", "");
    project.write(
        "app/base.py",
        "from sqlalchemy.orm import DeclarativeBase\n\n\nclass Base(DeclarativeBase):\n    pass\n",
    );
    let order = "from sqlalchemy import Column, Integer\n\nfrom app.base import Base\n\n\nclass Order(Base):\n    __tablename__ = \"orders\"\n    id = Column(Integer, primary_key=True)\n";
    project.write("app/order.py", order);
    let before = project.tree();
    let fix = project.devdoctor(&["fix", "--yes", "--offline"]).ends_with(0);
    assert_eq!(
        told(&fix),
        [
            "seen only now: `migrations/env.py` does not import `Order`: autogenerate sees no such table",
            "cured: `script_location` names `migration`, which is not there",
            "cured: `migrations/env.py` does not import `Order`: autogenerate sees no such table",
        ]
    );
    assert!(project.read("migrations/env.py").contains("import app.order"), "{fix}");
    project.devdoctor(&["undo"]).ends_with(0);
    before.assert_same(&project.tree(), support::tree::Compared::Content);
}
